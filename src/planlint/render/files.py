"""Pages on disk: written all or none, inside the output folder only, and nobody else's file touched."""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from msgspec import Struct

from planlint.errors import UsageError
from planlint.render.pages import END, Pages, Shared

_HEAD = 4096
_MARKER = re.compile(rb"(?:---\n(?:[^\n]*\n){1,3}?---\n)?<!-- planlint:page (\S+) -->")
_SOURCE = re.compile(rb"<!-- planlint:source (\S+) -->")
_BEGIN = re.compile(r"<!-- planlint:begin (\S+) (\S+) -->")
_ANY_BEGIN = "<!-- planlint:begin"
_FORM = "<!-- planlint:begin SECTION PLAN -->"
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

Changes = Mapping[Path, bytes | None]
"""What is to be different on disk: new content by path, None where a file goes."""


def changes(folder: Path, pages: Pages, shared: Sequence[Shared], exists: Callable[[str], bool]) -> Changes:
    """Compare pages with a folder and return what must be written and removed.

    Pages of plans whose source file does not exist any more are removed.

    Raises:
        UsageError: something that is not planlint's stands in the way.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; nothing was written")
    wanted: dict[Path, bytes | None] = {}
    for name, text in pages.items():
        path = folder / name
        if path.parent != folder or name != path.name:
            raise UsageError(f"the page '{name}' would lie outside {folder}; nothing was written")
        if _regular(path) and _MARKER.match(_start(path)) is None:
            raise UsageError(
                f"{path} is not a page of planlint's: move it or choose another folder; nothing was written"
            )
        wanted[path] = text.encode()
    for one in shared:
        wanted[folder / one.name] = _merged(folder / one.name, one)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path not in wanted and path.suffix in {".md", ".svg"} and not path.is_symlink() and path.is_file():
            start = _start(path)
            source = _SOURCE.search(start) if _MARKER.match(start) else None
            if source and not exists(unquote(source[1].decode("ascii", "replace"))):
                wanted[path] = None
    return {path: new for path, new in wanted.items() if new != _content(path)}


def _regular(path: Path) -> bool:
    """Return whether a file is there; a link or anything else in its place is refused."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise UsageError(f"{path} is no regular file; nothing was written")
    return path.exists()


def _content(path: Path, most: int = -1) -> bytes | None:
    """Return what a file begins with, up to `most` bytes, else all of it; None where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; nothing was written") from None


def _start(path: Path) -> bytes:
    """Return what has the marker of a page, also where an editor or Git changed its line ends."""
    return (_content(path, _HEAD) or b"").replace(b"\r\n", b"\n")


def _merged(path: Path, one: Shared) -> bytes:
    """Put a shared page's text between its markers; the rest belongs to people."""
    old = (_content(path) or b"").decode("utf-8", "surrogateescape") if _regular(path) else ""
    if not old:
        return f"{one.head}{one.body}\n".encode()
    first = one.body.partition("\n")[0]
    before, found, rest = old.partition(first)
    _, closed, after = rest.partition(END)
    if not found or not closed:
        raise UsageError(
            f"{path} has no place for planlint: put the lines '{first}' and '{END}' "
            "where the plans should be listed; nothing was written"
        )
    return f"{before}{one.body}{after}".encode("utf-8", "surrogateescape")


def apply(found: Changes) -> None:
    """Write everything beside its place first, then move it there: a full disk leaves the old pages whole.

    Raises:
        UsageError: something cannot be written.
    """
    ready: list[tuple[Path, Path]] = []
    try:
        for path, new in found.items():
            if new is None:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.planlint-{os.getpid()}")
            ready.append((beside, path))
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            with os.fdopen(os.open(beside, flags, 0o666), "wb") as file:
                file.write(new)
        for beside, path in ready:
            beside.replace(path)
        for path, new in found.items():
            if new is None:
                path.unlink()
    except OSError as error:
        for beside, _ in ready:
            with suppress(OSError):
                beside.unlink()
        raise UsageError(
            f"cannot write {error.filename or ''}: {error.strerror}; the old pages are whole"
        ) from None


def difference(found: Changes, show: Callable[[Path], str]) -> Iterator[str]:
    """Yield the lines of a unified diff from what is on disk to what should be."""
    import difflib  # noqa: PLC0415 - only when something is stale

    for path, new in found.items():
        old, name = _content(path), show(path)
        before, after = (
            (text or b"").decode("utf-8", "replace").splitlines(keepends=True) for text in (old, new)
        )
        fromfile = os.devnull if old is None else f"a/{name}"
        tofile = os.devnull if new is None else f"b/{name}"
        for line in difflib.unified_diff(before, after, fromfile, tofile):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


class Slot(Struct, frozen=True):
    """A place in a file for one section of one plan: the lines between its markers."""

    section: str
    plan: str
    first: int
    last: int


def _unfenced(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines outside fenced code."""
    fence = ""
    for number, line in enumerate(lines, 1):
        ticks = _FENCE.match(line.rstrip("\r\n"))
        if ticks and not fence:
            fence = ticks[1]
        elif ticks and ticks[1].startswith(fence) and not ticks[2].strip():
            fence = ""
        elif not fence:
            yield number, line.strip()


def slots(file: str, lines: Sequence[str]) -> Iterator[Slot]:
    """Yield the places that a file's markers ask planlint to fill; those inside fenced code are text.

    Raises:
        UsageError: a marker is malformed or has no end.
    """
    first, opened = 0, None
    for number, line in _unfenced(lines):
        start = _BEGIN.fullmatch(line)
        if opened and line.startswith(_ANY_BEGIN):
            break
        if start:
            first, opened = number, start
        elif line.startswith(_ANY_BEGIN):
            raise UsageError(f"{file}:{number}: a marker is '{_FORM}'; nothing was written")
        elif opened and line == END:
            yield Slot(opened[1], opened[2], first, number - 1)
            opened = None
    if opened:
        raise UsageError(f"{file}:{first}: '{opened[0]}' has no '{END}'; nothing was written")


def injected(path: Path, file: str, fill: Callable[[Slot], str]) -> Changes:
    """Return a file with all its slots filled; every other byte stays.

    Raises:
        UsageError: it cannot be read, has no marker, or an unclosed one.
    """
    if not _regular(path):
        raise UsageError(f"{file} does not exist")
    old = _content(path) or b""
    lines = _LINE.findall(old.decode("utf-8", "surrogateescape"))
    found = list(slots(file, lines))
    if not found:
        raise UsageError(f"{file}: no line is '{_FORM}'; nothing was written")
    for slot in reversed(found):
        end = "\r\n" if lines[slot.first - 1].endswith("\r\n") else "\n"
        text = fill(slot)
        lines[slot.first : slot.last] = (
            [f"{line}{end}" for line in ("", *text.split("\n"), "")] if text else [end]
        )
    new = "".join(lines).encode("utf-8", "surrogateescape")
    return {path: new} if new != old else {}
