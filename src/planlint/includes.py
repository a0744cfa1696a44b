"""Included files: which they are, that they stay inside the repository, that no file comes twice."""

from collections.abc import Callable, Iterator, Sequence
from os import scandir
from os.path import relpath
from pathlib import Path as FilePath
from pathlib import PurePosixPath

from planlint.diagnostics import Finding, Place
from planlint.discovery import exact_pattern, writable
from planlint.document import Document
from planlint.reader import Limits, read

Expand = Callable[[str, str], Sequence[str]]
"""The files, in order, that an `include` entry of a file stands for; none when there is none to be read."""

_MOST_FILES = 200
_MOST_LEVELS = 16
_MOST_SEEN = 50_000


def fragments(
    main: Document, expand: Expand, content: Callable[[str], bytes], limits: Limits
) -> tuple[tuple[Document, ...], tuple[Finding, ...]]:
    """Read the files that a plan includes, and those that they include.

    Args:
        main: The plan's own file.
        expand: Names the files of an `include` entry.
        content: Returns the bytes of a file, or raises OSError.
        limits: What each file may cost, and in bytes all of them together.

    Returns:
        The fragments in order, and what is wrong with them or with the entries that name them. With any
        finding the plan is not complete.
    """
    reading = _Reading(main, expand, content, limits)
    reading.follow(main, (main.file,))
    return tuple(reading.documents), tuple(reading.findings)


class _Reading:
    """The files seen so far on the way through a plan's includes."""

    def __init__(
        self, main: Document, expand: Expand, content: Callable[[str], bytes], limits: Limits
    ) -> None:
        self.expand = expand
        self.content = content
        self.limits = limits
        self.size = len(main.text)
        self.seen = {main.file}
        self.documents: list[Document] = []
        self.findings: list[Finding] = []

    def follow(self, document: Document, above: tuple[str, ...]) -> None:
        """Read what one file includes; `above` are the files that led here, this one included."""
        entries = document.data.get("include") if isinstance(document.data, dict) else None
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if not isinstance(entry, str):
                continue
            files = self.expand(document.file, entry)
            if set(entry) & set("*?["):
                files = [
                    file for file in files if file != document.file
                ]  # a pattern never means its own file
            reasons = [f"'{entry}' names no file inside the repository"] if not files else []
            reasons += [reason for file in files if (reason := self.include(file, entry, above))]
            place = Place(("include", index), file=document.file)
            self.findings += (Finding(place, {"reason": one}, rule="include-error") for one in reasons[:1])

    def include(self, file: str, entry: str, above: tuple[str, ...]) -> str | None:
        """Read one file and what it includes, or return why not."""
        if file in above:
            return f"'{entry}' leads back to {file}: a loop; take one of the includes out"
        if file in self.seen:
            return f"'{entry}' includes {file} a second time; take one of the entries out"
        if len(above) > _MOST_LEVELS or len(self.seen) > _MOST_FILES:
            return f"'{entry}' is one too many; {_MOST_FILES} files and {_MOST_LEVELS} levels are the limit"
        self.seen.add(file)
        try:
            content = self.content(file)
        except OSError as error:
            return f"'{entry}' cannot be read: {error.strerror or error}"
        self.size += len(content)
        if self.size > self.limits.file_size:
            return f"with '{entry}' the plan has over {self.limits.file_size:,} bytes, and that is the limit"
        return self.take(file, entry, content, above)

    def take(self, file: str, entry: str, content: bytes, above: tuple[str, ...]) -> str | None:
        """Parse one file and go on with what it includes, or return why it is no fragment."""
        fragment, found = read(file, content, self.limits)
        self.findings += found
        if fragment is None:
            return None
        if isinstance(fragment.data, dict) and "planlint" in fragment.data:
            return f"'{entry}' is a plan by itself: it has a `planlint` key, and an included file has none"
        self.documents.append(fragment)
        self.follow(fragment, (*above, file))
        return None


def expander(root: FilePath) -> Expand:
    """Return how `include` entries are found on disk: relative to their file, links followed, inside `root`.

    Files are named as everywhere: relative to the working directory, with `/`. A name that no report can show
    is a UsageError.
    """
    real = root.resolve()

    def expand(file: str, entry: str) -> tuple[str, ...]:
        parts = PurePosixPath(entry).parts
        fixed = next((at for at, part in enumerate(parts) if set(part) & set("*?[")), len(parts))
        base = FilePath(file).resolve().parent.joinpath(*parts[:fixed])
        if ".." in parts[fixed:] or not (start := _resolved(base, real)):
            return ()
        matches = _matching(start, parts[fixed:]) if parts[fixed:] else [base]
        files = {found for match in matches if (found := _resolved(match, real)) and found.is_file()}
        return tuple(writable(FilePath(relpath(one)).as_posix()) for one in sorted(files))

    return expand


def _matching(base: FilePath, names: Sequence[str]) -> Iterator[FilePath]:
    """Yield the files under `base` that fit, up to a limit; links to folders are not followed."""
    pattern = exact_pattern(names)
    deepest = _MOST_LEVELS if "**" in names else len(names)
    waiting: list[tuple[str, ...]] = [()]
    seen = 0
    while waiting:
        inside = waiting.pop()
        try:
            entries = sorted(scandir(base.joinpath(*inside)), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > _MOST_SEEN:
                return
            path = (*inside, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if len(path) < deepest and entry.name != ".git":
                    waiting.append(path)
            elif pattern.matches(path):
                yield base.joinpath(*path)


def _resolved(file: FilePath, root: FilePath) -> FilePath | None:
    """Return where a path leads once links are followed, or None when that is nowhere or outside `root`."""
    try:
        real = file.resolve()
    except (OSError, ValueError, RuntimeError):  # a name that the system refuses, links in a circle
        return None
    return real if real.is_relative_to(root) else None
