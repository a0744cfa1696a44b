"""Which files to check: paths from the command line to plan files, `.gitignore` respected.

Ignore patterns come from the files of strangers. They are matched here, in time that grows with pattern times
name: pathspec turns them into regular expressions, and `*a*a*a*a*a*b` then takes a second for each name.
"""
# os.path on strings: 20,000 Path objects would cost more than the search.
# ruff: noqa: PTH100, PTH112, PTH113, PTH114, PTH118, PTH120, PTH123, PTH206

import os
from collections.abc import Callable, Iterable, Sequence
from os import path as os_path

from msgspec import Struct

from planlint.errors import UsageError

NOISE = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})
"""Folders never searched, beside hidden ones and virtual environments."""

_NAMES = frozenset({"plan.yaml", "plan.yml", "plan.json"})
_ENDS = (".plan.yaml", ".plan.yml", ".plan.json")


class File(Struct, frozen=True, order=True):
    """A file to check: `shown` is relative to the working directory with `/`, `path` is absolute."""

    shown: str
    path: str


def is_plan_name(name: str) -> bool:
    """Say whether a file of this name is a plan."""
    return name in _NAMES or name.endswith(_ENDS)


def find_root(path: str) -> str | None:
    """Return the nearest folder at or above `path` that has a `.git`, or None outside of any repository."""
    folder = os_path.abspath(path)
    while not os_path.lexists(os_path.join(folder, ".git")):
        parent = os_path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    return folder


def discover(
    paths: Sequence[str],
    *,
    cwd: str,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    base: str | None = None,
) -> tuple[File, ...]:
    """Find the plan files under `paths` (none: under `cwd`), sorted, each once.

    A named file is always taken. Folders are searched; links to folders are not followed, links to files only
    inside the repository (without one, inside the folder searched).

    Args:
        paths: files and folders, absolute or relative to `cwd`.
        cwd: the working directory.
        include: patterns as in `.gitignore` of files that are plans besides those of the default names.
        exclude: patterns of files and folders to leave out of the search.
        base: the folder that `include` and `exclude` are relative to; default `cwd`.

    Raises:
        UsageError: a path does not exist, cannot be read, is a link that leads out of its repository, or has
            a name that no report can show.
    """
    found: dict[str, File] = {}  # by real path, so that no file comes twice
    extra = _Layer(_parts(base or cwd), parse_patterns(include))
    left_out = _Layer(_parts(base or cwd), parse_patterns(exclude))
    for path in paths or (".",):
        absolute = os_path.normpath(os_path.join(cwd, path))
        shown = _relative(absolute, cwd)
        if os_path.isdir(absolute):
            _search(absolute, shown, extra, left_out, found)
        elif os_path.isfile(absolute):
            real = os_path.realpath(absolute)
            if os_path.islink(absolute) and not _within(real, _home(os_path.dirname(absolute))):
                raise UsageError(f"{path} is a link that leads out of its repository, to {real}")
            found.setdefault(real, File(shown, absolute))
        elif os_path.lexists(absolute):
            raise UsageError(f"{path} is neither a file nor a folder that can be read")
        else:
            raise UsageError(f"{path} does not exist")
    return tuple(File(writable(file.shown), file.path) for file in sorted(found.values()))


def writable(path: str) -> str:
    """Return a path as it is.

    Raises:
        UsageError: it cannot be written in a report, which is UTF-8; on Linux a name may be any bytes.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(path).decode(errors="replace")
        raise UsageError(f"the name of {shown} is not valid UTF-8; rename it") from None
    return path


def _relative(path: str, cwd: str) -> str:
    try:
        return os_path.relpath(path, cwd).replace(os.sep, "/")
    except ValueError:  # another drive
        return path.replace(os.sep, "/")


def _parts(path: str) -> tuple[str, ...]:
    return tuple(os_path.abspath(path).split(os.sep))


def _home(folder: str) -> str:
    """Return the folder that links must not leave: the repository, or without one the folder itself."""
    real = os_path.realpath(folder)
    return find_root(real) or real


def _within(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip(os.sep) + os.sep)


def _search(  # noqa: C901 - a walk on one screen
    top: str, shown: str, extra: "_Layer", left_out: "_Layer", found: dict[str, File]
) -> None:
    home = _home(top)
    real_top = os_path.realpath(top)
    waiting = [(top, "" if shown == "." else shown + "/", real_top, _parts(top), _layers_above(top), False)]
    while waiting:
        folder, prefix, real, parts, layers, included = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                entries = list(listing)
        except OSError as error:
            if folder == top:
                raise UsageError(f"{shown} cannot be searched: {error.strerror}") from None
            continue  # as Git does: somebody else's folder is no reason to check nothing
        names = {entry.name for entry in entries}
        if folder != top and "pyvenv.cfg" in names:
            continue
        if ".gitignore" in names:
            layers = (_Layer(parts, _load(os_path.join(folder, ".gitignore"))), *layers)
        for entry in entries:
            name, here = entry.name, (*parts, entry.name)
            if entry.is_dir(follow_symlinks=False):
                if name[0] != "." and name not in NOISE and not _ignored(here, layers, left_out, folder=True):
                    whole = included or bool(extra.verdict(here, folder=True))
                    within = f"{real}{os.sep}{name}"
                    waiting.append((entry.path, f"{prefix}{name}/", within, here, layers, whole))
            elif (is_plan_name(name) or included or extra.verdict(here, folder=False)) and not _ignored(
                here, layers, left_out, folder=False
            ):
                link = entry.is_symlink()
                target = os_path.realpath(entry.path) if link else f"{real}{os.sep}{name}"
                if entry.is_file() and (not link or _within(target, home)):
                    found.setdefault(target, File(prefix + name, entry.path))


def _ignored(parts: tuple[str, ...], layers: "Iterable[_Layer]", left_out: "_Layer", *, folder: bool) -> bool:
    if left_out.verdict(parts, folder=folder):
        return True
    return next(
        (said for layer in layers if (said := layer.verdict(parts, folder=folder)) is not None), False
    )


def _layers_above(folder: str) -> tuple["_Layer", ...]:
    """Return the ignore patterns of the repository that hold in `folder`, the nearest first."""
    root = find_root(folder)
    if root is None:
        return ()
    layers = []
    while folder != root:
        folder = os_path.dirname(folder)
        layers.append(_Layer(_parts(folder), _load(os_path.join(folder, ".gitignore"))))
    layers.append(_Layer(_parts(root), _load(os_path.join(root, ".git", "info", "exclude"))))
    return tuple(layer for layer in layers if layer.patterns)


def _load(path: str) -> tuple["Pattern", ...]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return parse_patterns(file.read(1_000_000).splitlines())
    except OSError:
        return ()


class Pattern(Struct, frozen=True, eq=False):
    """One line of a `.gitignore`: a test for each part of a path, None for `**`: any number of parts."""

    parts: tuple[Callable[[str], bool] | None, ...]
    negated: bool
    folder_only: bool

    def matches(self, path: Sequence[str]) -> bool:
        """Say whether the whole of `path` fits."""
        if len(self.parts) == 2 and self.parts[0] is None:  # noqa: PLR2004 - `**/name`, by far the most
            return self.parts[1](path[-1])  # type: ignore[misc] # never two `**` in a row
        return _fits(self.parts, path)


class _Layer(Struct, frozen=True, eq=False):
    """Patterns and the folder that they are relative to."""

    base: tuple[str, ...]
    patterns: tuple[Pattern, ...]

    def verdict(self, path: tuple[str, ...], *, folder: bool) -> bool | None:
        """Return what the last matching pattern says about `path`, None when none matches."""
        depth = len(self.base)
        if not self.patterns or len(path) <= depth or path[:depth] != self.base:
            return None
        inner = path[depth:]
        for pattern in reversed(self.patterns):
            if (folder or not pattern.folder_only) and pattern.matches(inner):
                return not pattern.negated
        return None


def listed(patterns: Sequence[Pattern], path: str) -> bool:
    """Say whether a relative path, or a folder it is in, is meant; the last pattern that fits decides."""
    parts = tuple(path.split("/"))
    for pattern in reversed(patterns):
        for end in range(1, len(parts) + 1):
            if (end < len(parts) or not pattern.folder_only) and pattern.matches(parts[:end]):
                return not pattern.negated
    return False


def parse_patterns(lines: Iterable[str]) -> tuple[Pattern, ...]:
    """Read patterns in the syntax of `.gitignore` (gitignore(5), "Pattern format")."""
    return tuple(pattern for line in lines if (pattern := _parse_pattern(line)) is not None)


def exact_pattern(names: Sequence[str]) -> Pattern:
    """Return a pattern for a whole path, part by part; `**` stands for any number of folders."""
    return Pattern(tuple(None if name == "**" else _name_test(name) for name in names), False, False)  # noqa: FBT003


def _parse_pattern(line: str) -> Pattern | None:
    text = line.rstrip(" ")
    if text.endswith("\\") and len(text) < len(line):
        text += " "
    if text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text[negated:]
    folder_only = text.endswith("/")
    text = text.rstrip("/") if folder_only else text
    if not text:
        return None
    names = ["**" if len(name) > 1 and not name.strip("*") else name for name in text.split("/") if name]
    if "/" not in text:
        names.insert(0, "**")
    if names[-1] == "**":  # `a/**` is what is inside of a, and a bare `**` everything
        names.append("*")
    parts: list[Callable[[str], bool] | None] = []
    for name in names:
        if name != "**":
            parts.append(_name_test(name))
        elif not parts or parts[-1] is not None:
            parts.append(None)
    return Pattern(tuple(parts), negated, folder_only)


def _name_test(glob: str) -> Callable[[str], bool]:
    if not any(sign in glob for sign in "*?[\\"):
        return glob.__eq__
    rest = glob[1:]
    if glob[0] == "*" and not any(sign in rest for sign in "*?[\\"):
        return lambda name: name.endswith(rest)
    tests = tuple(_character_tests(glob))
    return lambda name: _fits(tests, name)


def _character_tests(glob: str) -> Iterable[Callable[[str], bool] | None]:
    """Yield a test for each character of a glob, None for `*`."""
    at = 0
    while at < len(glob):
        sign = glob[at]
        at += 1
        if sign == "*":
            yield None
        elif sign == "?":
            yield lambda _: True
        elif sign == "[" and (end := glob.find("]", at + 1 + (glob[at : at + 1] in {"!", "^"}))) > 0:
            yield _class_test(glob[at:end])
            at = end + 1
        else:
            if sign == "\\" and at < len(glob):
                sign = glob[at]
                at += 1
            yield sign.__eq__


def _class_test(text: str) -> Callable[[str], bool]:
    negated = text[0] in "!^"
    text = text[negated:]
    ranges = []
    at = 0
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            at += 1
        low = high = text[at]
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            high = text[at + 2]
            at += 2
        ranges.append((low, high))
        at += 1
    return lambda character: any(low <= character <= high for low, high in ranges) is not negated


def _fits(tests: Sequence[Callable[[str], bool] | None], items: Sequence[str]) -> bool:
    """Match items against tests where None takes any number of items; at most tests x items steps.

    When a test fails, only the last None is made longer: an earlier one never has to be (a longer earlier
    match leaves less to the rest, never more).
    """
    test = item = 0
    star = -1
    resume = 0
    while item < len(items):
        wanted = tests[test] if test < len(tests) else None
        if test < len(tests) and wanted is None:
            star, resume = test, item
            test += 1
        elif wanted is not None and wanted(items[item]):
            test += 1
            item += 1
        elif star >= 0:
            resume += 1
            test, item = star + 1, resume
        else:
            return False
    return all(left is None for left in tests[test:])
