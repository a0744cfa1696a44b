"""The resource-constrained scheduling problem behind every deadline, free of plans, people and dates.

Activities take `work` on a clock, so that the finish is a function of the start; renewable resources have
a capacity; links are generalised precedences with minimum lags; windows bound starts and finishes. All
instants are whole numbers. Where all clocks agree, `uniform` turns the problem into one without clocks:
lengths are constants then, and everything that follows is faster and stronger.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Literal, Protocol

from msgspec import Struct, structs

FOREVER = 1 << 60
"""Later than any instant."""

Type = Literal["FS", "SS", "FF", "SF"]


class Clock(Protocol):
    """What an activity needs of a worktime; see `calendar.Worktime` for the exact meanings."""

    def forward(self, at: int, work: int) -> int:
        """Return the earliest instant at which `work` has been done since `at`."""

    def backward(self, at: int, work: int) -> int:
        """Return the latest instant from which `work` can be done until `at`."""

    def between(self, start: int, finish: int) -> int:
        """Return the work that can be done from `start` to `finish`."""

    def start_at(self, at: int) -> int:
        """Return the first working instant at or after `at`."""

    def finish_at(self, at: int) -> int:
        """Return the last instant at or before `at` at which a worked minute ends."""


class Activity(Struct, frozen=True, kw_only=True):
    """Work that is not split. `clock` None: every instant is worked. No `work`: a point in time, without one.

    `release` ≤ start ≤ `latest_start`; `earliest_finish` ≤ finish ≤ `latest_finish`. `begun` is where a
    started activity really started: `work` is then what remains. `fixed` holds start and finish of one
    that is over; it occupies nothing. `any_of`: it waits for the first of its predecessors, not for all.
    """

    id: str
    work: int
    release: int
    clock: Clock | None = None
    latest_start: int = FOREVER
    earliest_finish: int = -FOREVER
    latest_finish: int = FOREVER
    begun: int | None = None
    fixed: tuple[int, int] | None = None
    any_of: bool = False


class Link(Struct, frozen=True, eq=False):
    """`after` waits for `before` (positions in `Problem.activities`); `lag` counts on `clock`."""

    before: int
    after: int
    type: Type = "FS"
    lag: int = 0
    clock: Clock | None = None
    floor: int = -FOREVER
    """A lead goes back no further than to this instant."""

    def shift(self, at: int) -> int:
        """Return the instant at which the lag after `at` has passed."""
        if not self.lag:
            return at
        if self.lag > 0:
            return at + self.lag if self.clock is None else self.clock.forward(at, self.lag)
        moved = at + self.lag if self.clock is None else self.clock.backward(at, -self.lag)
        return max(moved, min(at, self.floor))

    def unshift(self, at: int) -> int:
        """Return an instant after which the lag cannot have passed by `at`."""
        if not self.lag:
            return at
        if self.clock is None:
            return at - self.lag
        if self.lag > 0:
            return self.clock.backward(at, self.lag)
        return self.clock.start_at(self.clock.forward(at, -self.lag))


class Renewable(Struct, frozen=True, kw_only=True, eq=False):
    """Somebody or something that activities share.

    `users` maps positions of activities to the units each occupies at every minute of `mask` (None: all
    minutes) from start to finish. `taken` lists (from, to, units) that are away. `origin` is any instant
    before all others.
    """

    id: str
    kind: Literal["person", "resource"]
    capacity: int
    users: Mapping[int, int]
    lengths: Mapping[int, int] = {}
    """Minutes of the mask that a user takes, for those where the start does not change them."""
    mask: Clock | None = None
    origin: int = 0
    taken: tuple[tuple[int, int, int], ...] = ()

    def position(self, at: int) -> int:
        """Return the minutes of the mask before `at`."""
        return at if self.mask is None else self.mask.between(self.origin, at)

    def instant(self, position: int) -> int:
        """Return the first instant at which `position` minutes of the mask lie behind."""
        if self.mask is None:
            return position
        if position < 0:  # only where time runs backwards
            return self.mask.backward(self.origin, -position)
        return self.mask.forward(self.origin, position)


@lru_cache(maxsize=256)
def absent(renewable: Renewable) -> tuple[tuple[int, int, int], ...]:
    """Return what is `taken`, in minutes of the mask: searches ask thousands of times."""
    position = renewable.position
    return tuple((position(begin), position(end), units) for begin, end, units in renewable.taken)


class Problem(Struct, frozen=True, eq=False):
    """Activities, links among them (without loops) and what they share; `order` is topological."""

    activities: tuple[Activity, ...]
    links: tuple[Link, ...]
    renewables: tuple[Renewable, ...]
    order: tuple[int, ...]
    into: tuple[tuple[Link, ...], ...]
    out: tuple[tuple[Link, ...], ...]
    demands: tuple[tuple[tuple[int, int], ...], ...]
    """For each activity, (position of the renewable, units)."""


def assemble(
    activities: Sequence[Activity], links: Iterable[Link], renewables: Iterable[Renewable]
) -> Problem:
    """Return the problem with its indices; links must not form a loop."""
    links, renewables = tuple(links), tuple(renewables)
    into: list[list[Link]] = [[] for _ in activities]
    out: list[list[Link]] = [[] for _ in activities]
    for link in links:
        into[link.after].append(link)
        out[link.before].append(link)
    waiting = [len(found) for found in into]
    order = [i for i, count in enumerate(waiting) if not count]
    for i in order:
        for link in out[i]:
            waiting[link.after] -= 1
            if not waiting[link.after]:
                order.append(link.after)
    demands: list[list[tuple[int, int]]] = [[] for _ in activities]
    for number, renewable in enumerate(renewables):
        for i, units in renewable.users.items():
            demands[i].append((number, units))
    return Problem(
        tuple(activities),
        links,
        renewables,
        tuple(order),
        tuple(map(tuple, into)),
        tuple(map(tuple, out)),
        tuple(map(tuple, demands)),
    )


def finish(activity: Activity, start: int) -> int:
    """Return the finish of an activity that starts, or goes on, at `start`."""
    if activity.clock is None:
        return start + activity.work
    return activity.clock.forward(start, activity.work)


def latest(activity: Activity, until: int) -> int:
    """Return the latest start with a finish at `until` or before."""
    if activity.clock is None:
        return until - activity.work
    return activity.clock.backward(until, activity.work)


def start_for(activity: Activity, until: int) -> int:
    """Return the earliest start by which the activity has used up its working time at `until`, not before."""
    clock, work = activity.clock, activity.work
    if clock is None:
        return until - work
    goal = clock.finish_at(until)
    start = clock.backward(goal, work)
    # With several people the last minute may do more than is left: then it must begin a minute later.
    return start if clock.forward(start, work) >= goal else clock.start_at(start + 1)


def source(problem: Problem, link: Link, starts: Sequence[int], finishes: Sequence[int]) -> int:
    """Return the instant of the predecessor that a link counts from."""
    if link.type[0] == "F":
        return finishes[link.before]
    begun = problem.activities[link.before].begun
    return starts[link.before] if begun is None else begun


def bound(problem: Problem, i: int, starts: Sequence[int], finishes: Sequence[int]) -> int:
    """Return the earliest start of an activity whose predecessors have these dates."""
    activity = problem.activities[i]
    least = activity.release
    if activity.any_of:
        links = problem.into[i]
        return min((link.shift(source(problem, link, starts, finishes)) for link in links), default=least)
    for link in problem.into[i]:
        at = link.shift(source(problem, link, starts, finishes))
        if link.type[1] == "F":
            at = start_for(activity, at)
        least = max(least, at)
    clock = activity.clock
    if activity.earliest_finish > -FOREVER:
        at = activity.earliest_finish
        if clock is not None:
            at = clock.forward(at - 1, 1)  # the end of a minute really worked
        least = max(least, start_for(activity, at))
    return least if clock is None else clock.start_at(least)


def heads(problem: Problem) -> tuple[list[int], list[int]]:
    """Return earliest starts and finishes by the links alone."""
    starts = [0] * len(problem.activities)
    finishes = starts[:]
    for i in problem.order:
        activity = problem.activities[i]
        if activity.fixed is not None:
            starts[i], finishes[i] = activity.fixed
        else:
            starts[i] = bound(problem, i, starts, finishes)
            finishes[i] = finish(activity, starts[i])
    return starts, finishes


def tails(problem: Problem) -> tuple[list[int], list[int]]:
    """Return latest starts and finishes by the links alone; FOREVER where nothing bounds them."""
    lst = [a.latest_start for a in problem.activities]
    lft = [a.latest_finish for a in problem.activities]
    for i in reversed(problem.order):
        activity = problem.activities[i]
        if activity.fixed is not None:
            lst[i], lft[i] = activity.fixed
            continue
        start, end = limits(problem, i, lst, lft)
        lst[i], lft[i] = min(lst[i], start), min(lft[i], end)
        if lft[i] < FOREVER:
            lst[i] = min(lst[i], latest(activity, lft[i]))
        if lst[i] < FOREVER:
            lft[i] = min(lft[i], finish(activity, lst[i]))
    return lst, lft


def limits(problem: Problem, i: int, lst: Sequence[int], lft: Sequence[int]) -> tuple[int, int]:
    """Return the latest start and finish of an activity whose successors have these late dates."""
    start = end = FOREVER
    for link in problem.out[i]:
        after = problem.activities[link.after]
        if after.fixed is not None or after.any_of:
            continue
        at = lst[link.after] if link.type[1] == "S" else lft[link.after]
        if at >= FOREVER:
            continue
        if link.type[1] == "F" and after.clock is not None:
            at = after.clock.start_at(at)
        if link.lag:
            at = link.unshift(at)
        if link.type[0] == "F":
            end = min(end, at)
        elif problem.activities[i].begun is None:
            start = min(start, at)
    return start, end


def part(problem: Problem, keep: Iterable[int], renewables: Iterable[int] | None = None) -> Problem:
    """Return the problem of some activities alone: links between them, what they share (or some of it)."""
    kept = sorted(set(keep))
    place = {i: n for n, i in enumerate(kept)}
    links = [
        structs.replace(link, before=place[link.before], after=place[link.after])
        for i in kept
        for link in problem.into[i]
        if link.before in place
    ]
    chosen = (
        problem.renewables if renewables is None else map(problem.renewables.__getitem__, sorted(renewables))
    )
    shared = [
        structs.replace(
            r,
            users={place[i]: units for i, units in r.users.items() if i in place},
            lengths={place[i]: n for i, n in r.lengths.items() if i in place},
        )
        for r in chosen
    ]
    return assemble([problem.activities[i] for i in kept], links, [r for r in shared if r.users])


def ancestors(problem: Problem, targets: Iterable[int]) -> set[int]:
    """Return the targets and everything they wait for, directly or not."""
    found = set(targets)
    todo = list(found)
    while todo:
        for link in problem.into[todo.pop()]:
            if link.before not in found:
                found.add(link.before)
                todo.append(link.before)
    return found


class Minutes:
    """A clock made of given stretches of time, one unit of work a minute; nothing is worked outside them."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        """Take (from, to) in order, without overlaps."""
        self._begin = [begin for begin, _ in spans]
        self._end = [end for _, end in spans]
        self._done = list(accumulate((end - begin for begin, end in spans), initial=0))

    def _position(self, at: int) -> int:
        i = bisect_right(self._begin, at) - 1
        return 0 if i < 0 else self._done[i] + min(at, self._end[i]) - self._begin[i]

    def between(self, start: int, finish: int) -> int:
        """See `Clock`."""
        return self._position(finish) - self._position(start)

    def forward(self, at: int, work: int) -> int:
        """See `Clock`."""
        if work <= 0:
            return at
        goal = self._position(at) + work
        i = bisect_left(self._done, goal) - 1
        return self._begin[i] + goal - self._done[i] if i < len(self._begin) else FOREVER

    def backward(self, at: int, work: int) -> int:
        """See `Clock`."""
        if work <= 0:
            return at
        goal = self._position(at) - work
        i = bisect_right(self._done, goal) - 1
        return self._begin[i] + goal - self._done[i] if goal >= 0 else -FOREVER

    def start_at(self, at: int) -> int:
        """See `Clock`."""
        i = bisect_right(self._end, at)
        return max(at, self._begin[i]) if i < len(self._begin) else FOREVER

    def finish_at(self, at: int) -> int:
        """See `Clock`."""
        i = bisect_left(self._begin, at) - 1
        return min(at, self._end[i]) if i >= 0 else -FOREVER


class Backwards(Struct, frozen=True):
    """A clock seen from its end: instant t is -t."""

    clock: Clock

    def forward(self, at: int, work: int) -> int:
        """See `Clock`."""
        return -self.clock.backward(-at, work)

    def backward(self, at: int, work: int) -> int:
        """See `Clock`."""
        return -self.clock.forward(-at, work)

    def between(self, start: int, finish: int) -> int:
        """See `Clock`."""
        return self.clock.between(-finish, -start)

    def start_at(self, at: int) -> int:
        """See `Clock`."""
        return -self.clock.finish_at(-at)

    def finish_at(self, at: int) -> int:
        """See `Clock`."""
        return -self.clock.start_at(-at)


_REVERSED: dict[str, Type] = {"FS": "FS", "SS": "FF", "FF": "SS", "SF": "SF"}


def reverse(problem: Problem) -> Problem:
    """Return the problem with time running backwards, for right-justified schedules.

    Its schedules only give priorities, so it leaves out what has no mirror image: fixed activities are
    points, releases become latest finishes.
    """
    activities = [
        Activity(id=a.id, work=a.work, release=-a.latest_finish, clock=_mirror(a.clock))
        for a in problem.activities
    ]
    links = [Link(k.after, k.before, _REVERSED[k.type], k.lag, _mirror(k.clock)) for k in problem.links]
    renewables = [
        structs.replace(
            r,
            mask=_mirror(r.mask),
            origin=-r.origin,
            taken=tuple((-end, -begin, units) for begin, end, units in r.taken),
        )
        for r in problem.renewables
    ]
    return assemble(activities, links, renewables)


def _mirror(clock: Clock | None) -> Clock | None:
    return None if clock is None else Backwards(clock)


def gcd(problem: Problem, unit: int) -> int:
    """Return the largest part of `unit` in which a problem without clocks can be counted."""
    numbers = [unit]
    for a in problem.activities:
        bounds = (a.latest_start, a.earliest_finish, a.latest_finish)
        numbers += [a.work, a.release, *(b for b in bounds if abs(b) < FOREVER), *(a.fixed or ())]
    numbers += [n for link in problem.links for n in (link.lag, link.floor) if abs(n) < FOREVER]
    numbers += [edge for r in problem.renewables for begin, end, _ in r.taken for edge in (begin, end)]
    return math.gcd(*numbers) or 1
