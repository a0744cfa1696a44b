"""Discovery: which files a run checks, with Git and pathspec as references for ignore patterns."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planlint.discovery import _Layer, discover, find_root, is_plan_name, parse_patterns
from planlint.errors import UsageError
from planlint.includes import expander


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("planlint: 1\n", encoding="utf-8")


def shown(folder: Path, *paths: str, **more: Any) -> list[str]:
    return [file.shown for file in discover(paths, cwd=str(folder), **more)]


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("plan.yaml", True),
        ("plan.yml", True),
        ("plan.json", True),
        ("move.plan.yaml", True),
        ("move.plan.yml", True),
        ("move.plan.json", True),
        ("team.yaml", False),
        ("myplan.yaml", False),
        ("plan.yaml.bak", False),
        ("plan.toml", False),
    ],
)
def test_a_plan_is_known_by_its_name(name: str, plan: object) -> None:
    assert is_plan_name(name) is plan


def test_folders_are_searched_in_order_and_noise_is_left_out(tmp_path: Path) -> None:
    make(
        tmp_path,
        "b/plan.yaml",
        "a.plan.yaml",
        "a/deep/er/x.plan.yml",
        "b/team.yaml",
        ".hidden/plan.yaml",
        "node_modules/plan.yaml",
        "env/plan.yaml",
        "env/pyvenv.cfg",
    )
    assert shown(tmp_path) == ["a.plan.yaml", "a/deep/er/x.plan.yml", "b/plan.yaml"]
    assert shown(tmp_path, ".") == shown(tmp_path)
    assert shown(tmp_path, "a") == ["a/deep/er/x.plan.yml"]
    assert shown(tmp_path, ".hidden") == [".hidden/plan.yaml"], "a folder that is named is searched"


def test_paths_are_shown_from_the_working_directory(tmp_path: Path) -> None:
    make(tmp_path, "plans/a.plan.yaml", "work/plan.yaml")
    inside = tmp_path / "work"
    assert shown(inside, "../plans", str(inside / "plan.yaml")) == ["../plans/a.plan.yaml", "plan.yaml"]


def test_a_named_file_is_always_taken_and_no_file_comes_twice(tmp_path: Path) -> None:
    make(tmp_path, "build/notes.yaml", "build/plan.yaml")
    (tmp_path / ".gitignore").write_text("build\n", encoding="utf-8")
    assert shown(tmp_path) == []
    assert shown(tmp_path, "build/notes.yaml", "./build/notes.yaml", exclude=["build"]) == [
        "build/notes.yaml"
    ]
    assert shown(tmp_path, "build", "build/plan.yaml") == ["build/plan.yaml"]


def test_a_missing_path_and_what_is_no_file_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^nowhere\.yaml does not exist$"):
        discover(["nowhere.yaml"], cwd=str(tmp_path))
    os.mkfifo(tmp_path / "plan.yaml")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        discover(["plan.yaml"], cwd=str(tmp_path))
    assert shown(tmp_path) == []


def test_gitignore_holds_at_every_level_and_the_deeper_one_wins(tmp_path: Path) -> None:
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".git" / "info" / "exclude").write_text("private\n", encoding="utf-8")
    make(tmp_path, "a/plan.yaml", "a/b/plan.yaml", "a/keep/x.plan.yaml", "private/plan.yaml", "out/plan.yaml")
    (tmp_path / ".gitignore").write_text("*.plan.yaml\n/out/\n", encoding="utf-8")
    (tmp_path / "a" / "keep" / ".gitignore").write_text("!x.plan.yaml\n", encoding="utf-8")
    (tmp_path / "a" / "b" / ".gitignore").write_text("/plan.yaml\n", encoding="utf-8")
    assert shown(tmp_path) == ["a/keep/x.plan.yaml", "a/plan.yaml"]
    make(tmp_path, "a/c/x.plan.yaml", "a/c/plan.yaml")
    assert shown(tmp_path, "a/c") == ["a/c/plan.yaml"], "patterns above the folder searched hold too"


def test_configured_patterns_add_and_leave_out(tmp_path: Path) -> None:
    make(tmp_path, "plans/a.yaml", "plans/deep/b.yaml", "plans/c.txt", "archive/plan.yaml", "plan.yaml")
    assert shown(tmp_path, include=["plans/**/*.yaml"], exclude=["archive/**"]) == [
        "plan.yaml",
        "plans/a.yaml",
        "plans/deep/b.yaml",
    ]
    assert shown(tmp_path, "plans", include=["deep/"]) == ["plans/deep/b.yaml"]
    assert shown(tmp_path, include=["*.yaml"], base=str(tmp_path / "plans")) == [
        "archive/plan.yaml",
        "plan.yaml",
        "plans/a.yaml",
        "plans/deep/b.yaml",
    ]


def test_links_do_not_lead_out_of_the_repository(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "repo"
    make(outside, "secret.plan.yaml", "deep/plan.yaml")
    make(inside, "real.plan.yaml")
    (inside / ".git").mkdir()
    (inside / "linked.plan.yaml").symlink_to(outside / "secret.plan.yaml")
    (inside / "again.plan.yaml").symlink_to(inside / "real.plan.yaml")
    (inside / "folder").symlink_to(outside / "deep")
    (inside / "loop").symlink_to(inside)
    (inside / "dangling.plan.yaml").symlink_to(inside / "nothing")
    assert len(shown(inside)) == 1, "the plan, once, by one of its names"
    with pytest.raises(UsageError, match="leads out of its repository"):
        discover(["linked.plan.yaml"], cwd=str(inside))
    entry = tmp_path / "entry"
    entry.symlink_to(inside)
    assert shown(entry, "real.plan.yaml") == ["real.plan.yaml"], "a link above the repository is no matter"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    make(tmp_path, "closed/plan.yaml", "plan.yaml")
    (tmp_path / "closed").chmod(0)
    try:
        assert shown(tmp_path) == ["plan.yaml"]
        with pytest.raises(UsageError, match="closed cannot be searched"):
            discover(["closed"], cwd=str(tmp_path))
    finally:
        (tmp_path / "closed").chmod(0o755)


def test_the_repository_is_found_above_a_path(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    assert find_root(str(tmp_path / "a" / "b" / "plan.yaml")) == str(tmp_path)
    (tmp_path / "a" / ".git").mkdir()
    assert find_root(str(tmp_path / "a" / "b")) == str(tmp_path / "a")


def ignored(patterns: list[str], path: str) -> bool:
    """Apply patterns as a search does: a folder that is left out hides what is in it."""
    layer = _Layer((), parse_patterns(patterns))
    parts = tuple(path.split("/"))
    folders = [layer.verdict(parts[:n], folder=True) for n in range(1, len(parts))]
    return any(folders) or bool(layer.verdict(parts, folder=False))


NAMES = st.text("ab.-*", min_size=1, max_size=4).filter(lambda name: name not in {".", ".."})
PATTERN = st.builds(
    lambda negated, start, parts, end: negated + start + "/".join(parts) + end,
    st.sampled_from(["", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(
        st.one_of(
            NAMES,
            st.sampled_from(["**", "*", "a*", "*.b", "?", "***", "a?b", "[ab]*", "[!a]", r"\*", "a**b"]),
        ),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from(["", "", "/"]),
)


def test_patterns_mean_what_they_mean_to_git(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    @settings(deadline=None, max_examples=60)
    @given(
        st.lists(PATTERN, min_size=1, max_size=4),
        st.lists(st.lists(NAMES, min_size=1, max_size=4), min_size=8),
    )
    def compare(patterns: list[str], paths: list[list[str]]) -> None:
        (tmp_path / ".gitignore").write_text("".join(line + "\n" for line in patterns), encoding="utf-8")
        names = sorted({"/".join(parts) for parts in paths})
        asked = subprocess.run(
            ["git", "check-ignore", "--no-index", "-z", "--stdin"],
            cwd=tmp_path,
            input="\0".join(names),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        theirs = {name for name in asked.stdout.split("\0") if name}
        assert {name for name in names if ignored(patterns, name)} == theirs

    compare()


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("# a comment", "# a comment", False),
        (r"\#a", "#a", True),
        (r"\!a", "!a", True),
        ("a  ", "a", True),
        (r"a\ ", "a ", True),
        ("/", "a", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[]x]", "]", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**", "a", False),
        ("**/b", "b", True),
        ("a/b", "x/a/b", False),
        ("b/", "a/b/c", True),
        ("b/", "a/b", False),
    ],
)
def test_patterns_by_hand(pattern: str, path: str, expected: object) -> None:
    assert ignored([pattern], path) is expected


def test_hostile_patterns_cost_no_time(tmp_path: Path) -> None:
    make(tmp_path, "a" * 200 + ".plan.yaml")
    (tmp_path / ".gitignore").write_text(("*a" * 60 + "c\n" + "**/" * 200 + "x\n") * 20, encoding="utf-8")
    begin = time.perf_counter()
    assert len(shown(tmp_path)) == 1
    assert time.perf_counter() - begin < 1


def test_20_000_files_in_200_folders(tmp_path: Path) -> None:
    for folder in range(200):
        (tmp_path / f"team-{folder:03}").mkdir()
        for number in range(100):
            os.close(
                os.open(tmp_path / f"team-{folder:03}" / f"p{number:02}.plan.yaml", os.O_CREAT | os.O_WRONLY)
            )
    lines = [f"*.e{n}\nname{n}\n/top{n}/x\n" for n in range(20)]
    (tmp_path / ".gitignore").write_text("".join(lines), encoding="utf-8")
    begin = time.perf_counter()
    assert len(shown(tmp_path)) == 20_000
    assert time.perf_counter() - begin < 2


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are text there")
def test_a_name_that_no_report_can_show_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.plan.yaml")).write_bytes(b"planlint: 1\n")
    with pytest.raises(UsageError, match=r"^the name of caf\ufffd"):
        shown(tmp_path)
    with pytest.raises(UsageError, match="not valid UTF-8"):
        expander(tmp_path)(str(tmp_path / "a.plan.yaml"), "*.yaml")
