"""The critical-path method over a plan's network: early and late dates, total and free float.

One pass forwards and one backwards over FS, SS, FF and SF with lags, to the minute (J. E. Kelley and
M. R. Walker, "Critical-Path Planning and Scheduling", 1959; the dependency types as in precedence
diagramming). Where calendars differ, a late date is the latest one that lets every successor keep its own.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct

from planlint.model import MINUTES_A_DAY, Plan
from planlint.schedule.calendar import FIRST_DAY, LAST_DAY, HorizonError, finish_day, instant, start_day
from planlint.schedule.network import Link, Network, Node, Span, build
from planlint.schedule.result import Schedule, Scheduled

_FIRST = FIRST_DAY * MINUTES_A_DAY
_LAST = (LAST_DAY + 1) * MINUTES_A_DAY - 1


class Early(Struct, frozen=True, eq=False):
    """The outcome of the forward pass: dates of every node that has them, and what set their starts."""

    dates: dict[str, Span]
    drivers: dict[str, Link]
    beyond: frozenset[str]
    """Nodes without enough working time before the horizon."""

    def driver(self, network: Network, name: str) -> str | None:
        """Return the task, milestone or external item whose dependency sets the start of `name`."""
        link = self.drivers.get(name)
        while link is not None and network.nodes[link.predecessor].kind in {"latest", "earliest"}:
            link = self.drivers.get(link.predecessor)
        return link.predecessor if link is not None else None

    def ends_work(self, name: str) -> bool:
        """Return whether a point in time stands where something ends, not where something begins."""
        link = self.drivers.get(name)
        if link is not None and link.dependency is None:  # what its summary waits for
            link = self.drivers.get(link.predecessor)
        return link is not None and (link.lag > 0 or (link.lag == 0 and link.type[0] == "F"))


def schedule(plan: Plan, *, today: date, externals: Mapping[str, Span] = {}) -> Schedule:
    """Return the critical-path schedule of `plan`; arguments as for `network.build`."""
    return analyse(build(plan, today=today, externals=externals))


def analyse(network: Network) -> Schedule:
    """Return the critical-path schedule of a network."""
    plan = network.plan
    early = forward(network)
    real = [node for node in network.nodes.values() if node.real and node.id in early.dates]
    end = max((early.dates[node.id][1] for node in real), default=network.start)
    due = end
    if plan.deadline is not None:
        due = max(_FIRST, min(_LAST, instant(plan.deadline) + MINUTES_A_DAY))
    late = backward(network, early, due)
    latest = late if due == end else backward(network, early, end)
    free = backward(network, early, end, free=True)
    found: dict[str, Scheduled] = {}
    beyond = set(network.beyond | early.beyond)
    for node in real:
        name = node.id
        try:
            found[name] = _scheduled(
                network, node, early, late=late[name], latest=latest[name], free=free[name]
            )
        except HorizonError:  # its own calendar goes less far than the people on it
            beyond.add(name)

    for name, leaves in network.leaves.items():
        if all(leaf in found for leaf in leaves):
            found[name] = _summary(network, name, [found[leaf] for leaf in leaves])
    ids = [*plan.tasks, *plan.milestones]
    items = {name: found[name] for name in ids if name in found}
    lost = network.unsound.union(network.leaves, network.nodes).difference(found)
    return Schedule(
        start=start_day(network.start),
        finish=max((item.finish for item in items.values()), default=start_day(network.start)),
        items=items,
        unsound=lost.intersection(ids),
        beyond=frozenset(beyond.intersection(ids)),
    )


def forward(network: Network) -> Early:
    """Return early dates: everything as soon as dates and dependencies allow."""
    dates: dict[str, Span] = {}
    drivers: dict[str, Link] = {}
    beyond: set[str] = set()
    for name, node in network.nodes.items():
        if any(link.predecessor not in dates for link in node.links):
            continue
        try:
            start, finish, link = network.place(node, dates)
        except HorizonError:
            beyond.add(name)
            continue
        if start < _FIRST or finish > _LAST:
            beyond.add(name)
            continue
        dates[name] = start, finish
        if link is not None:
            drivers[name] = link
    return Early(dates, drivers, frozenset(beyond))


def backward(network: Network, early: Early, end: int, *, free: bool = False) -> dict[str, Span]:
    """Return late dates: everything as late as it can be with nothing after the instant `end`.

    Items that have begun hold nothing before them back. Their own late start is where the rest of their
    work must go on. With `free`, how late each node can be while its successors, also those that have begun,
    keep their early dates; `end` then bounds what nobody waits for.
    """
    late: dict[str, Span] = {}
    # Joins have no dates that anybody sees, so they always pass on what their own successors allow.
    kept = {name: span for name, span in early.dates.items() if network.nodes[name].real} if free else late
    for name in reversed(early.dates):
        node = network.nodes[name]
        following = [pair for pair in network.successors[name] if free or not pair[0].settled]
        start, finish = _limits(network, early, following, kept)
        unbound = finish is None and (start is None or node.settled)
        if node.real and (unbound or not free):
            finish = end if finish is None else min(finish, end)
        elif unbound:
            continue  # nothing that is still open waits for this join
        late[name] = _latest(node, start, finish)
        if not node.real:
            kept[name] = late[name]
    return late


def _limits(
    network: Network,
    early: Early,
    following: Iterable[tuple[Node, Link]],
    dates: Mapping[str, Span],
) -> tuple[int | None, int | None]:
    """Return the latest start and finish that let the successors, `following`, keep these `dates`."""
    start: int | None = None
    finish: int | None = None
    for node, link in following:
        if node.id not in dates or (node.kind == "earliest" and early.drivers[node.id] is not link):
            continue
        at = dates[node.id][link.type[1] == "F"]
        if link.type[1] == "F" and node.work and not node.elapsed:
            at = _until_work(node, at)
        try:
            at = max(_FIRST, min(_LAST, network.before(link, at)))
        except HorizonError:
            at = _FIRST if link.lag > 0 else _LAST
        if link.type[0] == "S":
            start = at if start is None else min(start, at)
        else:
            finish = at if finish is None else min(finish, at)
    return start, finish


def _until_work(node: Node, at: int) -> int:
    """Return the last instant until which no working time of `node` passes after `at`."""
    try:
        return node.worktime.start_at(at)
    except HorizonError:
        return _LAST


def _latest(node: Node, start: int | None, finish: int | None) -> Span:
    """Return the latest span of `node` within limits, one of which is given.

    For what is over, and for points in time, both instants are the limit itself.
    """
    limits = [] if start is None or node.settled else [start]  # of what has begun only the finish can move
    point = not node.work or node.finished is not None
    try:
        if finish is not None:
            limits.append(finish if point else node.begin(finish))
        at = min(limits)
        if point:
            at = max(_FIRST, min(_LAST, at))
            return at, at
        at = node.worktime.last_start_at(at)
        return at, node.end(at)
    except HorizonError:
        return _FIRST, _FIRST


def _slack(node: Node, span: Span, limit: Span) -> int:
    """Return the working time of the node's calendar by which it can move from `span` to `limit`.

    Where people's rates differ from day to day, start and finish move differently: the smaller counts.
    """
    finish = node.calendar.between(span[1], limit[1])
    return finish if node.settled else min(finish, node.calendar.between(span[0], limit[0]))


def _scheduled(
    network: Network, node: Node, early: Early, *, late: Span, latest: Span, free: Span
) -> Scheduled:
    """Return what is said of a task or milestone.

    `late` counts from the deadline, `latest` from the computed finish, `free` from its successors.
    """
    span = early.dates[node.id]
    total = _slack(node, span, late)
    days = _days(node, span, ends_work=early.ends_work(node.id))
    if not total:
        late_days = days
    elif node.work and node.finished is None:
        late_days = days[0] if node.settled else start_day(late[0]), finish_day(late[1])
    else:
        late_days = _late_days(node, span, late[1], ends_work=early.ends_work(node.id))
    return Scheduled(
        id=node.id,
        kind="milestone" if node.kind == "milestone" else "task",
        start=days[0],
        finish=days[1],
        late_start=late_days[0],
        late_finish=late_days[1],
        total_float_days=node.calendar.in_days(total),
        free_float_days=max(0.0, node.calendar.in_days(_slack(node, span, free))),
        critical=node.finished is None and _slack(node, span, latest) <= 0,  # what is over delays nothing
        start_minute=span[0],
        finish_minute=span[1],
        length_days=node.calendar.in_days(node.calendar.between(*span)),
        driver=early.driver(network, node.id),
    )


def _days(node: Node, span: Span, *, ends_work: bool) -> tuple[date, date]:
    """Return the days of the first and the last working minute; of a point, the day it falls on."""
    start, finish = span
    if node.work or node.finished is not None:
        return start_day(start) if start < finish else finish_day(finish), finish_day(finish)
    if node.settled:
        return start_day(start), start_day(finish)
    day = finish_day(finish) if ends_work else start_day(start)
    return day, day


def _late_days(node: Node, span: Span, limit: int, *, ends_work: bool) -> tuple[date, date]:
    """Return late dates of what has no work left: the last day before the limit, or the day it begins."""
    calendar = node.calendar
    if node.settled:
        finish = calendar.finish_at(limit)
        start = calendar.backward(finish, calendar.between(*span)) if node.finished else span[0]
        return start_day(start), finish_day(finish)
    day = finish_day(calendar.finish_at(limit)) if ends_work else start_day(calendar.last_start_at(limit))
    return day, day


def _summary(network: Network, name: str, tasks: list[Scheduled]) -> Scheduled:
    """Return what is said of a summary: the extremes of its tasks."""
    start = min(task.start_minute for task in tasks)
    finish = max(task.finish_minute for task in tasks)
    default = network.calendars.default
    return Scheduled(
        id=name,
        kind="summary",
        start=min(task.start for task in tasks),
        finish=max(task.finish for task in tasks),
        late_start=min(task.late_start for task in tasks),
        late_finish=max(task.late_finish for task in tasks),
        total_float_days=min(task.total_float_days for task in tasks),
        free_float_days=None,
        critical=any(task.critical for task in tasks),
        start_minute=start,
        finish_minute=finish,
        length_days=default.in_days(default.between(start, finish)),
    )
