"""Checks of status, progress and actual dates against each other and against the baseline."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from planlint.checks.items import Hit
from planlint.diagnostics import Finding, Path, Place
from planlint.model import Milestone, Task
from planlint.rule import Context, check
from planlint.schedule import earned

_DONE = 100.0


def _item(context: Context, hit: Hit) -> Task | Milestone:
    plan = context.plan
    return plan.tasks[hit.subject.id] if hit.subject.kind == "task" else plan.milestones[hit.subject.id]


def _values(hit: Hit, **more: Any) -> dict[str, Any]:
    return {"kind": hit.subject.kind, "id": hit.subject.id, **more}


@check()
def contradiction(context: Context, *, hits: Sequence[Hit]) -> Iterator[Finding]:
    """Yield tasks and milestones whose status does not fit their progress or dates, once each."""
    for hit in hits:
        item = _item(context, hit)
        found = _task_contradiction(item) if isinstance(item, Task) else _milestone_contradiction(item)
        if found is not None:
            where, but, advice = found
            values = _values(hit, status=item.status, but=but, advice=advice)
            yield Finding(Place((*item.path, *where), "key"), values)


def _task_contradiction(task: Task) -> tuple[Path, str, str] | None:
    """Return where a task contradicts itself, what speaks against its status, and what to do."""
    if task.status == "cancelled":
        return None
    if task.status == "done":
        return next(_against_done(task), None)
    return next(_against_open(task), None)


def _against_done(task: Task) -> Iterator[tuple[Path, str, str]]:
    progress, left = task.progress, task.remaining
    if progress is not None and progress < _DONE:
        yield ("progress",), f"but {progress:g}% complete", "set the progress to 100% or the status to doing"
    if left is not None and left.likely.amount > 0:
        yield ("remaining",), f"but {left} remain", "drop what remains or set the status to doing"


def _against_open(task: Task) -> Iterator[tuple[Path, str, str]]:
    progress, actual = task.progress, task.actual
    if progress == _DONE:
        yield ("progress",), "but 100% complete", "set the status to done, or say how much is done"
    if actual.finish is not None:
        yield (
            ("actual", "finish"),
            f"but finished on {actual.finish}",
            "set the status to done or drop the date",
        )
    if task.status == "todo" and progress:
        yield ("progress",), f"but {progress:g}% complete", "set the status to doing"
    if task.status == "todo" and actual.start is not None:
        yield ("actual",), f"but started on {actual.start}", "set the status to doing"
    if task.status == "doing" and actual.start is None:
        yield ("status",), "but has no actual start", "add `actual: {start: …}`"


def _milestone_contradiction(milestone: Milestone) -> tuple[Path, str, str] | None:
    reached = milestone.actual_finish
    if milestone.status == "todo" and reached is not None:
        return ("actual_finish",), f"but was reached on {reached}", "set the status to done or drop the date"
    return None


@check()
def future_actual(context: Context, *, hits: Sequence[Hit]) -> Iterator[Finding]:
    """Yield actual dates after the status date."""
    status_date = context.status_date
    for hit in hits:
        item = _item(context, hit)
        dates: list[tuple[Path, str, date | None]]
        if isinstance(item, Task):
            dates = [
                (("actual", "start"), "start", item.actual.start),
                (("actual", "finish"), "finish", item.actual.finish),
            ]
        else:
            dates = [(("actual_finish",), "finish", item.actual_finish)]
        for where, what, day in dates:
            if day is not None and day > status_date:
                values = _values(hit, what=what, date=day, status_date=status_date)
                yield Finding(Place((*item.path, *where), "key"), values)


@check()
def out_of_sequence(context: Context) -> Iterator[Finding]:
    """Yield dependencies that an actual start did not keep; lags are not counted, so that none is a guess."""
    plan = context.plan
    for task in context.items("task"):
        start = task.actual.start
        if start is None or task.status == "cancelled":
            continue
        for dependency in task.depends_on:
            before = plan.tasks.get(dependency.predecessor)
            if (
                before is None
                or before.is_summary
                or before.status == "cancelled"
                or before.path in plan.broken
            ):
                continue
            reason = _too_early(start, before, dependency.type)
            lead = dependency.lag is not None and dependency.lag.amount < 0
            if reason is not None and not lead:
                values = {"id": task.id, "start": start, "reason": reason, "type": dependency.type}
                related = ((f"'{before.id}' is what it waits for", Place(before.path, "key")),)
                yield Finding(Place(dependency.path), values, related)


def _too_early(start: date, before: Task, kind: str) -> str | None:
    """Say what was missing when a task started, None when nothing was."""
    if kind == "FS":
        if before.status != "done":
            return f"'{before.id}' is not done"
        if before.actual.finish is not None and before.actual.finish > start:
            return f"'{before.id}' was done on {before.actual.finish}"
    if kind == "SS":
        if before.actual.start is None:
            return f"'{before.id}' has not started" if before.status == "todo" else None
        if before.actual.start > start:
            return f"'{before.id}' started on {before.actual.start}"
    return None


@check(days={"type": "number"})
def slip(context: Context, *, days: float) -> Iterator[Finding]:
    """Yield tasks and milestones that finish later than in the baseline by more than so many working days."""
    then = context.baseline
    if then is None or then.schedule is None or context.schedule is None or context.network is None:
        return
    clock = context.network.calendars.default
    for kind in ("task", "milestone"):
        for item in context.items(kind):
            now, before = context.schedule.items.get(item.id), then.schedule.items.get(item.id)
            if now is None or before is None or item.status in {"done", "cancelled"}:
                continue
            late = clock.in_days(clock.between(before.finish_minute, now.finish_minute))
            if late > days:
                values = {
                    "kind": kind,
                    "id": item.id,
                    "late": round(late, 1),
                    "now": now.finish,
                    "then": before.finish,
                }
                yield Finding(Place(item.path, "key"), values)


@check(index={"enum": ["spi", "cpi"]}, minimum={"type": "number"}, since={"type": "number"})
def performance(context: Context, *, index: str, minimum: float, since: float) -> Iterator[Finding]:
    """Yield the status date when earned value's SPI or CPI is below `minimum`.

    Before `since` percent of the work is done nothing is said: the indices are stable from a fifth on (D. S.
    Christensen and S. R. Heise, "Cost Performance Index Stability", 1993).
    """
    if context.schedule is None:
        return
    then = context.baseline
    approved = (
        earned.Baseline(then.plan, then.schedule) if then is not None and then.schedule is not None else None
    )
    value = earned.earned_value(context.plan, context.schedule, approved)
    if value is None or value.ev < value.bac * since / 100:
        return
    ratio = value.spi if index == "spi" else value.cpi
    if ratio is not None and round(ratio, 4) < minimum:
        values = {
            "index": round(ratio, 2),
            "earned": f"{value.ev:,.0f}",
            "planned": f"{value.pv or 0:,.0f}",
            "actual": f"{value.ac or 0:,.0f}",
            "expected": f"{value.eac or 0:,.0f}",
            "total": f"{value.bac:,.0f}",
            "currency": context.plan.currency or "",
            "status_date": context.status_date,
        }
        key = "status_date" if context.plan.status_date else "planlint"
        yield Finding(Place((key,), "key"), values)
