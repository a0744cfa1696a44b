"""The 14 points of the DCMA schedule assessment: how many of how many, against a threshold.

Points that count items share one check; the others compare whole schedules. Source of measures and
thresholds: Defense Contract Management Agency, "Earned Value Management System Program Analysis Pamphlet",
2012, section 4 (DCMA-EA PAM 200.1).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from planlint.checks.items import Hit
from planlint.diagnostics import Finding, Place
from planlint.model import MINUTES_A_DAY, Item, Plan
from planlint.rule import Context, check, dependencies
from planlint.schedule.calendar import HorizonError, instant
from planlint.schedule.doubts import Delay, moved
from planlint.schedule.network import Network

_PERCENT = 100
_ADDED = 600
"""Working days that the critical path test adds."""
_TOLERANCE = 5
"""Working days by which different calendars may round."""
_TOP = Place(("planlint",), "key")


@check(of={"enum": ["task", "dependency"]}, most={"type": "number"})
def share(context: Context, *, hits: Sequence[Hit], of: str, most: float) -> Iterator[Finding]:
    """Yield the plan when the chosen items are more than `most` percent of its open tasks or dependencies."""
    if of == "task":
        total = sum(task.open for task in context.items("task"))
    else:
        total = sum(_open(item) for item, _ in dependencies(context))
    names = [_name(hit) for hit in hits]
    places = [(name, Place(hit.subject.path, "key")) for name, hit in zip(names, hits, strict=True)]
    yield from _over(places, total, most)


def _open(item: Item) -> bool:
    return getattr(item, "status", None) not in {"done", "cancelled"}


def _name(hit: Hit) -> str:
    view = hit.subject.view
    if hit.subject.kind == "dependency":
        return f"'{view['predecessor']}' before '{hit.subject.id}'"
    return f"'{hit.subject.id}'"


def _over(places: Sequence[tuple[str, Place]], total: int, most: float) -> Iterator[Finding]:
    """Yield the finding about items that are more than `most` percent of a total."""
    count = len(places)
    percent = _PERCENT * count / total if total else 0.0
    if count and round(percent, 4) > most:
        values = {
            "count": count,
            "total": total,
            "percent": f"{percent:.3g}",
            "items": [name for name, _ in places],
        }
        yield Finding(_TOP, values, tuple(places))


@check(most={"type": "number"})
def logic(context: Context, *, most: float) -> Iterator[Finding]:
    """Yield the plan when too many open tasks have no predecessor or no successor.

    What starts first and what finishes last, a milestone perhaps, needs none.
    """
    network, schedule = context.network, context.schedule
    if network is None or schedule is None:
        return
    real = [s for s in schedule.items.values() if s.kind != "summary" and s.id in network.nodes]
    begins = [s for s in real if not network.nodes[s.id].links]
    ends = [s for s in real if not network.successors[s.id]]
    first = min(begins, key=lambda s: s.start_minute, default=None)
    last = max(ends, key=lambda s: s.finish_minute, default=None)
    loose = {s.id for s in begins if s is not first} | {s.id for s in ends if s is not last}
    tasks = [task for task in context.items("task") if task.open]
    places = [(f"'{task.id}'", Place(task.path, "key")) for task in tasks if task.id in loose]
    yield from _over(places, len(tasks), most)


@check(most={"type": "number"})
def missed(context: Context, *, most: float) -> Iterator[Finding]:
    """Yield the plan when too many tasks due by now in the baseline are, or will be, later than in it."""
    due = _due(context)
    if due is None or context.schedule is None:
        yield _no_baseline()
        return
    now = context.schedule.items
    late = [
        (f"'{name}'", Place(context.plan.tasks[name].path, "key"))
        for name, finish in due.items()
        if name in now and now[name].finish_minute > finish
    ]
    for finding in _over(late, len(due), most):
        yield Finding(_TOP, {"found": _sentence(finding.values)}, finding.related)


def _sentence(values: Any) -> str:
    shown = ", ".join(values["items"][:12])
    return (
        f"{values['count']} of the {values['total']} tasks due by now in the baseline "
        f"({values['percent']} %) are later than in it, more than 5 %: {shown}; "
        "agree on a new baseline, or win the time back"
    )


def _no_baseline() -> Finding:
    found = "not assessed, since it needs a baseline; name the approved version, `baseline: {ref: …}`"
    return Finding(_TOP, {"found": found})


def _due(context: Context) -> dict[str, int] | None:
    """Return the baseline's finish of each task that it has done by now; None without a baseline."""
    then = context.baseline
    if then is None or then.schedule is None:
        return None
    status = instant(context.status_date) + MINUTES_A_DAY
    tasks = {task.id for task in context.plan.leaves()}
    return {
        name: one.finish_minute
        for name, one in then.schedule.items.items()
        if name in tasks and one.kind == "task" and one.finish_minute <= status
    }


@check(least={"type": "number"})
def execution_index(context: Context, *, least: float) -> Iterator[Finding]:
    """Yield the plan when fewer tasks are done than the baseline has done by now (BEI)."""
    due = _due(context)
    if due is None:
        yield _no_baseline()
        return
    done = sum(task.status == "done" for task in context.plan.leaves())
    index = done / len(due) if due else 1.0
    if round(index, 4) < least:
        open_ = [name for name in due if context.plan.tasks[name].open]
        shown = ", ".join(f"'{name}'" for name in open_[:12])
        found = (
            f"tasks done: {done}, in the baseline: {len(due)} ({_PERCENT * index:.3g} %), an index of "
            f"{index:.2f} below {least:.2f}; still open: {shown}; finish these before anything new begins"
        )
        related = tuple((f"'{name}'", Place(context.plan.tasks[name].path, "key")) for name in open_)
        yield Finding(_TOP, {"found": found}, related)


@check()
def critical_path_test(context: Context) -> Iterator[Finding]:
    """Yield the plan when 600 working days more for a critical task do not move the finish by as much."""
    network, schedule = context.network, context.schedule
    if network is None or schedule is None:
        return
    for name in schedule.critical:
        node = network.nodes[name]
        if node.kind != "task" or node.finished is not None:
            continue
        minutes = round(_ADDED * node.calendar.hours_per_day * 60)
        try:
            before = _end(network, ())
            after = _end(network, (Delay(1.0, minutes, elapsed=False, names=frozenset({name})),))
            moves = node.calendar.in_days(node.calendar.between(before, after))
        except HorizonError:
            return
        if moves < _ADDED - _TOLERANCE:
            values = {"id": name, "added": _ADDED, "moves": round(moves, 1)}
            yield Finding(_TOP, values, ((f"'{name}'", Place(context.plan.tasks[name].path, "key")),))
        return  # one critical task is what the point asks for


def _end(network: Network, delays: Iterable[Delay]) -> int:
    dates = moved(network, {}, delays)
    return max((dates[name][1] for name in dates if network.nodes[name].real), default=network.start)


@check(least={"type": "number"})
def path_length_index(context: Context, *, least: float) -> Iterator[Finding]:
    """Yield the plan when (critical path length + total float) / critical path length is too small (CPLI).

    The length runs from the status date (or the later start) to the computed finish, the float from there to
    the deadline, negative when it is missed; both in working days of the plan's calendar.
    """
    plan, network, schedule = context.plan, context.network, context.schedule
    if network is None or schedule is None or plan.deadline is None or not _left(plan):
        return
    clock = network.calendars.default
    end = instant(schedule.finish) + MINUTES_A_DAY
    try:
        length = clock.in_days(clock.between(max(instant(context.status_date), network.start), end))
        slack = clock.in_days(clock.between(end, instant(plan.deadline) + MINUTES_A_DAY))
    except HorizonError:
        return
    index = (length + slack) / length if length > 0 else 1.0
    if round(index, 4) < least:
        values = {
            "index": f"{index:.2f}",
            "least": f"{least:.2f}",
            "length": length,
            "finish": schedule.finish,
            "slack": slack,
            "deadline": plan.deadline,
        }
        yield Finding(_TOP, values)


def _left(plan: Plan) -> bool:
    return any(task.open for task in plan.leaves())
