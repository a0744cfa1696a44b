"""Checks of dates: stated ones against each other and the plan, deadlines against what was proven."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from planlint.checks.items import Hit
from planlint.diagnostics import Finding, Path, Place
from planlint.facts import CLOSED
from planlint.model import MINUTES_A_DAY, Estimate, Plan, Task
from planlint.rule import Context, check
from planlint.schedule.calendar import FULL, HorizonError, Worktime, calendars, finish_day, instant, start_day
from planlint.schedule.network import Link, Network, Node, Span
from planlint.schedule.result import Deadline, Scheduled
from planlint.schedule.simulation import Chance, quick, safe
from planlint.schedule.stated import coming, implied

_TEXTS = {"type": "array", "items": {"type": "string"}}
_PAIRS = {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ONE_DAY = timedelta(1)
_MOST = 8
"""Tasks of a cause that are put into words; the related places show them all."""


def _written(view: Any, key: str) -> str | None:
    """Return the text under a key such as `finish` or `window.from`, when it is there."""
    for part in key.split("."):
        view = view.get(part) if isinstance(view, dict) else None
    return view if isinstance(view, str) else None


def _date(view: Any, key: str) -> date | None:
    text = _written(view, key)
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def _place(hit: Hit, key: str) -> Place:
    return Place((*hit.subject.path, *key.split(".")), "key")


def _named(hit: Hit) -> str:
    """Say which item it is."""
    kind = hit.subject.kind
    return "the plan" if kind == "plan" else f"{'task' if kind == 'summary' else kind} '{hit.subject.id}'"


def _label(key: str) -> str:
    """Return a key as people call the date under it."""
    return "due date" if key == "due" else key.replace("window.", "window's ")


# ---------------------------------------------------------------- dates as they are written


@check(pairs=_PAIRS, periods=_TEXTS)
def reversed_dates(
    _: Context, *, hits: Sequence[Hit], pairs: Sequence[Sequence[str]], periods: Sequence[str]
) -> Iterator[Finding]:
    """Yield the second of two dates (or of a `from` and a `to`) that lies before the first."""
    for hit in hits:
        view, path = hit.subject.view, hit.subject.path
        found: list[tuple[str | None, str | None, str, str, Path]] = [
            (_written(view, first), _written(view, last), first, last, (*path, *last.split(".")))
            for first, last in pairs
        ]
        for section in periods:
            rows = view.get(section)
            for number, row in enumerate(rows if isinstance(rows, list) else ()):
                begin, end = _written(row, "from"), _written(row, "to")
                found.append((begin, end, "from", f"{section} to", (*path, section, number, "to")))
        for begin, end, first, last, place in found:
            if begin and end and end < begin:
                values = {"item": _named(hit), "first": first, "begin": begin, "last": last, "end": end}
                yield Finding(Place(place, "key"), values)


@check(keys=_TEXTS)
def outside(context: Context, *, hits: Sequence[Hit], keys: Sequence[str]) -> Iterator[Finding]:
    """Yield dates before the plan's start or after its deadline, the first of each an item.

    What is past on open work is overdue, which other rules say.
    """
    plan = context.plan
    if plan.start and plan.deadline and plan.deadline < plan.start:
        return
    for hit in hits:
        dates = [(key, day) for key in keys if (day := _date(hit.subject.view, key)) is not None]
        early = [
            (key, day)
            for key, day in dates
            if plan.start and day < plan.start and not (day < context.status_date and _overdue(hit, key))
        ]
        late = [(key, day) for key, day in dates if plan.deadline and day > plan.deadline]
        sides = (
            (early, f"before the plan's start, {plan.start}"),
            (late, f"after the plan's deadline, {plan.deadline}"),
        )
        for rows, side in sides:
            for key, day in rows[:1]:
                values = {"item": _named(hit), "key": _label(key), "date": day, "side": side}
                yield Finding(_place(hit, key), values)


def _overdue(hit: Hit, key: str) -> bool:
    """Whether another rule speaks of this date when it is past."""
    return not key.startswith("window") and (
        key != "start" or hit.subject.view.get("status", "todo") == "todo"
    )


@check(keys=_TEXTS)
def not_worked(context: Context, *, hits: Sequence[Hit], keys: Sequence[str]) -> Iterator[Finding]:
    """Yield dates to come on days that nobody concerned works, or on which the owner is away."""
    people = context.plan.people
    for hit in hits:
        view = hit.subject.view
        dates = {day: key for key in reversed(keys) if (day := _date(view, key)) is not None}
        for day, key in dates.items():
            if day < context.status_date or (key == "start" and hit.subject.kind == "plan"):
                continue  # a plan may be allowed to start on a Sunday
            times = _times(context, hit)
            owner = people.get(str(view.get("owner", "")))
            away = None
            if owner and (key in {"due", "deadline"} or not view["computed"].get("people")):
                away = next((p for p in owner.time_off if p.start <= day <= p.finish), None)
            if not any(_works(time, day) for time in times):
                weekend = calendars(context.plan).working_days(None).weekdays
                what = f"a {_DAYS[day.weekday()]}" if day.weekday() not in weekend else "a holiday"
                why = f"on {what}"
            elif owner and away:
                why = f"in the absence of '{owner.id}' ({away.start} to {away.finish})"
                times = [calendars(context.plan).person(owner.id)]
            else:
                continue
            values = {"item": _named(hit), "key": _label(key), "date": day, "why": why}
            values["before"] = _before(times, day)
            yield Finding(_place(hit, key), values)


def _works(time: Worktime, day: date) -> bool:
    try:
        return time.between(instant(day), instant(day) + MINUTES_A_DAY) > 0
    except HorizonError:
        return True


def _before(times: Sequence[Worktime], day: date) -> date:
    """Return the last day before `day` on which somebody works, within two months, else the day before."""
    for days in range(1, 60):
        if any(_works(time, day - days * _ONE_DAY) for time in times):
            return day - days * _ONE_DAY
    return day - _ONE_DAY


def _times(context: Context, hit: Hit) -> list[Worktime]:
    """Return the calendars on which a date of an item can fall."""
    plan, kind, name = context.plan, hit.subject.kind, hit.subject.id
    worktimes = calendars(plan)
    tasks: list[Task] = []
    if kind in {"task", "summary"}:
        tasks = [plan.tasks[name]]
    elif kind == "milestone":
        before = {dependency.predecessor for dependency in plan.milestones[name].depends_on}
        tasks = [task for task in plan.tasks.values() if task.id in before]
    elif kind == "deliverable":
        tasks = [task for task in plan.tasks.values() if name in task.deliverables]
    elif kind == "plan":
        tasks = list(plan.leaves())
    else:
        owner = plan.people.get(str(hit.subject.view.get("owner", "")))
        return [worktimes.calendar(owner.calendar if owner else None)]
    leaves = [leaf for task in tasks for leaf in _leaves(plan, task)]
    found = {name for task in leaves for name in _calendars(plan, task)}
    if kind != "task":
        found.add(None)
    return [worktimes.calendar(name) for name in sorted(found, key=str)]


def _leaves(plan: Plan, task: Task) -> Iterator[Task]:
    if task.is_summary:
        for child in task.children:
            yield from _leaves(plan, plan.tasks[child])
    else:
        yield task


def _calendars(plan: Plan, task: Task) -> set[str | None]:
    """Return the calendars on which a task is worked: its own, or with effort those of its people."""
    if task.effort is None:
        return {task.calendar}
    return {plan.people[who].calendar for who in plan.assignments(task) if who in plan.people} or {None}


# ---------------------------------------------------------------- stated dates against the schedule


@check()
def break_dependency(context: Context) -> Iterator[Finding]:
    """Yield stated dates before those that a task's predecessors allow by their stated or computed ones."""
    network = context.network
    if network is None:
        return
    dates = implied(network)
    for task in context.items("task"):
        node = network.nodes.get(task.id)
        first, last = coming(context.plan, task)
        if node is None or node.settled or node.id not in dates or (first is None and last is None):
            continue
        try:
            found = _too_early(network, node, first, last, dates)
        except HorizonError:
            continue
        if found is None:
            continue
        key, stated_on, possible, link = found
        before, link = _origin(network, link, dates)
        ends = dates[link.predecessor][link.type[0] == "F"]
        external = before in context.plan.external
        does = ("is due" if external else "finishes") if link.type[0] == "F" else "starts"
        on = finish_day(ends) if link.type[0] == "F" else start_day(ends)
        lag = link.dependency.lag if link.dependency else None
        values = {
            "id": task.id,
            "what": key,
            "stated": stated_on,
            "predecessor": before,
            "does": f"{does} on {on}",
            "lag": f" with a lag of {lag}" if lag else "",
            "type": link.type,
            "possible": possible,
        }
        path = link.dependency.path if link.dependency else task.path
        yield Finding(Place((*task.path, key), "key"), values, (("the dependency", Place(path)),))


def _too_early(
    network: Network, node: Node, first: date | None, last: date | None, dates: Mapping[str, Span]
) -> tuple[str, date, date, Link] | None:
    """Return the key that is too early, its date, the earliest possible one, and the dependency."""
    start, by, finish, by_finish = network.asked(node, dates)
    if first is not None and by is not None:
        earliest, said = (
            start_day(node.worktime.start_at(start)),
            start_day(node.worktime.start_at(instant(first))),
        )
        if earliest > said:
            return "start", first, earliest, by
    if last is None:
        return None
    if first is None:
        _, end, link = network.place(node, dates)
        return ("finish", last, finish_day(end), link) if link and finish_day(end) > last else None
    if by_finish is not None and node.work and finish > 0:
        needed = finish_day(node.worktime.finish_at(finish))
        return ("finish", last, needed, by_finish) if needed > last else None
    return None


def _origin(network: Network, link: Link, dates: Mapping[str, Span]) -> tuple[str, Link]:
    """Follow a link through the joins of summaries to the dependency that is written, and name its item."""
    while link.dependency is None:
        node = network.nodes[link.predecessor]
        ends = link.type[0] == "F"
        link = max(node.links, key=lambda one: network.after(one, dates[one.predecessor][ends]))
    return link.dependency.predecessor, link


@check()
def break_calendar(context: Context) -> Iterator[Finding]:
    """Yield open tasks whose work does not fit between their stated dates with the people they have."""
    network = context.network
    if network is None:
        return
    for task in context.items("task"):
        node = network.nodes.get(task.id)
        first, last = coming(context.plan, task)
        begun = node.resumes if node is not None and node.settled else None
        if node is None or node.finished is not None or not node.work or last is None:
            continue
        if first is None and begun is None:
            continue
        try:
            start = node.worktime.start_at(instant(first)) if first is not None else begun or 0
            end = node.end(start)
        except HorizonError:
            continue
        if finish_day(end) <= last or (first is not None and last < first):
            continue
        fits = node.worktime.between(start, instant(last) + MINUTES_A_DAY)
        if node.elapsed:
            fits = instant(last) + MINUTES_A_DAY - start
        unit = FULL * 60 if task.effort is not None else 60
        people = [f"'{who}'" for who in node.people] if task.effort is not None else []
        values = {
            "id": task.id,
            "need": f"{max(0, node.work) / unit:.4g} hours of work",
            "since": "is left" if begun is not None else "is asked for",
            "first": first or start_day(start),
            "last": last,
            "fits": f"{max(0, fits) / unit:.4g}",
            "people": f"{' and '.join(people)} can give" if people else "its calendar has",
            "possible": finish_day(end),
        }
        yield Finding(Place((*task.path, "finish"), "key"), values)


# ---------------------------------------------------------------- estimates


@check(unordered={"type": "boolean"}, factor={"type": "number"})
def estimates(context: Context, *, hits: Sequence[Hit], unordered: bool, factor: float) -> Iterator[Finding]:
    """Yield three-point estimates out of order, or wider than `factor` times the optimistic one.

    What is left of a task in progress counts instead of its first estimate.
    """
    for hit in hits:
        task = context.plan.tasks[hit.subject.id]
        for key in ("remaining",) if task.remaining is not None else ("effort", "duration"):
            estimate: Estimate | None = getattr(task, key)
            points = None if estimate is None else _points(context, estimate)
            if estimate is None or points is None:
                continue
            low, likely, high = points
            ordered = low <= likely <= high
            if (unordered and not ordered) or (not unordered and ordered and high > factor * low):
                values = {
                    "id": task.id,
                    "key": key,
                    "optimistic": estimate.optimistic,
                    "likely": estimate.likely,
                    "pessimistic": estimate.pessimistic,
                    "times": f"{high / low:.2g} times" if low else "far from",
                }
                yield Finding(Place((*task.path, key), "key"), values)


def _points(context: Context, estimate: Estimate) -> tuple[float, float, float] | None:
    """Return the three points in minutes, when all are there and count on the same clock."""
    low, likely, high = estimate.optimistic, estimate.likely, estimate.pessimistic
    if low is None or high is None or not low.elapsed == likely.elapsed == high.elapsed:
        return None
    default = calendars(context.plan).default
    hours, days = default.hours_per_day, default.days_per_week
    return low.minutes(hours, days), likely.minutes(hours, days), high.minutes(hours, days)


# ---------------------------------------------------------------- deadlines


def _promised(context: Context, *verdicts: str) -> Iterator[Deadline]:
    """Yield the deadlines with these verdicts that still matter: to come, with work to do before them.

    Deliverables have a rule of their own, and so has what is overdue; only the plan's deadline has no other.
    """
    plan = context.plan
    for deadline in context.deadlines or ():
        if deadline.verdict not in verdicts or deadline.kind == "deliverable":
            continue
        if deadline.item is None:
            left = any(task.open for task in plan.leaves()) or any(
                milestone.status not in CLOSED for milestone in plan.milestones.values()
            )
            if left:
                yield deadline
            continue
        item = plan.tasks.get(deadline.item) or plan.milestones.get(deadline.item)
        if item is None or item.path in plan.broken or item.status in CLOSED:
            continue
        if deadline.date >= context.status_date:
            yield deadline


def _subject(deadline: Deadline) -> str:
    """Say whose deadline it is."""
    if deadline.item is None:
        return "the plan"
    return f"{'milestone' if deadline.kind == 'milestone' else 'task'} '{deadline.item}'"


def _listed(names: Sequence[str], most: int = _MOST) -> str:
    shown = [f"'{name}'" for name in names]
    if len(shown) > most:
        shown = [*shown[:most], f"{len(shown) - most} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "nothing"


def _items(context: Context, names: Sequence[str]) -> tuple[tuple[str, Place], ...]:
    """Return the places of the tasks, milestones and external deliveries of a cause."""
    found: list[tuple[str, Place]] = []
    plan = context.plan
    for name in names:
        item = plan.tasks.get(name) or plan.milestones.get(name) or plan.external.get(name)
        if item is not None:
            scheduled = context.schedule.items.get(name) if context.schedule else None
            dates = f" from {scheduled.start} to {scheduled.finish}" if scheduled else ""
            found.append((f"'{name}'{dates}", Place(item.path, "key")))
    return tuple(found)


def _names(certificate: Mapping[str, Any], key: str) -> list[str]:
    value = certificate.get(key)
    return [str(name) for name in value] if isinstance(value, list | tuple) else []


def _chain(context: Context, names: Sequence[str]) -> str:
    """Say how long each task of a chain takes, one after the other."""
    parts = []
    scheduled = context.schedule.items if context.schedule else {}
    for name in names:
        one = scheduled.get(name)
        left = context.network.nodes[name] if context.network and name in context.network.nodes else None
        if one is None or one.kind != "task" or left is None:
            parts.append(f"'{name}'")
        elif left.settled:
            parts.append(f"'{name}' (until {one.finish})")
        else:
            parts.append(f"'{name}' ({one.length_days:.3g}d)")
    more = f" and {len(parts) - _MOST} more" if len(parts) > _MOST else ""
    return ", then ".join(parts[:_MOST]) + more


def _reason(context: Context, deadline: Deadline) -> tuple[str, list[str]]:
    """Say why a deadline cannot be met, and which items are part of it."""
    certificate: Mapping[str, Any] = deadline.certificate
    kind = certificate.get("kind")
    if kind == "window":
        tasks, who = _names(certificate, "tasks"), certificate.get("person")
        what = f"'{who}'" if who else f"resource '{certificate.get('resource')}'"
        need, room = certificate.get("demand_hours", 0), certificate.get("capacity_hours", 0)
        verb = "can give" if who else "is there for"
        return (
            f"from {certificate.get('from')} to {certificate.get('to')} {what} {verb} {room:g} hours, "
            f"but {_listed(tasks)} need {need:g}"
        ), tasks
    if kind == "core":
        tasks = _names(certificate, "tasks")
        shared = [f"'{who}'" for who in _names(certificate, "people")]
        shared += [f"resource '{name}'" for name in _names(certificate, "resources")]
        if not shared:
            return f"{_listed(tasks)} cannot be done in time with what must_start and must_finish ask", tasks
        return f"{_listed(tasks)} cannot all be done in time with {' and '.join(shared)}", tasks
    items = _names(certificate, "items")
    if not items:
        return f"the work before it ends on {deadline.finish} at the earliest", []
    steps = items[:-1] if len(items) > 1 and items[-1] == deadline.item else items
    scheduled = context.schedule.items.get(steps[0]) if context.schedule else None
    since, source = _since(context, scheduled) if scheduled else ("", [])
    take = "take" if len(steps) > 1 else "takes"
    finish = certificate.get("finish") or deadline.finish
    return f"{_chain(context, steps)}{since} {take} until {finish} at the earliest", [
        *source,
        *items,
    ]


def _since(context: Context, first: Scheduled) -> tuple[str, list[str]]:
    """Say why a chain begins when it does, and name the delivery that it waits for."""
    task = context.plan.tasks.get(first.id)
    delivery = context.plan.external.get(first.driver or "")
    if delivery is not None:
        return f", once '{delivery.id}' is there on {delivery.due},", [delivery.id]
    if task is not None and task.not_before == first.start:
        return f", not before {first.start},", []
    if first.driver is not None:  # the chain is too long without it, too
        return f", even without waiting for '{first.driver}',", []
    return f" from {first.start} on", []


@check()
def infeasible(context: Context) -> Iterator[Finding]:
    """Yield the deadlines that are proven not to hold, with the cause and the smallest repairs."""
    told: set[str] = set()
    for deadline in _promised(context, "infeasible"):
        fixed = too_fixed(context, deadline)
        if fixed:  # said once, where it stands; what is past is overdue
            new = [
                t for t in fixed if t.id not in told and t.must_start and t.must_start >= context.status_date
            ]
            yield from (_not_then(context, task) for task in new)
            told.update(task.id for task in fixed)
            continue
        why, names = _reason(context, deadline)
        possible = deadline.possible
        late = f", {_days(deadline.late_days)} late" if deadline.late_days else ""
        best = f"the earliest date that can be met is {possible}{late}" if possible else ""
        repairs = [repair.text for repair in deadline.repairs if repair.kind != "postpone"]  # is in `best`
        advice = (
            f"to keep it: {'; or '.join(repairs)}" if repairs else "agree on a later date or take work out"
        )
        values = {
            "subject": _subject(deadline),
            "what": "be done by",
            "date": deadline.date,
            "why": why,
            "best": f"; {best}" if best else late.replace(",", ";"),
            "advice": advice,
        }
        yield Finding(Place(deadline.path, "key"), values, _items(context, names))


def too_fixed(context: Context, deadline: Deadline) -> list[Task]:
    """Return the tasks of a cause that cannot start when they must, whatever the deadline is."""
    scheduled = context.schedule.items if context.schedule else {}
    named = map(context.plan.tasks.get, _names(deadline.certificate, "tasks"))  # milestones are among them
    tasks = [task for task in named if task is not None]
    return [t for t in tasks if t.must_start and t.id in scheduled and t.must_start < scheduled[t.id].start]


def _not_then(context: Context, task: Task) -> Finding:
    """Say that a task cannot start on the day on which it must."""
    scheduled = context.schedule.items[task.id] if context.schedule else None
    waits = f", it waits for '{scheduled.driver}'" if scheduled and scheduled.driver else ""
    values = {
        "subject": f"task '{task.id}'",
        "what": "start on",
        "date": task.must_start,
        "why": f"it can start on {scheduled.start if scheduled else None} at the earliest{waits}",
        "best": "",
        "advice": "correct must_start, without which no date of the plan can be kept",
    }
    return Finding(Place((*task.path, "must_start"), "key"), values, _items(context, [task.id]))


def _days(days: float) -> str:
    return f"{days:.3g} working day{'' if days == 1 else 's'}"


@check()
def undecided(context: Context) -> Iterator[Finding]:
    """Yield the deadlines without a verdict, with what is known; loops have rules of their own."""
    if context.schedule is None or context.schedule.unsound or context.schedule.beyond:
        return
    for deadline in _promised(context, "undecided"):
        lower, upper = (deadline.certificate.get(side) for side in ("lower", "upper"))
        values = {
            "subject": _subject(deadline),
            "date": deadline.date,
            "lower": lower or deadline.finish,
            "upper": f"can be on {upper}" if upper else "no date is known that holds",
            "reason": deadline.decided_by,
        }
        yield Finding(Place(deadline.path, "key"), values)


@check(share={"type": "number"}, days={"type": "number"}, likely={"type": "number"})
def tight(context: Context, *, share: float, days: float, likely: float) -> Iterator[Finding]:
    """Yield the deadlines that are met with less buffer than `share` percent of the working days left.

    The buffer is what the critical path leaves, so that it is not smaller than said. Where estimates tell
    how likely the deadline is, a low chance is what `unlikely` reports.
    """
    if context.network is None:
        return
    clock = context.network.calendars.default
    for deadline in _promised(context, "feasible"):
        if deadline.kind == "must_finish":
            continue
        end = instant(deadline.date) + MINUTES_A_DAY
        try:
            left = clock.in_days(clock.between(instant(context.status_date), end))
            buffer = clock.in_days(clock.between(instant(deadline.finish) + MINUTES_A_DAY, end))
        except HorizonError:
            continue
        least = max(days, left * share / 100)
        if not 0 <= buffer < least:
            continue
        odds = _odds(context, deadline)
        if odds is not None and odds < likely:
            continue
        values = {
            "subject": _subject(deadline),
            "date": deadline.date,
            "finish": deadline.finish,
            "buffer": _days(buffer) if buffer else "nothing",
            "least": round(least, 1),
            "left": round(left, 1),
        }
        yield Finding(Place(deadline.path, "key"), values)


@check(least={"type": "number"})
def unlikely(context: Context, *, least: float) -> Iterator[Finding]:
    """Yield the deadlines that hold in fewer than `least` percent of the simulated runs."""
    if context.network is None or safe(context.network):
        return
    for deadline in _promised(context, "feasible", "undecided"):
        found = _chance(context)
        odds = found.deadlines.get(deadline.path) if found else None
        if found is None or odds is None or odds.percent >= least:
            continue
        values = {
            "subject": _subject(deadline),
            "date": deadline.date,
            "chance": round(odds.percent),
            "how": "estimated along the critical path" if found.analytic else "of the simulated runs",
            "p50": odds.p50,
            "p80": odds.p80,
        }
        yield Finding(Place(deadline.path, "key"), values)


def _odds(context: Context, deadline: Deadline) -> float | None:
    found = _chance(context) if context.network and not safe(context.network) else None
    odds = found.deadlines.get(deadline.path) if found else None
    return odds.percent if odds else None


def _chance(context: Context) -> Chance | None:
    return quick(context.network) if context.network else None
