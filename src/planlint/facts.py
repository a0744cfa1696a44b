"""What an item shows to a declarative rule: its own data and computed facts, all plain JSON values.

A fact is added here when a rule needs it, one function a kind. Facts that cannot be computed (no schedule,
an item in a loop) are absent, so that a rule about them has nothing to complain of. Days are working days
of the plan's calendar where the name says `work_days`, else calendar days.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from types import UnionType
from typing import Any, get_args

from msgspec import Struct

from planlint.model import (
    MINUTES_A_DAY,
    WEEKDAYS,
    BudgetLine,
    Cadence,
    Calendar,
    Change,
    Communication,
    Dependency,
    Duration,
    External,
    Impact,
    Item,
    Metric,
    Plan,
    Risk,
    Service,
    Stakeholder,
    Task,
    Training,
)
from planlint.rule import Context, Subject, dependencies
from planlint.schedule.calendar import HorizonError, instant
from planlint.schedule.result import Scheduled

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
    return value if isinstance(value, dict) else {}


@cache
def _dates(kind: type) -> tuple[str, ...]:
    """Return the fields of a kind of items that are dates."""
    hints = {
        name: hint for base in kind.__mro__ for name, hint in vars(base).get("__annotations__", {}).items()
    }
    types = {name: get_args(hint) if isinstance(hint, UnionType) else (hint,) for name, hint in hints.items()}
    types |= {name: (date,) for name, hint in hints.items() if hint == "date | None"}  # a field named `date`
    return tuple(
        name
        for name, found in types.items()
        if any(isinstance(one, type) and issubclass(one, date) for one in found)
    )


def _common(item: Item | Plan, status_day: int, today: int) -> Facts:
    until, old = {}, {}
    for name in _dates(type(item)):
        value = getattr(item, name)
        if value is not None:
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
    facts["changes"] = sum(change.status not in CLOSED for change in plan.changes.values())
    every = plan.review.every if plan.review else None
    if every:
        facts["review_every_days"] = every.count * _CADENCE_DAYS[every.unit]
        if plan.status_date:
            facts["review_past_days"] = (context.today - every.after(plan.status_date)).days
    last = (plan.review and plan.review.last) or plan.start
    if every and last:
        facts["review_next"] = every.after(last).isoformat()
        facts["review_late_days"] = (context.status_date - every.after(last)).days
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
        "risks": _mentions(context.plan).risks.get(task.id, []),
        "plan_risks": len(context.plan.risks),
        "people": sorted(context.plan.assignments(task)),
        "estimated": task.effort is not None or task.duration is not None,
        "plan_deliverables": len(context.plan.deliverables),
        "status": task.status,
    }
    due = [day for day in (task.deadline, task.must_finish, task.finish) if day and day < context.status_date]
    if due and task.open:
        facts |= {"due": due[0].isoformat(), "overdue_days": (context.status_date - due[0]).days}
    begin = [day for day in (task.start, task.must_start) if day and day < context.status_date]
    if begin and task.status == "todo":
        facts |= {
            "start_due": begin[0].isoformat(),
            "start_late_days": (context.status_date - begin[0]).days,
        }
    if task.effort is not None and not task.effort.elapsed:
        hours, week = _day_and_week(context.plan.calendars.get("default"))
        facts["effort_days"] = round(task.effort.minutes(hours, week) / (hours * 60), 2)
    facts["invalid_date"] = _invalid_date(task, context.status_date)
    scheduled = context.schedule.items.get(task.id) if context.schedule else None
    if scheduled is not None:
        facts |= {
            "start": scheduled.start.isoformat(),
            "finish": scheduled.finish.isoformat(),
            "float_days": scheduled.total_float_days,
            "critical": scheduled.critical,
            "length_days": scheduled.length_days,
        }
    node = context.network.nodes.get(task.id) if context.network else None
    if context.network is not None and node is not None and scheduled is not None:
        left = node.calendar.between(node.resumes or scheduled.start_minute, scheduled.finish_minute)
        facts |= {
            "left_days": node.calendar.in_days(left),
            "free_days": scheduled.free_float_days,
            "followed": bool(context.network.successors[task.id]),
        }
    return facts


def _invalid_date(task: Task, status: date) -> bool:
    """Whether an actual date lies after the status date, or a stated one of what is to come before."""
    actual = task.actual
    late = any(day is not None and day > status for day in (actual.start, actual.finish))
    coming = (task.start if actual.start is None and task.status == "todo" else None, task.finish)
    return late or (task.open and any(day is not None and day < status for day in coming))


def _deliverable(context: Context, _: Item) -> Facts:
    return {"plan_objectives": len(context.plan.objectives)}


def _budget_line(_: Context, line: BudgetLine) -> Facts:
    spent = round((line.actual or 0) + (line.committed or 0), 2)
    if line.planned is None:
        return {"spent": spent}
    return {"spent": spent, "over": round(spent - line.planned, 2)}


class _Mentions(Struct, frozen=True):
    """Which items name which: decisions and issues by risk, open risks by task, communications by reader.

    `doubtful` has the sections in which an item is broken: what it names is not known.
    """

    decisions: Mapping[str, list[str]]
    issues: Mapping[str, list[str]]
    risks: Mapping[str, list[str]]
    communications: Mapping[str, list[str]]
    doubtful: frozenset[object]


_latest: list[tuple[Plan, _Mentions]] = []


def _mentions(plan: Plan) -> _Mentions:
    """Return who names whom in `plan`, worked out once while its items are looked at."""
    if not _latest or _latest[0][0] is not plan:
        made = _Mentions(
            _by_name((d.id, d.accepts) for d in plan.decisions.values() if d.status == "accepted"),
            _by_name((issue.id, (issue.risk,)) for issue in plan.issues.values() if issue.risk),
            _risks_by_task(plan),
            _by_name((talk.id, talk.audience) for talk in plan.communications.values()),
            frozenset(path[0] for path in plan.broken if path),
        )
        _latest[:] = [(plan, made)]
    return _latest[0][1]


def _by_name(entries: Iterable[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    """Turn who names what into what is named by whom."""
    found: dict[str, list[str]] = {}
    for who, names in entries:
        for name in names:
            found.setdefault(name, []).append(who)
    return found


def _risks_by_task(plan: Plan) -> dict[str, list[str]]:
    """Return the open risks that look at a task.

    They name it, a summary that it is part of, a milestone that waits for it, or what it produces or serves,
    as affected or as their mitigation.
    """
    named = _by_name(
        (risk.id, (*risk.affects, *risk.mitigation)) for risk in plan.risks.values() if risk.open
    )
    for milestone in plan.milestones.values():
        for dependency in milestone.depends_on:
            named.setdefault(dependency.predecessor, []).extend(named.get(milestone.id, ()))
    found: dict[str, list[str]] = {}
    for task in plan.tasks.values():
        names = (task.id, *task.deliverables, *task.objectives)
        own = [risk for name in names for risk in named.get(name, ())]
        found[task.id] = list(dict.fromkeys([*own, *found.get(task.parent or "", ())]))
    return found


def _work_days(context: Context, day: date) -> float | None:
    """Return the plan's working days from the status date until `day` begins; negative when it is past."""
    if context.network is None:
        return None
    clock = context.network.calendars.default
    try:
        return clock.in_days(clock.between(instant(context.status_date), instant(day)))
    except HorizonError:
        return None


def _weighed(context: Context, name: str, percent: float, impact: Impact) -> Facts:
    """Return an impact times a probability: level, working days, money, and its share of the budget."""
    plan = context.plan
    facts: Facts = {}
    if impact.level is not None:
        facts[name] = round(percent * impact.level / 100, 2)
    if impact.time is not None:
        days = _lag_days(impact.time, *_day_and_week(plan.calendars.get("default")))
        facts[f"{name}_days"] = round(percent * days / 100, 2)
    if impact.cost is not None:
        facts[f"{name}_cost"] = round(percent * impact.cost / 100, 2)
        if plan.budget and plan.budget.total:
            facts[f"{name}_share"] = round(percent * impact.cost / plan.budget.total, 2)
    return facts


def _amounts(facts: Facts, name: str, currency: str) -> list[str]:
    """Write what `_weighed` found for people."""
    found = [f"{facts[name]:g} of 5"] if name in facts else []
    if days := facts.get(f"{name}_days"):
        found.append(f"{days:g} working day{'' if days == 1 else 's'}")
    if cost := facts.get(f"{name}_cost"):
        found.append(f"{cost:,.0f} {currency}".rstrip())
    return found


def _risk(context: Context, risk: Risk) -> Facts:
    plan, mentions = context.plan, _mentions(context.plan)
    steps = dict.fromkeys((*risk.mitigation, *risk.contingency))
    facts: Facts = {
        "mitigations": [text for text in risk.mitigation if _counts(plan, text)],
        "contingencies": [text for text in risk.contingency if _counts(plan, text)],
        "open_tasks": [text for text in steps if text in plan.tasks and _unfinished(plan, plan.tasks[text])],
    }
    if "decisions" not in mentions.doubtful:
        facts["accepted_by"] = mentions.decisions.get(risk.id, [])
    if "issues" not in mentions.doubtful:
        facts["issues"] = mentions.issues.get(risk.id, [])
    due = risk.review_by or (risk.raised and Cadence(1, "q").after(risk.raised))
    dates = (("review_by", risk.review_by), ("raised", risk.raised))
    facts["review_dates"] = [f"{key} {day}" for key, day in dates if day] or ["no date"]
    if due:
        facts |= {"review_due": due.isoformat(), "review_past_days": (context.today - due).days}
    if risk.probability is None or risk.impact is None:
        return facts
    before = _weighed(context, "exposure", risk.probability, risk.impact)
    currency = plan.currency or ""
    facts |= {**_weighed(context, "impact", 100, risk.impact), **before}
    facts["exposed"] = _amounts(before, "exposure", currency)
    if risk.residual is not None:
        chance = risk.probability if risk.residual.probability is None else risk.residual.probability
        after = _weighed(context, "exposure", chance, risk.residual.impact or risk.impact)
        if parts := before.keys() & after.keys():
            facts["residual"] = _amounts(after, "exposure", currency)
            facts["lowered"] = any(after[part] < before[part] for part in parts)
    return facts


def _counts(plan: Plan, step: str) -> bool:
    """Whether a step against a risk is one: not empty, not a task that is cancelled."""
    task = plan.tasks.get(step)
    return task.status != "cancelled" if task else bool(step.strip())


def _unfinished(plan: Plan, task: Task) -> bool:
    if task.is_summary:
        return any(_unfinished(plan, plan.tasks[child]) for child in task.children)
    return task.open


def _change(context: Context, change: Change) -> Facts:
    facts: Facts = {"self_approved": change.owner is not None and change.owner == change.approver}
    window = change.window
    if window is None or window.finish < window.start:
        return facts
    first, last = window.start.date(), max(window.start, window.finish - timedelta(minutes=1)).date()
    facts["window_start"], facts["window_finish"] = first.isoformat(), last.isoformat()
    days = range(first.toordinal(), min(last.toordinal(), first.toordinal() + 6) + 1)
    facts["weekdays"] = [WEEKDAYS[(day - 1) % 7] for day in days]
    left = _work_days(context, first)
    if left is not None and last >= context.status_date:
        facts["window_in_days"] = max(left, 0)
    service = context.plan.services.get(change.system or "")
    facts["freezes"] = [
        f"{freeze.start} to {freeze.finish}{f' ({freeze.reason})' if freeze.reason else ''}"
        for freeze in (service.freeze if service else ())
        if freeze.start <= last and first <= freeze.finish
    ]
    spans = [(one.start, _last_day(task, one)) for task, one in _scheduled(context, change.tasks)]
    if spans:
        facts["tasks_start"] = min(start for start, _ in spans).isoformat()
        facts["tasks_finish"] = max(finish for _, finish in spans).isoformat()
        facts["outside_tasks"] = all(last < start or first > finish for start, finish in spans)
    return facts


def _scheduled(context: Context, names: Iterable[str]) -> list[tuple[Task, Scheduled]]:
    """Return the tasks of these names that are open and have dates."""
    items = context.schedule.items if context.schedule else {}
    tasks = [context.plan.tasks[name] for name in names if name in context.plan.tasks]
    return [(task, items[task.id]) for task in tasks if task.id in items and _unfinished(context.plan, task)]


def _last_day(task: Task, scheduled: Scheduled) -> date:
    """Return the last day on which a task may happen: the one it states, else where its float ends."""
    return max(task.finish or task.must_finish or scheduled.late_finish, scheduled.finish)


def _training(context: Context, training: Training) -> Facts:
    plan = context.plan
    change = plan.changes.get(training.change or "")
    deliverable = plan.deliverables.get(training.change or "")
    day = None
    if change is not None and change.status not in {"cancelled", "failed"}:
        starts = [one.start for _, one in _scheduled(context, change.tasks)]
        day = change.window.start.date() if change.window else min(starts, default=None)
    elif deliverable is not None and deliverable.status != "cancelled":
        day = deliverable.due
    if day is None or training.due is None:
        return {}
    return {"change_on": day.isoformat(), "after_change_days": (training.due - day).days}


def _service(context: Context, service: Service) -> Facts:
    plan, handover = context.plan, service.handover
    if handover is None or handover.due is None or handover.accepted:
        return {}
    facts: Facts = {"handover_late_days": (context.status_date - handover.due).days}
    if plan.deadline is not None:
        facts["handover_after_deadline_days"] = (handover.due - plan.deadline).days
    limits = (("handover_late_days", "status date"), ("handover_after_deadline_days", "plan's deadline"))
    facts["handover_late"] = [
        f"{facts[key]} days off the {day}" for key, day in limits if facts.get(key, 0) > 0
    ]
    return facts


def _external(context: Context, external: External) -> Facts:
    left = _work_days(context, external.due) if external.due else None
    return {} if left is None else {"due_in_days": left}


def _stakeholder(context: Context, person: Stakeholder) -> Facts:
    mentions = _mentions(context.plan)
    facts: Facts = {}
    if "communications" not in mentions.doubtful:
        facts["communications"] = mentions.communications.get(person.id, [])
    if person.attitude in _ATTITUDES and person.desired in _ATTITUDES:
        facts["attitude_gap"] = _ATTITUDES.index(person.desired) - _ATTITUDES.index(person.attitude)
    return facts


def _communication(context: Context, talk: Communication) -> Facts:
    if talk.every is None or talk.last is None:
        return {}
    following = talk.every.after(talk.last)
    return {"next": following.isoformat(), "late_days": (context.status_date - following).days}


def _metric(context: Context, metric: Metric) -> Facts:
    facts: Facts = {}
    if metric.every and metric.as_of:
        following = metric.every.after(metric.as_of)
        facts |= {"next": following.isoformat(), "late_days": (context.today - following).days}
    if metric.target is not None and metric.actual is not None and metric.direction is not None:
        gap = metric.target - metric.actual if metric.direction == "up" else metric.actual - metric.target
        facts["short_of_target"] = round(gap, 6)
    return facts


_ATTITUDES = ("resistant", "neutral", "supportive", "leading")
_CADENCE_DAYS = {"d": 1, "w": 7, "mo": 30, "q": 91}


FACTS: Mapping[str, Callable[[Context, Any], Facts]] = {
    "task": _task,
    "summary": _task,
    "deliverable": _deliverable,
    "budget-line": _budget_line,
    "risk": _risk,
    "change": _change,
    "training": _training,
    "service": _service,
    "external": _external,
    "stakeholder": _stakeholder,
    "communication": _communication,
    "metric": _metric,
}
"""The kinds with facts of their own; the others show `open`, `days_until` and `days_old` only."""
