"""A small checker: does the certificate of a verdict hold, whoever found it?

It shares the network (what tasks need and wait for) and the calendars with the rest, and nothing else: no
problem, no bounds, no generator. It walks through stretches of work where the others compute, and is slow.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import accumulate, pairwise
from typing import Any

from msgspec import structs

from planlint.model import MINUTES_A_DAY, Person, Resource
from planlint.schedule.calendar import Segment, finish_day, instant, start_day
from planlint.schedule.deadlines import targets
from planlint.schedule.network import Network, Node, Span
from planlint.schedule.result import Deadline

_MOST = 7
"""Tasks of a core to solve again; a larger one stays unchecked."""

_ROUNDED = 0.011
"""Hours by which a claim may differ from what was counted: it is rounded to two decimals."""

_TRIES = 20_000
"""Placements to try then, in all orders together."""


class _GaveUp(Exception):  # noqa: N818 - no error: it only says that the answer is not known
    """A core is too large to be solved again by trying."""


def verify(network: Network, deadline: Deadline) -> list[str] | None:
    """Return the reasons why a certificate does not hold, none when it does, None when it is too large.

    Certificates of undecided deadlines claim nothing that could be checked.
    """
    kind = str(deadline.certificate["kind"])
    expected = {"schedule": "feasible", "bounds": "undecided"}.get(kind, "infeasible")
    found = [] if deadline.verdict == expected else [f"a {kind} shows no {deadline.verdict}"]
    check = {"schedule": _schedule, "chain": _chain, "window": _window, "core": _core}.get(kind)
    try:
        return found + (check(network, deadline) if check is not None else [])
    except _GaveUp:
        return found or None


# What tasks need


def _work(network: Network, node: Node, start: int, finish: int) -> list[Segment]:
    """Return the stretches in which a node is worked on: never while all its people are off."""
    if node.elapsed:
        return [(start, finish, 1)]
    people = [network.plan.people[who] for who in node.people if who in network.plan.people]
    return [
        segment
        for segment in node.worktime.segments(start, finish)
        if not people or not all(_off(person, segment[0]) for person in people)
    ]


def _off(person: Person, at: int) -> bool:
    day = start_day(at)
    return any(period.start <= day <= period.finish for period in person.time_off)


def _finish(network: Network, node: Node, start: int) -> int:
    """Return when a node is done that is begun or resumed at `start`."""
    left, at = node.work, start
    while left > 0:
        for begin, end, rate in _work(network, node, at, at + 30 * MINUTES_A_DAY):
            if left <= (end - begin) * rate:
                return begin + -(-left // rate)
            left -= (end - begin) * rate
        at += 30 * MINUTES_A_DAY
    return at


def _begin(network: Network, node: Node, at: int) -> int:
    """Return the first instant from `at` on at which somebody works on a node."""
    at = node.worktime.start_at(at)
    while not _work(network, node, at, at + 1):
        at = node.worktime.start_at(at - at % MINUTES_A_DAY + MINUTES_A_DAY)
    return at


def _placed(network: Network, node: Node, dates: Mapping[str, Span]) -> Span:
    """Return the earliest dates of a node by its links: leave counts, which the network does not know."""
    start, finish, _ = network.place(node, dates)
    if not node.work or node.finished is not None:
        return start, finish
    if node.started is not None or node.elapsed:
        begin = start if node.started is None else node.resumes or start
        if not node.elapsed:
            begin = _begin(network, node, begin)
        return start, max(finish, _finish(network, node, begin))
    first, _, asked, _ = network.asked(node, dates)
    low = _begin(network, node, max(first, node.not_before or 0))
    high = max(low, asked)
    while low < high:  # the earliest start by which all is used up when its finish is asked for
        middle = (low + high) // 2
        end = _finish(network, node, middle)
        if end < asked and _work(network, node, end, asked):
            low = middle + 1
        else:
            high = middle
    start = _begin(network, node, low)
    return start, _finish(network, node, start)


def _alone(
    network: Network, keep: Iterable[str], later: Mapping[str, int] = {}, *, external: bool = True
) -> dict[str, Span]:
    """Return early dates of some nodes without the others, some of them not before a given instant.

    Without what is `external` they wait for no delivery either.
    """
    kept = set(keep)
    dates: dict[str, Span] = {}
    for node in network.nodes.values():
        if (node.real and node.id not in kept) or (node.kind == "external" and not external):
            continue
        links = tuple(link for link in node.links if link.predecessor in dates)
        if node.kind in {"latest", "earliest"} and not links:
            continue
        bare = structs.replace(node, links=links)
        if node.id in later and not node.settled:
            bare = structs.replace(bare, not_before=max(later[node.id], node.not_before or 0))
        dates[node.id] = _placed(network, bare, dates)
    return dates


def _targets(network: Network, deadline: Deadline) -> tuple[str, ...]:
    """Return the tasks and milestones that a deadline is for."""
    return next((target.names for target in targets(network) if target.path == deadline.path), ())


def _over(node: Node) -> bool:
    """Whether a node is done, or has begun with nothing left to do."""
    return node.finished is not None or (node.started is not None and not node.work)


def _until(day: date) -> int:
    return instant(day) + MINUTES_A_DAY


# Feasible: a schedule


def _schedule(network: Network, deadline: Deadline) -> list[str]:
    wrong: list[str] = []
    dates = dict(deadline.witness)
    listed: Mapping[str, Any] = deadline.certificate["tasks"]  # type: ignore[assignment]
    for node in network.nodes.values():
        if node.kind == "external":
            dates[node.id] = (node.started or 0, node.finished or 0)
        elif not node.real:
            ends = [_asked(network, link, dates) for link in node.links if link.predecessor in dates]
            at = (min if node.kind == "earliest" else max)(ends, default=0)
            dates[node.id] = at, at
        elif node.id not in dates or node.id not in listed:
            wrong.append(f"'{node.id}' is missing")
        else:
            wrong += _kept(network, node, dates, listed[node.id])
    if wrong:
        return wrong
    for name in _targets(network, deadline):
        if dates[name][1] > _until(deadline.date):
            wrong.append(f"'{name}' finishes after {deadline.date}")
    return wrong + _overloads(network, dates, _outages(network))


def _asked(network: Network, link: Any, dates: Mapping[str, Span]) -> int:
    return network.after(link, dates[link.predecessor][link.type[0] == "F"])


def _kept(network: Network, node: Node, dates: Mapping[str, Span], listed: Mapping[str, str]) -> list[str]:  # noqa: C901, PLR0912 - one case after the other, read from the top
    """Return what is wrong with the dates of one task or milestone."""
    wrong = []
    start, finish = dates[node.id]
    if node.finished is not None:
        return (
            []
            if (start, finish) == (node.started, node.finished)
            else [f"'{node.id}' was done at other dates"]
        )
    shown = (start_day(start) if start < finish else date.fromisoformat(listed["start"]), finish_day(finish))
    if start == finish and not (node.links or node.settled):
        shown = start_day(start), start_day(start)
    if (shown[0].isoformat(), shown[1].isoformat()) != (listed["start"], listed["finish"]):
        wrong.append(f"'{node.id}': the dates listed are not those of its first and last minute")
    begin = start
    if node.started is not None:
        if start != node.started:
            wrong.append(f"'{node.id}' has started at another time")
        begin = node.resumes or start
        if node.work and finish < _finish(network, node, begin):
            wrong.append(f"'{node.id}' has less time than its remaining work takes")
    else:
        if node.work and not any(s <= start < e for s, e, _ in _work(network, node, start, start + 1)):
            wrong.append(f"'{node.id}' starts when nobody works on it")
        if node.work and finish != _finish(network, node, start):
            wrong.append(f"'{node.id}' does not take the time its work takes")
        if node.not_before is not None and start < node.not_before:
            wrong.append(f"'{node.id}' starts too early")
        for link in node.links:
            if link.predecessor not in dates:
                continue
            asked = _asked(network, link, dates)
            if link.type[1] == "S" or not node.work:
                broken = start < asked
            else:
                broken = bool(_work(network, node, finish, asked)) if asked > finish else False
            if broken:
                wrong.append(f"'{node.id}' does not wait for '{link.predecessor}'")
    task = network.plan.tasks.get(node.id)
    if task is None or _over(node):
        return wrong
    if task.must_finish is not None and finish_day(finish) != task.must_finish:
        wrong.append(f"'{node.id}' must finish on {task.must_finish}")
    if task.must_start is not None and not node.settled and start_day(start) != task.must_start:
        wrong.append(f"'{node.id}' must start on {task.must_start}")
    return wrong


def _outages(network: Network) -> dict[str, list[tuple[int, int, float]]]:
    """Return when units of each resource are away: while anybody in the plan who needs it would work."""
    found: dict[str, list[tuple[int, int, float]]] = {}
    users = [node for node in network.nodes.values() if node.work and node.finished is None]
    for resource in network.plan.resources.values():
        edges: dict[int, int] = {}
        for period in resource.unavailable:
            first, last = instant(period.start), _until(period.finish)
            own = [node for node in users if node.uses.get(resource.id)]
            worked = sorted((b, e) for node in own for b, e, _ in _work(network, node, first, last))
            for begin, end in _joined(worked):
                edges[begin] = edges.get(begin, 0) + (period.units or resource.units)
                edges[end] = edges.get(end, 0) - (period.units or resource.units)
        times = sorted(edges)
        away = [min(total, resource.units) for total in accumulate(edges[at] for at in times)]
        steps = zip(pairwise(times), away, strict=False)  # nothing is away after the last one
        found[resource.id] = [(begin, end, float(units)) for (begin, end), units in steps if units]
    return found


def _overloads(
    network: Network,
    dates: Mapping[str, Span],
    outages: Mapping[str, Sequence[tuple[int, int, float]]],
    people: Iterable[str] | None = None,
) -> list[str]:
    """Return who (of these people, of all when None) or what has too much to do at some minute."""
    plan = network.plan
    wrong = []
    active = [n for n in network.nodes.values() if n.work and n.finished is None and n.id in dates]
    spans = {n.id: _occupied(network, n, dates[n.id]) for n in active}
    for person in plan.people.values():
        if person.share <= 0 or (people is not None and person.id not in people):
            continue
        rows = []
        own = network.calendars.person(person.id)
        for node in active:
            share = node.people.get(person.id, 0.0)
            if share and (node.elapsed or plan.tasks[node.id].effort is not None):
                begin, end = spans[node.id]
                rows += [(b, e, share) for b, e, _ in own.segments(begin, end)]
            elif share:
                stretches = _work(network, node, *spans[node.id])
                rows += [(b, e, share) for b, e, _ in stretches if not _off(person, b)]
        at = _exceeds(rows, 100.0001)
        if at is not None:
            wrong.append(f"{person.id} has more than a full day's work on {start_day(at)}")
    return [*wrong, *_scarce(network, active, spans, outages)]


def _scarce(
    network: Network,
    active: Sequence[Node],
    spans: Mapping[str, Span],
    outages: Mapping[str, Sequence[tuple[int, int, float]]],
) -> Iterator[str]:
    """Yield what has too few units at some minute, or is used when it is closed."""
    for resource in network.plan.resources.values():
        users = [(n, n.uses[resource.id]) for n in active if n.uses.get(resource.id)]
        rows = [(*spans[n.id], float(units)) for n, units in users]
        rows += outages[resource.id]
        if resource.calendar is not None:
            calendar = network.calendars.calendar(resource.calendar)
            worked = [(b, e) for n, _ in users for b, e, _ in _work(network, n, *spans[n.id])]
            closed = any(calendar.between(b, e) < e - b for b, e in worked)
            if closed:
                yield f"{resource.id} is used outside its calendar"
        at = _exceeds(rows, resource.units)
        if at is not None:
            yield f"{resource.id} has too few units on {start_day(at)}"


def _occupied(network: Network, node: Node, span: Span) -> Span:
    """Return when a node takes capacity: a started one for the last stretch that its remaining work takes."""
    start, finish = span
    if node.started is None:
        return span
    begin = node.resumes or start
    low, high = begin, finish
    while low < high:  # the latest resumption that still ends then
        middle = (low + high + 1) // 2
        if _finish(network, node, middle) <= finish:
            low = middle
        else:
            high = middle - 1
    return low, finish


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for begin, end in spans:
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


def _exceeds(rows: Iterable[tuple[int, int, float]], capacity: float) -> int | None:
    """Return an instant at which the rows (begin, end, load) add up to more than the capacity."""
    changes: dict[int, float] = {}
    for begin, end, load in rows:
        changes[begin] = changes.get(begin, 0) + load
        changes[end] = changes.get(end, 0) - load
    total = 0.0
    for at in sorted(changes):
        total += changes[at]
        if total > capacity:
            return at
    return None


# Infeasible: a chain, a window, a core


def _chain(network: Network, deadline: Deadline) -> list[str]:
    items: Sequence[str] = deadline.certificate["items"]  # type: ignore[assignment]
    wrong = []
    if items[-1] not in _targets(network, deadline):
        wrong.append(f"the deadline is not for '{items[-1]}'")
    for before, after in pairwise(items):
        if before not in _waits_for(network, after):
            wrong.append(f"'{after}' does not wait for '{before}'")
    # A delivery from outside is named by the finish alone: with it or, where that is late enough, without.
    ends = [_alone(network, items, external=external)[items[-1]][1] for external in (False, True)]
    named = [end for end in ends if finish_day(end).isoformat() == deadline.certificate["finish"]]
    if not named:
        wrong.append(f"these items alone finish on {finish_day(ends[-1])}")
    if max(named or ends) <= _until(deadline.date):
        wrong.append("these items alone are done in time")
    return wrong


def _waits_for(network: Network, name: str) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        for link in network.nodes[todo.pop()].links:
            found.add(link.predecessor)
            if not network.nodes[link.predecessor].real:
                todo.append(link.predecessor)
    return found


def _window(network: Network, deadline: Deadline) -> list[str]:
    claim: Mapping[str, Any] = deadline.certificate
    begin, end = instant(date.fromisoformat(claim["from"])), _until(date.fromisoformat(claim["to"]))
    early = _alone(network, network.nodes)
    tasks = network.plan.tasks
    room = 0.0
    if "person" in claim:
        person = network.plan.people[claim["person"]]
        share = person.share / 100
        free = network.calendars.person(person.id)
        room = sum(e - b for b, e, _ in free.segments(begin, end)) * float(share)
    else:
        resource = network.plan.resources[claim["resource"]]
    need = 0.0
    worked: list[tuple[int, int]] = []
    for name in claim["tasks"]:
        node = network.nodes[name]
        first = node.resumes if node.resumes is not None else early[name][0]
        least: float | None = None
        for start in (first, _latest(network, deadline, name, first)):
            stretches = _work(network, node, max(start, begin), min(_finish(network, node, start), end))
            if "person" in claim:
                if node.elapsed or tasks[name].effort is not None:
                    stretches = [s for b, e, _ in stretches for s in free.segments(b, e)]
                stretches = [s for s in stretches if not _off(person, s[0])]
            minutes = sum(e - b for b, e, _ in stretches)
            least = minutes if least is None else min(least, minutes)
        need += (least or 0) * (
            node.people[person.id] / 100 * share if "person" in claim else node.uses[resource.id]
        )
        worked += [(b, e) for b, e, _ in _work(network, node, begin, end)]
    if "person" not in claim:
        room = float(sum(_free(network, resource, b, e) for b, e in _joined(sorted(worked))))
    wrong = []
    if need <= room:
        wrong.append(f"{need / 60:g} hours fit into {room / 60:g}")
    if abs(claim["demand_hours"] - need / 60) > _ROUNDED:
        wrong.append(f"demand_hours is {need / 60:.2f}")
    more = claim["capacity_hours"] - room / 60
    loose = "resource" in claim and resource.calendar is not None  # which may leave less than is claimed
    if more < -_ROUNDED or (more > _ROUNDED and not loose):
        wrong.append(f"capacity_hours is {room / 60:.2f}")
    return wrong


def _free(network: Network, resource: Resource, begin: int, end: int) -> int:
    """Return the minutes of all units of a resource from `begin` to `end`, less those that are away."""
    away = [(instant(p.start), _until(p.finish), p.units or resource.units) for p in resource.unavailable]
    if resource.calendar is not None:
        closed = begin
        for b, e, _ in network.calendars.calendar(resource.calendar).segments(begin, end):
            away.append((closed, b, resource.units))
            closed = e
        away.append((closed, end, resource.units))
    edges = {begin, end, *(at for b, e, _ in away for at in (b, e) if begin < at < end)}
    return sum(
        (high - low) * max(0, resource.units - sum(units for b, e, units in away if b <= low < e))
        for low, high in pairwise(sorted(edges))
    )


def _latest(network: Network, deadline: Deadline, name: str, first: int) -> int:
    """Return the latest start of a task with which the links alone still allow the deadline, by trying."""
    targets = _targets(network, deadline)
    node = network.nodes[name]

    def fits(start: int) -> bool:
        if node.settled:
            moved = structs.replace(node, resumes=start)
            changed = structs.replace(network, nodes={**network.nodes, name: moved})
            return max(_alone(changed, network.nodes)[t][1] for t in targets) <= _until(deadline.date)
        return max(_alone(network, network.nodes, {name: start})[t][1] for t in targets) <= _until(
            deadline.date
        )

    low, high = first, _until(deadline.date)
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _core(network: Network, deadline: Deadline) -> list[str]:
    """Try all orders of the tasks of a core, each placed as early as it can (complete for such deadlines)."""
    claim: Mapping[str, Any] = deadline.certificate
    if len(claim["tasks"]) > _MOST:
        raise _GaveUp
    people, resources = set(claim["people"]), set(claim["resources"])
    nodes = {}
    for name, node in network.nodes.items():
        if node.real and name not in claim["tasks"]:
            continue
        kept = tuple(link for link in node.links if link.predecessor in nodes)
        if node.real or node.kind == "external" or kept:
            nodes[name] = structs.replace(node, links=kept)
    shared = {name: thing for name, thing in network.plan.resources.items() if name in resources}
    plan = structs.replace(network.plan, resources=shared)
    small = structs.replace(network, nodes=nodes, plan=plan)
    fits = _fits(small, deadline, people, _outages(network))
    return ["these tasks can be done in time"] if fits else []


def _fits(
    network: Network,
    deadline: Deadline,
    people: Iterable[str],
    outages: Mapping[str, Sequence[tuple[int, int, float]]],
) -> bool:
    """Return whether some order of the tasks meets a deadline, by trying them all.

    Only the capacity of these people counts.
    """
    targets = {name: _until(deadline.date) for name in _targets(network, deadline)}
    tries = iter(range(_TRIES))
    resumed = {n.id: structs.replace(n, started=None) for n in network.nodes.values() if n.finished is None}
    bare = structs.replace(network, nodes={**network.nodes, **resumed})

    def crowded(dates: Mapping[str, Span]) -> bool:
        return bool(_overloads(bare, dates, outages, people))

    def extend(dates: dict[str, Span]) -> bool:
        ready = [
            node
            for node in network.nodes.values()
            if node.id not in dates and all(link.predecessor in dates for link in node.links)
        ]
        if not ready:
            return True
        # What takes nothing comes first: its turn does not matter.
        first = next((node for node in ready if not node.work or node.finished is not None), None)
        for node in ready if first is None else [first]:
            span = _earliest(network, node, dates, crowded, tries)
            if span is None or not _in_time(network, node, span, targets):
                continue
            if extend({**dates, node.id: span}):
                return True
        return False

    return extend({})


def _in_time(network: Network, node: Node, span: Span, targets: Mapping[str, int]) -> bool:
    """Return whether a span is not too late already for a deadline or a constraint."""
    if span[1] > targets.get(node.id, span[1]):
        return False
    task = network.plan.tasks.get(node.id)
    if task is None or _over(node):
        return True
    if task.must_finish is not None and finish_day(span[1]) > task.must_finish:
        return False
    return task.must_start is None or node.settled or start_day(span[0]) <= task.must_start


def _earliest(
    network: Network,
    node: Node,
    dates: Mapping[str, Span],
    crowded: Callable[[Mapping[str, Span]], bool],
    tries: Iterator[int],
) -> Span | None:
    """Return the first span of a node that keeps all capacities next to these dates; None: it never fits."""
    if next(tries, None) is None:
        raise _GaveUp
    start, finish = _placed(network, node, dates)
    task = network.plan.tasks.get(node.id)
    if task is None or _over(node):
        return start, finish
    first = 0 if task.must_start is None or node.settled else instant(task.must_start)
    if not node.work:
        at = max(start, node.calendar.start_at(first) if first else 0)
        at = at if task.must_finish is None else max(at, instant(task.must_finish) + 1)
        return at, at
    at = max(start if node.resumes is None else node.resumes, first)
    while next(tries, None) is not None:
        at = _begin(network, node, at)
        end = _finish(network, node, at)
        begun = node.started if node.started is not None else at
        late_enough = task.must_finish is None or end > instant(task.must_finish)
        if late_enough and not crowded({**dates, node.id: (at, end)}):
            return begun, end
        later = [f for _, f in dates.values() if f > at]
        later += [_until(p.finish) for p in _absences(network) if _until(p.finish) > at]
        if not late_enough:
            later.append(at + 1)
        if later:
            later.append(at - at % MINUTES_A_DAY + MINUTES_A_DAY)  # others may pause on the next day
        if not later:
            return None
        at = min(later)
    raise _GaveUp


def _absences(network: Network) -> Iterable[Any]:
    for resource in network.plan.resources.values():
        yield from resource.unavailable
    for person in network.plan.people.values():
        yield from person.time_off
