"""Schedule generation: feasible schedules by priority rules, justification and seeded restarts.

The serial and the parallel scheme, the priority rules and forward-backward improvement are those of the
literature (Kolisch 1996; Valls, Ballestín, Quintanilla 2005, double justification). Work is counted in
placements, not in seconds: the same problem and the same budget give the same schedule everywhere.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from itertools import product
from random import Random

from msgspec import Struct, structs

from planlint.schedule.problem import (
    FOREVER,
    Problem,
    Renewable,
    bound,
    heads,
    reverse,
    tails,
)

_NOTHING: Mapping[int, tuple[int, int]] = {}


class Dates(Struct, frozen=True):
    """Start and finish of every activity of a problem, in its order."""

    starts: tuple[int, ...]
    finishes: tuple[int, ...]


class Budget(Struct):
    """How many placements of activities may still be tried."""

    left: int


class Profile:
    """The units in use over the minutes of one renewable's mask, as steps."""

    def __init__(self, renewable: Renewable, away: tuple[list[int], list[int]]) -> None:
        """Start with what is away; see `Problem.away`."""
        self.renewable = renewable
        self.times, self.used = away[0][:], away[1][:]

    def add(self, begin: int, end: int, units: int) -> None:
        """Occupy `units` from `begin` to `end`."""
        if begin >= end:
            return
        times, used = self.times, self.used
        first = bisect_left(times, begin)
        if times[first] != begin:
            times.insert(first, begin)
            used.insert(first, used[first - 1])
        last = bisect_left(times, end, first)
        if times[last] != end:
            times.insert(last, end)
            used.insert(last, used[last - 1])
        for k in range(first, last):
            used[k] += units

    def conflict(self, begin: int, end: int, units: int) -> int | None:
        """Return the end of the last stretch from `begin` to `end` that lacks `units`, or None."""
        times, used = self.times, self.used
        most = self.renewable.capacity - units
        if begin >= end:
            return None
        for k in range(bisect_left(times, end) - 1, bisect_right(times, begin) - 2, -1):
            if used[k] > most:
                return times[k + 1]
        return None

    def free_before(self, begin: int, end: int, units: int) -> int | None:
        """Return the start of the first stretch from `begin` to `end` that lacks `units`, or None."""
        times, used = self.times, self.used
        most = self.renewable.capacity - units
        if begin >= end:
            return None
        for k in range(bisect_right(times, begin) - 1, bisect_left(times, end)):
            if used[k] > most:
                return max(times[k], begin)
        return None


class Generator:
    """A partial schedule that grows by one activity at a time."""

    def __init__(self, problem: Problem) -> None:
        """Begin with an empty schedule."""
        self.problem = problem
        self.starts = [0] * len(problem.activities)
        self.finishes = self.starts[:]
        self.profiles = list(map(Profile, problem.renewables, problem.away))

    def earliest(self, i: int, at: int) -> tuple[int, int] | None:
        """Return the first start at or after `at` that everybody can keep, and its finish."""
        problem = self.problem
        activity = problem.activities[i]
        clock, work = activity.clock, activity.work
        if clock is None:
            end = at + work
        else:
            at = clock.start_at(at)
            end = clock.forward(at, work)
        demands = problem.demands[i]
        if not work:
            return at, end
        settled = 0
        while settled < len(demands):  # until all in a row agree with the same start
            for number, units in demands:
                profile = self.profiles[number]
                renewable = profile.renewable
                if renewable.mask is None:
                    busy = profile.conflict(at, end, units)
                else:
                    busy = profile.conflict(renewable.position(at), renewable.position(end), units)
                if busy is None:
                    settled += 1
                    if settled >= len(demands):
                        break
                    continue
                if busy >= FOREVER:
                    return None
                settled = 0
                at = max(renewable.instant(busy), at + 1)
                if clock is None:
                    end = at + work
                else:
                    at = clock.start_at(at)
                    end = clock.forward(at, work)
        return at, end

    def place(self, i: int, start: int, end: int) -> None:
        """Put an activity into the schedule."""
        self.starts[i], self.finishes[i] = start, end
        for number, units in self.problem.demands[i]:
            profile = self.profiles[number]
            if profile.renewable.mask is None:
                profile.add(start, end, units)
            else:
                profile.add(profile.renewable.position(start), profile.renewable.position(end), units)

    def dates(self) -> Dates:
        """Return the finished schedule."""
        return Dates(tuple(self.starts), tuple(self.finishes))


def serial(
    problem: Problem, priority: Sequence[float], placed: Mapping[int, tuple[int, int]] = _NOTHING
) -> Dates | None:
    """Place activities in order of priority (lowest first), each as early as it can; None: one never fits.

    `placed` holds dates that are given already.
    """
    schedule = Generator(problem)
    for i, (start, end) in placed.items():
        schedule.place(i, start, end)
    waiting = [len(links) for links in problem.into]
    ready: list[tuple[float, int]] = []
    for i, count in enumerate(waiting):
        if not count:
            heappush(ready, (priority[i], i))
    starts, finishes = schedule.starts, schedule.finishes
    while ready:
        i = heappop(ready)[1]
        activity = problem.activities[i]
        if i in placed:
            pass
        elif activity.fixed is not None:
            starts[i], finishes[i] = activity.fixed
        else:
            found = schedule.earliest(i, bound(problem, i, starts, finishes))
            if found is None:
                return None
            schedule.place(i, *found)
        for link in problem.out[i]:
            waiting[link.after] -= 1
            if not waiting[link.after]:
                heappush(ready, (priority[link.after], link.after))
    return schedule.dates()


def parallel(problem: Problem, priority: Sequence[float]) -> Dates | None:
    """Place whatever can start first, ties by priority: nothing waits that could go on."""
    schedule = Generator(problem)
    waiting = [len(links) for links in problem.into]
    ready: list[tuple[int, float, int]] = []
    starts, finishes = schedule.starts, schedule.finishes

    def release(i: int) -> None:
        fixed = problem.activities[i].fixed
        at = fixed[0] if fixed is not None else bound(problem, i, starts, finishes)
        heappush(ready, (at, priority[i], i))

    for i, count in enumerate(waiting):
        if not count:
            release(i)
    while ready:
        at, rank, i = heappop(ready)
        activity = problem.activities[i]
        if activity.fixed is not None:
            starts[i], finishes[i] = activity.fixed
        else:
            found = schedule.earliest(i, at)
            if found is None:
                return None
            if found[0] > at:
                heappush(ready, (found[0], rank, i))
                continue
            schedule.place(i, *found)
        for link in problem.out[i]:
            waiting[link.after] -= 1
            if not waiting[link.after]:
                release(link.after)
    return schedule.dates()


def lateness(problem: Problem, dates: Dates) -> int:
    """Return by how much a schedule misses the worst of its latest starts and finishes; ≤ 0 keeps all."""
    worst = -FOREVER
    for i, activity in enumerate(problem.activities):
        if activity.fixed is None:
            worst = max(
                worst, dates.finishes[i] - activity.latest_finish, dates.starts[i] - activity.latest_start
            )
    return worst


def rules(problem: Problem) -> list[list[float]]:
    """Return the priorities of the rules LFT, LST, slack and GRPW, lowest first."""
    starts, finishes = heads(problem)
    end = max(finishes, default=0)
    lst, lft = ([min(at, end) for at in late] for late in tails(problem))
    weight = [f - s for s, f in zip(starts, finishes, strict=True)]
    return [
        list(map(float, lft)),
        list(map(float, lst)),
        [float(a - b) for a, b in zip(lst, starts, strict=True)],
        [-float(own + sum(weight[k.after] for k in problem.out[i])) for i, own in enumerate(weight)],
    ]


def justified(problem: Problem, mirror: Problem, dates: Dates, late: int) -> Dates | None:
    """Shift all activities to the right, then to the left again: rarely later, often earlier.

    `mirror` is the problem reversed; `late` by how much the schedule misses its deadlines.
    """
    end = max(dates.finishes, default=0)
    activities = []
    for activity, original, at in zip(mirror.activities, problem.activities, dates.finishes, strict=True):
        given = original.latest_finish
        until = end if given >= FOREVER else given + max(late, 0)
        activities.append(structs.replace(activity, release=-max(until, at)))
    right = serial(
        structs.replace(mirror, activities=tuple(activities)), [-float(at) for at in dates.finishes]
    )
    return serial(problem, [-float(at) for at in right.finishes]) if right is not None else None


_PATIENCE = 40
"""Attempts without an improvement after which the search starts from somewhere else."""


def improve(problem: Problem, budget: Budget, seed: int = 1) -> tuple[Dates | None, int]:  # noqa: C901 - closures count
    """Return the best schedule found within the budget and its lateness; stops once nothing is late.

    Rules come first, then perturbed restarts from what was best so far.
    """
    mirror = reverse(problem)
    random = Random(seed)  # noqa: S311  (restarts, not secrets)
    best: Dates | None = None
    least = FOREVER

    def consider(dates: Dates | None) -> int:
        nonlocal best, least
        budget.left -= problem.size + 1
        late = lateness(problem, dates) if dates is not None else FOREVER
        if late < least:
            best, least = dates, late
        return late

    def over() -> bool:
        return least <= 0 or budget.left <= 0

    def both(dates: Dates | None) -> tuple[Dates | None, int]:
        """Consider a schedule and what justification makes of it; return the better one."""
        late = consider(dates)
        if dates is None or over():
            return dates, late
        budget.left -= problem.size  # justification takes two passes
        again = justified(problem, mirror, dates, late)
        better = consider(again)
        return (again, better) if better < late else (dates, late)

    ranks = rules(problem)
    for scheme, rank in product((serial, parallel), ranks):
        if both(scheme(problem, rank))[0] is None or over():
            return best, least
    current, level, stale = best, least, 0
    span = max(max(best.finishes) - min(best.starts), 1) if best is not None else 1
    while current is not None and not over():
        if stale >= _PATIENCE:  # from a rule again, shaken
            noise = random.choice((0.1, 0.2, 0.4)) * span
            rank = [at + random.random() * noise for at in random.choice(ranks[:3])]
            current, level = both(random.choice((serial, parallel))(problem, rank))
            stale = 0
            continue
        dates, late = both(serial(problem, _shaken(current.starts, span, random)))
        stale = 0 if late < level else stale + 1
        if late <= level:
            current, level = dates, late
    return best, least


def _shaken(starts: Sequence[int], span: int, random: Random) -> list[float]:
    """Return the starts of a schedule as priorities, some of them moved."""
    noise = random.choice((0.05, 0.15, 0.3)) * span
    share = random.choice((0.1, 0.3, 1.0))
    return [at + random.uniform(-noise, noise) if random.random() < share else float(at) for at in starts]
