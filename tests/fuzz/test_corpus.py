"""Every kept input of the fuzzer, through its target: what was found once stays found."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
KEPT = sorted((HERE / "corpus").glob("*/*"))
SECONDS = 5


@pytest.fixture(scope="module")
def targets() -> Iterator[Any]:
    sys.path.insert(0, str(HERE))
    yield import_module("targets").TARGETS
    sys.path.remove(str(HERE))


@pytest.mark.parametrize("file", KEPT, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_kept_input_neither_crashes_nor_hangs(file: Path, targets: Any) -> None:
    import signal  # noqa: PLC0415 - where there is such a timer, a hang fails at once

    def hung(*_: object) -> None:
        pytest.fail(f"more than {SECONDS} s")

    if hasattr(signal, "SIGPROF"):  # seconds of work: the others on this machine do not count
        signal.signal(signal.SIGPROF, hung)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        targets[file.parent.name](file.read_bytes())
    finally:
        if hasattr(signal, "SIGPROF"):
            signal.setitimer(signal.ITIMER_PROF, 0)


def test_every_target_has_a_corpus(targets: Any) -> None:
    assert {file.parent.name for file in KEPT} == set(targets)
