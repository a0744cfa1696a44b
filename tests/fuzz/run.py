"""Run one target, or all in turn, under atheris (`pip install atheris`): coverage steers the inputs.

Usage: python tests/fuzz/run.py TARGET|all [--runs N] [--keep DIR]

Inputs that crash, take over 5 s or over 1 GB are kept in DIR (default build/fuzz) and end the target's run; each
find belongs, once it is fixed, into tests/fuzz/corpus/TARGET/, which every test run replays. The new inputs
that reach further are kept in DIR/corpus/TARGET/, for the next run to start from.
"""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SECONDS = 5
MEGABYTES = 1024


def fuzz(target: str, runs: int, keep: Path) -> None:
    """Fuzz one target in this process; libFuzzer ends the process."""
    import atheris  # noqa: PLC0415 - a development tool that no test needs

    with atheris.instrument_imports(include=["planlint", "grow"]):
        import targets  # noqa: PLC0415 - to be instrumented

        from planlint.render import sandbox  # noqa: PLC0415 - as above
    sandbox.MOST_STEPS = 50_000  # a step is slow under coverage
    folders = [keep / "corpus" / target, HERE / "corpus" / target]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    arguments = [
        sys.argv[0],
        *map(str, folders),
        f"-runs={runs}",
        f"-timeout={SECONDS}",
        f"-rss_limit_mb={MEGABYTES}",
        f"-artifact_prefix={keep}/{target}-",
        "-max_len=2000",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    dictionary = HERE / f"{target}.dict"
    if dictionary.exists():
        arguments.append(f"-dict={dictionary}")
    atheris.Setup(arguments, targets.TARGETS[target])
    atheris.Fuzz()


def main() -> int:
    """Fuzz one target here, or each in a process of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("target")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"))
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(HERE))
    if options.target != "all":
        fuzz(options.target, options.runs, options.keep)
        return 0
    import targets  # noqa: PLC0415 - its path is known only now

    failed = 0
    for target in targets.TARGETS:
        command = [sys.executable, __file__, target, "--runs", str(options.runs), "--keep", str(options.keep)]
        failed |= subprocess.run(command, check=False).returncode
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
