"""The last resort: OR-Tools' CP-SAT (the extra `solver`) decides what bounds and schedules leave open.

One worker, a fixed seed and a limit in deterministic time: the same problem gives the same answer on every
machine, however slow. Without clocks the model is linear. With clocks, every start in an activity's window
is listed with all that follows from it, on a grid on which the dates of some schedule fall if there is any:
whatever a date can wait for (ends, lags, days that begin, what is away) is on the grid, too.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from planlint.schedule.bounds import Reasoning, Windows
from planlint.schedule.generation import Dates
from planlint.schedule.problem import FOREVER, Activity, Link, Problem, finish, start_for

MOST_ROWS = 15_000
"""Starts to list over all activities; a larger model would take longer than it may help."""


def available() -> bool:
    """Return whether the extra `solver` is installed."""
    try:
        import ortools.sat.python.cp_model  # noqa: F401, PLC0415  (an extra, and slow to load)
    except ImportError:
        return False
    return True


def solve(reasoning: Reasoning, w: Windows, *, effort: float, seed: int) -> Dates | bool | None:
    """Return dates within the windows, False when there are none, None when it is not decided.

    `effort` is CP-SAT's deterministic time, about a second each. No schedule is given as a hint: the best
    late one pulls the search to where it fails (on PSPLIB, seven times the time).
    """
    from ortools.sat.python import cp_model  # noqa: PLC0415  (an extra, and slow to load)

    if max(w.lst, default=0) >= FOREVER:
        return None
    model = cp_model.CpModel()
    variables = _variables(model, reasoning, w)
    if variables is None:
        return None
    _constrain(model, reasoning, w, variables)
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = 1
    parameters.random_seed = seed
    parameters.max_deterministic_time = effort
    parameters.linearization_level = 0  # these five were measured on PSPLIB: a third of the default's time
    parameters.search_branching = cp_model.HINT_SEARCH
    parameters.symmetry_level = 0
    parameters.use_overload_checker_in_cumulative = True
    parameters.use_strong_propagation_in_disjunctive = True
    status = solver.solve(model)
    if status in {cp_model.OPTIMAL, cp_model.FEASIBLE}:
        value = solver.value
        return Dates(tuple(value(v.start) for v in variables), tuple(value(v.finish) for v in variables))
    return False if status == cp_model.INFEASIBLE else None


class Variables(Struct):
    """CP-SAT expressions, or whole numbers, for one activity."""

    start: Any
    finish: Any
    reach: Any
    """The last instant from which it may be finished on its own clock, for FF and SF."""
    places: dict[int, tuple[Any, Any, Any]]
    """Begin, length, end in the positions of each renewable that it occupies."""
    lagged: dict[Link, Any]
    """The instant that each link to a successor asks for."""


Column = Callable[[int, int], int]
"""What follows from start and finish."""


def _columns(problem: Problem, i: int) -> dict[object, Column]:
    """Return everything that the model needs to know of an activity, by key."""
    activity = problem.activities[i]
    columns: dict[object, Column] = {"start": lambda s, _: s, "finish": lambda _, f: f}
    if activity.clock is not None and any(link.type[1] == "F" for link in problem.into[i]):
        clock = activity.clock
        columns["reach"] = lambda _, f: clock.start_at(f)
    for number, _ in problem.demands[i]:
        position = problem.renewables[number].position
        columns[number, "begin"] = lambda s, _, position=position: position(s)  # type: ignore[misc]
        columns[number, "length"] = lambda s, f, position=position: position(f) - position(s)  # type: ignore[misc]
        columns[number, "end"] = lambda _, f, position=position: position(f)  # type: ignore[misc]
    for link in problem.out[i]:
        if link.type[0] == "F":
            columns[link] = lambda _, f, link=link: link.shift(f)  # type: ignore[misc]
        elif activity.begun is not None:
            asked = link.shift(activity.begun)
            columns[link] = lambda _s, _f, asked=asked: asked  # type: ignore[misc]
        else:
            columns[link] = lambda s, _, link=link: link.shift(s)  # type: ignore[misc]
    return columns


def _variables(model: Any, reasoning: Reasoning, w: Windows) -> list[Variables] | None:
    """Make the expressions of all activities; None: there are too many starts to list."""
    problem = reasoning.problem
    simple = [
        a.clock is None and all(k.clock is None for k in problem.out[i])
        for i, a in enumerate(problem.activities)
    ]
    unit = 1 if all(simple) else _grid(problem, w, simple)
    if unit is None:
        return None
    base = min((w.est[i] for i, easy in enumerate(simple) if not easy), default=0)
    found = []
    for i, activity in enumerate(problem.activities):
        columns = _columns(problem, i)
        if simple[i]:  # shifts are constant, positions are the instants themselves or never asked for
            start = w.est[i] if w.est[i] == w.lst[i] else model.new_int_var(w.est[i], w.lst[i], activity.id)
            at = w.est[i], w.eft[i]
            values = {key: start + (column(*at) - at[0]) for key, column in columns.items()}
            for key, column in columns.items():
                if _constant(key, activity):
                    values[key] = column(*at)
        else:
            starts = list(_starts(problem, i, w, base, unit))
            if not starts:
                return None
            rows = [[column(s, finish(activity, s)) for column in columns.values()] for s in starts]
            values = _listed(model, activity.id, list(columns), rows)
        places = {
            number: (
                values[number, "begin"],
                values[number, "length"],
                values[number, "end"],
            )
            for number, _ in problem.demands[i]
        }
        lagged = {key: value for key, value in values.items() if isinstance(key, Link)}
        reach = values.get("reach", values["finish"])
        found.append(Variables(values["start"], values["finish"], reach, places, lagged))
    return found


def _constant(key: object, activity: Activity) -> bool:
    """Return whether a column is the same for all starts of an activity without a clock."""
    if isinstance(key, Link):
        return key.type[0] == "S" and activity.begun is not None
    return isinstance(key, tuple) and key[1] == "length"


def _listed(model: Any, name: str, keys: Sequence[object], rows: list[list[int]]) -> dict[object, Any]:
    """Return an expression for each column: start plus a constant where that holds, else a table's."""
    from ortools.sat.python import cp_model  # noqa: PLC0415  (an extra, and slow to load)

    if len(rows) == 1:
        return dict(zip(keys, rows[0], strict=True))
    start = model.new_int_var_from_domain(cp_model.Domain.from_values([row[0] for row in rows]), name)
    values: dict[object, Any] = {}
    listed = [0]
    for n, key in enumerate(keys):
        offset = rows[0][n] - rows[0][0]
        if all(row[n] - row[0] == offset for row in rows):
            values[key] = start + offset
        elif len({row[n] for row in rows}) == 1:
            values[key] = rows[0][n]
        else:
            domain = cp_model.Domain.from_values([row[n] for row in rows])
            values[key] = model.new_int_var_from_domain(domain, "")
            listed.append(n)
    if len(listed) > 1:
        expressions = [start, *(values[keys[n]] for n in listed[1:])]
        model.add_allowed_assignments(expressions, [tuple(row[n] for n in listed) for row in rows])
    return values


def _starts(problem: Problem, i: int, w: Windows, base: int, unit: int) -> Iterator[int]:
    """Yield the starts on the grid within the window of an activity."""
    clock = problem.activities[i].clock
    at = w.est[i] + (base - w.est[i]) % unit
    while at <= w.lst[i]:
        if clock is not None:
            worked = clock.start_at(at)
            if worked > at:
                at = worked + (base - worked) % unit
                continue
        yield at
        at += unit


def _grid(problem: Problem, w: Windows, simple: Sequence[bool]) -> int | None:  # noqa: C901, PLR0912 - one case after the other, read from the top
    """Return the widest grid that no date of an early schedule leaves; None: too many starts on it."""
    base = min(w.est[i] for i, easy in enumerate(simple) if not easy)
    unit = 0
    for at in w.est:
        unit = math.gcd(unit, at - base)
    for r in problem.renewables:
        for _, end, _ in r.taken:
            if end < FOREVER:
                unit = math.gcd(unit, r.instant(r.position(end)) - base)
    for i, a in enumerate(problem.activities):  # days begin on the grid
        if a.clock is not None and a.fixed is None:
            unit = math.gcd(unit, a.clock.start_at(w.eft[i]) - base)
    unit = unit or 1
    while True:
        rows, wider = 0, unit
        for i, easy in enumerate(simple):
            if easy:
                wider = math.gcd(wider, problem.activities[i].work)
                continue
            columns = _columns(problem, i)
            activity = problem.activities[i]
            for at in _starts(problem, i, w, base, unit):
                rows += 1
                if rows > MOST_ROWS:
                    return None
                end = finish(activity, at)
                dates = [end, *(column(at, end) for key, column in columns.items() if isinstance(key, Link))]
                if activity.clock is not None:
                    dates.append(activity.clock.start_at(at + unit))
                for number, _ in problem.demands[i]:
                    renewable = problem.renewables[number]
                    dates.append(renewable.instant(renewable.position(end)))
                for date in dates:
                    wider = math.gcd(wider, date - base)
        for link in problem.links:
            after = problem.activities[link.after]
            if link.type[1] == "F" and after.work:  # where a finish that is asked for puts the start
                for at in _starts(problem, link.before, w, base, unit):
                    asked = link.shift(
                        finish(problem.activities[link.before], at) if link.type[0] == "F" else at
                    )
                    wider = math.gcd(wider, start_for(after, asked) - base)
        if wider == unit:
            return unit
        unit = wider


def _constrain(model: Any, reasoning: Reasoning, w: Windows, variables: Sequence[Variables]) -> None:
    """Add links and capacities."""
    problem = reasoning.problem
    for i, activity in enumerate(problem.activities):
        asked = [variables[link.before].lagged[link] for link in problem.into[i]]
        if activity.fixed is not None or not asked:
            continue
        if activity.any_of:
            model.add_min_equality(variables[i].start, asked)
            continue
        for link, at in zip(problem.into[i], asked, strict=True):
            model.add(at <= (variables[i].start if link.type[1] == "S" else variables[i].reach))
    for number, renewable in enumerate(problem.renewables):
        users = {i: units for i, units in renewable.users.items() if reasoning.live[i]}
        away = [(renewable.position(b), renewable.position(e), units) for b, e, units in renewable.taken]
        intervals = [model.new_interval_var(*variables[i].places[number], "") for i in users]
        last = renewable.position(max(w.lft)) if away else 0
        intervals += [model.new_fixed_size_interval_var(b, max(b, min(e, last)) - b, "") for b, e, _ in away]
        model.add_cumulative(
            intervals, [*users.values(), *(units for _, _, units in away)], renewable.capacity
        )
