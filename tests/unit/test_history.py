"""Files at a revision: real repositories, made here, and every way in which one is not as hoped."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from planlint.diagnostics import Diagnostic, Location, Position, Severity, Span
from planlint.history.git import Change, GitError, Repository
from planlint.history.plans import Snapshot, changed_items, item_path, only_changed

Git = Callable[..., str]


@pytest.fixture(autouse=True)
def own_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the user's configuration and the outer repository out."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Kim")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "kim@example.org")
        monkeypatch.setenv(f"GIT_{role}_DATE", "2026-02-16T12:00:00+0000")


def run_git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    run_git(folder, "init", "-q", "-b", "main")
    (folder / "plans").mkdir()
    (folder / "plans" / "a.plan.yaml").write_text("one\n" * 20)
    (folder / "plans" / "ü b.plan.yaml").write_text("two\n")
    (folder / "link.plan.yaml").symlink_to("plans/a.plan.yaml")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-q", "-m", "first")
    run_git(folder, "tag", "v1")
    (folder / "plans" / "a.plan.yaml").write_text("one\n" * 20 + "more\n")
    run_git(folder, "commit", "-q", "-am", "second")
    return folder


@pytest.fixture
def opened(repo: Path) -> Iterator[Repository]:
    with Repository(repo / "plans") as repository:
        yield repository


def test_contents_at_revisions(opened: Repository, repo: Path) -> None:
    assert opened.root == repo
    assert opened.content("v1", "plans/a.plan.yaml", 1000) == b"one\n" * 20
    assert opened.content("HEAD", "plans/a.plan.yaml", 1000).endswith(b"more\n")
    assert opened.content("HEAD~1", "plans/ü b.plan.yaml", 1000) == b"two\n"


def test_a_large_content_is_cut_and_the_next_one_is_whole(opened: Repository) -> None:
    assert opened.content("v1", "plans/a.plan.yaml", 5) == b"one\no"
    assert opened.content("v1", "plans/ü b.plan.yaml", 1000) == b"two\n"


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are text there")
def test_a_name_of_any_bytes_can_be_shown_and_its_content_read(opened: Repository, repo: Path) -> None:
    (repo / os.fsdecode(b"caf\xe9.plan.yaml")).write_text("three\n")
    assert Change(None, "caf\ufffd.plan.yaml") in opened.changes("HEAD")
    run_git(repo, "add", ".")
    run_git(repo, "commit", "-q", "-m", "third")
    assert opened.content("main", "caf\ufffd.plan.yaml", 100) == b"three\n"
    assert Change(None, "caf\ufffd.plan.yaml") in opened.changes("v1", "main")


def test_only_regular_files_are_listed(opened: Repository) -> None:
    assert sorted(opened.files("HEAD")) == ["plans/a.plan.yaml", "plans/ü b.plan.yaml"]
    for path in ("link.plan.yaml", "plans", "missing.plan.yaml"):
        with pytest.raises(FileNotFoundError):
            opened.content("HEAD", path, 1000)


@pytest.mark.parametrize(
    "revision",
    [
        "--upload-pack=x",
        "-h",
        "",
        "a b",
        "HEAD\nHEAD",
        "v1\0",
        ":/first",
        "HEAD^{/first}",
        "HEAD:plans",
        "a;b",
        "a..b",
    ],
)
def test_what_is_no_revision_never_reaches_git(opened: Repository, revision: str) -> None:
    with pytest.raises(GitError, match=r"is no name of a revision|there is no revision"):
        opened.commit(revision)


def test_an_unknown_revision(opened: Repository, repo: Path) -> None:
    with pytest.raises(GitError, match="there is no revision 'nope' in repo"):
        opened.commit("nope")
    run_git(repo, "update-ref", "refs/remotes/origin/topic", "HEAD")
    with pytest.raises(GitError, match="but 'origin/topic' exists"):
        opened.commit("topic")


def test_a_shallow_clone_says_what_to_do(repo: Path, tmp_path: Path) -> None:
    run_git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repo}", "shallow")
    with Repository(tmp_path / "shallow") as shallow:
        assert shallow.shallow
        assert shallow.commit("HEAD") == run_git(repo, "rev-parse", "HEAD")
        with pytest.raises(GitError, match=r"'v1' is not in this shallow clone; .*fetch-depth: 0"):
            shallow.commit("v1")


def test_a_shallow_clone_without_the_merge_base(repo: Path, tmp_path: Path) -> None:
    run_git(repo, "checkout", "-q", "-b", "topic", "v1")
    run_git(repo, "commit", "-q", "--allow-empty", "-m", "topic")
    run_git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{repo}", "shallow")
    with (
        Repository(tmp_path / "shallow") as shallow,
        pytest.raises(GitError, match="no common commit in this shallow"),
    ):
        shallow.merge_base("origin/main", "origin/topic")


def test_merge_base(opened: Repository, repo: Path) -> None:
    run_git(repo, "checkout", "-q", "-b", "topic", "v1")
    run_git(repo, "commit", "-q", "--allow-empty", "-m", "topic")
    assert opened.merge_base("main", "topic") == opened.commit("v1")


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="this folder is not in a Git repository"):
        Repository(tmp_path)


def test_no_git(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitError, match="needs the git command"):
        Repository(repo)


def test_a_worktree_has_its_own_root_and_head(repo: Path, tmp_path: Path) -> None:
    run_git(repo, "worktree", "add", "-q", str(tmp_path / "tree"), "v1")
    with Repository(tmp_path / "tree" / "plans") as tree:
        assert tree.root == tmp_path / "tree"
        assert tree.commit("HEAD") == run_git(repo, "rev-parse", "v1")


def test_changes_between_revisions_and_against_the_working_tree(opened: Repository, repo: Path) -> None:
    assert opened.changes("v1", "HEAD") == (Change("plans/a.plan.yaml", "plans/a.plan.yaml"),)
    assert opened.changes("HEAD") == ()
    run_git(repo, "mv", "plans/a.plan.yaml", "plans/c.plan.yaml")
    (repo / "plans" / "ü b.plan.yaml").unlink()
    (repo / "new.plan.yaml").write_text("three\n")
    assert opened.changes("HEAD") == (
        Change("plans/ü b.plan.yaml", None),
        Change(None, "new.plan.yaml"),
        Change("plans/a.plan.yaml", "plans/c.plan.yaml"),
    )


def test_settings_of_the_repository_change_nothing(repo: Path) -> None:
    run_git(repo, "config", "diff.relative", "true")
    run_git(repo, "config", "diff.external", "false")
    run_git(repo, "config", "diff.renames", "false")
    run_git(repo, "mv", "plans/a.plan.yaml", "c.plan.yaml")
    with Repository(repo / "plans") as repository:
        assert repository.changes("HEAD") == (Change("plans/a.plan.yaml", "c.plan.yaml"),)


def test_an_empty_repository(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "empty")
    with (
        Repository(tmp_path / "empty") as empty,
        pytest.raises(GitError, match="there is no revision 'HEAD'"),
    ):
        empty.commit("HEAD")


# Plans at a revision


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    folder = tmp_path / "plans-repo"
    for name in (
        "plans/a.plan.yaml",
        "plans/shared/team.yaml",
        "plans/shared/more.yaml",
        ".hidden/h.plan.yaml",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{name}\n" * 9)
    (folder / "plan.yaml").write_text("root\n")
    (folder / "extra.yaml").write_text("extra\n")
    run_git(folder, "init", "-q", "-b", "main")
    run_git(folder, "add", ".")
    run_git(folder, "commit", "-q", "-m", "first")
    return folder


def test_the_plans_at_a_revision_are_those_a_search_would_find(plans: Path) -> None:
    with Repository(plans) as repository:
        top = Snapshot(repository, "HEAD", str(plans))
        assert top.plans() == ("plan.yaml", "plans/a.plan.yaml")
        assert top.plans(include=["extra.yaml"], exclude=["plans/"]) == ("extra.yaml", "plan.yaml")
        below = Snapshot(repository, "HEAD", str(plans / "plans"))
        assert below.plans() == ("a.plan.yaml",)
        assert below.plans(include=["plans/shared/*"], base=str(plans)) == (
            "a.plan.yaml",
            "shared/more.yaml",
            "shared/team.yaml",
        )


def test_contents_and_includes_by_the_paths_that_users_see(plans: Path) -> None:
    with Repository(plans) as repository:
        here = Snapshot(repository, "HEAD", str(plans / "plans" / "shared"))
        assert here.content("../a.plan.yaml", 100).startswith(b"plans/a.plan.yaml\n")
        assert here.expand("../a.plan.yaml", "shared/team.yaml") == ("team.yaml",)
        assert here.expand("../a.plan.yaml", "shared/*.yaml") == ("more.yaml", "team.yaml")
        assert here.expand("../a.plan.yaml", "../extra.yaml") == ("../../extra.yaml",)
        for entry in ("../../outside.yaml", "/etc/passwd", "shared/no.yaml", "**/../../x", ""):
            assert here.expand("../a.plan.yaml", entry) == ()


def test_a_plan_that_was_renamed_since_is_found(plans: Path) -> None:
    run_git(plans, "mv", "plans/a.plan.yaml", "plans/b.plan.yaml")
    with Repository(plans) as repository:
        old = Snapshot(repository, "HEAD", str(plans))
        assert old.content("plans/b.plan.yaml", 17) == b"plans/a.plan.yaml"
        assert old.then("plans/new.plan.yaml") is None


# What changed since

OLD = {
    "title": "A",
    "deadline": "2026-03-01",
    "people": {"kim": {"name": "Kim"}},
    "budget": {"total": 1, "lines": {"x": {"planned": 1}, "y": {"planned": 2}}},
    "tasks": {"a": {"title": "A", "tasks": {"b": {"title": "B"}, "c": {"title": "C"}}}, "d": {"title": "D"}},
}


def test_the_items_that_changed() -> None:
    new = {
        "title": "A",
        "deadline": "2026-04-01",
        "people": {"kim": {"name": "Kim"}, "lee": {"name": "Lee"}},
        "budget": {"total": 1, "lines": {"x": {"planned": 9}, "y": {"planned": 2}}},
        "tasks": {
            "a": {"title": "A", "tasks": {"b": {"title": "B!"}, "c": {"title": "C"}}},
            "d": {"title": "D", "owner": "kim"},
        },
    }
    assert changed_items(OLD, new) == {
        ("deadline",),
        ("people", "lee"),
        ("budget", "lines", "x"),
        ("tasks", "a", "tasks", "b"),
        ("tasks", "d"),
    }
    assert changed_items(OLD, OLD) == frozenset()
    assert changed_items({"metrics": {"a": 1}}, {"metrics": {"a": True}}) == {("metrics", "a")}
    assert changed_items(None, {"tasks": {"a": 1}}) == {("tasks", "a")}
    assert changed_items([], "x") == frozenset()


@pytest.mark.parametrize(
    ("path", "item"),
    [
        (("tasks", "a"), ("tasks", "a")),
        (("tasks", "a", "depends_on", 0), ("tasks", "a")),
        (("tasks", "a", "tasks", "b", "owner"), ("tasks", "a", "tasks", "b")),
        (("budget", "lines", "x", "planned"), ("budget", "lines", "x")),
        (("people", "kim", "time_off", 0, "to"), ("people", "kim")),
        (("deadline",), ("deadline",)),
        ((), ()),
    ],
)
def test_the_item_that_a_place_belongs_to(path: tuple[str | int, ...], item: tuple[str, ...]) -> None:
    assert item_path(path) == item


def said(file: str, *path: str, item: str | None) -> Diagnostic:
    place = Location(file, Span(Position(1, 1), Position(1, 2)))
    return Diagnostic("r", "c", Severity.ERROR, "m", place, path=path, item=item)


def test_only_what_is_about_a_change_is_kept() -> None:
    on_changed = said("a", "tasks", "d", "owner", item="d")
    whole_plan = said("a", "deadline", item=None)
    other_item = said("a", "tasks", "a", item="a")
    other_plan = said("b", "tasks", "d", item="d")
    in_new_file = said("c", "tasks", "d", item="d")
    of_includer = said("b", "deadline", item=None)
    every = (on_changed, whole_plan, other_item, other_plan, in_new_file)
    changed = {"a": frozenset({("tasks", "d")}), "c": None}
    assert only_changed(every, changed, lambda _: ()) == (on_changed, whole_plan, in_new_file)
    team = {"team.yaml": frozenset({("people", "kim")})}
    assert only_changed((of_includer, other_plan), team, lambda _: ("b", "team.yaml")) == (of_includer,)
