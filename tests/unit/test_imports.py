"""What a run may import: every module costs all who wait for it."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from planlint import resources, rulesets

NEVER = {
    "asyncio", "cel_expr_python", "concurrent.futures", "csv", "dataclasses", "difflib", "holidays", "http", "jinja2",
    "json", "jsonschema", "multiprocessing", "numpy", "ortools", "pathspec", "referencing", "ruamel", "sqlite3",
    "subprocess", "tempfile", "unittest", "xml",
}  # fmt: skip
READING = {"yaml", "jsonschema_rs", "planlint.engine", "planlint.builder", "planlint.schedule.feasibility"}
OURS = {
    "planlint", "planlint.atomic", "planlint.batch", "planlint.cache", "planlint.cli", "planlint.cli.check",
    "planlint.cli.workspace", "planlint.config", "planlint.diagnostics", "planlint.digests", "planlint.discovery",
    "planlint.document", "planlint.errors", "planlint.includes", "planlint.model", "planlint.report",
    "planlint.reader", "planlint.report.characters", "planlint.report.text", "planlint.resources", "planlint.rule", "planlint.rulesets",
    "planlint.schedule", "planlint.schedule.calendar", "planlint.schedule.network", "planlint.schedule.result",
    "planlint.schema", "planlint.world",
}  # fmt: skip
"""What a run that remembers all results may import of planlint itself."""

CODE = """
import sys
sys.argv = ["planlint", *sys.argv[1:]]
before = set(sys.modules)
from planlint.cli import main
code = main()
assert not code, code
print(*sorted(set(sys.modules) - before), sep="\\n", file=sys.stderr)
"""


def imported(folder: Path, *arguments: str) -> set[str]:
    command = [sys.executable, "-c", CODE, "check", "--cache-dir", str(folder / "cache"), *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return set(ran.stderr.splitlines())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = "planlint: 1\ntitle: A\nstart: 2026-01-05\ntasks:\n  a: {title: A, effort: 3d}\n"
    (tmp_path / "a.plan.yaml").write_text(text)
    return tmp_path


@pytest.fixture
def compiled() -> None:
    written = msgspec.json.decode((resources.RULES / rulesets.CATALOGUE).read_bytes())
    if written["digest"] != rulesets.digest(resources.RULES):
        pytest.skip("rules are being written: the compiled catalogue is older")


def within(modules: set[str], names: set[str]) -> set[str]:
    return {one for one in modules if any(one == name or one.startswith(name + ".") for name in names)}


def test_a_run_imports_nothing_that_it_does_not_need(folder: Path) -> None:
    modules = imported(folder, "--fail-on", "never")
    assert within(modules, NEVER) == set()
    assert modules >= READING


@pytest.mark.usefixtures("compiled")
def test_a_run_that_remembers_all_does_not_even_load_the_reader(folder: Path) -> None:
    imported(folder, "--fail-on", "never")
    modules = imported(folder, "--fail-on", "never")
    assert within(modules, NEVER | READING) == set()
    assert within(modules, {"planlint"}) - OURS == set()
