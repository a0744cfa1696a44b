"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit itself on a scratch repository."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
OFFERED = [hook["id"] for hook in HOOKS]
SOUND = """\
planlint: 1
title: Ship the new login
manager: ana
sponsor: ben
deadline: 2026-03-31
review: {every: 2w, last: 2026-02-13}
status_date: 2026-02-16
tasks:
  design: {title: Design the sign-in flow, owner: ana, effort: 5d}
  build: {title: Build it, owner: ben, effort: 12d, depends_on: [design]}
people:
  ana: {name: Ana Ruiz}
  ben: {name: Ben Cho}
"""
FLAWED = SOUND.replace("design: {title: Design the sign-in flow, owner: ana", "design: {title: Design")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Git and pre-commit without the machine's settings; planlint's own command first on the path."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]]),
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "PLANLINT_TODAY": "2026-02-16",
        "PRE_COMMIT_COLOR": "never",
    }


def git(folder: Path, environment: dict[str, str], *arguments: str) -> None:
    """Run Git as an author of its own."""
    identity = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
    subprocess.run(
        ["git", *identity, *arguments], cwd=folder, env=environment, check=True, capture_output=True
    )


def repository(folder: Path, environment: dict[str, str], files: dict[str, str]) -> Path:
    """Make a repository that has `files` committed."""
    folder.mkdir()
    git(folder, environment, "init", "--quiet")
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    git(folder, environment, "add", "--all")
    git(folder, environment, "commit", "--quiet", "--message", "Plans")
    return folder


def pre_commit(
    folder: Path, environment: dict[str, str], *arguments: str
) -> "subprocess.CompletedProcess[str]":
    """Run pre-commit in `folder`."""
    command = [sys.executable, "-m", "pre_commit", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def with_local_hooks(files: dict[str, str]) -> dict[str, str]:
    """Add a configuration with the offered hooks as they are, but run by the planlint of this environment."""
    hooks = [{**hook, "language": "system"} for hook in HOOKS]
    return {
        **files,
        ".pre-commit-config.yaml": yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}),
    }


def test_pre_commit_accepts_the_manifest() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "validate-manifest", ROOT / ".pre-commit-hooks.yaml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "planlint" in OFFERED


@pytest.mark.parametrize("hook", HOOKS, ids=OFFERED)
def test_every_hook_starts_a_command_that_exists(hook: dict[str, Any], environment: dict[str, str]) -> None:
    command = [*hook["entry"].split(), *hook.get("args", []), "--help"]
    assert subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def test_a_sound_plan_passes(tmp_path: Path, environment: dict[str, str]) -> None:
    here = repository(tmp_path / "repo", environment, with_local_hooks({"plans/login.plan.yaml": SOUND}))
    done = pre_commit(here, environment, "run", "planlint", "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout


def test_a_flawed_plan_stops_the_commit_and_says_where(tmp_path: Path, environment: dict[str, str]) -> None:
    here = repository(tmp_path / "repo", environment, with_local_hooks({"login.plan.yaml": SOUND}))
    assert pre_commit(here, environment, "install").returncode == 0
    (here / "login.plan.yaml").write_text(FLAWED, "utf-8")
    git(here, environment, "add", "--all")
    with pytest.raises(subprocess.CalledProcessError) as stopped:
        git(here, environment, "commit", "--quiet", "--message", "Forget an owner")
    said = (stopped.value.stdout + stopped.value.stderr).decode()
    assert "login.plan.yaml:9" in said
    assert "task-without-owner" in said


def test_a_changed_fragment_is_checked_with_the_plan_that_includes_it(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    plan, people = SOUND.split("people:\n")
    files = {"login.plan.yaml": plan + "include: [team.yaml]\n", "team.yaml": "people:\n" + people}
    here = repository(tmp_path / "repo", environment, with_local_hooks(files))
    assert pre_commit(here, environment, "run", "planlint", "--all-files").returncode == 0
    (here / "team.yaml").write_text("people:\n  ana: {name: Ana Ruiz}\n", "utf-8")
    git(here, environment, "add", "--all")
    done = pre_commit(here, environment, "run", "planlint")  # only team.yaml is staged
    assert done.returncode == 1, done.stdout
    assert "unknown-reference" in done.stdout


def test_stale_pages_stop_the_commit_and_are_written(tmp_path: Path, environment: dict[str, str]) -> None:
    here = repository(tmp_path / "repo", environment, with_local_hooks({"login.plan.yaml": SOUND}))
    assert pre_commit(here, environment, "run", "planlint-render", "--all-files").returncode == 0
    page = here / "report" / "login.md"
    assert "Design the sign-in flow" in page.read_text("utf-8")
    git(here, environment, "add", "--all")
    git(here, environment, "commit", "--quiet", "--message", "Pages")
    (here / "login.plan.yaml").write_text(SOUND.replace("Build it", "Build and test it"), "utf-8")
    git(here, environment, "add", "login.plan.yaml")
    done = pre_commit(here, environment, "run", "planlint-render")
    assert done.returncode == 1, done.stdout
    assert "files were modified by this hook" in done.stdout
    assert "Build and test it" in page.read_text("utf-8")
    git(here, environment, "add", "--all")
    assert pre_commit(here, environment, "run", "planlint-render").returncode == 0


def test_a_commit_without_yaml_does_not_wait(tmp_path: Path, environment: dict[str, str]) -> None:
    here = repository(tmp_path / "repo", environment, with_local_hooks({"login.plan.yaml": FLAWED}))
    (here / "notes.txt").write_text("nothing about plans\n", "utf-8")
    git(here, environment, "add", "--all")
    done = pre_commit(here, environment, "run", "planlint")
    assert done.returncode == 0, done.stdout
    assert "Skipped" in done.stdout


def test_try_repo_installs_planlint_from_its_repository(tmp_path: Path, environment: dict[str, str]) -> None:
    """The real thing: pre-commit clones planlint, installs it with its dependencies and runs the hook."""
    source = tmp_path / "planlint"
    git(tmp_path, environment, "init", "--quiet", str(source))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".gitignore", ".pre-commit-hooks.yaml"):
        shutil.copyfile(ROOT / name, source / name)
    for name in ("src", "schemas", "rules"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    git(source, environment, "add", "--all")
    git(source, environment, "commit", "--quiet", "--message", "Copy")

    here = repository(tmp_path / "repo", environment, {"login.plan.yaml": FLAWED})
    done = pre_commit(here, environment, "try-repo", str(source), "planlint", "--all-files", "--verbose")
    if any(
        sign in done.stdout for sign in ("ConnectionError", "No matching distribution", "Temporary failure")
    ):
        reason = "the package index is not reachable: planlint cannot be installed by pre-commit here"
        assert not os.environ.get("CI"), reason
        pytest.skip(reason)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "login.plan.yaml:9" in done.stdout
    assert "task-without-owner" in done.stdout
