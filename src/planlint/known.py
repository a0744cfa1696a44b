"""Known diagnostics: a file of fingerprints that do not fail a run, so that a team can start today."""

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from planlint.diagnostics import Diagnostic, Result
from planlint.errors import UsageError

VERSION = 1
UNREADABLE = "source"
"""The category whose diagnostics are never known: a file that cannot be read would look clean."""


class Entry(Struct, frozen=True, order=True):
    """One known diagnostic; only the fingerprint counts, the rest is for people who read the file."""

    path: str
    rule: str
    message: str
    fingerprint: str


class _File(Struct, frozen=True):
    version: int
    diagnostics: tuple[Entry, ...]


def write(result: Result, others: Sequence[Entry] = ()) -> str:
    """Return the file's text for all diagnostics of a run, sorted: the same run gives the same bytes.

    `others` are entries to keep, about files that the run did not look at.
    """
    entries = {
        Entry(d.location.path, d.rule, d.message, d.fingerprint)
        for d in result.diagnostics
        if d.category != UNREADABLE
    }
    raw = msgspec.json.encode(_File(VERSION, tuple(sorted((*entries, *others)))))
    return msgspec.json.format(raw, indent=1).decode() + "\n"


def read(name: str, content: bytes) -> tuple[Entry, ...]:
    """Read the file that `write` made.

    Raises:
        UsageError: it is something else, or of a later version.
    """
    try:
        known = msgspec.json.decode(content, type=_File)
    except msgspec.MsgspecError as error:
        raise UsageError(f"{name} is no file of known diagnostics: {error}") from None
    if known.version != VERSION:
        raise UsageError(f"{name} has version {known.version}; this planlint reads version {VERSION}")
    return known.diagnostics


def without(
    result: Result, known: Sequence[Entry], checked: Callable[[str], bool]
) -> tuple[Result, tuple[Entry, ...]]:
    """Take the known diagnostics out of a result and count them; also return the entries that are gone.

    An entry is gone when its file was looked at (`checked`) and does not have it any more.
    """
    left = Counter(entry.fingerprint for entry in known)
    kept: list[Diagnostic] = []
    for d in result.diagnostics:
        if d.category != UNREADABLE and left[d.fingerprint] > 0:
            left[d.fingerprint] -= 1
        else:
            kept.append(d)
    gone = []
    for entry in known:
        if left[entry.fingerprint] > 0:
            left[entry.fingerprint] -= 1
            if checked(entry.path):
                gone.append(entry)
    taken = len(result.diagnostics) - len(kept)
    return replace(result, diagnostics=tuple(kept), baselined=result.baselined + taken), tuple(gone)
