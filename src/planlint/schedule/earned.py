"""Earned value: what the work done is worth, beside what was planned by now and what it cost.

Formulas: Project Management Institute, "The Standard for Earned Value Management" (2019), section on
analysis; the names are the usual ones. All money is in the plan's currency.
"""

from msgspec import Struct

from planlint.model import MINUTES_A_DAY, BudgetLine, Plan, Task
from planlint.schedule.calendar import calendars, instant
from planlint.schedule.result import Schedule


class Baseline(Struct, frozen=True, eq=False):
    """The approved plan with its schedule."""

    plan: Plan
    schedule: Schedule


class EarnedValue(Struct, frozen=True):
    """The three measures as of the status date: `pv` is None without a baseline, `ac` when nothing is booked.

    `bac` (budget at completion) is the cost of all work, `ev` (earned value) that of the work done, `pv`
    (planned value) that of the work that the baseline had done by now, `ac` the actual cost.
    """

    bac: float
    ev: float
    pv: float | None = None
    ac: float | None = None

    @property
    def spi(self) -> float | None:
        """Schedule performance index, EV / PV: below 1, less is done than planned."""
        return self.ev / self.pv if self.pv else None

    @property
    def cpi(self) -> float | None:
        """Cost performance index, EV / AC: below 1, the work costs more than planned."""
        return self.ev / self.ac if self.ac else None

    @property
    def eac(self) -> float | None:
        """Estimate at completion, BAC / CPI: what all will cost if it goes on like this."""
        return self.bac / self.cpi if self.cpi else None

    @property
    def vac(self) -> float | None:
        """Variance at completion, BAC - EAC: negative when it will cost more."""
        return self.bac - self.eac if self.eac is not None else None


def labour_cost(plan: Plan, task: Task, minutes: float | None = None) -> float:
    """Return what the effort of a task (or so many minutes of it) costs at its people's rates.

    Effort is the expected value, shared by the assignees as they are allocated; people without a rate cost
    nothing.
    """
    shares = plan.assignments(task)
    whole = sum(shares.values())
    if not whole:
        return 0.0
    if minutes is None:
        minutes = calendars(plan).default.minutes(task.effort) if task.effort is not None else 0
    rate = sum(
        share / whole * (person.cost_rate or 0)
        for who, share in shares.items()
        if (person := plan.people.get(who)) is not None
    )
    return minutes / 60 * rate


def task_costs(plan: Plan) -> dict[str, float]:
    """Return what each task is planned to cost: its people's time and its fixed cost.

    Where the budget has labour lines, people's time is scaled to what these plan: they also pay for what no
    task says (leading, meetings), and what is spent is booked on them.
    """
    labour = {task.id: labour_cost(plan, task) for task in plan.leaves()}
    planned = sum(line.planned or 0 for line in budget_lines(plan, labour=True))
    total = sum(labour.values())
    scale = planned / total if planned and total else 1.0
    return {task.id: labour[task.id] * scale + (task.cost or 0) for task in plan.leaves()}


def done_share(task: Task) -> float:
    """Return how much of a task is done, from 0 to 1."""
    if task.status == "done":
        return 1.0
    return min(max(task.progress or 0.0, 0.0), 100.0) / 100


def earned_value(plan: Plan, schedule: Schedule, baseline: Baseline | None = None) -> EarnedValue | None:
    """Return the earned value of a plan as of its status date, None when its tasks cost nothing.

    Actual cost counts what earned value counts, and nothing else: people's time from the budget's labour
    lines, or from `actual.effort` where these have no `actual`, and fixed costs as planned, as far as the
    work is done. Where nobody's time is booked, the other lines stand for the fixed costs.
    """
    costs = task_costs(plan)
    bac = sum(costs.values())
    if not bac:
        return None
    ev = sum(costs[task.id] * done_share(task) for task in plan.leaves())
    status = plan.status_date or schedule.start
    planned = None
    if baseline is not None:
        planned = _planned(baseline, instant(status) + MINUTES_A_DAY)
    return EarnedValue(bac, ev, planned, _actual(plan))


def _planned(baseline: Baseline, until: int) -> float:
    worktimes, costs = calendars(baseline.plan), task_costs(baseline.plan)
    total = 0.0
    for task in baseline.plan.leaves():
        scheduled = baseline.schedule.items.get(task.id)
        if scheduled is None:
            continue
        clock = worktimes.calendar(task.calendar)
        whole = clock.between(scheduled.start_minute, scheduled.finish_minute)
        passed = clock.between(scheduled.start_minute, min(until, scheduled.finish_minute))
        share = min(max(passed / whole, 0.0), 1.0) if whole else float(scheduled.finish_minute <= until)
        total += costs[task.id] * share
    return total


def _actual(plan: Plan) -> float | None:
    booked = [line.actual for line in budget_lines(plan, labour=True) if line.actual is not None]
    efforts = [
        labour_cost(plan, task, calendars(plan).default.minutes(task.actual.effort))
        for task in plan.leaves()
        if task.actual.effort is not None
    ]
    fixed = sum((task.cost or 0) * done_share(task) for task in plan.leaves())
    labour = booked or efforts
    if labour:
        return sum(labour) + fixed
    others = [line.actual for line in budget_lines(plan, labour=False) if line.actual is not None]
    return sum(others) if others and fixed else None


def budget_lines(plan: Plan, *, labour: bool) -> list[BudgetLine]:
    """Return the budget's lines that pay for people, or the others."""
    lines = plan.budget.lines.values() if plan.budget else ()
    return [line for line in lines if ((line.category or "").casefold() in {"labour", "labor"}) is labour]
