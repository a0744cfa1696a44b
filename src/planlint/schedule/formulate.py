"""A plan as a scheduling problem: who and what is occupied by which task, in minutes or, better, in ticks.

Where every task works on the same days, time is counted in working ticks (the largest unit in which all
lengths are whole), and the problem needs no clocks. Otherwise instants are minutes as in `calendar`.

People are occupied in the minutes in which they work on a task, and resources from its start to its
finish. A task whose people are all on leave pauses, also one with a duration.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

from msgspec import Struct, structs

from planlint.model import MINUTES_A_DAY, Period
from planlint.schedule.calendar import Shift, WorkingDays, Worktime, finish_day, instant, start_day
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

    `place` maps node ids to positions. `problem` counts in ticks of `unit` working minutes of the default
    calendar since `origin` when `unit` is not 0, else in minutes. `free` is in minutes, without `must_start`
    and `must_finish`.
    """

    network: Network
    place: Mapping[str, int]
    free: Problem
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

    def spans(self, starts: Sequence[int], finishes: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """Return the instants of all activities; a started one begins when it really did.

        A tick is both an evening and the next morning: what takes no time stands where it is placed.
        """
        found: dict[str, tuple[int, int]] = {}
        for i, (node, activity) in enumerate(
            zip(self.network.nodes.values(), self.free.activities, strict=True)
        ):
            start, finish = self.start(starts[i]), self.finish(finishes[i])
            if activity.fixed is not None:
                start, finish = activity.fixed
            elif activity.begun is not None:
                start = activity.begun
            elif not activity.work:
                start, finish, _ = self.network.place(node, found) if self.unit else (finish, finish, None)
            found[node.id] = start, finish
        return tuple(found.values())

    def days(self, i: int, span: tuple[int, int]) -> tuple[date, date]:
        """Return the first and the last day of an activity with these instants."""
        start, finish = span
        if start < finish:
            return start_day(start), finish_day(finish)
        moved = self.free.into[i] or self.free.activities[i].fixed is not None
        day = finish_day(finish) if moved else start_day(start)
        return day, day


def formulate(network: Network) -> Formulation:
    """Return the problem of a plan's network."""
    return _Formulator(network).formulation()


class _Formulator:
    """The state of one `formulate`: when each task is worked on, and clocks of single calendars."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.plan = network.plan
        self.calendars = network.calendars
        self.default = network.calendars.default
        self.nodes = list(network.nodes.values())
        self.place = {node.id: i for i, node in enumerate(self.nodes)}
        self.clocks: dict[Support, Worktime] = {}
        self.active = [i for i, node in enumerate(self.nodes) if node.work and node.finished is None]
        self.origin = min([network.start, *(n.started for n in self.nodes if n.started is not None)])
        self.begin = min([network.start, *(self._resumed(self.nodes[i]) for i in self.active)])
        self.worktimes = {i: self._worktime(self.nodes[i]) for i in self.active}
        self.supports = {i: self._support(i) for i in self.active}

    def _resumed(self, node: Node) -> int:
        """Return when a node that has begun goes on, else when everything begins."""
        return self.network.start if node.started is None else node.resumes or node.started

    def formulation(self) -> Formulation:
        free = [self._activity(i) for i in range(len(self.nodes))]
        activities = [self._constrained(activity) for activity in free]
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
        self.bare = assemble(activities, links, ())
        problem = assemble(activities, links, [*self._people(), *self._resources()])
        must = frozenset(i for i, a in enumerate(activities) if a is not free[i])
        plain = structs.replace(problem, activities=tuple(free))
        minutes = Formulation(self.network, self.place, plain, problem, 0, self.network.start, must)
        return self._in_ticks(minutes) if self._regular() else minutes

    def _activity(self, i: int) -> Activity:
        node = self.nodes[i]
        begun, over = node.started, node.finished
        if begun is not None and over is None and not node.work:
            over = node.resumes or begun
        if over is not None:
            return Activity(id=node.id, work=0, release=0, fixed=(over if begun is None else begun, over))
        release = node.not_before or 0
        clock: Clock | None = None
        if node.work:
            clock = Elapsed(node.worktime) if node.elapsed else self.worktimes[i]
            if node.elapsed and begun is not None:
                clock = None  # nothing has to begin any more
        elif node.not_before is not None:
            release = node.calendar.start_at(release)
        if begun is not None:
            release = node.resumes or begun
        any_of = node.kind == "earliest"
        return Activity(id=node.id, work=node.work, release=release, clock=clock, begun=begun, any_of=any_of)

    def _constrained(self, activity: Activity) -> Activity:
        """Add what `must_start` and `must_finish` ask of an activity that is still open."""
        task = self.plan.tasks.get(activity.id)
        if task is None or activity.fixed is not None:
            return activity
        if task.must_start is not None and activity.begun is None:
            day = instant(task.must_start)
            first = day if activity.work else self.network.nodes[activity.id].calendar.start_at(day)
            activity = structs.replace(
                activity, release=max(activity.release, first), latest_start=day + MINUTES_A_DAY - 1
            )
        if task.must_finish is not None:
            day = instant(task.must_finish)
            activity = structs.replace(activity, earliest_finish=day + 1, latest_finish=day + MINUTES_A_DAY)
        return activity

    def _worktime(self, node: Node) -> Worktime:
        """Return the worktime of a node; with a duration, less the days on which all its people are off."""
        task = self.plan.tasks[node.id]
        people = [self.plan.people[who] for who in node.people if who in self.plan.people]
        off = [self._recent(person.time_off) for person in people]
        if task.effort is not None or not off or not all(off):
            return node.worktime
        days = [
            {day for p in periods for day in range(p.start.toordinal(), p.finish.toordinal() + 1)}
            for periods in off
        ]
        common = map(date.fromordinal, sorted(set.intersection(*days)))
        periods = tuple(Period(day, day) for day in common)
        return self._clock(frozenset({(self.calendars.working_days(task.calendar), periods)}))

    def _recent(self, absent: Iterable[Period]) -> tuple[Period, ...]:
        """Return the periods that are not over before everything begins."""
        return tuple(p for p in absent if instant(p.finish) + MINUTES_A_DAY > self.begin)

    def _clock(self, support: Support) -> Worktime:
        """Return one unit of work a minute on the days of a single calendar less time off."""
        if support not in self.clocks:
            ((days, off),) = support
            self.clocks[support] = Worktime((Shift(days, 1, off),))
        return self.clocks[support]

    def _support(self, i: int) -> Support | None:
        """Return when a node is worked on; None for an elapsed duration, on at all times."""
        if self.nodes[i].elapsed:
            return None
        return frozenset((shift.days, self._recent(shift.absent)) for shift in self.worktimes[i].shifts)

    def _people(self) -> Iterable[Renewable]:
        users: dict[str, list[int]] = {}
        for i in self.active:
            for who, share in self.nodes[i].people.items():
                if share > 0 and who in self.plan.people and self.plan.people[who].share > 0:
                    users.setdefault(who, []).append(i)
        for who, found in users.items():
            person = self.plan.people[who]
            off = self._recent(person.time_off)
            masks: dict[Support, dict[int, int]] = {}
            for i in found:
                node = self.nodes[i]
                task = self.plan.tasks[node.id]
                own = task.effort is not None or node.elapsed
                days = self.calendars.working_days(person.calendar if own else task.calendar)
                masks.setdefault(frozenset({(days, off)}), {})[i] = round(node.people[who] * SHARE)
            one = Renewable(id=who, kind="person", capacity=100 * SHARE, users={}, origin=self.begin)
            if len(masks) == 1:
                ((mask, shares),) = masks.items()
                lengths = self._lengths(shares, mask)
                yield structs.replace(one, users=shares, lengths=lengths, mask=self._clock(mask))
                continue
            for active, spans in self._classes([self._clock(mask) for mask in masks]).items():
                shares = {}
                for number, more in enumerate(masks.values()):
                    if active >> number & 1:
                        shares.update(more)
                yield structs.replace(one, users=shares, mask=self._minutes_of(spans))

    def _lengths(self, users: Iterable[int], mask: Support) -> dict[int, int]:
        """Return the minutes of a mask that users take, for those where that does not depend on the start."""
        return {i: self._minutes(i) for i in users if self.supports[i] == mask}

    def _minutes(self, i: int) -> int:
        """Return the minutes that a node takes whose people, if any, all work at the same times."""
        node = self.nodes[i]
        rate = 1 if node.elapsed else sum(shift.rate for shift in self.worktimes[i].shifts)
        return -(-node.work // rate)

    def _last(self) -> int:
        """Return an instant well behind the critical path."""
        return max(heads(self.bare)[1], default=self.network.start) + _YEARS

    def _classes(self, clocks: Sequence[Worktime]) -> dict[int, list[tuple[int, int]]]:
        """Cut time into stretches by which of the clocks run; bit n of a key stands for the n-th clock."""
        changes: dict[int, int] = {}
        last = self._last()
        for number, clock in enumerate(clocks):
            for begin, end, _ in clock.segments(self.begin, last):
                changes[begin] = changes.get(begin, 0) ^ (1 << number)
                changes[end] = changes.get(end, 0) ^ (1 << number)
        found: dict[int, list[tuple[int, int]]] = {}
        active = 0
        for begin, end in pairwise(sorted(changes)):
            active ^= changes[begin]
            if active:
                found.setdefault(active, []).append((begin, end))
        return found

    def _minutes_of(self, spans: Iterable[tuple[int, int]]) -> Minutes:
        """Return the clock of some stretches; where nobody has looked, every minute counts."""
        return Minutes([*spans, (self._last(), FOREVER)])

    def _resources(self) -> Iterable[Renewable]:
        users: dict[str, dict[int, int]] = {}
        for i in self.active:
            for name, units in self.nodes[i].uses.items():
                if name in self.plan.resources and units > 0:
                    users.setdefault(name, {})[i] = units
        for name, shares in users.items():
            resource = self.plan.resources[name]
            away = [
                (instant(p.start), instant(p.finish) + MINUTES_A_DAY, p.units or resource.units)
                for p in resource.unavailable
            ]
            closed: list[tuple[int, int, int]] = []
            alike = list(dict.fromkeys(self.supports[i] for i in shares))
            if resource.calendar is not None:
                own = frozenset({(self.calendars.working_days(resource.calendar), ())})
                closed = self._closed(resource.calendar, resource.units) if alike != [own] else []
            if not closed or len(alike) > 1:
                yield self._resource(name, shares, away)
            if closed:  # who works when it is closed differs: nobody needs it at night who pauses then
                for support in alike:
                    same = {i: units for i, units in shares.items() if self.supports[i] == support}
                    yield self._resource(name, same, away + closed)

    def _resource(self, name: str, shares: Mapping[int, int], away: list[tuple[int, int, int]]) -> Renewable:
        """Return a resource as these tasks share it: occupied in the minutes in which any of them works."""
        supports = {self.supports[i] for i in shares}
        single = [frozenset({part}) for part in {part for support in supports for part in support or ()}]
        lengths: dict[int, int] = {}
        mask: Clock | None = None
        if None not in supports and len(single) == 1:
            lengths, mask = self._lengths(shares, single[0]), self._clock(single[0])
        elif None not in supports:
            classes = self._classes([self._clock(support) for support in single])
            mask = self._minutes_of(sorted(span for found in classes.values() for span in found))
        renewable = Renewable(
            id=name,
            kind="resource",
            capacity=self.plan.resources[name].units,
            users=shares,
            lengths=lengths,
            mask=mask,
            origin=self.begin,
        )
        return structs.replace(renewable, taken=_clipped(renewable, away))

    def _closed(self, calendar: str, units: int) -> list[tuple[int, int, int]]:
        """Return when a resource's calendar does not work: for good, where nobody looked."""
        first, last = self.begin, self._last()
        open_ = self.calendars.calendar(calendar).segments(first, last)
        edges = [first, *(edge for begin, end, _ in open_ for edge in (begin, end)), FOREVER]
        return [
            (begin, end, units) for begin, end in zip(edges[::2], edges[1::2], strict=True) if begin < end
        ]

    def _regular(self) -> bool:
        """Return whether all work is on the default calendar's days, so that ticks say all there is.

        A tick is both an evening and the next morning: what takes no time must stand in an evening, or at the
        very beginning.
        """
        same = frozenset({(self.calendars.working_days(None), ())})
        if any(support != same for support in self.supports.values()):
            return False
        if any(k.elapsed and k.lag for node in self.nodes for k in node.links):
            return False
        return all((node.work and node.finished is None) or self._in_an_evening(node) for node in self.nodes)

    def _in_an_evening(self, node: Node) -> bool:
        over = node.resumes or node.started if node.finished is None else node.finished
        if over is not None:
            return finish_day(over) == finish_day(self.default.finish_at(over))
        if not node.real:
            return True
        task = self.plan.tasks.get(node.id)
        if task is not None and (task.must_start or task.must_finish):
            return False
        if node.not_before is not None and node.not_before != self.origin:
            return False
        return not any(
            k.type[0] == "S" or k.lag < 0 or self.nodes[self.place[k.predecessor]].kind == "earliest"
            for k in node.links
        )

    def _in_ticks(self, plain: Formulation) -> Formulation:
        """Count in working time of the default calendar, in the largest unit that divides everything."""
        origin = self.origin

        def counted(unit: int) -> Problem:
            def tick(at: int, more: int = 0) -> int:
                if abs(at) >= FOREVER - 1:
                    return at + more
                return (self.default.between(origin, max(at, origin)) + more) // unit

            activities = [
                structs.replace(
                    a,
                    work=self._minutes(i) // unit if a.work else 0,
                    clock=None,
                    release=tick(a.release),
                    latest_start=tick(a.latest_start + 1, -1),
                    earliest_finish=tick(a.earliest_finish - 1, 1),
                    latest_finish=tick(a.latest_finish),
                    begun=None if a.begun is None else tick(a.begun),
                    fixed=None if a.fixed is None else (tick(a.fixed[0]), tick(a.fixed[1])),
                )
                for i, a in enumerate(plain.problem.activities)
            ]
            links = [
                structs.replace(k, lag=k.lag // unit, clock=None, floor=tick(k.floor))
                for k in plain.problem.links
            ]
            renewables = [
                structs.replace(
                    r,
                    lengths={i: activities[i].work for i in r.users},
                    mask=None,
                    origin=0,
                    taken=tuple((tick(begin), tick(end), units) for begin, end, units in r.taken),
                )
                for r in plain.problem.renewables
            ]
            return assemble(activities, links, renewables)

        unit = gcd(counted(1), self.calendars.working_days(None).length)
        return structs.replace(plain, problem=counted(unit), unit=unit, origin=origin)


def due(problem: Problem, targets: Mapping[int, int]) -> Problem:
    """Return the problem in which each of these activities finishes no later than given."""
    activities = list(problem.activities)
    for i, at in targets.items():
        latest = min(activities[i].latest_finish, at)
        activities[i] = structs.replace(activities[i], latest_finish=latest)
    return structs.replace(problem, activities=tuple(activities))


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
