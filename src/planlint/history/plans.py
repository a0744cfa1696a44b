"""Plans and what they include at a revision, and which of their items changed since one."""
# Paths inside Git are text with `/`, whatever the system; Path objects would turn them into something else.
# ruff: noqa: PTH118, PTH120

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from os import path as os_path
from pathlib import PurePosixPath
from typing import Any

from planlint.diagnostics import Diagnostic, Path
from planlint.discovery import NOISE, Pattern, is_plan_name, parse_patterns
from planlint.history.git import Repository

_INCLUDES = 200
"""Files that one `include` entry may name."""


class Snapshot:
    """The files of a repository at one revision, by the paths that users see in the working directory.

    A file that was renamed since is found under its present path, too: a plan's baseline is *this very file*.
    """

    def __init__(self, repository: Repository, revision: str, cwd: str) -> None:
        """Take a repository, a revision that it knows and the working directory, an absolute path."""
        self.repository = repository
        self.revision = repository.commit(revision)
        self._root = str(repository.root)
        self._cwd = os_path.realpath(cwd)
        self._files = repository.files(self.revision)
        self._renamed: Mapping[str, str] | None = None

    def inside(self, shown: str) -> str:
        """Return the path from the repository's root of a file as users see it."""
        return os_path.relpath(os_path.join(self._cwd, shown), self._root).replace(os.sep, "/")

    def shown(self, path: str) -> str:
        """Return the path as users see it of a file given from the repository's root."""
        return os_path.relpath(os_path.join(self._root, path), self._cwd).replace(os.sep, "/")

    def then(self, path: str) -> str | None:
        """Return what a file of the working tree was called at the revision, None when it was not there."""
        if path in self._files:
            return path
        if self._renamed is None:
            changes = self.repository.changes(self.revision)
            self._renamed = {c.new: c.old for c in changes if c.new and c.old and c.new != c.old}
        return self._renamed.get(path)

    def content(self, shown: str, most: int) -> bytes:
        """Return at most `most` bytes of a file.

        Raises:
            FileNotFoundError: it was not there.
        """
        path = self.inside(shown)
        return self.repository.content(self.revision, self.then(path) or path, most)

    def expand(self, shown: str, entry: str) -> tuple[str, ...]:
        """Name the files that an `include` entry of a file stands for, sorted, all in the repository."""
        if PurePosixPath(entry).is_absolute():
            return ()
        here = self.inside(shown)
        folder = os_path.dirname(self.then(here) or here)
        wanted = os_path.normpath(os_path.join(folder, entry)).replace(os.sep, "/")
        if wanted in self._files:
            return (self.shown(wanted),)
        patterns = parse_patterns(["/" + wanted]) if any(sign in wanted for sign in "*?[") else ()
        found = (path for path in self._files if any(one.matches(path.split("/")) for one in patterns))
        return tuple(self.shown(path) for path in sorted(found)[:_INCLUDES])

    def plans(
        self, include: Sequence[str] = (), exclude: Sequence[str] = (), base: str | None = None
    ) -> tuple[str, ...]:
        """Return the plan files under the working directory, as a search there would have found them.

        `include` and `exclude` are patterns relative to `base`, an absolute path (the working directory).
        """
        wanted, unwanted = parse_patterns(include), parse_patterns(exclude)
        folder = os_path.relpath(os_path.realpath(base or self._cwd), self._root).replace(os.sep, "/")
        prefix = "" if folder == "." else f"{folder}/"
        found = []
        for path in self._files:
            shown = self.shown(path)
            inner = path.removeprefix(prefix).split("/")
            if not shown.startswith("../") and _is_plan(shown.split("/"), inner, wanted, unwanted):
                found.append(shown)
        return tuple(sorted(found))


def _is_plan(
    shown: Sequence[str], path: Sequence[str], include: Sequence[Pattern], exclude: Sequence[Pattern]
) -> bool:
    *folders, name = shown
    if any(folder.startswith(".") or folder in NOISE for folder in folders):
        return False
    prefixes = [path[:end] for end in range(1, len(path) + 1)]
    if any(one.matches(prefix) for one in exclude for prefix in prefixes):
        return False
    return is_plan_name(name) or any(one.matches(prefix) for one in include for prefix in prefixes)


def item_path(path: Path) -> Path:
    """Return the path of the item that a place belongs to; of the plan's own values the first key."""
    if path[:1] == ("tasks",):
        end = 2
        while path[end : end + 1] == ("tasks",) and len(path) > end + 1:
            end += 2
        return path[:end]
    return path[:3] if path[:2] == ("budget", "lines") else path[:2]


def changed_items(old: Any, new: Any) -> frozenset[Path]:
    """Return the paths of the items in `new`, plain data of a file, that are not the same in `old`."""
    before = {path: repr(value) for path, value in _items(old)}  # for Python, 1 is true
    return frozenset(path for path, value in _items(new) if before.get(path) != repr(value))


def _items(data: Any) -> Iterator[tuple[Path, Any]]:
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        if key == "tasks":
            yield from _tasks(("tasks",), value)
        elif key == "budget" and isinstance(value, dict):
            yield from ((("budget", name), part) for name, part in value.items() if name != "lines")
            lines = value.get("lines")
            yield from ((("budget", "lines", name), part) for name, part in _pairs(lines))
        elif isinstance(value, dict):
            yield from (((key, name), part) for name, part in value.items())
        else:
            yield (key,), value


def _tasks(path: Path, tasks: Any) -> Iterator[tuple[Path, Any]]:
    for name, task in _pairs(tasks):
        own = {key: part for key, part in task.items() if key != "tasks"} if isinstance(task, dict) else task
        yield (*path, name), own
        if isinstance(task, dict):
            yield from _tasks((*path, name, "tasks"), task.get("tasks"))


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, dict) else ()


def only_changed(
    diagnostics: Sequence[Diagnostic],
    changed: Mapping[str, frozenset[Path] | None],
    files: Callable[[Diagnostic], Sequence[str]],
) -> tuple[Diagnostic, ...]:
    """Keep the diagnostics about what changed.

    Args:
        diagnostics: What the whole plans have to say.
        changed: By file that changed: the paths of its changed items, None for all of a new file.
        files: The plan's own file and its fragments, for a diagnostic.

    Returns:
        Those on a changed item, and those about a whole plan of which any file changed.
    """
    kept = []
    for d in diagnostics:
        paths = changed.get(d.location.path, frozenset())
        if d.item is None:
            keep = any(file in changed for file in (d.location.path, *files(d)))
        else:
            keep = paths is None or item_path(d.path) in paths
        if keep:
            kept.append(d)
    return tuple(kept)
