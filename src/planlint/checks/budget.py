"""Checks that add up money."""

from collections.abc import Iterator

from planlint.diagnostics import Finding, Path, Place
from planlint.model import Budget, Plan
from planlint.rule import Context, check
from planlint.schedule.earned import budget_lines, labour_cost


@check()
def labour(context: Context) -> Iterator[Finding]:
    """Yield the budget when rates times effort plus fixed costs are more than it plans for them.

    Effort is the expected value, shared by the assignees as they are allocated. Against lines of category
    `labour`, fixed costs count only as far as the other lines do not plan for them.
    """
    plan = context.plan
    budget = plan.budget
    if budget is None or ("budget",) in plan.broken:
        return
    work = sum(labour_cost(plan, task) for task in plan.leaves())
    fixed = sum(task.cost or 0 for task in plan.leaves())
    stated = [line.planned for line in budget_lines(plan, labour=True) if line.planned is not None]
    if stated:
        others = sum(line.planned or 0 for line in budget_lines(plan, labour=False))
        planned, fixed = sum(stated), max(0, fixed - others)
    elif budget.total is not None:
        planned = budget.total
    else:
        return
    cost = round(work + fixed, 2)
    if work and cost > round(planned, 2):
        what = "the lines of category labour plan" if stated else "the budget's total is"
        parts = f" ({_money(work)} for people and {_money(fixed)} of fixed costs)" if fixed else ""
        values = {
            "cost": _money(cost),
            "parts": parts,
            "what": what,
            "planned": _money(planned),
            "over": _money(cost - planned),
            "currency": f" {plan.currency}" if plan.currency else "",
        }
        yield Finding(Place(("budget",), "key"), values)


def _money(amount: float) -> str:
    return f"{amount:,.0f}" if round(amount, 2) == round(amount) else f"{amount:,.2f}"


@check()
def currency(context: Context) -> Iterator[Finding]:
    """Yield the first amount of money in a plan without a currency."""
    if context.plan.currency is not None or ("currency",) in context.plan.broken:
        return
    main = context.sources.main.file

    def order(path: Path) -> tuple[bool, object]:
        where = context.sources.locate(Place(path, "key"))
        return where.path != main, where

    amounts = list(_amounts(context.plan))
    if amounts:
        first = min(amounts, key=order)
        yield Finding(Place(first, "key"), {"key": first[-1], "amounts": len(amounts)})


def _amounts(plan: Plan) -> Iterator[Path]:
    """Yield where sound items of a plan have an amount of money."""
    budget = plan.budget or Budget()
    rows: list[tuple[Path, str, float | None]] = [
        *((person.path, "cost_rate", person.cost_rate) for person in plan.people.values()),
        *((task.path, "cost", task.cost) for task in plan.tasks.values()),
        *(((*risk.path, "impact"), "cost", risk.impact.cost) for risk in plan.risks.values() if risk.impact),
        (("budget",), "total", budget.total),
        (("budget",), "contingency", budget.contingency_money),
    ]
    for line in budget.lines.values():
        rows += ((line.path, key, getattr(line, key)) for key in ("planned", "actual", "committed"))
    yield from ((*path, key) for path, key, amount in rows if amount is not None and path not in plan.broken)
