"""What would make a late deadline fit: every candidate is tried by solving the changed plan.

Candidates are the date itself, days out of each task that stands in the way, less day-to-day operations for
its people, and overlapping two tasks that wait for each other. Of each the smallest change that helps is
found by bisection; the three smallest of all are kept.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import structs

from planlint.model import MINUTES_A_DAY, Dependency, Duration, Estimate, Plan, Task
from planlint.schedule.calendar import HorizonError, instant, start_day
from planlint.schedule.critical_path import analyse, forward
from planlint.schedule.feasibility import verdict
from planlint.schedule.network import Network, build
from planlint.schedule.result import Deadline, Repair
from planlint.schedule.search import Limits

KEPT = 3
"""Repairs to name."""

_TRIED = 8
"""Tasks of a certificate to try: the rest of a long chain is seldom where days are found."""

_QUICK = Limits(generation=3_000, reasoning=12_000, solver=0.5)


def repairs(network: Network, deadline: Deadline, limits: Limits = _QUICK) -> tuple[Repair, ...]:
    """Return the three smallest changes that make an infeasible deadline feasible, smallest first."""
    if deadline.verdict != "infeasible":
        return ()
    found = list(_candidates(network, deadline, limits))
    found.sort(key=lambda repair: (repair.size_days, repair.text))
    return tuple(found[:KEPT])


def repaired(
    network: Network, deadlines: tuple[Deadline, ...], limits: Limits = _QUICK
) -> tuple[Deadline, ...]:
    """Return the deadlines with their repairs."""
    return tuple(structs.replace(d, repairs=repairs(network, d, limits)) for d in deadlines)


def _candidates(network: Network, deadline: Deadline, limits: Limits) -> Iterator[Repair]:
    plan = network.plan
    certificate: Mapping[str, Any] = deadline.certificate
    names = certificate.get("items") or certificate.get("tasks") or ()
    tasks = [plan.tasks[name] for name in names if name in plan.tasks and plan.tasks[name].open]

    externals = {
        n.id: (n.started or 0, n.finished or 0) for n in network.nodes.values() if n.kind == "external"
    }

    def fits(changed: Plan) -> bool:
        try:
            rebuilt = build(changed, today=start_day(network.start), externals=externals)
            schedule = analyse(rebuilt)
            return verdict(rebuilt.without(schedule.unsound), schedule, deadline, limits) == "feasible"
        except HorizonError:
            return False

    if deadline.possible is not None and deadline.possible > deadline.date:
        text = f"move the date to {deadline.possible}"
        key = ".".join(str(part) for part in deadline.path)
        yield Repair(
            text=text,
            what_if=f"{key}={deadline.possible}",
            size_days=deadline.late_days,
            kind="postpone",
            values={"day": deadline.possible},
        )
    for task in tasks[:_TRIED]:
        yield from _shorter(network, task, fits)
    for person in dict.fromkeys(who for task in tasks for who in plan.assignments(task)):
        yield from _freed(network, deadline, person, fits)
    for task in tasks[:_TRIED]:
        for n, dependency in enumerate(task.depends_on):
            if dependency.type == "FS" and dependency.predecessor in names:
                yield from _overlapped(network, task, n, dependency, fits)


def _smallest(most: int, fits: Callable[[int], bool]) -> int | None:
    """Return the smallest number from 1 to `most` that fits; None: none does."""
    if most < 1 or not fits(most):
        return None
    return bisect_left(range(most), True, lo=1, key=fits)  # noqa: FBT003 - what is looked for


def _changed(plan: Plan, task: Task, **fields: Any) -> Plan:
    return structs.replace(plan, tasks={**plan.tasks, task.id: structs.replace(task, **fields)})


def _shorter(network: Network, task: Task, fits: Callable[[Plan], bool]) -> Iterator[Repair]:
    """Take whole days out of a task."""
    key = "remaining" if task.remaining is not None else "effort" if task.effort is not None else "duration"
    value = getattr(task, key)
    if value is None or value.elapsed:
        return
    own = network.calendars.calendar(task.calendar if key == "duration" else None)
    day = own.hours_per_day * 60
    if not day:
        return
    minutes = own.minutes(value)

    def less(days: int) -> Duration:
        return Duration(round((minutes - days * day) / day, 4), "d")

    def short(days: int) -> Plan:
        left = less(days)
        return _changed(network.plan, task, **{key: left if key == "remaining" else Estimate(left)})

    days = _smallest(int((minutes - 1) // day), lambda n: fits(short(n)))
    if days is not None:
        much = f"{days} {'day' if days == 1 else 'days'}"
        text = f"take {much} out of '{task.id}' ({less(days)} instead of {value})"
        yield Repair(
            text=text,
            what_if=f"tasks.{task.id}.{key}={less(days)}",
            size_days=float(days),
            kind="shorten",
            values={"task": task.id, "days": days, "left": less(days), "now": value},
        )


def _freed(network: Network, deadline: Deadline, who: str, fits: Callable[[Plan], bool]) -> Iterator[Repair]:
    """Give a person less day-to-day operations, in steps of five percent points."""
    plan = network.plan
    person = plan.people.get(who)
    if person is None or person.operations <= 0:
        return

    def share(steps: int) -> float:
        return max(0.0, person.operations - 5 * steps)

    def free(steps: int) -> Plan:
        people = {**plan.people, who: structs.replace(person, operations=share(steps))}
        return structs.replace(plan, people=people)

    steps = _smallest(-int(-person.operations // 5), lambda n: fits(free(n)))
    if steps is not None:
        default = network.calendars.default
        until = instant(deadline.date) + MINUTES_A_DAY
        span = default.in_days(max(0, default.between(network.start, until)))
        points = person.operations - share(steps)
        text = f"lower the operations of {who} from {person.operations:g}% to {share(steps):g}%"
        yield Repair(
            text=text,
            what_if=f"people.{who}.operations={share(steps):g}%",
            size_days=round(span * points / 100, 2),
            kind="free",
            values={"person": who, "left": share(steps), "now": person.operations},
        )


def _overlapped(
    network: Network, task: Task, n: int, dependency: Dependency, fits: Callable[[Plan], bool]
) -> Iterator[Repair]:
    """Let a task begin some days before the end of one that it waits for."""
    default = network.calendars.default
    hours = default.hours_per_day
    before = network.nodes.get(dependency.predecessor)
    if before is None or not before.work or not hours or (dependency.lag and dependency.lag.elapsed):
        return
    lag = default.minutes(dependency.lag) if dependency.lag else 0
    length = int(default.in_days(default.between(*forward(network).dates[dependency.predecessor])))

    def early(days: int) -> Plan:
        moved = Duration(round(lag / (hours * 60) - days, 4), "d")
        links = list(task.depends_on)
        links[n] = structs.replace(dependency, lag=moved)
        return _changed(network.plan, task, depends_on=tuple(links))

    days = _smallest(length + int(lag // (hours * 60)), lambda count: fits(early(count)))
    if days is not None:
        much = f"{days} {'day' if days == 1 else 'days'}"
        text = f"let '{task.id}' begin {much} earlier beside '{dependency.predecessor}'"
        values = {"task": task.id, "days": days, "predecessor": dependency.predecessor}
        yield Repair(text=text, what_if=None, size_days=float(days), kind="overlap", values=values)
