"""A plan as a scheduling problem: who and what is occupied by which task, in minutes or, better, in ticks.

Where every task works on the same days, time is counted in working ticks (the largest unit in which all
lengths are whole), and the problem needs no clocks. Otherwise instants are minutes as in `calendar`.

People are occupied in the minutes in which they work on a task, and resources from its start to its
finish. A task whose people are all on leave pauses, also one with a duration.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise
from typing import Any

from msgspec import Struct

from planlint.model import MINUTES_A_DAY, Period, Task
from planlint.schedule.calendar import FULL, Shift, WorkingDays, Worktime, finish_day, instant, start_day
from planlint.schedule.network import Network, Node
from planlint.schedule.problem import (
    FOREVER,
    Activity,
    Clock,
    Link,
    Minutes,
    Problem,
    Renewable,
    assemble,
    gcd,
    heads,
    with_activities,
)

SHARE = 10_000
"""Units of a person's capacity in one percent point: allocations stay whole numbers."""

_YEARS = 4 * 366 * MINUTES_A_DAY
"""How far behind the critical path irregular masks are worked out."""

Support = frozenset[tuple[WorkingDays, tuple[Period, ...]]]
"""Which days are worked: calendars, each less time off."""


class Elapsed(Struct, frozen=True):
    """The clock of an elapsed duration: starts at a worked minute, goes on through nights and weekends."""

    calendar: Worktime

    def forward(self, at: int, work: int) -> int:
        """See `problem.Clock`."""
        return at + work

    def backward(self, at: int, work: int) -> int:
        """See `problem.Clock`."""
        return self.calendar.last_start_at(at - work)

    def between(self, start: int, finish: int) -> int:
        """See `problem.Clock`."""
        return finish - start

    def start_at(self, at: int) -> int:
        """See `problem.Clock`."""
        return self.calendar.start_at(at)

    def finish_at(self, at: int) -> int:
        """See `problem.Clock`."""
        return at


class Formulation(Struct, frozen=True, eq=False):
    """The problem of a whole plan, `must_start` and `must_finish` included, other deadlines not.

    `place` maps node ids to positions. `minutes` is the problem in minutes; `problem` the same, in ticks
    of `unit` working minutes of the default calendar since `origin` when `unit` is not 0.
    """

    network: Network
    place: Mapping[str, int]
    minutes: Problem
    problem: Problem
    unit: int
    origin: int
    must: frozenset[int]
    """Activities with a constraint of their own."""

    def tick(self, at: int) -> int:
        """Return the last tick at or before an instant."""
        if not self.unit or abs(at) >= FOREVER:
            return at
        return self.network.calendars.default.between(self.origin, max(at, self.origin)) // self.unit

    def finish(self, tick: int) -> int:
        """Return the instant of a tick as the end of something."""
        if not self.unit:
            return tick
        default = self.network.calendars.default
        return default.forward(self.origin, tick * self.unit) if tick else default.start_at(self.origin)

    def start(self, tick: int) -> int:
        """Return the instant of a tick as the beginning of something."""
        return self.network.calendars.default.start_at(self.finish(tick)) if self.unit else tick

    def span(self, i: int, start: int, finish: int) -> tuple[int, int]:
        """Return the instants of an activity's dates; a started one begins when it really did."""
        activity = self.minutes.activities[i]
        if activity.fixed is not None:
            return activity.fixed
        if not activity.work:
            at = self.finish(finish)
            return at, at
        return (self.start(start) if activity.begun is None else activity.begun), self.finish(finish)

    def days(self, i: int, span: tuple[int, int]) -> tuple[date, date]:
        """Return the first and the last day of an activity with these instants."""
        start, finish = span
        if start < finish:
            return start_day(start), finish_day(finish)
        moved = self.minutes.into[i] or self.minutes.activities[i].fixed is not None
        day = finish_day(finish) if moved else start_day(start)
        return day, day


def formulate(network: Network) -> Formulation:
    """Return the problem of a plan's network."""
    return _Formulator(network).formulation()


class _Formulator:
    """The state of one `formulate`: supports of clocks, paused calendars, who is on what."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.plan = network.plan
        self.calendars = network.calendars
        self.default = network.calendars.default
        self.nodes = list(network.nodes.values())
        self.place = {node.id: i for i, node in enumerate(self.nodes)}
        self.off = {
            person.id: tuple(
                period for period in person.time_off if instant(period.finish) + MINUTES_A_DAY > network.start
            )
            for person in self.plan.people.values()
        }
        self.clocks: dict[Support, Worktime] = {}

    def formulation(self) -> Formulation:
        activities = []
        self.active: list[int] = []
        for i, node in enumerate(self.nodes):
            activities.append(self._activity(node))
            if node.work and node.finished is None:
                self.active.append(i)
        links = [
            Link(
                self.place[k.predecessor],
                i,
                k.type,
                k.lag,
                self.default if k.lag and not k.elapsed else None,
                self.network.start,
            )
            for i, node in enumerate(self.nodes)
            if not node.settled
            for k in node.links
        ]
        self.bare = activities, links
        problem = assemble(activities, links, [*self._people(), *self._resources()])
        must = frozenset(
            i
            for i, a in enumerate(activities)
            if a.fixed is None
            and (a.latest_start < FOREVER or a.latest_finish < FOREVER or a.earliest_finish > -FOREVER)
        )
        plain = Formulation(self.network, self.place, problem, problem, 0, self.network.start, must)
        return self._in_ticks(plain) if self._regular() else plain

    def _activity(self, node: Node) -> Activity:
        task = self.plan.tasks.get(node.id) if node.kind == "task" else None
        if node.finished is not None:
            return Activity(
                id=node.id, work=0, release=0, fixed=(node.started or node.finished, node.finished)
            )
        if not node.work:
            release = 0 if node.not_before is None else node.calendar.start_at(node.not_before)
            if node.started is not None:
                return Activity(
                    id=node.id, work=0, release=0, fixed=(node.started, node.resumes or node.started)
                )
            bounds = _must(task) if task else {}
            release = max(release, bounds.pop("release", 0))
            return Activity(id=node.id, work=0, release=release, any_of=node.kind == "earliest", **bounds)
        clock: Clock = Elapsed(node.worktime) if node.elapsed else self._worktime(node)
        if node.started is not None:
            resumes = node.resumes or node.started
            bounds = _must(task, begun=True) if task else {}
            return Activity(
                id=node.id, work=node.work, release=resumes, clock=clock, begun=node.started, **bounds
            )
        bounds = _must(task) if task else {}
        release = max(node.not_before or 0, bounds.pop("release", 0))
        return Activity(id=node.id, work=node.work, release=release, clock=clock, **bounds)

    def _worktime(self, node: Node) -> Worktime:
        """Return the worktime of a node; with a duration, less the days on which all its people are off."""
        task = self.plan.tasks[node.id]
        people = [who for who in node.people if who in self.plan.people]
        if task.effort is not None or not people or not all(self.off[who] for who in people):
            return node.worktime
        days = [
            {day for p in self.off[who] for day in range(p.start.toordinal(), p.finish.toordinal() + 1)}
            for who in people
        ]
        common = sorted(set.intersection(*days))
        periods = tuple(Period(date.fromordinal(day), date.fromordinal(day)) for day in common)
        return self._clock(frozenset({(self.calendars.working_days(task.calendar), periods)}))

    def _clock(self, support: Support) -> Worktime:
        """Return one unit of work a minute on the days of a single calendar less time off."""
        if support not in self.clocks:
            ((days, off),) = support
            self.clocks[support] = Worktime((Shift(days, 1, off),))
        return self.clocks[support]

    def _support(self, node: Node) -> Support | None:
        """Return when a node is worked on; None for an elapsed duration, on at all times."""
        if node.elapsed:
            return None
        task = self.plan.tasks[node.id]
        if task.effort is None:
            worktime = self._worktime(node)
            for support, clock in self.clocks.items():
                if clock is worktime:
                    return support
            return frozenset({(self.calendars.working_days(task.calendar), ())})
        people = [self.plan.people[who] for who in self._workers(node)]
        if not people:
            return frozenset({(self.calendars.working_days(None), ())})
        return frozenset((self.calendars.working_days(p.calendar), self.off[p.id]) for p in people)

    def _workers(self, node: Node) -> list[str]:
        """Return who really works on a node: known, with capacity left."""
        return [
            who
            for who, share in node.people.items()
            if share > 0 and who in self.plan.people and self.plan.people[who].share > 0
        ]

    def _people(self) -> Iterable[Renewable]:
        users: dict[str, list[int]] = {}
        for i in self.active:
            for who in self._workers(self.nodes[i]):
                users.setdefault(who, []).append(i)
        for who, found in users.items():
            masks: dict[Support, dict[int, int]] = {}
            for i in found:
                node = self.nodes[i]
                task = self.plan.tasks[node.id]
                own = self.plan.people[who].calendar
                calendar = own if task.effort is not None or node.elapsed else task.calendar
                mask = frozenset({(self.calendars.working_days(calendar), self.off[who])})
                masks.setdefault(mask, {})[i] = round(node.people[who] * SHARE)
            if len(masks) == 1:
                ((mask, shares),) = masks.items()
                clock = self._clock(mask)
                lengths = {i: n for i in shares if (n := self._length(i, mask)) is not None}
                yield self._renewable(who, "person", 100 * SHARE, shares, lengths, clock)
                continue
            for active, spans in self._classes([self._clock(mask) for mask in masks]).items():
                shares = {}
                for number, more in enumerate(masks.values()):
                    if active >> number & 1:
                        shares.update(more)
                yield self._renewable(who, "person", 100 * SHARE, shares, {}, Minutes(spans))

    def _length(self, i: int, mask: Support) -> int | None:
        """Return the minutes of a mask that an activity takes, when that does not depend on its start."""
        return self._minutes(self.nodes[i]) if self._support(self.nodes[i]) == mask else None

    def _minutes(self, node: Node) -> int:
        """Return the minutes that a node takes whose people, if any, all work at the same times."""
        task = self.plan.tasks.get(node.id)
        if task is None or task.effort is None:
            return node.work
        shares = [self.plan.people[who].share * node.people[who] for who in self._workers(node)]
        rate = sum(round(share * (FULL / 10_000)) for share in shares) if shares else FULL
        return -(-node.work // rate)

    def _last(self) -> int:
        """Return an instant well behind the critical path."""
        return max(heads(assemble(*self.bare, ()))[1], default=self.network.start) + _YEARS

    def _classes(self, clocks: list[Worktime]) -> dict[int, list[tuple[int, int]]]:
        """Cut time into stretches by which of the clocks run; bit n of a key stands for the n-th clock."""
        changes: dict[int, int] = {}
        last = self._last()
        for number, clock in enumerate(clocks):
            for begin, end, _ in clock.segments(self.network.start, last):
                changes[begin] = changes.get(begin, 0) ^ (1 << number)
                changes[end] = changes.get(end, 0) ^ (1 << number)
        found: dict[int, list[tuple[int, int]]] = {}
        active = 0
        times = sorted(changes)
        for begin, end in pairwise(times):
            active ^= changes[begin]
            if active:
                found.setdefault(active, []).append((begin, end))
        return found

    def _resources(self) -> Iterable[Renewable]:
        users: dict[str, dict[int, int]] = {}
        for i in self.active:
            for name, units in self.nodes[i].uses.items():
                if name in self.plan.resources and units > 0:
                    users.setdefault(name, {})[i] = units
        for name, shares in users.items():
            resource = self.plan.resources[name]
            supports = {self._support(self.nodes[i]) for i in shares}
            first = next(iter(supports))
            lengths = {}
            mask: Clock | None = None
            if len(supports) == 1 and first is not None and len(first) == 1:
                clock = self._clock(first)
                lengths = {i: n for i in shares if (n := self._length(i, first)) is not None}
                mask = clock
            elif None not in supports:
                parts = {part for support in supports if support is not None for part in support}
                clocks = [self._clock(frozenset({part})) for part in parts]
                spans = sorted(span for found in self._classes(clocks).values() for span in found)
                mask = Minutes(spans)
            taken = [
                (
                    instant(p.start),
                    instant(p.finish) + MINUTES_A_DAY,
                    min(p.units or resource.units, resource.units),
                )
                for p in resource.unavailable
            ]
            own = frozenset({(self.calendars.working_days(resource.calendar), ())})
            if resource.calendar is not None and supports != {own}:
                taken += self._closed(resource.calendar, resource.units)
            renewable = self._renewable(name, "resource", resource.units, shares, lengths, mask)
            yield Renewable(
                id=name,
                kind="resource",
                capacity=resource.units,
                users=shares,
                lengths=lengths,
                mask=mask,
                origin=self.network.start,
                taken=_clipped(renewable, taken),
            )

    def _closed(self, calendar: str, units: int) -> list[tuple[int, int, int]]:
        """Return the stretches in which a resource's calendar does not work."""
        first, last = self.network.start, self._last()
        open_ = self.calendars.calendar(calendar).segments(first, last)
        edges = [first, *(edge for begin, end, _ in open_ for edge in (begin, end)), last]
        return [
            (begin, end, units) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end
        ]

    def _renewable(  # noqa: PLR0917 - all it depends on, read from the top
        self,
        name: str,
        kind: str,
        capacity: int,
        users: Mapping[int, int],
        lengths: Mapping[int, int],
        mask: Clock | None,
    ) -> Renewable:
        return Renewable(
            id=name,
            kind="person" if kind == "person" else "resource",
            capacity=capacity,
            users=users,
            lengths=lengths,
            mask=mask,
            origin=self.network.start,
        )

    def _regular(self) -> bool:
        """Return whether all work is on the default calendar's days, so that ticks say all there is."""
        same = frozenset({(self.calendars.working_days(None), ())})
        if any(self._support(self.nodes[i]) != same for i in self.active):
            return False
        for node in self.nodes:
            if node.finished is not None and finish_day(node.finished) != finish_day(
                self.default.finish_at(node.finished)
            ):
                return False  # something ends on a day off
            if not node.work and not node.settled and node.kind in {"task", "milestone"}:
                task = self.plan.tasks.get(node.id)
                if task and (node.not_before != self.network.start or task.must_start or task.must_finish):
                    return False  # a point in time at the beginning of a day
                if any(
                    k.type[0] == "S" or self.nodes[self.place[k.predecessor]].kind == "earliest"
                    for k in node.links
                ):
                    return False
            if any(k.elapsed and k.lag for k in node.links):
                return False
        return True

    def _in_ticks(self, plain: Formulation) -> Formulation:
        """Count in working time of the default calendar, in the largest unit that divides everything."""
        first = [self.network.start, *(n.started for n in self.nodes if n.started is not None)]
        origin = min(first)

        def tick(at: int) -> int:
            if abs(at) >= FOREVER:
                return at
            return self.default.between(origin, max(at, origin))

        activities = []
        for a, node in zip(plain.minutes.activities, self.nodes, strict=True):
            begin = a.latest_start
            activities.append(
                Activity(
                    id=a.id,
                    work=self._minutes(node) if a.work else 0,
                    release=tick(a.release),
                    latest_start=tick(begin + 1) - 1 if begin < FOREVER else FOREVER,
                    earliest_finish=tick(a.earliest_finish - 1) + 1
                    if a.earliest_finish > -FOREVER
                    else -FOREVER,
                    latest_finish=tick(a.latest_finish),
                    begun=None if a.begun is None else tick(a.begun),
                    fixed=None if a.fixed is None else (tick(a.fixed[0]), tick(a.fixed[1])),
                    any_of=a.any_of,
                )
            )
        links = [Link(k.before, k.after, k.type, k.lag, None, tick(k.floor)) for k in plain.minutes.links]
        renewables = [
            Renewable(
                id=r.id,
                kind=r.kind,
                capacity=r.capacity,
                users=r.users,
                lengths={i: activities[i].work for i in r.users},
                taken=tuple((tick(b), tick(e), units) for b, e, units in r.taken),
            )
            for r in plain.minutes.renewables
        ]
        fine = assemble(activities, links, renewables)
        unit = gcd(fine, self.calendars.working_days(None).length)
        return Formulation(
            self.network, self.place, plain.minutes, scaled(fine, unit), unit, origin, plain.must
        )


def scaled(problem: Problem, unit: int) -> Problem:
    """Return a problem without clocks counted in `unit`, which divides all its numbers."""

    def by(at: int) -> int:
        return at if abs(at) >= FOREVER else at // unit

    activities = [
        Activity(
            id=a.id,
            work=a.work // unit,
            release=by(a.release),
            latest_start=by(a.latest_start),
            earliest_finish=by(a.earliest_finish),
            latest_finish=by(a.latest_finish),
            begun=None if a.begun is None else by(a.begun),
            fixed=None if a.fixed is None else (by(a.fixed[0]), by(a.fixed[1])),
            any_of=a.any_of,
        )
        for a in problem.activities
    ]
    links = [Link(k.before, k.after, k.type, k.lag // unit, None, by(k.floor)) for k in problem.links]
    renewables = [
        Renewable(
            id=r.id,
            kind=r.kind,
            capacity=r.capacity,
            users=r.users,
            lengths={i: n // unit for i, n in r.lengths.items()},
            taken=tuple((by(b), by(e), units) for b, e, units in r.taken),
        )
        for r in problem.renewables
    ]
    return assemble(activities, links, renewables)


def due(problem: Problem, targets: Mapping[int, int]) -> Problem:
    """Return the problem in which each of these activities finishes no later than given."""
    activities = list(problem.activities)
    for i, at in targets.items():
        a = activities[i]
        activities[i] = Activity(
            id=a.id,
            work=a.work,
            release=a.release,
            clock=a.clock,
            latest_start=a.latest_start,
            earliest_finish=a.earliest_finish,
            latest_finish=min(a.latest_finish, at),
            begun=a.begun,
            fixed=a.fixed,
            any_of=a.any_of,
        )
    return with_activities(problem, activities)


def _must(task: Task, *, begun: bool = False) -> dict[str, Any]:
    """Return what `must_start` and `must_finish` ask of an activity."""
    bounds: dict[str, Any] = {}
    if task.must_start is not None and not begun:
        bounds["release"] = instant(task.must_start)
        bounds["latest_start"] = instant(task.must_start) + MINUTES_A_DAY - 1
    if task.must_finish is not None:
        bounds["earliest_finish"] = instant(task.must_finish) + 1
        bounds["latest_finish"] = instant(task.must_finish) + MINUTES_A_DAY
    return bounds


def _clipped(renewable: Renewable, taken: list[tuple[int, int, int]]) -> tuple[tuple[int, int, int], ...]:
    """Return what is away without overlaps, never more than there is, without what the mask leaves out."""
    changes: dict[int, int] = {}
    for begin, end, units in taken:
        changes[begin] = changes.get(begin, 0) + units
        changes[end] = changes.get(end, 0) - units
    edges = sorted(changes)
    found, total = [], 0
    for begin, end in pairwise(edges):
        total += changes[begin]
        away = min(renewable.capacity, total)
        if away and renewable.position(begin) < renewable.position(end):
            found.append((begin, end, away))
    return tuple(found)
