"""How likely the dates are: Monte Carlo over three-point estimates and risks, or a formula without NumPy.

An estimate is drawn from the beta distribution of PERT, whose mean is (o + 4m + p) / 6: with r = p - o,
alpha = 1 + 4 (m - o) / r and beta = 1 + 4 (p - m) / r (Malcolm, Roseboom, Clark, Fazar 1959; D. Vose, "Risk
Analysis", 2008). A risk occurs with its probability, and then what it affects finishes later by its
`impact.time`. Everything else is the forward pass of `network.place`, on the same calendars to the minute,
over all iterations at once. As on the critical path, who else needs the same people is not asked.
"""

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from planlint.diagnostics import Path
from planlint.model import MINUTES_A_DAY, Risk, Task
from planlint.schedule.calendar import FIRST_DAY, HorizonError, Worktime, finish_day
from planlint.schedule.critical_path import forward
from planlint.schedule.deadlines import Target, targets
from planlint.schedule.network import Link, Network, Node, Span

ITERATIONS = 10_000
CHECKED = 1_000
"""Iterations inside `check`, so that a hook stays fast: chances are then good to about three points."""
LARGE = 1_000
"""Nodes above which `check` takes the formula: a simulation would make everybody wait."""
_CELLS = 3_000_000
"""Dates held at a time: more iterations than fit go through in batches."""
_Z80, _Z95 = 0.8416212335729143, 1.6448536269514722
"""Quantiles of the standard normal distribution."""
_CLOCK = 4.2
"""Minutes on the clock for one of work: seven days of 24 hours for five of eight."""
_PERCENT = 100


class Odds(Struct, frozen=True, kw_only=True):
    """The distribution of one finish, and the chance in percent points that it is `due` or before."""

    item: str | None
    due: date
    p50: date
    p80: date
    p95: date
    percent: float


class Chance(Struct, frozen=True, kw_only=True):
    """The distribution of a plan's finish and of its deadlines.

    `deadline` is the chance of the plan's own deadline in percent points. `milestones` has the dates that
    half, four of five and 19 of 20 runs keep, by id; `deadlines` the odds by the path of the date in the
    data. `criticality` is the share of runs in percent points in which a task is on a path that decides the
    finish. `analytic` says that it is an estimate by formula: then criticality is 0 or 100.
    """

    p50: date
    p80: date
    p95: date
    deadline: float | None
    milestones: Mapping[str, tuple[date, date, date]]
    deadlines: Mapping[Path, Odds]
    criticality: Mapping[str, float]
    iterations: int
    analytic: bool = False


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
    def mean(self) -> float:
        """The expected value of PERT."""
        return (self.low + 4 * self.likely + self.high) / 6

    @property
    def deviation(self) -> float:
        """The standard deviation of PERT, (p - o) / 6."""
        return (self.high - self.low) / 6


class Doubts(Struct, frozen=True):
    """All that is uncertain in a network: lengths of nodes, and delays."""

    lengths: Mapping[str, Beta]
    delays: tuple[Delay, ...]


def chance(
    network: Network,
    *,
    iterations: int = ITERATIONS,
    seed: int = 1,
    step: Callable[[int], None] | None = None,
) -> Chance | None:
    """Return how likely the dates of a plan are; None when nothing in it is uncertain or has dates.

    Args:
        network: The plan's network.
        iterations: How many runs.
        seed: The same seed gives the same answer.
        step: Called with the number of iterations of each batch that is done, for a progress bar.
    """
    return _remembered(
        Question(network, iterations, seed, paths=True),
        lambda doubts: _simulated(network, doubts, iterations, seed, step or (lambda _: None)),
    )


def quick(network: Network) -> Chance | None:
    """Return what `check` needs of `chance`, in a fraction of the time: `criticality` is empty."""
    if len(network.nodes) > LARGE:
        return _remembered(Question(network, 0, 0, paths=False), lambda doubts: estimate(network, doubts))
    return _remembered(
        Question(network, CHECKED, 1, paths=False),
        lambda doubts: _simulated(network, doubts, CHECKED, 1, lambda _: None, paths=False),
    )


class Question(Struct, frozen=True):
    """What was asked of a network; `paths` says whether with criticality."""

    network: Network
    iterations: int
    seed: int
    paths: bool


def _remembered(question: Question, answer: Callable[[Doubts], Chance | None]) -> Chance | None:
    """Return the answer to a question, the same object when several rules ask it of one plan."""
    for known, found in _recent:
        if known == question:
            return found
    doubts = uncertain(question.network)
    result = None
    if doubts.lengths or doubts.delays:
        try:
            result = answer(doubts)
        except ImportError:
            result = estimate(question.network, doubts)
        except HorizonError:  # a run goes on after the calendars end
            result = None
    _recent.insert(0, (question, result))
    del _recent[4:]
    return result


_recent: list[tuple[Question, Chance | None]] = []


def safe(network: Network) -> bool:
    """Return whether the worst that estimates and risks say keeps every deadline, or nothing is uncertain.

    That costs one forward pass instead of a simulation.
    """
    doubts = uncertain(network)
    if not (doubts.lengths or doubts.delays):
        return True
    try:
        dates = latest(network, doubts)
    except HorizonError:
        return False
    return all(
        dates[name][1] <= target.until
        for target in undone(network, dates)
        for name in target.names
        if name in dates
    )


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


def undone(network: Network, dates: Container[str]) -> list[Target]:
    """Return the deadlines with work to do, as far as that has dates."""
    nodes = network.nodes
    return [
        target
        for target in targets(network)
        if any(nodes[name].finished is None for name in target.names)
        and any(name in dates for name in target.names)
    ]


def uncertain(network: Network) -> Doubts:
    """Return what is uncertain in a network: three-point estimates of open tasks, risks that cost time."""
    plan = network.plan
    lengths = {task.id: beta for task in plan.leaves() if (beta := _beta(network, task)) is not None}
    risks = [risk for risk in plan.risks.values() if _costs_time(risk)]
    return Doubts(lengths, tuple(_delays(network, risks)) if risks else ())


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


def _costs_time(risk: Risk) -> bool:
    time = risk.impact.time if risk.impact is not None else None
    return risk.open and bool(risk.probability) and time is not None and time.amount > 0


def _delays(network: Network, risks: list[Risk]) -> Iterator[Delay]:
    """Yield what each risk delays: of the open items that it affects, those that wait for no other of them.

    So the time of a risk counts once along a path, also where a task and its milestone are both named.
    """
    own = _affected(network, risks)
    behind: dict[str, int] = {}  # the risks by which a node or something before it is affected, as bits
    hit: dict[int, list[str]] = {}
    for name, node in network.nodes.items():
        upstream = 0
        for link in node.links if not node.settled else ():
            upstream |= behind.get(link.predecessor, 0)
        behind[name] = upstream | own.get(name, 0)
        first = own.get(name, 0) & ~upstream
        for number in range(len(risks)) if first else ():
            if first >> number & 1:
                hit.setdefault(number, []).append(name)
    for number, names in sorted(hit.items()):
        risk = risks[number]
        time = risk.impact.time if risk.impact else None
        if time is not None:
            minutes = network.calendars.default.minutes(time)
            yield Delay((risk.probability or 0) / _PERCENT, minutes, time.elapsed, frozenset(names))


def _affected(network: Network, risks: list[Risk]) -> dict[str, int]:
    """Return the open nodes that risks affect, with the numbers of these risks as bits.

    A summary or a deliverable stands for the task in it that finishes last.
    """
    plan, nodes = network.plan, network.nodes
    early: Mapping[str, Span] = {}
    found: dict[str, int] = {}
    for number, risk in enumerate(risks):
        for name in risk.affects:
            group = network.leaves.get(name, (name,))
            if name in plan.deliverables:
                group = tuple(task.id for task in plan.leaves() if name in task.deliverables)
            names = [one for one in group if one in nodes and nodes[one].finished is None]
            if len(names) > 1:
                early = early or forward(network).dates
                names = [max(names, key=lambda one: early.get(one, (0, 0))[1])]
            for one in names:
                found[one] = found.get(one, 0) | 1 << number
    return found


# ---------------------------------------------------------------- by formula


class Spread(Struct, frozen=True):
    """A finish as normally distributed: the instant without risks, minutes on top of it, their deviation."""

    end: int
    mean: float
    deviation: float

    def day(self, time: Worktime, z: float) -> date:
        """Return the day of a quantile, `z` deviations after the mean."""
        shift = round(self.mean + z * self.deviation)
        return finish_day(time.forward(self.end, shift) if shift >= 0 else time.backward(self.end, -shift))

    def days(self, time: Worktime) -> tuple[date, date, date]:
        """Return the days that half, four of five and 19 of 20 keep."""
        return self.day(time, 0), self.day(time, _Z80), self.day(time, _Z95)

    def percent(self, time: Worktime, until: int) -> float:
        """Return the chance to be done by an instant."""
        room = time.between(self.end, until) - self.mean
        if not self.deviation:
            return float(_PERCENT * (room >= 0))
        return _PERCENT * 0.5 * (1 + math.erf(room / self.deviation / math.sqrt(2)))


def estimate(network: Network, doubts: Doubts) -> Chance | None:
    """Return the estimate of PERT: along the chain that drives each finish, means and variances add up.

    Paths that are nearly as long are not seen, so that it is too friendly where several run side by side. All
    of it counts in working minutes of the plan's calendar.
    """
    early = forward(network)
    default = network.calendars.default
    real = [name for name, node in network.nodes.items() if node.real and name in early.dates]
    if not real:
        return None

    def chain(names: Iterable[str]) -> Iterator[str]:
        name: str | None = max(names, key=lambda one: early.dates[one][1])
        while name is not None:
            yield name
            link = early.drivers.get(name)
            name = link.predecessor if link is not None else None

    def spread(names: Iterable[str]) -> Spread:
        path = list(chain(names))
        mean = variance = 0.0
        for name in path:
            node, (begin, end) = network.nodes[name], early.dates[name]
            if name in doubts.lengths:
                minutes = default.between(node.resumes or begin, end)
                variance += (doubts.lengths[name].deviation * minutes / node.work) ** 2
            for delay in doubts.delays:
                if name in delay.names:
                    time = delay.minutes / (_CLOCK if delay.elapsed else 1)
                    mean += delay.probability * time
                    variance += delay.probability * (1 - delay.probability) * time * time
        return Spread(early.dates[path[0]][1], mean, math.sqrt(variance))

    def odds(target: Target) -> Odds:
        of = spread([name for name in target.names if name in early.dates])
        p50, p80, p95 = of.days(default)
        percent = of.percent(default, target.until)
        return Odds(item=target.item, due=target.day, p50=p50, p80=p80, p95=p95, percent=percent)

    wanted = undone(network, early.dates)
    judged = {target.path: odds(target) for target in wanted}
    p50, p80, p95 = spread(real).days(default)
    path = set(chain(real))
    kinds = {name: network.nodes[name].kind for name in real}
    return Chance(
        p50=p50,
        p80=p80,
        p95=p95,
        deadline=judged[("deadline",)].percent if ("deadline",) in judged else None,
        milestones={name: spread([name]).days(default) for name in real if kinds[name] == "milestone"},
        deadlines=judged,
        criticality={name: float(_PERCENT * (name in path)) for name in real if kinds[name] == "task"},
        iterations=0,
        analytic=True,
    )


# ---------------------------------------------------------------- by simulation


def _simulated(
    network: Network,
    doubts: Doubts,
    iterations: int,
    seed: int,
    step: Callable[[int], None],
    *,
    paths: bool = True,
) -> Chance | None:
    import numpy as np  # noqa: PLC0415 - the extra `simulation`; loaded when something is uncertain

    runs = _Runs(network, doubts, np)
    real = [name for name in runs.order if network.nodes[name].real]
    if not real:
        return None
    random = np.random.default_rng(seed)
    wanted = undone(network, runs.early)
    milestones = [name for name in real if network.nodes[name].kind == "milestone"]
    ends: list[Any] = []
    of_milestones: dict[str, list[Any]] = {name: [] for name in milestones}
    of_targets: list[list[Any]] = [[] for _ in wanted]
    critical = {name: 0 for name in real if paths and network.nodes[name].kind == "task"}
    batch = max(1, min(iterations, _CELLS // len(runs.order)))
    for first in range(0, iterations, batch):
        count = min(batch, iterations - first)
        dates = runs.dates(*runs.draw(random, count))
        end = runs.last(dates, real, count)
        ends.append(end)
        for name in milestones:
            of_milestones[name].append(runs.full(dates[name][1], count))
        for number, target in enumerate(wanted):
            of_targets[number].append(runs.last(dates, target.names, count))
        for name, times in runs.critical(dates, real, end) if paths else ():
            if name in critical:
                critical[name] += times
        step(count)

    def quantiles(parts: list[Any]) -> tuple[date, date, date]:
        """Return the days that half, four of five and 19 of 20 runs keep."""
        ordered = np.sort(np.concatenate(parts))
        days = [finish_day(int(ordered[math.ceil(q * iterations) - 1])) for q in (0.5, 0.8, 0.95)]
        return days[0], days[1], days[2]

    def odds(target: Target, parts: list[Any]) -> Odds:
        kept = sum(int((part <= target.until).sum()) for part in parts)
        p50, p80, p95 = quantiles(parts)
        percent = _PERCENT * kept / iterations
        return Odds(item=target.item, due=target.day, p50=p50, p80=p80, p95=p95, percent=percent)

    judged = {target.path: odds(target, parts) for target, parts in zip(wanted, of_targets, strict=True)}
    p50, p80, p95 = quantiles(ends)
    return Chance(
        p50=p50,
        p80=p80,
        p95=p95,
        deadline=judged[("deadline",)].percent if ("deadline",) in judged else None,
        milestones={name: quantiles(parts) for name, parts in of_milestones.items()},
        deadlines=judged,
        criticality={name: _PERCENT * times / iterations for name, times in critical.items()},
        iterations=iterations,
    )


Instants = Any
"""An instant, or an array of one for each run: what no doubt reaches stays a plain number."""


class _Runs:
    """A network whose forward pass runs over all iterations at once."""

    def __init__(self, network: Network, doubts: Doubts, np: Any) -> None:
        self.network = network
        self.doubts = doubts
        self.np = np
        self.early = forward(network).dates
        self.order = [name for name in network.nodes if name in self.early]
        self.times: dict[int, _Times] = {}

    def time(self, worktime: Worktime) -> "_Times":
        """Return the arrays of a worktime, from before everything that has begun."""
        if id(worktime) not in self.times:
            first = min((start for start, _ in self.early.values()), default=self.network.start)
            self.times[id(worktime)] = _Times(worktime, min(first, self.network.start), self.np)
        return self.times[id(worktime)]

    def full(self, value: Instants, count: int) -> Any:
        """Return one number for each run."""
        return self.np.broadcast_to(value, (count,))

    def last(self, dates: Mapping[str, tuple[Instants, Instants]], names: Iterable[str], count: int) -> Any:
        """Return the latest finish of some nodes in each run."""
        end = self.np.zeros(count, dtype=self.np.int64)
        for name in names:
            if name in dates:
                self.np.maximum(end, dates[name][1], out=end)
        return end

    def draw(self, random: Any, count: int) -> tuple[dict[str, Any], list[Any]]:
        """Return what happens in `count` runs: the work of uncertain nodes, and which delays occur."""
        np = self.np
        works: dict[str, Any] = {}
        for name, beta in self.doubts.lengths.items():
            span = beta.high - beta.low
            rise, fall = 4 * (beta.likely - beta.low) / span, 4 * (beta.high - beta.likely) / span
            drawn = beta.low + span * random.beta(1 + rise, 1 + fall, count)
            works[name] = np.ceil(np.round(drawn, 6)).astype(np.int64)
        return works, [random.random(count) < delay.probability for delay in self.doubts.delays]

    def dates(self, works: Mapping[str, Any], occurs: Iterable[Any]) -> dict[str, tuple[Instants, Instants]]:
        """Return start and finish of every node in runs with this work and these delays."""
        np = self.np
        late: dict[str, list[tuple[Delay, Any]]] = {}
        for delay, when in zip(self.doubts.delays, occurs, strict=True):
            for name in delay.names:
                late.setdefault(name, []).append((delay, when))
        dates: dict[str, tuple[Instants, Instants]] = {}
        for name in self.order:
            node = self.network.nodes[name]
            doubtful = name in works or any(
                not isinstance(part, int) for link in node.links for part in dates[link.predecessor]
            )
            start, finish = (
                self.place(node, works.get(name, node.work), dates) if doubtful else self.early[name]
            )
            for delay, when in late.get(name, ()):
                later = finish + delay.minutes
                if not delay.elapsed:
                    later = self.time(node.calendar).forward(finish, delay.minutes)
                finish = np.where(when, later, finish)
            dates[name] = (finish, finish) if node.kind == "milestone" else (start, finish)
        return dates

    def place(self, node: Node, work: Any, dates: Mapping[str, tuple[Instants, Instants]]) -> tuple[Any, Any]:
        """Return the early dates of a node: `network.place` over arrays."""
        np = self.np
        if node.started is not None:
            if node.finished is not None:
                return node.started, node.finished
            return node.started, self.finish(node, node.resumes or node.started, work)
        if node.kind == "earliest":
            start = self.least(dates[link.predecessor][0] for link in node.links)
            return start, start
        start, finish = 0, 0
        for link in node.links:
            at = self.after(link, dates)
            if link.type[1] == "S":
                start = np.maximum(start, at)
            else:
                finish = np.maximum(finish, at)
        if not node.work:
            first = 0 if node.not_before is None else node.calendar.start_at(node.not_before)
            start = np.maximum(np.maximum(start, finish), first)
            return start, start
        time = self.time(node.worktime)
        start = time.start_at(np.maximum(start, node.not_before or 0))
        end = self.finish(node, start, work)
        short = finish > end
        if np.any(short):
            later = self.start_for(node, finish, work)
            start = np.where(short & (later > start), later, start)
            end = self.finish(node, start, work)
        return start, end

    def least(self, values: Iterable[Instants]) -> Instants:
        """Return the smallest in each run."""
        found: Instants = None
        for value in values:
            found = value if found is None else self.np.minimum(found, value)
        return found

    def after(self, link: Link, dates: Mapping[str, tuple[Instants, Instants]]) -> Instants:
        """Return when the lag of a link has passed: `network.after` over arrays."""
        at = dates[link.predecessor][link.type[0] == "F"]
        if not link.lag:
            return at
        if link.elapsed:
            moved = at + link.lag
        elif link.lag > 0:
            return self.time(self.network.calendars.default).forward(at, link.lag)
        else:
            moved = self.time(self.network.calendars.default).backward(at, -link.lag)
        start = self.network.start
        return moved if link.lag > 0 else self.np.maximum(moved, self.np.minimum(at, start))

    def finish(self, node: Node, start: Instants, work: Any) -> Any:
        """Return the finish of work that starts, or goes on, at `start`."""
        return start + work if node.elapsed else self.time(node.worktime).forward(start, work)

    def start_for(self, node: Node, finish: Instants, work: Any) -> Any:
        """Return the earliest start that uses up the working time by `finish`."""
        time = self.time(node.worktime)
        if node.elapsed:
            return time.start_at(finish - work)
        return time.start_at(time.backward(time.finish_at(finish) - 1, work) + 1)

    def critical(
        self, dates: Mapping[str, tuple[Instants, Instants]], real: Iterable[str], end: Any
    ) -> Iterator[tuple[str, int]]:
        """Yield in how many runs each node is on a path of links without slack to the finish `end`.

        Slack is working time of the predecessor's calendar between the instant that a link asks for and
        the start (or finish) that it sets.
        """
        np = self.np
        on: dict[str, Any] = {}
        for name in real:
            if self.network.nodes[name].finished is None:
                calendar = self.time(self.network.nodes[name].calendar)
                on[name] = calendar.between(dates[name][1], end) <= 0
        for name in reversed(self.order):
            node, path = self.network.nodes[name], on.get(name)
            if path is None or not np.any(path):
                continue
            yield name, int(np.count_nonzero(path))
            for link in node.links if not node.settled else ():
                before = self.network.nodes[link.predecessor]
                begun = before.settled and link.type[0] == "S"  # nothing moves that start any more
                if before.finished is None and not begun:
                    tight = path & self.binds(node, link, dates)
                    known = on.get(link.predecessor)
                    on[link.predecessor] = tight if known is None else known | tight

    def binds(self, node: Node, link: Link, dates: Mapping[str, tuple[Instants, Instants]]) -> Any:
        """Return in which runs a link leaves no slack."""
        start, finish = dates[node.id]
        if node.kind == "earliest":
            return dates[link.predecessor][0] == start
        at = self.after(link, dates)
        calendar = self.time(self.network.nodes[link.predecessor].calendar)
        return calendar.between(at, finish if link.type[1] == "F" or not node.work else start) <= 0


class _Times:
    """The working time of one `Worktime` as arrays, and its operations over arrays of instants."""

    def __init__(self, worktime: Worktime, first: int, np: Any) -> None:
        self.np = np
        self.worktime = worktime
        self.low = max(first - 366 * MINUTES_A_DAY, FIRST_DAY * MINUTES_A_DAY)
        self.high = self.low
        self._reach(first + 3 * 366 * MINUTES_A_DAY)

    def _reach(self, high: int) -> None:
        """Compute the working time until `high`.

        Raises:
            HorizonError: That is after the calendar's end.
        """
        np = self.np
        rows = self.worktime.segments(self.low, high)
        self.high = high
        self.begin = np.array([row[0] for row in rows], dtype=np.int64)
        self.end = np.array([row[1] for row in rows], dtype=np.int64)
        self.rate = np.array([row[2] for row in rows], dtype=np.int64)
        work = (self.end - self.begin) * self.rate
        self.done = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(work)])

    def _cover(self, at: Instants) -> None:
        top = int(self.np.max(at))
        if top >= self.high:
            self._reach(top + 366 * MINUTES_A_DAY)

    def _grow(self) -> None:
        self._reach(self.high + max(366 * MINUTES_A_DAY, self.high - self.low))

    def position(self, at: Instants) -> Any:
        """Return the work since the first instant of the arrays."""
        np = self.np
        self._cover(at)
        if not len(self.begin):
            return np.zeros_like(at)
        i = np.maximum(np.searchsorted(self.begin, at, "right") - 1, 0)
        inside = np.clip(at - self.begin[i], 0, self.end[i] - self.begin[i])
        return self.done[i] + self.rate[i] * inside

    def between(self, start: Instants, finish: Instants) -> Any:
        """See `Worktime.between`."""
        self._cover(self.np.maximum(start, finish))
        return self.position(finish) - self.position(start)

    def forward(self, at: Instants, work: Any) -> Any:
        """See `Worktime.forward`."""
        np = self.np
        goal = self.position(at) + work
        while np.any((goal > self.done[-1]) & (np.asarray(work) > 0)):
            self._grow()
        i = np.clip(np.searchsorted(self.done, goal, "left") - 1, 0, max(0, len(self.begin) - 1))
        reached = self.begin[i] - (self.done[i] - goal) // self.rate[i]
        return np.where(np.asarray(work) > 0, reached, at)

    def backward(self, at: Instants, work: Any) -> Any:
        """See `Worktime.backward`; goes no further back than the arrays, a year before all else."""
        np = self.np
        goal = np.maximum(self.position(at) - work, 0)
        i = np.clip(np.searchsorted(self.done, goal, "right") - 1, 0, max(0, len(self.begin) - 1))
        return np.where(np.asarray(work) > 0, self.begin[i] + (goal - self.done[i]) // self.rate[i], at)

    def start_at(self, at: Instants) -> Any:
        """See `Worktime.start_at`."""
        np = self.np
        self._cover(at)
        while not len(self.end) or np.any(at >= self.end[-1]):
            self._grow()
        return np.maximum(at, self.begin[np.searchsorted(self.end, at, "right")])

    def finish_at(self, at: Instants) -> Any:
        """See `Worktime.finish_at`."""
        np = self.np
        self._cover(at)
        i = np.maximum(np.searchsorted(self.begin, at, "left") - 1, 0)
        return np.minimum(at, self.end[i]) if len(self.end) else at
