"""Destructive bounds: windows shrink under a deadline until one is empty, which proves it infeasible.

Links (critical path), compulsory parts (time-table), pairs that exclude each other and the energy of what
lies in an interval (Baptiste, Le Pape, Nuijten 2001, chapters 2 and 3), then shaving (Martin, Shmoys 1996):
an end of a window that leads to an empty one is cut off. All of it works in the positions of each
renewable's mask, so that nights, weekends and time off never blur a bound.
"""

from collections.abc import Iterable, Sequence
from operator import gt

from msgspec import Struct

from planlint.schedule.generation import Budget, Profile
from planlint.schedule.problem import (
    FOREVER,
    Problem,
    absent,
    bound,
    finish,
    heads,
    latest,
    source,
    start_for,
    tails,
)

Order = tuple[int, int, int]
"""(first, second, renewable): on this renewable, the first must be done before the second begins.

Numbers below 0 stand for what is away: `~k` is the renewable's `taken[k]`.
"""


_MOST_PAIRED = 300
"""Users of a renewable up to which pairs are looked at: there are too many of them in large plans."""


class Windows(Struct):
    """Earliest and latest start and finish of every activity; shrinks in place."""

    est: list[int]
    eft: list[int]
    lst: list[int]
    lft: list[int]

    def copy(self) -> "Windows":
        """Return an independent copy."""
        return Windows(self.est[:], self.eft[:], self.lst[:], self.lft[:])


class Reasoning:
    """What a problem's bounds need again and again: pairs that exclude each other, lengths on masks."""

    def __init__(self, problem: Problem, budget: Budget) -> None:
        """Look the problem over once; `budget` counts the activities looked at from then on."""
        self.problem = problem
        self.budget = budget
        self.live = [a.fixed is None and a.work > 0 for a in problem.activities]
        self.pairs: list[Order] = []
        seen: set[tuple[int, int]] = set()
        for number, renewable in enumerate(problem.renewables):
            users = [(i, renewable.users[i]) for i in renewable.lengths if self.live[i]]
            users.sort(key=lambda pair: -pair[1])
            if len(users) > _MOST_PAIRED:
                continue
            for n, (i, units) in enumerate(users):
                for j, more in users[n + 1 :]:
                    if units + more <= renewable.capacity:
                        break
                    if (i, j) not in seen or renewable.mask is not None:
                        seen.update(((i, j), (j, i)))
                        self.pairs.append((i, j, number))

    def windows(self) -> Windows:
        """Return the windows that the links leave."""
        return Windows(*heads(self.problem), *tails(self.problem))

    def possible(self) -> bool:
        """Return whether the windows survive the first round of reasoning."""
        w = self.windows()
        return not any(map(gt, w.est, w.lst)) and self.tighten(w)

    # One step each; True: something shrank. An empty window is found by `tighten`.

    def later(self, w: Windows, i: int, start: int) -> bool:
        """Let `i` start no earlier than `start`."""
        activity = self.problem.activities[i]
        if activity.clock is not None:
            start = activity.clock.start_at(start)
        if start <= w.est[i]:
            return False
        w.est[i], w.eft[i] = start, finish(activity, start)
        return True

    def sooner(self, w: Windows, i: int, end: int) -> bool:
        """Let `i` finish no later than `end`."""
        if end >= w.lft[i]:
            return False
        activity = self.problem.activities[i]
        w.lst[i] = min(w.lst[i], latest(activity, end))
        w.lft[i] = min(end, finish(activity, w.lst[i]))
        return True

    def begin_by(self, w: Windows, i: int, start: int) -> None:
        """Let `i` start no later than `start`."""
        w.lst[i] = min(w.lst[i], start)
        w.lft[i] = min(w.lft[i], finish(self.problem.activities[i], w.lst[i]))

    def links(self, w: Windows, orders: Iterable[Order]) -> bool:  # noqa: C901, PLR0912 - one case after the other, read from the top
        """Carry windows along all links and orders, forwards and backwards."""
        problem = self.problem
        activities = problem.activities
        changed = False
        for i, j, number in orders:
            changed |= self.ordered(w, i, j, number)
        est, eft, lst, lft = w.est, w.eft, w.lst, w.lft
        for i in problem.order:
            a = activities[i]
            if a.fixed is not None:
                continue
            if a.any_of:
                changed |= self.later(w, i, bound(problem, i, est, eft))
                continue
            for link in problem.into[i]:
                at = source(problem, link, est, eft)
                if link.lag:
                    at = link.shift(at)
                if link.type[1] == "F":
                    at = start_for(a, at)
                if at > est[i]:
                    changed |= self.later(w, i, at)
        for i in reversed(problem.order):
            a = activities[i]
            if a.fixed is not None:
                continue
            for link in problem.out[i]:
                after = activities[link.after]
                if after.fixed is not None or after.any_of or (link.type[0] == "S" and a.begun is not None):
                    continue
                at = lst[link.after] if link.type[1] == "S" else lft[link.after]
                if at >= FOREVER:
                    continue
                if link.type[1] == "F" and after.clock is not None and after.work:
                    at = after.clock.start_at(at)
                if link.lag:
                    at = link.unshift(at)
                if link.type[0] == "F":
                    if at < lft[i]:
                        changed |= self.sooner(w, i, at)
                elif at < lst[i]:
                    lst[i] = at
                    lft[i] = min(lft[i], finish(a, at))
                    changed = True
        return changed

    def ordered(self, w: Windows, i: int, j: int, number: int) -> bool:
        """Let `i` be done before `j` begins, on the mask of one renewable; see `Order`."""
        renewable = self.problem.renewables[number]
        end = w.eft[i] if i >= 0 else renewable.taken[~i][1]
        begin = w.lst[j] if j >= 0 else renewable.taken[~j][0]
        if renewable.mask is not None:
            end = renewable.instant(renewable.position(end))
            begin = renewable.mask.start_at(begin) if begin < FOREVER else begin
        changed = j >= 0 and end > w.est[j] and self.later(w, j, end)
        return (i >= 0 and begin < w.lft[i] and self.sooner(w, i, begin)) or changed

    def denied(self, w: Windows, i: int, j: int, number: int) -> bool:
        """Let `j` begin before `i` is done."""
        taken = self.problem.renewables[number].taken
        changed = False
        if j >= 0:
            last = (w.lft[i] if i >= 0 else taken[~i][1]) - 1
            if last < w.lst[j]:
                self.begin_by(w, j, last)
                changed = True
        else:
            changed = self.later(w, i, start_for(self.problem.activities[i], taken[~j][0] + 1))
        return changed

    def disjunctive(self, w: Windows) -> bool | None:
        """Order pairs that exclude each other where only one order is left; None: none is left."""
        changed = False
        est, eft, lst, lft = w.est, w.eft, w.lst, w.lft
        for i, j, number in self.pairs:
            if eft[i] <= lst[j] and eft[j] <= lst[i]:
                continue
            renewable = self.problem.renewables[number]
            if renewable.mask is None:
                first, second = eft[i] <= lst[j], eft[j] <= lst[i]
            else:
                position = renewable.position
                first = eft[i] <= lst[j] or position(eft[i]) <= position(lst[j])
                second = eft[j] <= lst[i] or position(eft[j]) <= position(lst[i])
            if not first:
                if not second:
                    return None
                if lst[i] < lft[j] or est[i] < eft[j]:
                    changed |= self.ordered(w, j, i, number)
            elif not second and (lst[j] < lft[i] or est[j] < eft[i]):
                changed |= self.ordered(w, i, j, number)
        return changed

    def timetable(self, w: Windows) -> bool | None:  # noqa: C901, PLR0912 - one case after the other, read from the top
        """Keep clear of compulsory parts; None: they alone exceed a capacity."""
        changed = False
        for renewable in self.problem.renewables:
            profile = Profile(renewable)
            mask = renewable.mask
            position = renewable.position
            parts: dict[int, tuple[int, int]] = {}
            users = [(i, units) for i, units in renewable.users.items() if self.live[i]]
            for i, units in users:
                begin, end = w.lst[i], w.eft[i]
                if begin < end:
                    if mask is not None:
                        begin, end = position(begin), position(end)
                    parts[i] = (begin, end)
                    profile.add(begin, end, units)
            if max(profile.used) > renewable.capacity and any(
                used > renewable.capacity and _compulsory(parts.values(), profile.times[k])
                for k, used in enumerate(profile.used)
            ):
                return None
            if len(profile.used) == 2:  # noqa: PLR2004  (nothing but before and after)
                continue
            for i, units in users:
                if i not in renewable.lengths:
                    continue  # it may occupy nothing, in the pauses of others
                begin, end = w.est[i], w.eft[i]
                if mask is not None:
                    begin, end = position(begin), position(end)
                own = parts.get(i)
                busy = profile.conflict(begin, own[0] if own else end, units)
                if busy is not None:
                    if busy >= FOREVER:
                        return None
                    changed |= self.later(w, i, renewable.instant(busy))
                if w.lft[i] >= FOREVER:
                    continue
                begin, end = w.lst[i], w.lft[i]
                if mask is not None:
                    begin, end = position(begin), position(end)
                free = profile.free_before(own[1] if own else begin, end, units)
                if free is not None:
                    at = free if mask is None else mask.start_at(renewable.instant(free))
                    changed |= self.sooner(w, i, at)
        return changed

    def overloaded(self, w: Windows) -> bool:
        """Return whether some interval holds more work than its renewable can do."""
        for renewable in self.problem.renewables:
            position = renewable.position
            rows = []
            for i, length in renewable.lengths.items():
                if self.live[i] and w.lft[i] < FOREVER:
                    end, begin = position(w.lft[i]), position(w.est[i])
                    rows.append((end, begin, length * renewable.users[i]))
            rows.sort()
            away = absent(renewable)
            for begin in {row[1] for row in rows}:
                need = 0
                for end, own, energy in rows:
                    if own >= begin:
                        need += energy
                        room = renewable.capacity * (end - begin)
                        if need > room - sum(
                            units * (min(e, end) - max(b, begin))
                            for b, e, units in away
                            if b < end and e > begin
                        ):
                            return True
        return False

    def tighten(self, w: Windows, orders: Sequence[Order] = (), denied: Sequence[Order] = ()) -> bool:
        """Shrink windows until nothing changes; False: one is empty, so there is no schedule."""
        size = len(self.live)
        while self.budget.left > 0:
            self.budget.left -= size
            changed = self.links(w, orders)
            for i, j, number in denied:
                changed |= self.denied(w, i, j, number)
            if any(map(gt, w.est, w.lst)):
                return False
            for reason in (self.disjunctive, self.timetable):
                step = reason(w)
                if step is None or any(map(gt, w.est, w.lst)):
                    return False
                changed |= step
                if changed:
                    break
            if not changed:
                return not self.overloaded(w)
        return True

    def shave(self, w: Windows) -> bool:
        """Cut off ends of windows that lead to a contradiction; False: nothing is left of one.

        Half a window at a time, then half of that: minutes are too many to go through one by one.
        """
        again = True
        while again and self.budget.left > 0:
            again = False
            for i, live in enumerate(self.live):
                if not live or w.lst[i] >= FOREVER:
                    continue
                for cut in (self._cut_head, self._cut_tail):
                    step = max(1, (w.lst[i] - w.est[i]) // 2)
                    while w.est[i] < w.lst[i] and self.budget.left > 0:
                        if cut(w, i, step):
                            again = True
                            if not self.tighten(w):
                                return False
                        elif step == 1:
                            break
                        step = max(1, min(step // 2, (w.lst[i] - w.est[i]) // 2))
        return True

    def _cut_head(self, w: Windows, i: int, step: int) -> bool:
        """Cut off the first `step` starts when none of them can be."""
        trial = w.copy()
        last = w.est[i] + step - 1
        self.begin_by(trial, i, last)
        return not self.tighten(trial) and self.later(w, i, last + 1)

    def _cut_tail(self, w: Windows, i: int, step: int) -> bool:
        """Cut off the last `step` starts when none of them can be."""
        trial = w.copy()
        first = w.lst[i] - step + 1
        self.later(trial, i, first)
        if self.tighten(trial):
            return False
        self.begin_by(w, i, first - 1)
        return True


def _compulsory(parts: Iterable[tuple[int, int]], at: int) -> bool:
    return any(begin <= at < end for begin, end in parts)
