"""Why a deadline cannot be met, as small as it can be said: a chain, a full window, or a minimal core.

Each is checked on its own before it is returned: the chain is scheduled alone, the window adds up without
the rest of the plan, and the core is solved alone, without each of its members in turn.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from planlint.model import MINUTES_A_DAY
from planlint.schedule.calendar import finish_day, start_day
from planlint.schedule.formulate import SHARE, Formulation
from planlint.schedule.problem import (
    FOREVER,
    Problem,
    Renewable,
    ancestors,
    heads,
    part,
    source,
    start_for,
    tails,
)
from planlint.schedule.search import Limits, settle

_MOST = 80
"""Users of a renewable up to which every window is tried."""


class Core(Struct, frozen=True):
    """What cannot hold together: activities and renewables by position; `minimal` when that is proven."""

    activities: tuple[int, ...]
    renewables: tuple[int, ...]
    minimal: bool


def chain(
    problem: Problem,
    dates: tuple[list[int], list[int]],
    targets: Iterable[int],
    until: int,
    real: Sequence[bool],
) -> tuple[list[int], int] | None:
    """Return the shortest chain of activities that ends after `until` all alone, and when it ends.

    `problem` is `Formulation.free`, with its `heads`; joins, which are not `real`, are among the positions.
    What must start or finish on a day moves nothing here: a deadline that only such a constraint makes late
    has a core.
    """
    starts, finishes = dates
    last = max(targets, key=lambda i: (finishes[i], -i))
    if finishes[last] <= until:
        return None
    found = [last]
    while (before := _driver(problem, found[0], starts, finishes)) is not None:
        found.insert(0, before)
    for first in range(len(found) - 1, -1, -1):
        kept = sorted(found[first:])
        alone = heads(part(problem, kept))[1][kept.index(last)]
        if alone > until and real[found[first]]:
            return found[first:], alone
    return found, finishes[last]


def _driver(problem: Problem, i: int, starts: Sequence[int], finishes: Sequence[int]) -> int | None:
    """Return the predecessor whose link sets the start of an activity."""
    activity = problem.activities[i]
    if activity.fixed is not None:
        return None
    for link in problem.into[i]:
        at = link.shift(source(problem, link, starts, finishes))
        if link.type[1] == "F" and not activity.any_of:
            at = start_for(activity, at)
        if activity.clock is not None:
            at = activity.clock.start_at(at)
        if at == starts[i] and at > activity.release:
            return link.before
    return None


def window(formulation: Formulation, problem: Problem) -> dict[str, object] | None:  # noqa: C901, PLR0912 - one case after the other, read from the top
    """Return the shortest stretch of whole days in which somebody has more to do than they can.

    `problem` is in minutes, with the deadline in it. What must be done in the stretch follows from the links
    alone: the least that each activity can have in it, be it as early or as late as possible.
    """
    est, eft = heads(problem)
    lst, lft = tails(problem)
    best: tuple[int, Renewable, int, int, list[tuple[int, int]], int] | None = None
    for renewable in problem.renewables:
        rows = [i for i in renewable.lengths if lft[i] < FOREVER]
        if not rows or len(rows) > _MOST:
            continue
        position = renewable.position
        begins = sorted({_midnight(est[i]) for i in rows})
        ends = sorted({_midnight(lft[i] - 1) + MINUTES_A_DAY for i in rows})
        at = {i: tuple(map(position, (est[i], eft[i], lst[i], lft[i]))) for i in rows}
        where = {day: position(day) for day in (*begins, *ends)}
        away = [(position(b), position(e), units) for b, e, units in renewable.taken]
        total = sum(renewable.users[i] * renewable.lengths[i] for i in rows)
        for begin in begins:
            low = where[begin]
            for end in ends:
                if end <= begin or (best is not None and end - begin >= best[0]):
                    continue
                high = where[end]
                room = renewable.capacity * (high - low) - sum(
                    units * max(0, min(e, high) - max(b, low)) for b, e, units in away
                )
                if total <= room:
                    continue
                parts = []
                for i in rows:
                    e, f, s, u = at[i]
                    least = min(min(f, high) - max(e, low), min(u, high) - max(s, low))
                    if least > 0:
                        parts.append((least * renewable.users[i], i))
                if sum(need for need, _ in parts) > room:
                    best = end - begin, renewable, begin, end, parts, room
    if best is None:
        return None
    _, renewable, begin, end, parts, room = best
    need = sum(amount for amount, _ in parts)
    for amount, i in sorted(parts):
        if need - amount > room:  # it is too much without this one, too
            parts.remove((amount, i))
            need -= amount
    per_hour = 60.0
    if renewable.kind == "person":
        per_hour *= 100 * SHARE / (formulation.network.plan.people[renewable.id].share / 100)
    return {
        "kind": "window",
        renewable.kind: renewable.id,
        "from": start_day(begin).isoformat(),
        "to": finish_day(end).isoformat(),
        "tasks": [problem.activities[i].id for _, i in sorted(parts, key=lambda p: p[1])],
        "demand_hours": round(need / per_hour, 2),
        "capacity_hours": round(room / per_hour, 2),
    }


def _midnight(at: int) -> int:
    return at - at % MINUTES_A_DAY


def core(problem: Problem, real: Sequence[bool], limits: Limits, attempts: int = 120) -> Core:  # noqa: C901 - one case after the other, read from the top
    """Return a smallest set of activities and renewables that cannot hold together.

    `problem` is infeasible; `real` says which activities may be left out (joins stay). Deletion, first in
    chunks, then one by one; a member stays when the problem without it is feasible, or not decided
    (`minimal` is False then).
    """
    cheap = structs.replace(
        limits, generation=max(1, limits.generation // 5), reasoning=limits.reasoning // 3
    )
    spent = 0.0
    left = attempts

    def impossible(activities: set[int], renewables: set[int]) -> bool | None:
        nonlocal left, spent
        if left <= 0:
            return None
        left -= 1
        rest = limits.solver - spent
        sub = part(problem, activities, renewables)
        answer = settle(
            _reachable(sub), structs.replace(cheap, solver=max(0.0, min(rest, limits.solver / 4)))
        )
        if answer.step in {"solver", ""}:
            spent += limits.solver / 20
        return None if answer.feasible is None else not answer.feasible

    kept = set(range(len(problem.activities)))
    shared = set(range(len(problem.renewables)))
    for number in sorted(shared, key=lambda n: sum(problem.renewables[n].users.values())):
        if impossible(kept, shared - {number}):
            shared.discard(number)
    est, _ = heads(problem)
    lst, _ = tails(problem)
    tasks = sorted(
        (i for i in kept if real[i]), key=lambda i: (min(lst[i], FOREVER) - est[i], -i), reverse=True
    )
    size = max(1, len(tasks) // 2)
    while size > 1:
        for at in range(0, len(tasks), size):
            chunk = set(tasks[at : at + size])
            if chunk < kept and impossible(kept - chunk, shared):
                kept -= chunk
        tasks = [i for i in tasks if i in kept]
        size = min(size // 2, max(1, len(tasks) // 2))
    minimal = True
    for i in tasks:
        verdict = impossible(kept - {i}, shared)
        if verdict:
            kept.discard(i)
        elif verdict is None:
            minimal = False
    for number in sorted(shared):
        verdict = impossible(kept, shared - {number})
        if verdict:
            shared.discard(number)
        elif verdict is None:
            minimal = False
    return Core(tuple(sorted(i for i in kept if real[i])), tuple(sorted(shared)), minimal)


def _reachable(problem: Problem) -> Problem:
    """Return the problem without what binds nothing: activities that no window bounds, nor a successor."""
    bounded = [
        i
        for i, a in enumerate(problem.activities)
        if a.latest_finish < FOREVER or a.latest_start < FOREVER or a.earliest_finish > -FOREVER
    ]
    keep = ancestors(problem, bounded)
    return problem if len(keep) == len(problem.activities) else part(problem, keep)


def named(problem: Problem, found: Core) -> dict[str, object]:
    """Return a core in the words of the plan."""
    renewables = [problem.renewables[n] for n in found.renewables]

    def ids(kind: str) -> list[str]:
        return sorted({r.id for r in renewables if r.kind == kind})

    certificate: dict[str, object] = {
        "kind": "core",
        "tasks": [problem.activities[i].id for i in found.activities],
        "people": ids("person"),
        "resources": ids("resource"),
    }
    if not found.minimal:
        certificate["minimal"] = False
    return certificate
