"""Checks of risks against the schedule and against what is kept in reserve for them."""

from collections.abc import Iterator

from planlint.diagnostics import Finding, Path, Place
from planlint.facts import CLOSED, subjects
from planlint.model import MINUTES_A_DAY, Plan
from planlint.rule import Context, Subject, check
from planlint.schedule.calendar import HorizonError, instant
from planlint.schedule.result import Scheduled

_LARGEST = 3


@check()
def late_mitigation(context: Context) -> Iterator[Finding]:
    """Yield the mitigating tasks that finish after work has started that they should protect, once each.

    Work that has begun is left out (nothing can be moved before it), and so is what contains the mitigating
    task or is contained in it.
    """
    if context.schedule is None:
        return
    plan, items = context.plan, context.schedule.items
    for risk in context.items("risk"):
        protected = [items[name] for name in risk.affects if name in items and _to_come(plan, name)]
        for number, name in enumerate(risk.mitigation if risk.open else ()):
            own = items.get(name)
            if own is None or plan.tasks[name].status in CLOSED:
                continue
            family = _family(plan, name)
            late = [
                one
                for one in protected
                if one.start_minute < own.finish_minute and name not in _family(plan, one.id) | {one.id}
                if one.id not in family
            ]
            if late:
                first = min(late, key=lambda one: one.start_minute)
                yield _late(risk.id, (*risk.path, "mitigation", number), own, first, plan)


def _late(risk: str, path: Path, own: Scheduled, first: Scheduled, plan: Plan) -> Finding:
    values = {
        "id": risk,
        "mitigation": own.id,
        "finish": own.finish,
        "task": first.id,
        "start": first.start,
    }
    protected = plan.tasks.get(first.id) or plan.milestones[first.id]
    return Finding(
        Place(path), values, ((f"'{first.id}' should be protected", Place(protected.path, "key")),)
    )


def _family(plan: Plan, name: str) -> set[str]:
    """Return the summaries that a task is part of."""
    found, task = set(), plan.tasks.get(name)
    while task is not None and task.parent is not None:
        found.add(task.parent)
        task = plan.tasks[task.parent]
    return found


def _to_come(plan: Plan, name: str) -> bool:
    """Whether nothing of a task or milestone has begun."""
    task = plan.tasks.get(name)
    if task is None:
        return plan.milestones[name].status == "todo"
    if task.is_summary:
        return all(_to_come(plan, child) for child in task.children)
    return task.status in {"todo", "blocked"} and task.actual.start is None


@check()
def contingency(context: Context) -> Iterator[Finding]:
    """Yield the budget's contingency, and the deadline, when the open risks are expected to take more.

    Expected are probability times cost and probability times working days. Time counts for risks that say
    nothing of what they affect, and for those that affect critical work. A deadline that does not hold even
    without risks is not this check's.
    """
    plan = context.plan
    risks = [risk for risk in subjects(context, "risk") if risk.view["computed"]["open"]]
    reserve = plan.budget.contingency if plan.budget else None
    cost, dearest = _expected(risks, "exposure_cost")
    if reserve is not None and cost > round(reserve, 2):
        currency = plan.currency or ""
        values = {
            "expected": f"{cost:,.0f} {currency}".rstrip(),
            "reserve": f"the contingency is {reserve:,.0f} {currency}".rstrip(),
            "largest": dearest,
        }
        yield Finding(Place(("budget", "contingency"), "key"), values)
    left = _buffer(context)
    days, longest = _expected([risk for risk in risks if _moves_the_finish(context, risk)], "exposure_days")
    if left is not None and days > left:
        values = {
            "expected": f"{days:g} working days",
            "reserve": f"only {left:g} are left between the finish and the deadline of {plan.deadline}",
            "largest": longest,
        }
        yield Finding(Place(("deadline",), "key"), values)


def _expected(risks: list[Subject], fact: str) -> tuple[float, list[str]]:
    """Return what risks are expected to take in all, and those that take most."""
    parts = {risk.id: risk.view["computed"].get(fact, 0.0) for risk in risks}
    largest = sorted((name for name in parts if parts[name]), key=lambda name: -parts[name])
    return round(sum(parts.values()), 2), [f"'{name}'" for name in largest[:_LARGEST]]


def _buffer(context: Context) -> float | None:
    """Return the working days from the computed finish to the end of the deadline's day; None when late."""
    deadline, schedule, network = context.plan.deadline, context.schedule, context.network
    if deadline is None or schedule is None or network is None or not schedule.items or schedule.unsound:
        return None
    finish = max(item.finish_minute for item in schedule.items.values())
    clock = network.calendars.default
    try:
        left = clock.in_days(clock.between(finish, instant(deadline) + MINUTES_A_DAY))
    except HorizonError:
        return None
    return left if schedule.finish <= deadline else None


def _moves_the_finish(context: Context, risk: Subject) -> bool:
    items = context.schedule.items if context.schedule else {}
    affects = context.plan.risks[risk.id].affects
    known = [items[name] for name in affects if name in items]
    return len(known) < len(affects) or not affects or any(item.critical for item in known)
