"""What an item shows to a declarative rule: its own data and computed facts, all plain JSON values.

A fact is added here when a rule needs it, one function a kind. Facts that cannot be computed (no schedule,
an item in a loop) are absent, so that a rule about them has nothing to complain of. Days are working days
of the plan's calendar where the name says `work_days`, else calendar days.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from planlint.model import Plan, MINUTES_A_DAY, BudgetLine, Calendar, Dependency, Duration, Item, Task
from planlint.rule import Context, Subject, dependencies

Facts = dict[str, Any]

CLOSED = frozenset(
    {"done", "cancelled", "accepted", "closed", "resolved", "delivered", "dropped", "rejected", "superseded"}
    | {"confirmed", "false", "failed", "occurred"}
)
"""Statuses after which nothing is left to do for an item."""


def subjects(context: Context, kind: str) -> list[Subject]:
    """Return the sound items of a kind as rules see them, in the order of the file."""
    if kind == "plan":
        plan, data = context.plan, context.sources.main.data
        computed = _common(plan, context.status_date.toordinal(), context.today.toordinal())
        return [Subject(kind, plan.id, (), {**data, "computed": {**computed, **_plan(context)}})]
    if kind == "dependency":
        return [_dependency(context, item, dependency) for item, dependency in dependencies(context)]
    compute = FACTS.get(kind)
    status_day, today = context.status_date.toordinal(), context.today.toordinal()
    found = []
    for item in context.items(kind):
        computed = _common(item, status_day, today)
        if compute is not None:
            computed.update(compute(context, item))
        raw = data_of(context, item)
        computed["kind"] = kind.replace("-", " ")
        view = {**raw, "id": item.id, "title": item.title, "computed": computed}
        if kind == "summary":
            del view["tasks"]
        found.append(Subject(kind, item.id, item.path, view))
    return found


def data_of(context: Context, item: Item) -> Mapping[str, Any]:
    """Return an item as it is written in its file."""
    value = context.sources.document(item.path).data
    for part in item.path:
        value = value[part]
    return value if isinstance(value, Mapping) else {}


def _common(item: Item | Plan, status_day: int, today: int) -> Facts:
    until, old = {}, {}
    for name in item.__struct_fields__:
        value = getattr(item, name)
        if isinstance(value, date):
            day = value.toordinal()
            until[name] = day - status_day
            old[name] = today - day
    facts: Facts = {"open": getattr(item, "status", None) not in CLOSED}
    if until:
        facts["days_until"] = until
        facts["days_old"] = old
    return facts


def _plan(context: Context) -> Facts:
    plan = context.plan
    work = list(plan.leaves())
    facts: Facts = {
        "open": True,
        "tasks": len(work),
        "open_tasks": sum(task.open for task in work),
        "risks": len(plan.risks),
        "objectives": len(plan.objectives),
    }
    if context.schedule:
        facts["finish"] = context.schedule.finish.isoformat()
    if plan.status_date and plan.review and plan.review.every:
        facts["review_past_days"] = (context.today - plan.review.every.after(plan.status_date)).days
    if plan.budget and plan.budget.total is not None:
        planned = round(sum(line.planned or 0 for line in plan.budget.lines.values()), 2)
        facts["planned"], facts["over_total"] = planned, round(planned - plan.budget.total, 2)
    return facts


def _dependency(context: Context, item: Item, dependency: Dependency) -> Subject:
    plan = context.plan
    before = _predecessor(context, dependency.predecessor)
    lag = dependency.lag
    calendar = plan.calendars.get("default")
    hours, week = _day_and_week(calendar)
    view = {
        "id": item.id,
        "title": item.title,
        "predecessor": dependency.predecessor,
        "type": dependency.type,
        "computed": {
            "kind": "dependency",
            "open": getattr(item, "status", None) not in CLOSED,
            "lag": str(lag) if lag else "0d",
            "lag_days": _lag_days(lag, hours, week) if lag else 0,
            "elapsed": bool(lag and lag.elapsed),
            "itself": dependency.predecessor == item.id,
            "predecessor_status": getattr(before, "status", None),
            "summary": any(isinstance(end, Task) and end.is_summary for end in (item, before)),
        },
    }
    return Subject("dependency", item.id, dependency.path, view)


def _predecessor(context: Context, name: str) -> Item | None:
    """Return what a dependency waits for, here or in another plan of the run; None when it is not there."""
    other, slash, rest = name.partition("/")
    if slash:
        return _predecessor(context.portfolio[other], rest) if other in context.portfolio else None
    plan = context.plan
    return plan.tasks.get(name) or plan.milestones.get(name) or plan.external.get(name)


def _lag_days(lag: Duration, hours: float, week: int) -> float:
    """Return a lag in working days; time on the clock by the share of its days that are worked."""
    if lag.elapsed:
        return round(lag.minutes() / MINUTES_A_DAY * week / 7, 2)
    return round(lag.minutes(hours, week) / (hours * 60), 2)


def _day_and_week(calendar: Calendar | None) -> tuple[float, int]:
    hours = (calendar and calendar.hours_per_day) or 8
    days = len(calendar.workdays) if calendar and calendar.workdays else 5
    return hours, days


def _task(context: Context, task: Task) -> Facts:
    facts: Facts = {
        "summary": task.is_summary,
        "people": sorted(context.plan.assignments(task)),
        "estimated": task.effort is not None or task.duration is not None,
        "plan_deliverables": len(context.plan.deliverables),
        "status": task.status,
    }
    due = [day for day in (task.deadline, task.must_finish, task.finish) if day and day < context.status_date]
    if due and task.open:
        facts |= {"due": due[0].isoformat(), "overdue_days": (context.status_date - due[0]).days}
    scheduled = context.schedule.items.get(task.id) if context.schedule else None
    if scheduled is not None:
        facts |= {
            "start": scheduled.start.isoformat(),
            "finish": scheduled.finish.isoformat(),
            "float_days": scheduled.total_float_days,
            "critical": scheduled.critical,
            "length_days": scheduled.length_days,
        }
    return facts


def _deliverable(context: Context, _: Item) -> Facts:
    return {"plan_objectives": len(context.plan.objectives)}


def _budget_line(_: Context, line: BudgetLine) -> Facts:
    spent = round((line.actual or 0) + (line.committed or 0), 2)
    if line.planned is None:
        return {"spent": spent}
    return {"spent": spent, "over": round(spent - line.planned, 2)}


FACTS: Mapping[str, Callable[[Context, Any], Facts]] = {
    "task": _task,
    "summary": _task,
    "deliverable": _deliverable,
    "budget-line": _budget_line,
}
"""The kinds with facts of their own; the others show `open`, `days_until` and `days_old` only."""
