"""Files at a revision: real repositories, made here, and every way in which one is not as hoped."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from planlint.history.git import Change, GitError, Repository

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
