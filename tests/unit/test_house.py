"""The rules of the house that no linter knows."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pathspec
import pytest

ROOT = Path(__file__).resolve().parents[2]

# Written so that this file passes its own test.
REGISTRIES = tuple(host.replace(" ", "") for host in ("py pi.org", "python hosted.org", "npm js.org"))
MACHINE_PATH = re.compile(r"(?<![\w.:/}*-])/(?:hom[e]|roo[t]|wor[k]|User[s]|tmp/de[v])/[\w.]")

HEAVY = ("jsonschema", "ruamel", "jinja2", "holidays", "numpy", "ortools", "pathspec", "dataclasses")


def committed() -> Iterator[Path]:
    """Yield the files of the tree that Git would not ignore; the outer repository is not asked."""
    ignored = pathspec.GitIgnoreSpec.from_lines((ROOT / ".gitignore").read_text("utf-8").splitlines())
    for folder, folders, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        folders[:] = [
            name
            for name in folders
            if name != ".git" and not ignored.match_file((here / name).as_posix() + "/")
        ]
        for name in files:
            if not ignored.match_file((here / name).as_posix()):
                yield Path(folder, name)


def test_no_file_names_a_registry_host_or_a_path_of_one_machine() -> None:
    said = []
    for file in committed():
        try:
            text = file.read_text("utf-8")
        except UnicodeDecodeError:  # corpus files are broken on purpose
            text = file.read_bytes().decode("latin-1")
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line) or any(host in line for host in REGISTRIES):
                said.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()}")
    assert said == []


def test_every_module_says_on_its_first_line_why_it_exists() -> None:
    silent = []
    for file in sorted((ROOT / "src").rglob("*.py")):
        text = file.read_text("utf-8")
        if not text.startswith('"""') or not ast.get_docstring(ast.parse(text)):
            silent.append(str(file.relative_to(ROOT)))
    assert silent == []


def test_imports_point_only_to_lower_floors(tmp_path: Path) -> None:
    lint_imports = Path(sys.executable).with_name("lint-imports")
    config = tmp_path / "pyproject.toml"  # without an outer checkout's cache or settings
    shutil.copy(ROOT / "pyproject.toml", config)
    done = subprocess.run(
        [lint_imports, "--no-cache", "--no-logo", "--config", config],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_starting_the_command_loads_nothing_heavy() -> None:
    program = f"import sys, planlint.cli; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist from a copy of the tree, and the wheel from the sdist, with the backend itself."""
    scratch = tmp_path_factory.mktemp("dist")
    for file in committed():
        copy = scratch / "tree" / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    build = "import hatchling.build as b, sys; print(getattr(b, 'build_' + sys.argv[1])(sys.argv[2]))"
    for kind, tree in (("sdist", scratch / "tree"), ("wheel", scratch / "unpacked")):
        subprocess.run(
            [sys.executable, "-c", build, kind, str(scratch)], cwd=tree, capture_output=True, check=True
        )
        if kind == "sdist":
            (sdist,) = scratch.glob("*.tar.gz")
            with tarfile.open(sdist) as archive:
                # Python before 3.11.4 has no filters, and extractall no argument for one.
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(scratch)
            (scratch / sdist.name.removesuffix(".tar.gz")).rename(scratch / "unpacked")
    return scratch


def test_the_wheel_built_from_the_sdist_carries_schemas_and_rules(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        carried = set(archive.namelist())
    for folder in ("schemas", "rules"):
        expected = {
            f"planlint/_data/{file.relative_to(ROOT).as_posix()}"
            for file in committed()
            if file.is_relative_to(ROOT / folder)
        }
        assert expected, folder
        assert expected <= carried
    assert "planlint/py.typed" in carried
    assert not [name for name in carried if name.startswith(("tests/", "examples/"))]


def test_the_wheel_works_without_the_checkout(dist: Path, tmp_path: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    plan = tmp_path / "plan.yaml"
    plan.write_text("planlint: 1\ntitle: A plan\ntasks:\n  build: {title: Build it, effort: 3d}\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "planlint", "check", "plan.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "task-without-owner" in done.stdout
    assert done.returncode == 1, done.stderr
