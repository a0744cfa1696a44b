"""Checks of who and what is wanted more than there is: people, resources, several plans, skills."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby, pairwise

from msgspec import Struct

from planlint.diagnostics import Finding, Place
from planlint.model import MINUTES_A_DAY, Period, Person, Plan, Task
from planlint.rule import Context, check
from planlint.schedule.calendar import FULL, HorizonError, Worktime, calendars, finish_day, instant, start_day
from planlint.schedule.network import Network, Span
from planlint.schedule.stated import coming, implied, stated

_WHOLE = 100
_MOST = 60
"""Tasks of one person that are compared at a time; of more, the first by their start."""
_WINDOWS = 3
"""Stretches of time that a message tells of."""
_SLACK = 1.005
"""So much more than there is may be rounding."""
_NOISE = 0.5
"""Hours on which nobody plans."""
_WEEKEND = 4

Related = tuple[tuple[str, Place], ...]


class Demand(Struct, frozen=True):
    """What a task wants of a person: `hours` within a span, at no more than `share` percent at a time."""

    task: Task
    start: int
    finish: int
    share: float
    hours: float


def _demands(network: Network, spans: Mapping[str, Span]) -> dict[str, list[Demand]]:
    """Return what open tasks with these dates want of each person.

    The hours of effort are shared as people give them; somebody on a duration task is wanted at their
    allocation while it lasts. A task alone never wants more than there is: whether its work fits between
    its dates is another rule's.
    """
    plan = network.plan
    found: dict[str, list[Demand]] = {}
    for name, (start, finish) in spans.items():
        node, task = network.nodes[name], plan.tasks[name]
        begin = max(start, node.resumes or start)
        for who, share in node.people.items():
            person = network.calendars.people({who: share})
            try:
                hours = person.between(begin, finish) / FULL / 60
                if task.effort is not None and (whole := node.worktime.between(begin, finish)):
                    hours *= min(1, node.work / whole)
            except HorizonError:
                continue
            if hours > 0:
                found.setdefault(who, []).append(Demand(task, begin, finish, share, hours))
    return found


def _stated(context: Context) -> dict[str, Span]:
    """Return the dates of the tasks that state a start or a finish that is not past."""
    network, found = context.network, {}
    for task in context.items("task") if network else ():
        node = network.nodes.get(task.id) if network else None
        if network is None or node is None or coming(context.plan, task) == (None, None):
            continue
        try:
            span = stated(network, node)
        except HorizonError:
            continue
        if span is not None:
            found[task.id] = span
    return found


# ---------------------------------------------------------------- one plan


class Overload(Struct, frozen=True):
    """A stretch of time in which somebody can give `room` hours, and tasks want `need`."""

    start: int
    finish: int
    need: float
    room: float
    demands: tuple[Demand, ...]


@check(operations={"type": "boolean"})
def overallocated(context: Context, *, operations: bool) -> Iterator[Finding]:
    """Yield people of whom tasks with stated dates want more than they can give.

    A stretch of time counts when even the least that its tasks must do in it does not fit. With `operations`
    those that would fit if day-to-day operations took no time, else the others.
    """
    network = context.network
    spans = _stated(context)
    if network is None or not spans:
        return
    demands = _demands(network, spans)
    for person in context.items("person"):
        found = [
            one
            for one in _overloads(network, person, demands.get(person.id, ()))
            if operations == _fits_without_operations(person, one)
        ]
        if not found:
            continue
        parts = [
            f"{_span(one.start, one.finish)} {_listed(one.demands)} need {one.need:.4g} hours, "
            f"and there are {one.room:.4g}"
            for one in found[:_WINDOWS]
        ]
        more = f", and {len(found) - _WINDOWS} more" if len(found) > _WINDOWS else ""
        tasks = {demand.task.id: demand for one in found for demand in one.demands}
        values = {
            "id": person.id,
            "title": person.title,
            "when": "; ".join(parts) + more,
            "over": f"{sum(one.need - one.room for one in found):.3g}",
            "operations": f"{person.operations:g}%",
        }
        yield Finding(Place(person.path, "key"), values, _places(tasks.values()))


def _overloads(network: Network, person: Person, demands: Iterable[Demand]) -> list[Overload]:
    """Return stretches that do not overlap, the shortest first choice, in the order of time."""
    rows = sorted(demands, key=lambda one: (one.start, one.finish))[:_MOST]
    if len(rows) < 2:  # noqa: PLR2004 - a conflict needs two
        return []
    time = network.calendars.person(person.id)

    def hours(start: int, finish: int) -> float:
        return time.between(start, finish) / FULL / 60 if start < finish else 0.0

    found: list[Overload] = []
    for begin in sorted({one.start for one in rows}):
        for end in sorted({one.finish for one in rows if one.finish > begin}):
            parts, need = [], 0.0
            for one in rows:
                outside = hours(one.start, min(begin, one.finish)) + hours(max(end, one.start), one.finish)
                least = one.hours - outside * one.share / _WHOLE
                if least > 0 and one.start < end and begin < one.finish:
                    parts.append(one)
                    need += least
            room = hours(begin, end)
            if len(parts) > 1 and need > room + _NOISE:
                found.append(Overload(begin, end, need, room, tuple(parts)))
    kept: list[Overload] = []
    for overload in sorted(found, key=lambda o: (o.finish - o.start, o.start)):
        if all(overload.finish <= other.start or other.finish <= overload.start for other in kept):
            kept.append(overload)
    return sorted(kept, key=lambda o: o.start)


def _fits_without_operations(person: Person, one: Overload) -> bool:
    return bool(person.operations) and one.need <= one.room * person.availability / person.share * _SLACK


def _span(start: int, finish: int) -> str:
    first, last = start_day(start), finish_day(finish)
    return f"from {first} to {last}" if first < last else f"on {first}"


def _listed(demands: Iterable[Demand]) -> str:
    return _named(dict.fromkeys(one.task.id for one in demands))


def _places(demands: Iterable[Demand]) -> Related:
    return tuple(
        (
            f"'{one.task.id}' {_span(one.start, one.finish)}",
            Place(one.task.path, "key"),
        )
        for one in demands
    )


@check()
def overused(context: Context) -> Iterator[Finding]:
    """Yield resources of which more units are asked for than there are.

    At the task when it alone asks for more; at the resource when tasks with stated dates ask together.
    """
    plan, network = context.plan, context.network
    spans = _stated(context)
    for resource in context.items("resource"):
        users = [task for task in context.items("task") if task.open and task.uses.get(resource.id, 0) > 0]
        for task in users:
            units = task.uses[resource.id]
            if units > resource.units:
                why = f"'{task.id}' uses {units} at a time"
                values = {"id": resource.id, "units": resource.units, "why": why}
                yield Finding(Place((*task.path, "uses", resource.id), "key"), values)
        together = [
            (*spans[task.id], task.uses[resource.id], task)
            for task in users
            if task.id in spans and task.uses[resource.id] <= resource.units
        ]
        found = list(_peaks(network, together, resource.units, resource.unavailable)) if network else []
        if found:
            start, finish, units, room, tasks = found[0]
            names = _named(task.id for task in tasks)
            away = f", when {room} can be had," if room != resource.units else ""
            more = f", and at {len(found) - 1} other times" if len(found) > 1 else ""
            want = "want" if len(tasks) > 1 else "wants"
            why = f"{_span(start, finish)}{away} {names} {want} {units}{more}"
            values = {"id": resource.id, "units": resource.units, "why": why}
            related = tuple(
                (f"'{task.id}' uses it", Place(plan.tasks[task.id].path, "key")) for task in tasks
            )
            yield Finding(Place(resource.path, "key"), values, related)


Use = tuple[int, int, int, Task]


def _peaks(
    network: Network, uses: Sequence[Use], units: int, away: Sequence[Period]
) -> Iterator[tuple[int, int, int, int, list[Task]]]:
    """Yield the stretches in which uses ask for more than there is: start, finish, asked, there, tasks."""
    gone = [(instant(p.start), instant(p.finish) + MINUTES_A_DAY, min(units, p.units or units)) for p in away]
    edges = sorted({edge for use in uses for edge in use[:2]} | {edge for out in gone for edge in out[:2]})
    rows = []
    for begin, end in pairwise(edges):
        active = [use for use in uses if use[0] < end and begin < use[1]]
        room = units - sum(n for start, finish, n in gone if start < end and begin < finish)
        asked = sum(use[2] for use in active)
        if asked > max(0, room) and network.calendars.default.between(begin, end) > 0:
            rows.append((tuple(use[3].id for use in active), begin, end, asked, max(0, room), active))
    for _, group in groupby(rows, key=lambda row: (row[0], row[4])):
        parts = list(group)
        first, last = parts[0], parts[-1]
        yield first[1], last[2], first[3], first[4], [use[3] for use in first[5]]


@check()
def no_capacity(context: Context) -> Iterator[Finding]:
    """Yield people who have open tasks, and no time for any of them."""
    plan = context.plan
    tasks: dict[str, list[Task]] = {}
    for task in context.items("task"):
        if task.open:
            for who in plan.assignments(task):
                tasks.setdefault(who, []).append(task)
    for person in context.items("person"):
        own = tasks.get(person.id)
        if not own:
            continue
        if person.share <= 0:
            shares = f"{person.availability:g} % availability less {person.operations:g} % operations"
            why = f"{shares} leave nothing"
        elif _away(context, person):
            why = f"away or off on every working day until {plan.deadline}"
        else:
            continue
        related = tuple((f"'{task.id}' counts on '{person.id}'", Place(task.path, "key")) for task in own)
        values = {"id": person.id, "tasks": [f"'{task.id}'" for task in own], "why": why}
        yield Finding(Place(person.path, "key"), values, related)


def _away(context: Context, person: Person) -> bool:
    """Whether somebody has no working day left before the plan's deadline."""
    plan = context.plan
    first = max(context.status_date, plan.start or context.status_date)
    if plan.deadline is None or plan.deadline < first:
        return False
    try:
        time = calendars(plan).person(person.id)
        return time.start_at(instant(first)) >= instant(plan.deadline) + MINUTES_A_DAY
    except HorizonError:
        return True


@check()
def missing_skill(context: Context) -> Iterator[Finding]:
    """Yield the skills that a task asks for and nobody on it has; with nobody assigned its owner counts."""
    plan = context.plan
    known: dict[str, list[str]] = {}
    for person in plan.people.values():
        for skill in person.skills:
            known.setdefault(skill.casefold(), []).append(person.id)
    for task in context.items("task"):
        people = set(plan.assignments(task)) or ({task.owner} if task.owner else set())
        people &= set(plan.people)
        if not task.open or not people:
            continue
        for number, skill in enumerate(task.skills):
            able = known.get(skill.casefold(), [])
            if people.isdisjoint(able):
                has = "has" if len(able) == 1 else "have"
                who = f"{_named(able)} {has} it" if able else "nobody in the plan has it"
                values = {"id": task.id, "skill": skill, "people": _named(sorted(people)), "able": who}
                related = tuple((f"'{who}' has it", Place(plan.people[who].path, "key")) for who in able)
                yield Finding(Place((*task.path, "skills", number)), values, related)


def _named(names: Iterable[str]) -> str:
    """Write ids as a part of a sentence."""
    quoted = [f"'{name}'" for name in names]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}" if len(quoted) > 1 else "".join(quoted)


@check()
def in_time_off(context: Context) -> Iterator[Finding]:
    """Yield stated dates on which nobody can work because the assignees are on leave, or one throughout."""
    plan, network = context.plan, context.network
    for task in context.items("task"):
        first, last = coming(plan, task)
        people = [plan.people[who] for who in plan.assignments(task) if who in plan.people]
        if network is None or not people or (first is None and last is None):
            continue
        for key, day in (("start", first), ("finish", last)):
            away = None if day is None else _all_off(people, day)
            if away is not None:
                person, period = away
                what = f"its {key} {day}"
                yield _off_finding(task, key, what, person, period)
                break
        else:
            if first is None or last is None:
                continue
            for person in people:
                whole = next((p for p in person.time_off if p.start <= first <= last <= p.finish), None)
                if whole is not None:
                    yield _off_finding(task, "start", f"its time from {first} to {last}", person, whole)


def _all_off(people: Sequence[Person], day: date) -> tuple[Person, Period] | None:
    """Return the first of the people with their leave when all of them are on leave."""
    found = []
    for person in people:
        period = next((p for p in person.time_off if p.start <= day <= p.finish), None)
        if period is None:
            return None
        found.append((person, period))
    return found[0]


def _off_finding(task: Task, key: str, what: str, person: Person, period: Period) -> Finding:
    reason = f" ({period.reason})" if period.reason else ""
    values = {
        "id": task.id,
        "what": what,
        "person": person.id,
        "from": period.start,
        "to": period.finish,
        "reason": reason,
    }
    related = ((f"'{person.id}' is away", Place((*person.path, "time_off"), "key")),)
    return Finding(Place((*task.path, key), "key"), values, related)


@check(most={"type": "number"})
def busy(context: Context, *, most: float) -> Iterator[Finding]:
    """Yield people with more than `most` tasks in progress."""
    plan = context.plan
    doing: dict[str, list[Task]] = {}
    for task in context.items("task"):
        if task.status == "doing":
            for who in plan.assignments(task) or ((task.owner,) if task.owner else ()):
                doing.setdefault(who, []).append(task)
    for person in context.items("person"):
        own = doing.get(person.id, [])
        if len(own) > most:
            values = {"id": person.id, "doing": len(own), "tasks": [f"'{task.id}'" for task in own]}
            related = tuple((f"'{task.id}' is in progress", Place(task.path, "key")) for task in own)
            yield Finding(Place(person.path, "key"), values, related)


# ---------------------------------------------------------------- several plans


@check(prioritised={"type": "boolean"})
def cross_plan(context: Context, *, prioritised: bool) -> Iterator[Finding]:
    """Yield people whom plans of the run want on the same days, in the plan that has to give way.

    With `prioritised` where the plans' priorities say which that is, at the person; else once a pair of
    plans, at the priority that is missing or the same.
    """
    if len(context.portfolio) < 2:  # noqa: PLR2004 - a conflict needs two
        return
    mine = None
    for other in context.portfolio.values():
        if other.plan.id == context.plan.id or other.plan.status != "active" or other.network is None:
            continue
        first, second = _ranks(other.plan), _ranks(context.plan)
        ranked = first[0] != second[0]
        if ranked != prioritised or first > second:
            continue
        shared = list(_shared(context, other))
        if not shared or context.network is None:
            continue
        mine = mine or _demands(context.network, _open_spans(context))
        theirs = _demands(other.network, _open_spans(other))
        clashes = [
            (person, found)
            for person, twin in shared
            if (found := _clash(context, person, mine.get(person.id, ()), theirs.get(twin.id, ())))
        ]
        if prioritised:
            for person, found in clashes:
                yield _ranked(context, other, person, found)
        elif clashes:
            yield _unranked(context, other, clashes)


def _ranks(plan: Plan) -> tuple[float, str]:
    """Return how a plan stands in line for people; without a priority it is last."""
    return (float("inf") if plan.priority is None else plan.priority), plan.file


def _open_spans(context: Context) -> dict[str, Span]:
    """Return the dates of open tasks in the schedule that stated dates imply."""
    if context.network is None:
        return {}
    return {
        name: span
        for name, span in implied(context.network).items()
        if name in context.plan.tasks and context.plan.tasks[name].open
    }


def _shared(context: Context, other: Context) -> Iterator[tuple[Person, Person]]:
    """Yield the people who are the same in both plans: of one included file, or with one e-mail."""
    mails = {p.email.casefold(): p for p in other.plan.people.values() if p.email}
    for person in context.items("person"):
        twin = other.plan.people.get(person.id)
        if twin is not None and _home(context, person) != _home(other, twin):
            twin = None
        if twin is None and person.email:
            twin = mails.get(person.email.casefold())
        if twin is not None:
            yield person, twin


def _home(context: Context, person: Person) -> str:
    return context.sources.document(person.path).file


Clash = tuple[list[date], float, list[Demand], list[Demand]]
"""The working days concerned, the hours that are too much, the tasks of both plans."""


def _clash(
    context: Context, person: Person, mine: Sequence[Demand], theirs: Sequence[Demand]
) -> Clash | None:
    """Return when two plans together want more of a person than there is."""
    time = calendars(context.plan).person(person.id)
    edges = sorted({edge for one in (*mine, *theirs) for edge in (one.start, one.finish)})
    days: dict[date, None] = {}
    over, ours, others = 0.0, dict[str, Demand](), dict[str, Demand]()
    for begin, end in pairwise(edges):
        here = [one for one in mine if one.start < end and begin < one.finish]
        there = [one for one in theirs if one.start < end and begin < one.finish]
        if not here or not there:
            continue
        wanted = min(1.0, sum(map(_rate(time), here))) + min(1.0, sum(map(_rate(time), there)))
        work = time.between(begin, end) / FULL / 60
        if wanted <= _SLACK or work <= 0:
            continue
        over += (wanted - 1) * work
        days.update((start_day(start), None) for start, _, _ in time.segments(begin, end))
        ours.update((one.task.id, one) for one in here)
        others.update((one.task.id, one) for one in there)
    return (list(days), over, list(ours.values()), list(others.values())) if over > _NOISE else None


def _rate(time: Worktime) -> Callable[[Demand], float]:
    """Return a function that says which part of somebody's time a task wants while it lasts."""

    def rate(one: Demand) -> float:
        whole = time.between(one.start, one.finish) / FULL / 60
        return min(1.0, one.hours / whole) if whole > 0 else 0.0

    return rate


def _ranges(days: Sequence[date]) -> str:
    """Write working days as stretches; a weekend does not part them."""
    ordered = sorted(days)
    stretches = [[ordered[0], ordered[0]]]
    for day in ordered[1:]:
        if (day - stretches[-1][1]).days <= _WEEKEND:
            stretches[-1][1] = day
        else:
            stretches.append([day, day])
    texts = [f"{first} to {last}" if first < last else f"{first}" for first, last in stretches]
    more = f" and {len(texts) - _WINDOWS} more" if len(texts) > _WINDOWS else ""
    return ", ".join(texts[:_WINDOWS]) + more


def _ranked(context: Context, other: Context, person: Person, found: Clash) -> Finding:
    days, over, ours, theirs = found
    winner, loser = other.plan, context.plan
    last = "none" if loser.priority is None else loser.priority
    values = {
        "id": person.id,
        "title": person.title,
        "days": len(days),
        "when": _ranges(days),
        "over": f"{over:.3g}",
        "winner": winner.id,
        "first": winner.priority,
        "theirs": _listed(theirs),
        "loser": loser.id,
        "last": last,
        "ours": _listed(ours),
    }
    return Finding(Place(person.path, "key"), values, _places(ours))


def _unranked(context: Context, other: Context, clashes: Sequence[tuple[Person, Clash]]) -> Finding:
    plan = context.plan
    parts = [f"'{person.id}' on {len(found[0])} days ({_ranges(found[0])})" for person, found in clashes]
    related = [(f"'{person.id}' is wanted by both", Place(person.path, "key")) for person, _ in clashes]
    values = {
        "other": other.plan.id,
        "who": "; ".join(parts[:_WINDOWS])
        + (f"; and {len(parts) - _WINDOWS} more" if len(parts) > _WINDOWS else ""),
        "why": "neither has a priority" if plan.priority is None else f"both have priority {plan.priority}",
    }
    key = "planlint" if plan.priority is None else "priority"
    return Finding(Place((key,), "key"), values, tuple(related))
