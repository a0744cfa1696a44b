"""Destructive bounds: windows shrink under a deadline until one is empty, which proves it infeasible.

Links (critical path), pairs that exclude each other and the energy of what lies in an interval (Baptiste,
Le Pape, Nuijten 2001, chapters 2 and 3). All of it works in the positions of each renewable's mask, so that
nights, weekends and time off never blur a bound.
"""

from operator import gt

from msgspec import Struct

from planlint.schedule.generation import Budget
from planlint.schedule.problem import (
    FOREVER,
    Problem,
    bound,
    finish,
    heads,
    latest,
    limits,
    tails,
)

_MOST_PAIRED = 300
"""Users of a renewable up to which pairs are looked at: there are too many of them in large plans."""


class Windows(Struct):
    """Earliest and latest start and finish of every activity; shrinks in place."""

    est: list[int]
    eft: list[int]
    lst: list[int]
    lft: list[int]


class Reasoning:
    """What a problem's bounds need again and again: pairs that exclude each other, lengths on masks."""

    def __init__(self, problem: Problem, budget: Budget) -> None:
        """Look the problem over once; `budget` counts the activities looked at from then on."""
        self.problem = problem
        self.budget = budget
        self.live = [a.fixed is None and a.work > 0 for a in problem.activities]
        self.pairs: list[tuple[int, int, int]] = []  # two users, and the renewable too small for both
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

    def links(self, w: Windows) -> bool:
        """Carry windows along all links, forwards and backwards."""
        problem = self.problem
        changed = False
        for i in problem.order:
            if problem.activities[i].fixed is None:
                changed |= self.later(w, i, bound(problem, i, w.est, w.eft))
        for i in reversed(problem.order):
            if problem.activities[i].fixed is None:
                start, end = limits(problem, i, w.lst, w.lft)
                changed |= self.sooner(w, i, end)
                if start < w.lst[i]:
                    self.begin_by(w, i, start)
                    changed = True
        return changed

    def ordered(self, w: Windows, i: int, j: int, number: int) -> bool:
        """Let `i` be done before `j` begins, on the mask of one renewable."""
        renewable = self.problem.renewables[number]
        end, begin = w.eft[i], w.lst[j]
        if renewable.mask is not None:
            end = renewable.instant(renewable.position(end))
            begin = renewable.mask.start_at(begin) if begin < FOREVER else begin
        return self.sooner(w, i, begin) | self.later(w, j, end)

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
            away = [(position(b), position(e), units) for b, e, units in renewable.taken]
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

    def tighten(self, w: Windows) -> bool:
        """Shrink windows until nothing changes; False: one is empty, so there is no schedule."""
        while self.budget.left > 0:
            self.budget.left -= len(self.live)
            changed = self.links(w)
            if any(map(gt, w.est, w.lst)):
                return False
            ordered = self.disjunctive(w)
            if ordered is None or any(map(gt, w.est, w.lst)):
                return False
            changed |= ordered
            if not changed:
                return not self.overloaded(w)
        return True
