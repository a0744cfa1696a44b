"""The last resort: OR-Tools' CP-SAT (the extra `solver`) decides what bounds and schedules leave open.

One worker, a fixed seed and a limit in deterministic time: the same problem gives the same answer on every
machine, however slow. Without clocks the model is linear; with clocks every start in its window is listed
with what follows from it, on a grid on which all dates provably fall.
"""

import math
from typing import Any

from planlint.schedule.bounds import Reasoning, Windows
from planlint.schedule.generation import Dates
from planlint.schedule.problem import FOREVER, Problem, finish

MOST_ROWS = 60_000
"""Starts to list over all activities; beyond that the model would take longer than it may help."""


def available() -> bool:
    """Return whether the extra `solver` is installed."""
    try:
        import ortools.sat.python.cp_model  # noqa: F401, PLC0415
    except ImportError:
        return False
    return True


def solve(reasoning: Reasoning, w: Windows, *, effort: float, seed: int, hint: Dates | None = None) -> Dates | None:
    """Decide the problem within its windows; `effort` is CP-SAT's deterministic time (about a second each)."""
    from ortools.sat.python import cp_model  # noqa: PLC0415  (an extra, and slow to load)

    problem = reasoning.problem
    model = cp_model.CpModel()
    columns = _columns(model, reasoning, w)
    if columns is None:
        return None
    starts, ends, places, lagged, reach = columns
    for link in problem.links:
        after, before = problem.activities[link.after], problem.activities[link.before]
        if after.fixed is not None or after.begun is not None:
            continue
        if after.any_of:
            continue
        source = lagged[link]
        model.add(source <= (starts[link.after] if link.type[1] == "S" else reach[link.after]))
    for i, activity in enumerate(problem.activities):
        if activity.any_of and problem.into[i]:
            model.add_min_equality(starts[i], [lagged[link] for link in problem.into[i]])
    for number, renewable in enumerate(problem.renewables):
        intervals, demands = [], []
        for i, units in renewable.users.items():
            if reasoning.live[i]:
                begin, size, end = places[i, number]
                intervals.append(model.new_interval_var(begin, size, end, ""))
                demands.append(units)
        low = min((renewable.position(w.est[i]) for i in renewable.users), default=0)
        for begin, end, units in renewable.taken:
            b, e = max(renewable.position(begin), low), renewable.position(end)
            if b < e:
                intervals.append(model.new_fixed_size_interval_var(b, e - b, ""))
                demands.append(units)
        if len(intervals) > 1 and sum(demands) > renewable.capacity:
            if all(2 * units > renewable.capacity for units in demands):
                model.add_no_overlap(intervals)
            else:
                model.add_cumulative(intervals, demands, renewable.capacity)
    _cliques(model, reasoning, places)
    if hint is not None:
        for i, start in enumerate(starts):
            if not isinstance(start, int):
                model.add_hint(start, hint.starts[i])
    solver = cp_model.CpSolver()
    p = solver.parameters
    p.num_workers = 1
    p.random_seed = seed
    p.max_deterministic_time = effort
    p.use_overload_checker_in_cumulative = True
    p.use_timetable_edge_finding_in_cumulative = True
    p.use_hard_precedences_in_cumulative = True
    p.use_strong_propagation_in_disjunctive = True
    p.use_dynamic_precedence_in_disjunctive = True
    p.symmetry_level = 0
    import os
    for kv in os.environ.get("CPP", "").split(","):
        if kv:
            k, v = kv.split("=")
            setattr(p, k, type(getattr(p, k))(eval(v)))
    status = solver.solve(model)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Dates(tuple(solver.value(s) for s in starts), tuple(solver.value(f) for f in ends))
    return () if status == cp_model.INFEASIBLE else None


def _cliques(model: Any, reasoning: Reasoning, places: Any) -> None:
    """Say of groups in which each excludes each other that they do not overlap: stronger than by pairs."""
    if any(r.mask is not None for r in reasoning.problem.renewables):
        return
    near: dict[int, set[int]] = {}
    where: dict[int, int] = {}
    for i, j, number in reasoning.pairs:
        near.setdefault(i, set()).add(j)
        near.setdefault(j, set()).add(i)
        where[i] = where[j] = number
        where.setdefault(i, number)
    for number, renewable in enumerate(reasoning.problem.renewables):
        for i in renewable.users:
            where.setdefault(i, number)
    done: set[frozenset[int]] = set()
    for i in sorted(near):
        for j in sorted(near[i]):
            if j < i:
                continue
            clique = [i, j]
            for k in sorted(near[i] & near[j], key=lambda k: (-len(near[k]), k)):
                if all(k in near[other] for other in clique):
                    clique.append(k)
            found = frozenset(clique)
            if len(found) > 2 and found not in done:
                done.add(found)
                spans = [places[k, where[k]] for k in sorted(found)]
                model.add_no_overlap([model.new_interval_var(*span, "") for span in spans])


def _columns(model: Any, reasoning: Reasoning, w: Windows) -> Any:
    problem = reasoning.problem
    starts: list[Any] = []
    ends: list[Any] = []
    places: dict[tuple[int, int], Any] = {}
    lagged: dict[Any, Any] = {}
    reach: list[Any] = []
    top = max(max((f for f in w.eft), default=0), max((f for f in w.lft if f < FOREVER), default=0))
    for i, activity in enumerate(problem.activities):
        if w.lst[i] >= FOREVER:
            raise ValueError(activity.id)
        if activity.fixed is not None:
            start, end = activity.fixed
            starts.append(start)
            ends.append(end)
        elif activity.clock is None:
            start = w.est[i] if w.est[i] == w.lst[i] else model.new_int_var(w.est[i], w.lst[i], activity.id)
            starts.append(start)
            ends.append(start + activity.work)
            for number, _ in problem.demands[i]:
                places[i, number] = (start, activity.work, start + activity.work)
        reach.append(ends[i])
        for link in problem.out[i]:
            if link.type[0] == "S" and activity.begun is not None:
                source = activity.begun
            else:
                source = starts[i] if link.type[0] == "S" else ends[i]
            lagged[link] = source + link.lag
    return starts, ends, places, lagged, reach
