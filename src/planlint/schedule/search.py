"""From the cheapest argument to the dearest: is there a schedule that keeps all windows?

`settle` asks the links, then bounds, then schedule generation, then CP-SAT, and stops at the first that
knows.
"""

from typing import Literal

from msgspec import Struct

from planlint.schedule import solver
from planlint.schedule.bounds import Reasoning
from planlint.schedule.generation import Budget, Dates, improve, lateness
from planlint.schedule.problem import Problem

Step = Literal["logic", "energy", "generation", "solver", ""]


class Limits(Struct, frozen=True, kw_only=True):
    """How far to go for one question, in steps that take the same everywhere; nothing here is a clock.

    `generation` counts placements of activities, `reasoning` activities looked at by bounds (each
    about a hundred thousand a second); `solver` is CP-SAT's deterministic time, about seconds, and
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


def settle(problem: Problem, limits: Limits) -> Answer:  # noqa: PLR0911 - one case after the other, read from the top
    """Decide whether a problem has a schedule that keeps all its windows."""
    reasoning = Reasoning(problem, Budget(limits.reasoning))
    w = reasoning.windows()
    if any(a > b for a, b in zip(w.est, w.lst, strict=True)):
        return Answer(feasible=False, step="logic")
    if not reasoning.tighten(w):
        return Answer(feasible=False, step="energy")
    if limits.generation <= 1:
        return Answer(feasible=None)
    dates, late = improve(problem, Budget(limits.generation), limits.seed)
    if late <= 0:
        return Answer(feasible=True, dates=dates, step="generation")
    if limits.solver > 0 and solver.available():
        found = solver.solve(reasoning, w, effort=limits.solver, seed=limits.seed)
        if found is False:
            return Answer(feasible=False, step="solver")
        # A late one cannot be, unless the model is wrong: then nothing is claimed.
        if isinstance(found, Dates) and lateness(problem, found) <= 0:
            return Answer(feasible=True, dates=found, step="solver")
    return Answer(feasible=None, dates=dates)
