"""Checks of who carries how much: too much on one person, nobody there to do it."""

from collections.abc import Iterator

from planlint.diagnostics import Finding, Place
from planlint.model import Task
from planlint.rule import Context, check
from planlint.schedule.calendar import calendars
from planlint.schedule.result import Scheduled

_WHOLE = 100


@check(most={"type": "number"}, share={"type": "number"})
def overloaded(context: Context, *, most: float, share: float) -> Iterator[Finding]:
    """Yield the people who own more than `most` open tasks and more than `share` percent of all."""
    tasks = [task for task in context.plan.leaves() if task.open]
    owned: dict[str, list[Task]] = {}
    for task in tasks:
        owned.setdefault(task.owner or "", []).append(task)
    for person in context.items("person"):
        own = owned.get(person.id, [])
        percent = _WHOLE * len(own) / len(tasks) if own else 0
        if len(own) > most and percent > share:
            values = {"id": person.id, "title": person.title, "owned": len(own), "tasks": len(tasks)}
            yield Finding(Place(person.path, "key"), {**values, "percent": round(percent)}, _places(own))


def _places(tasks: list[Task]) -> tuple[tuple[str, Place], ...]:
    return tuple((f"task '{task.id}'", Place(task.path, "key")) for task in tasks)


def _critical(context: Context) -> list[tuple[Task, Scheduled, float]]:
    """Return the critical tasks that are not over, with the working days that are left of each."""
    if context.schedule is None:
        return []
    found = []
    for task in context.plan.leaves():
        scheduled = context.schedule.items.get(task.id)
        if task.open and scheduled is not None and scheduled.critical:
            done = 0.0 if task.remaining else task.progress or 0.0
            found.append((task, scheduled, scheduled.length_days * (1 - done / _WHOLE)))
    return found


@check(few={"type": "number"}, share={"type": "number"})
def single_point(context: Context, *, few: float, share: float) -> Iterator[Finding]:
    """Yield the people on whom alone the plan hangs, in plans of `few` tasks or more.

    One finding a person: more than `share` percent of the critical working days that are left are theirs
    alone, or a skill that critical tasks ask for is theirs alone. A single critical task is no path, and
    while there are loops nobody knows the path.
    """
    plan = context.plan
    if sum(1 for _ in plan.leaves()) < few or (context.schedule and context.schedule.unsound):
        return
    critical = _critical(context)
    total = sum(days for _, _, days in critical)
    alone: dict[str, list[tuple[Task, float]]] = {}
    asked: dict[str, list[Task]] = {}
    for task, _, days in critical:
        people = set(plan.assignments(task)) or ({task.owner} if task.owner else set())
        if len(people) == 1:
            alone.setdefault(people.pop(), []).append((task, days))
        for skill in task.skills:
            asked.setdefault(skill, []).append(task)
    able = {skill: [p.id for p in plan.people.values() if skill in p.skills] for skill in asked}
    for person in context.items("person"):
        own = alone.get(person.id, [])
        days = sum(part for _, part in own)
        skills = [skill for skill, who in able.items() if who == [person.id]]
        reasons, tasks = [], []
        if len(critical) > 1 and _WHOLE * days > share * total:
            reasons.append(f"alone has {days:.3g} of the {total:.3g} critical working days that are left")
            tasks = [task for task, _ in own]
        if skills:
            named = ", ".join(f"'{skill}'" for skill in skills)
            reasons.append(f"is the only one who knows {named}, which critical tasks ask for")
            tasks += [task for skill in skills for task in asked[skill] if task not in tasks]
        if reasons:
            values = {"id": person.id, "title": person.title, "reason": " and ".join(reasons)}
            yield Finding(Place(person.path, "key"), values, _places(tasks))


@check()
def absent(context: Context) -> Iterator[Finding]:
    """Yield the open tasks whose owner is away on every working day for which the work is scheduled."""
    if context.schedule is None:
        return
    worktimes = calendars(context.plan)
    for task in context.items("task"):
        scheduled = context.schedule.items.get(task.id)
        owner = context.plan.people.get(task.owner or "")
        if not task.open or scheduled is None or owner is None:
            continue
        if not any(p.start <= scheduled.finish and scheduled.start <= p.finish for p in owner.time_off):
            continue
        worked = worktimes.calendar(owner.calendar).segments(scheduled.start_minute, scheduled.finish_minute)
        days = {begin // (24 * 60) for begin, _, _ in worked}
        away = [(period.start.toordinal(), period.finish.toordinal()) for period in owner.time_off]
        if days and all(any(first <= day <= last for first, last in away) for day in days):
            values = {"id": task.id, "owner": owner.id, "start": scheduled.start, "finish": scheduled.finish}
            yield Finding(Place((*task.path, "owner"), "key"), values)
