"""What scheduling answers: dates, float and criticality of every item, and a verdict for every deadline."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from msgspec import Struct

from planlint.diagnostics import Path

Verdict = Literal["feasible", "infeasible", "undecided", "none"]
Kind = Literal["plan", "milestone", "deliverable", "task", "must_finish"]

Day = date  # `Deadline` has a field named `date`, which would hide the type


class Scheduled(Struct, frozen=True, kw_only=True, gc=False):
    """One task, summary or milestone on the critical-path schedule.

    Dates are days of the first and last working minute. `start_minute` and `finish_minute` are instants:
    minutes since 0001-01-01 00:00 on the clock (`date.toordinal() * 1440 + minute of the day`).
    `length_days` is working time in days of the item's own calendar; floats likewise.
    """

    id: str
    kind: Literal["task", "summary", "milestone"]
    start: date
    finish: date
    late_start: date
    late_finish: date
    total_float_days: float
    free_float_days: float | None
    critical: bool
    start_minute: int
    finish_minute: int
    length_days: float
    driver: str | None = None
    """The predecessor whose dependency sets the start, when one does; it may be external."""


class Schedule(Struct, frozen=True, kw_only=True):
    """The critical-path schedule: `items` in the order of the file, cancelled ones left out.

    `start` is the day on which the schedule begins. `unsound` has the ids that could not be scheduled: in
    a loop, without enough working time before the calendar's horizon (these are also in `beyond`), or
    behind one of them.
    """

    start: date
    finish: date
    items: Mapping[str, Scheduled]
    unsound: frozenset[str] = frozenset()
    beyond: frozenset[str] = frozenset()

    @property
    def critical(self) -> tuple[str, ...]:
        """The critical tasks and milestones by start, summaries left out."""
        found = [s for s in self.items.values() if s.critical and s.kind != "summary"]
        return tuple(s.id for s in sorted(found, key=lambda s: (s.start_minute, s.finish_minute)))


class Repair(Struct, frozen=True, kw_only=True):
    """One computed change that makes a deadline feasible; `text` says it, `what_if` is its KEY=VALUE form.

    `kind` and `values` say it once more, for other languages: postpone the date to `day`; shorten `task` by
    `days` to `left`, from `now`; free `person` from operations, `left` instead of `now` percent; overlap
    `task` with its `predecessor` by `days`.
    """

    text: str
    what_if: str | None
    size_days: float
    kind: Literal["postpone", "shorten", "free", "overlap", ""] = ""
    values: Mapping[str, Any] = {}


class Deadline(Struct, frozen=True, kw_only=True):
    """The verdict on one deadline.

    `kind`: plan, milestone, deliverable, task or must_finish; `path` is the value's place in the data;
    `date` must hold; `finish` is the early finish of what must be done by then. `certificate` is the JSON
    object of `planlint schedule --format json`. `late_days` are the working days by which it is missed
    (0 unless infeasible), `possible` the earliest date found or proven to hold.
    """

    item: str | None
    kind: Kind
    path: Path
    date: Day
    finish: Day
    verdict: Verdict
    certificate: Mapping[str, object]
    late_days: float = 0
    possible: Day | None = None
    repairs: tuple[Repair, ...] = ()
    decided_by: str = ""
    """The step that decided: logic, energy, generation, search, solver, or the reason it is undecided."""
    witness: Mapping[str, tuple[int, int]] = {}
    """The instants behind the dates of a `schedule` certificate, by id: what its checker checks."""
