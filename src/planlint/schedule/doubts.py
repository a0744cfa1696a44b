"""What is uncertain in a plan: three-point estimates, and risks that cost time; the plain pass with both.

An estimate is drawn from the beta distribution of PERT, whose mean is (o + 4m + p) / 6: with r = p - o,
alpha = 1 + 4 (m - o) / r and beta = 1 + 4 (p - m) / r (Malcolm, Roseboom, Clark, Fazar 1959; D. Vose, "Risk
Analysis", 2008). A risk occurs with its probability, and then what it affects finishes later by its
`impact.time`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from planlint.model import Task
from planlint.schedule.critical_path import forward
from planlint.schedule.network import Network, Span

_PERCENT = 100


class Delay(Struct, frozen=True):
    """What a risk does: with `probability` (0 to 1) nodes finish `minutes` later, perhaps on the clock."""

    probability: float
    minutes: int
    elapsed: bool
    names: frozenset[str]


class Beta(Struct, frozen=True):
    """An uncertain length: three points in units of the node's work."""

    low: float
    likely: float
    high: float

    @property
    def deviation(self) -> float:
        """The standard deviation of PERT, (p - o) / 6."""
        return (self.high - self.low) / 6


class Doubts(Struct, frozen=True):
    """All that is uncertain in a network: lengths of nodes, and delays."""

    lengths: Mapping[str, Beta]
    delays: tuple[Delay, ...]


def uncertain(network: Network) -> Doubts:
    """Return what is uncertain in a network: three-point estimates of open tasks, risks that cost time."""
    plan = network.plan
    lengths = {task.id: beta for task in plan.leaves() if (beta := _beta(network, task)) is not None}
    delays = list(_delays(network))
    return Doubts(lengths, tuple(_once(network, delays)) if delays else ())


def _beta(network: Network, task: Task) -> Beta | None:
    """Return the distribution of what is left of a task; None when it is certain, or contradicts itself."""
    node = network.nodes.get(task.id)
    if node is None or not node.work or node.finished is not None:
        return None
    stated = task.effort or task.duration
    if task.remaining is not None and node.started is not None and network.plan.status_date is not None:
        stated = task.remaining
    if stated is None or stated.optimistic is None or stated.pessimistic is None:
        return None
    default = network.calendars.default
    time = default if task.effort is not None or stated is task.remaining else node.calendar
    hours, days = time.hours_per_day, time.days_per_week
    low, high = stated.optimistic.minutes(hours, days), stated.pessimistic.minutes(hours, days)
    likely = stated.likely.minutes(hours, days)
    expected = time.minutes(stated)
    if not low <= likely <= high or low == high or not expected:
        return None
    share = node.work / expected  # units a minute, and less when a part is done
    return Beta(low * share, likely * share, high * share)


def _delays(network: Network) -> Iterator[Delay]:
    """Yield what each open risk delays that costs time: open items that it affects.

    A summary or a deliverable stands for the task in it that finishes last.
    """
    plan, nodes = network.plan, network.nodes
    early: Mapping[str, Span] = {}
    for risk in plan.risks.values():
        time = risk.impact.time if risk.impact is not None else None
        if not risk.open or not risk.probability or time is None or time.amount <= 0:
            continue
        found = set[str]()
        for name in risk.affects:
            group = network.leaves.get(name, (name,))
            if name in plan.deliverables:
                group = tuple(task.id for task in plan.leaves() if name in task.deliverables)
            names = [one for one in group if one in nodes and nodes[one].finished is None]
            if len(names) > 1:
                early = early or forward(network).dates
                names = [max(names, key=lambda one: early.get(one, (0, 0))[1])]
            found.update(names)
        minutes = network.calendars.default.minutes(time)
        yield Delay(risk.probability / _PERCENT, minutes, time.elapsed, frozenset(found))


def _once(network: Network, delays: list[Delay]) -> Iterator[Delay]:
    """Yield delays of those nodes only that wait for no other node of the same delay.

    So the time of a risk counts once along a path, also where a task and its milestone are both named.
    """
    own: dict[str, int] = {}  # the delays of a node; numbers as bits, since there may be many of both
    for number, delay in enumerate(delays):
        for name in delay.names:
            own[name] = own.get(name, 0) | 1 << number
    before: dict[str, int] = {}  # the delays of all that a node waits for
    for name, node in network.nodes.items():
        before[name] = 0
        for link in node.links if not node.settled else ():
            before[name] |= before.get(link.predecessor, 0) | own.get(link.predecessor, 0)
    for number, delay in enumerate(delays):
        names = frozenset(name for name in delay.names if not before[name] >> number & 1)
        if names:
            yield replace(delay, names=names)


def latest(network: Network, doubts: Doubts) -> dict[str, Span]:
    """Return dates when every length is the pessimistic one and every risk occurs."""
    works = {name: math.ceil(round(beta.high, 6)) for name, beta in doubts.lengths.items()}
    return moved(network, works, doubts.delays)


def moved(network: Network, works: Mapping[str, int] = {}, delays: Iterable[Delay] = ()) -> dict[str, Span]:
    """Return early dates with other lengths, in units of the nodes' work, and delayed finishes.

    Raises:
        HorizonError: There is not enough working time.
    """
    later: dict[str, list[Delay]] = {}
    for delay in delays:
        for name in delay.names:
            later.setdefault(name, []).append(delay)
    dates: dict[str, Span] = {}
    for name, node in network.nodes.items():
        if any(link.predecessor not in dates for link in node.links):
            continue
        changed = replace(node, work=works[name]) if name in works else node
        start, finish, _ = network.place(changed, dates)
        for delay in later.get(name, ()):
            finish = finish + delay.minutes if delay.elapsed else node.calendar.forward(finish, delay.minutes)
        dates[name] = (finish, finish) if node.kind == "milestone" else (start, finish)
    return dates
