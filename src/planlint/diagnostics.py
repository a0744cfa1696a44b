"""What a user sees: positions, findings, severities, diagnostics."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import IntEnum
from typing import Literal, Self

from msgspec import Struct

Path = tuple[str | int, ...]
"""Where a value stands in a plan's data: keys and list indices from the root."""


class Position(Struct, frozen=True, order=True):
    """A place in a text: line and column from 1, columns in Unicode code points."""

    line: int
    column: int


class Span(Struct, frozen=True, order=True):
    """A stretch of text; `end` is exclusive."""

    start: Position
    end: Position


class Location(Struct, frozen=True, order=True):
    """A span in a file; `path` is as shown to the user, with `/`."""

    path: str
    span: Span


class Severity(IntEnum):
    """How much a diagnostic matters; larger is worse."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def word(self) -> str:
        """The lower-case name, as in configuration and output."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Self:
        """Return the severity that `word` names."""
        return cls[word.upper()]


class Place(Struct, frozen=True):
    """Where a finding stands, before it has lines: a path in the data, or a span in a named file.

    `at` underlines the key or the value. `file` is None for the file that the path belongs to (the plan's
    own or an included one); `span` is given where no path leads to the place (syntax, comments).
    """

    path: Path = ()
    at: Literal["key", "value"] = "value"
    file: str | None = None
    span: Span | None = None


class Finding(Struct, frozen=True):
    """A raw hit: where, and the values that the rule's message names. The rule's manifest has the words.

    `rule` is set by stages that report for several rules (reader, schema, builder); a check leaves it empty.
    """

    place: Place
    values: Mapping[str, object] = {}
    related: tuple[tuple[str, Place], ...] = ()
    rule: str = ""


class Related(Struct, frozen=True, order=True):
    """Another place that helps to understand a diagnostic."""

    message: str
    location: Location


class Edit(Struct, frozen=True):
    """Replace a span of the diagnostic's own file by `text`."""

    span: Span
    text: str


class Fix(Struct, frozen=True):
    """Edits that remove the cause; `safe` keeps the plan's meaning, `unsafe` wants a look."""

    title: str
    safety: Literal["safe", "unsafe"]
    edits: tuple[Edit, ...]


class Diagnostic(Struct, frozen=True):
    """One statement about a plan, at the place where somebody has to act."""

    rule: str
    category: str
    severity: Severity
    message: str
    location: Location
    path: Path = ()
    plan: str | None = None
    item: str | None = None
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    fingerprint: str = ""
    help: str = ""


def pointer(path: Path) -> str:
    """Write `path` as an RFC 6901 JSON pointer."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


class PlanSummary(Struct, frozen=True, kw_only=True):
    """One plan of a run in one line: what it is and whether its own deadline holds.

    `finish` is None when no schedule could be made; `verdict` is `none` without a deadline.
    """

    id: str
    path: str
    title: str = ""
    finish: date | None = None
    deadline: date | None = None
    verdict: Literal["feasible", "infeasible", "undecided", "none"] = "none"


class Result(Struct, frozen=True, kw_only=True):
    """What a run found: the one thing every report is made from.

    `diagnostics` are ordered by path, position and rule. `files` counts the plan files read; `suppressed`
    and `baselined` count diagnostics that are not in the list. `texts` has the lines, without their ends,
    of the files that diagnostics point into, by the path shown to the user.
    """

    today: date
    plans: tuple[PlanSummary, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    files: int = 0
    suppressed: int = 0
    baselined: int = 0
    texts: Mapping[str, Sequence[str]] = {}

    def count(self, severity: Severity) -> int:
        """Return how many diagnostics have just this severity."""
        return sum(d.severity is severity for d in self.diagnostics)
