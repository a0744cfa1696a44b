"""From the cheapest argument to the dearest: is there a schedule that keeps all windows?

`settle` asks the links, then bounds, then schedule generation, then a small exact search, then CP-SAT, and
stops at the first that knows. The exact search goes depth first over resource conflicts (De Reyck,
Herroelen 1998): at each node the windows are tightened, the earliest dates tried as they are, and a
smallest set of activities that do not fit together is resolved by letting one wait for another. It is
complete on any clock, to the minute.
"""

from typing import Literal

from msgspec import Struct

from planlint.schedule import solver
from planlint.schedule.bounds import Order, Reasoning, Windows
from planlint.schedule.generation import Budget, Dates, improve, lateness
from planlint.schedule.problem import Problem, Renewable, absent

Step = Literal["logic", "energy", "generation", "search", "solver", ""]


class Limits(Struct, frozen=True, kw_only=True):
    """How far to go for one question, in steps that take the same everywhere; nothing here is a clock.

    `generation` counts placements of activities, `reasoning` activities looked at by bounds and search
    (each about a hundred thousand a second); `solver` is CP-SAT's deterministic time, about seconds, and
    0 leaves it out.
    """

    generation: int = 15_000
    reasoning: int = 60_000
    solver: float = 10.0
    seed: int = 1


class Answer(Struct, frozen=True, kw_only=True):
    """Whether there is a schedule (None: not decided), dates that show it or the best found, who knew."""

    feasible: bool | None
    dates: Dates | None = None
    step: Step = ""


def settle(problem: Problem, limits: Limits) -> Answer:  # noqa: C901, PLR0911 - one case after the other, read from the top
    """Decide whether a problem has a schedule that keeps all its windows."""
    reasoning = Reasoning(problem, Budget(limits.reasoning))
    w = reasoning.windows()
    if any(a > b for a, b in zip(w.est, w.lst, strict=True)):
        return Answer(feasible=False, step="logic")
    if not reasoning.tighten(w):
        return Answer(feasible=False, step="energy")
    if limits.generation <= 1:
        return Answer(feasible=None)
    dates, late = improve(problem, Budget(limits.generation // 10), limits.seed)
    if late <= 0:
        return Answer(feasible=True, dates=dates, step="generation")
    if not reasoning.shave(w):
        return Answer(feasible=False, step="energy")
    more, less = improve(problem, Budget(limits.generation), limits.seed + 1)
    if less <= 0:
        return Answer(feasible=True, dates=more, step="generation")
    if less < late:
        dates = more
    reasoning.budget.left = limits.reasoning
    answer = branch(reasoning, w.copy())
    if answer.feasible is None and limits.solver > 0 and solver.available():
        found = solver.solve(reasoning, w, effort=limits.solver, seed=limits.seed)
        if found is not None:
            proven = found if isinstance(found, Dates) else None
            answer = Answer(feasible=proven is not None, dates=proven, step="solver")
    if answer.feasible and answer.dates is not None and lateness(problem, answer.dates) > 0:
        return Answer(
            feasible=None, dates=dates
        )  # cannot be, unless the model is wrong: then nothing is claimed
    return answer if answer.feasible is not None else Answer(feasible=None, dates=dates)


_SPLIT = -1
"""In place of a renewable: (activity, instant), begin by that instant or after it."""


def branch(reasoning: Reasoning, windows: Windows) -> Answer:
    """Search for a schedule within the windows until the reasoning's budget is spent."""
    stack: list[tuple[Windows, tuple[Order, ...], tuple[Order, ...]]] = [(windows, (), ())]
    while stack:
        if reasoning.budget.left <= 0:
            return Answer(feasible=None)
        w, orders, denied = stack.pop()
        if not reasoning.tighten(w, orders, denied):
            continue
        choices = conflict(reasoning, w)
        if choices is None:
            if reasoning.budget.left <= 0:
                return Answer(feasible=None)  # tightening stopped half-way: the dates may break a link
            return Answer(feasible=True, dates=Dates(tuple(w.est), tuple(w.eft)), step="search")
        children = []
        for choice in choices:
            if choice[2] == _SPLIT:
                low, high = w.copy(), w.copy()
                reasoning.begin_by(low, *choice[:2])
                reasoning.later(high, choice[0], choice[1] + 1)
                children += [(low, orders, denied), (high, orders, denied)]
                break
            children.append((w.copy(), (*orders, choice), denied))
            denied = (*denied, choice)
        stack.extend(reversed(children))
    return Answer(feasible=False, step="search")


def conflict(reasoning: Reasoning, w: Windows) -> list[Order] | None:
    """Return the orders that would resolve the tightest conflict of the earliest dates, None without one."""
    best: list[Order] | None = None
    for number, renewable in enumerate(reasoning.problem.renewables):
        position = renewable.position
        events = [
            (position(w.est[i]), position(w.eft[i]), units, i)
            for i, units in renewable.users.items()
            if reasoning.live[i]
        ]
        events += [(*gap, ~k) for k, gap in enumerate(absent(renewable))]
        active: list[tuple[int, int, int, int]] = []
        for event in sorted(event for event in events if event[0] < event[1]):
            active = [other for other in active if other[1] > event[0]]
            active.append(event)
            if sum(other[2] for other in active) > renewable.capacity:
                choices = _resolutions(w, number, renewable, active)
                if best is None or len(choices) < len(best):
                    best = choices
                    if len(best) <= 1:
                        return best
    return best


def _resolutions(
    w: Windows, number: int, renewable: Renewable, active: list[tuple[int, int, int, int]]
) -> list[Order]:
    """Take a smallest set that exceeds the capacity and list who of it may wait for whom, best first."""
    chosen = sorted(active, key=lambda event: (-event[2], event[3]))
    load = sum(event[2] for event in chosen)
    for event in reversed(chosen[:]):
        if load - event[2] > renewable.capacity:
            chosen.remove(event)
            load -= event[2]
    for *_, i in chosen:  # one that may occupy nothing, in the pauses of others: no order says all
        if i >= 0 and i not in renewable.lengths and w.est[i] < w.lst[i]:
            return [(i, w.est[i] + (min(w.lst[i], 2 * w.eft[i] - w.est[i]) - w.est[i]) // 2, _SPLIT)]
    found = []
    for i, j in ((a[3], b[3]) for a in chosen for b in chosen if a is not b):
        if i < 0 and j < 0:
            continue
        end = w.eft[i] if i >= 0 else renewable.taken[~i][1]
        begin = w.lst[j] if j >= 0 else renewable.taken[~j][0]
        if end <= begin or renewable.position(end) <= renewable.position(begin):
            room = begin - end + ((w.lft[j] if j >= 0 else begin) - (w.est[i] if i >= 0 else end))
            found.append((room, i, j))
    found.sort(reverse=True)
    return [(i, j, number) for _, i, j in found]
