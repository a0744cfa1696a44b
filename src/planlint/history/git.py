"""Files at a revision, read through the `git` command: one process for all contents of a repository.

Nothing here writes, fetches or runs anything that a plan says: a revision is checked before Git sees it.
"""

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import IO, TYPE_CHECKING, Self

from msgspec import Struct

from planlint.errors import UsageError

if TYPE_CHECKING:
    import subprocess

_REVISION = re.compile(r"[\w@][\w./+@~^{}#=,%!-]*")
_REGULAR = b"100"  # how modes of regular files begin; links and submodules are no plans
_SETTINGS = ("core.quotePath=false", "core.fsmonitor=false", "diff.renames=true")


class GitError(UsageError):
    """Git, the repository or a revision is not there as asked: nothing was checked, exit code 2."""


class Change(Struct, frozen=True, order=True):
    """A file that differs between two revisions; `old` or `new` is None where it was added or removed."""

    old: str | None
    new: str | None


class Repository:
    """One repository or worktree, by the paths of its files from its root, with `/`.

    Use it as a context manager: it keeps one `git cat-file` process for contents.
    """

    def __init__(self, folder: FilePath) -> None:
        """Find the repository that `folder` stands in.

        Raises:
            GitError: there is none, or there is no `git`.
        """
        self._folder = folder
        top = self._run("rev-parse", "--show-toplevel").rstrip(b"\n")
        self.root = FilePath(os.fsdecode(top))
        self._trees: dict[str, Mapping[str, str]] = {}
        self._commits: dict[str, str] = {}
        self._reader: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process that reads contents."""
        self.close()

    def close(self) -> None:
        """End the process that reads contents; the next content starts another one."""
        if self._reader is not None:
            self._reader.communicate()
            self._reader = None

    def commit(self, revision: str) -> str:
        """Return the id of the commit that a tag, a branch or another name of a revision means.

        Raises:
            GitError: it is no revision, or not in this clone.
        """
        if revision not in self._commits:
            if not _REVISION.fullmatch(revision) or "^{/" in revision:
                raise GitError(f"'{revision[:100]}' is no name of a revision")
            try:
                found = self._run("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
            except GitError:
                raise GitError(self._unknown(revision)) from None
            self._commits[revision] = found.decode().strip()
        return self._commits[revision]

    def _unknown(self, revision: str) -> str:
        if self.shallow:
            return (
                f"revision '{revision}' is not in this shallow clone; fetch the history first "
                "(git fetch --unshallow, or fetch-depth: 0 of actions/checkout)"
            )
        try:
            self._run("rev-parse", "--verify", "--quiet", f"refs/remotes/origin/{revision}^{{commit}}")
        except GitError:
            return f"there is no revision '{revision}' in {self.root.name}"
        return f"there is no revision '{revision}' here, but 'origin/{revision}' exists"

    @property
    def shallow(self) -> bool:
        """Whether older commits are missing from this clone."""
        return self._run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def merge_base(self, one: str, other: str) -> str:
        """Return the commit where two lines of history parted.

        Raises:
            GitError: they share none in this clone.
        """
        commits = self.commit(one), self.commit(other)
        try:
            found = self._run("merge-base", *commits)
        except GitError:
            raise GitError(
                f"'{one}' and '{other}' have no common commit"
                + (" in this shallow clone; fetch the history first (git fetch --unshallow)" * self.shallow)
            ) from None
        return found.decode().strip()

    def files(self, revision: str) -> Mapping[str, str]:
        """Return the regular files at a revision: path → id of the content."""
        commit = self.commit(revision)
        if commit not in self._trees:
            listing = self._run("ls-tree", "-r", "-z", "--full-tree", commit)
            entries = (entry.partition(b"\t") for entry in listing.split(b"\0") if entry.startswith(_REGULAR))
            self._trees[commit] = {_name(path): head.split()[2].decode() for head, _, path in entries}
        return self._trees[commit]

    def content(self, revision: str, path: str, most: int) -> bytes:
        """Return at most `most` bytes of a file at a revision.

        Raises:
            FileNotFoundError: it is not a regular file there.
        """
        name = self.files(revision).get(path)
        if name is None:
            raise FileNotFoundError(2, f"it does not exist at {revision[:12]}", path)
        source, answer = self._cat()
        source.write(name.encode() + b"\n")
        source.flush()
        head = answer.readline().split()
        if len(head) != 3:  # noqa: PLR2004 - name, type, size; else the object is missing (a partial clone)
            raise FileNotFoundError(2, f"its content at {revision[:12]} is not in this clone", path)
        size = int(head[2])
        content = answer.read(min(size, most))
        skip = size - len(content) + 1  # the line break after a content
        while skip > 0:
            skip -= len(answer.read(min(skip, 1 << 20)))
        return content

    def _cat(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._reader is None:
            import subprocess  # noqa: PLC0415 - only when a revision is read

            self._reader = subprocess.Popen(  # noqa: S603 - arguments are our own
                [*_command(), "cat-file", "--batch"],
                cwd=self.root,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        source, answer = self._reader.stdin, self._reader.stdout
        if source is None or answer is None:
            raise AssertionError("both are pipes")
        return source, answer

    def changes(self, old: str, new: str | None = None) -> tuple[Change, ...]:
        """Return the files that differ between two revisions, or `old` and the working tree with new ones."""
        listed = self._run(
            "diff",
            "--no-ext-diff",
            "--no-textconv",
            "--no-relative",
            "--ignore-submodules=all",
            "--name-status",
            "-z",
            "-M",
            self.commit(old),
            *([self.commit(new)] if new else ()),
            "--",
        )
        found = set(_name_status(listed))
        if new is None:
            untracked = self._run("ls-files", "-z", "--others", "--exclude-standard", "--full-name", ":/")
            found |= {Change(None, _name(path)) for path in untracked.split(b"\0") if path}
        return tuple(sorted(found, key=lambda change: (change.new or "", change.old or "")))

    def _run(self, *arguments: str) -> bytes:
        import subprocess  # noqa: PLC0415 - only when history is asked for

        try:
            done = subprocess.run(  # noqa: S603 - the program is git, revisions are checked
                [*_command(), *arguments],
                cwd=self._folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise GitError("this needs the git command, which is not installed or not on the PATH") from None
        if done.returncode:
            raise GitError(_reason(done.stderr))
        return done.stdout


def _command() -> list[str]:
    return ["git", *(part for setting in _SETTINGS for part in ("-c", setting))]


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def _reason(stderr: bytes) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    first = lines[0].removeprefix("fatal: ") if lines else "it gave no reason"
    if first.startswith("not a git repository"):
        return "this folder is not in a Git repository"
    return f"git says: {first}"


def _name(path: bytes) -> str:
    """Return a path as reports, which are UTF-8, can show it; contents are found by their ids."""
    return path.decode(errors="replace")


def _name_status(listed: bytes) -> Iterable[Change]:
    """Read `git diff --name-status -z`: a status, then one path, or two for a rename or copy."""
    fields = iter(_name(field) for field in listed.split(b"\0") if field)
    for status in fields:
        path = next(fields)
        match status[0]:
            case "A":
                yield Change(None, path)
            case "D":
                yield Change(path, None)
            case "R":
                yield Change(path, next(fields))
            case "C":
                yield Change(None, next(fields))
            case _:
                yield Change(path, path)
