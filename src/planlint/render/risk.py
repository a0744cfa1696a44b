"""Where a risk stands on the heat map: likelihood and impact as levels from 1 to 5."""

from typing import NamedTuple

from planlint.model import LEVELS, LIKELIHOOD, Impact, Plan, Risk
from planlint.render.load import working_days
from planlint.schedule.calendar import calendars

WORDS = tuple(LEVELS)
HIGH = 10
"""The score from which a risk is high."""

_EDGES = tuple(
    (low + high) / 2 for low, high in zip(LIKELIHOOD.values(), list(LIKELIHOOD.values())[1:], strict=False)
)
_SHARES = (1, 5, 10, 20)


class Rated(NamedTuple):
    """An open risk with its place: `score` is the product of the levels, `level` its word."""

    risk: Risk
    likelihood: int
    impact: int
    score: int
    level: str


def likelihood_level(percent: float) -> int:
    """Return the row of a probability: that of the nearest likelihood word."""
    return 1 + sum(percent >= edge for edge in _EDGES)


def impact_level(plan: Plan, impact: Impact) -> int:
    """Return the column of an impact.

    Time is measured against the working time from start to deadline, cost against the budget: up to 1, 5,
    10, 20 % and more. The larger of the two counts.
    """
    if impact.level is not None:
        return impact.level
    shares = [0.0]
    if impact.cost and plan.budget and plan.budget.total:
        shares.append(impact.cost * 100 / plan.budget.total)
    if impact.time and plan.start and plan.deadline:
        worktime, total = calendars(plan).default, working_days(plan, plan.start, plan.deadline) + 1
        shares.append(worktime.in_days(worktime.minutes(impact.time)) * 100 / total if total > 0 else 100.0)
    return 1 + sum(max(shares) > edge for edge in _SHARES)


def level(score: int) -> str:
    """Return the level of a product of likelihood and impact, 1 to 25, as a word."""
    return ("low", "medium", "high", "very-high")[sum(score >= edge for edge in (5, HIGH, 15))]


def rated(plan: Plan) -> list[Rated]:
    """Return the open risks, the largest exposure first."""
    found = []
    for risk in plan.risks.values():
        if risk.open and risk.probability is not None and risk.impact is not None:
            row, column = likelihood_level(risk.probability), impact_level(plan, risk.impact)
            found.append(Rated(risk, row, column, row * column, level(row * column)))
    return sorted(found, key=lambda one: -one.score)
