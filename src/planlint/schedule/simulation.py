"""How likely the dates are: Monte Carlo over three-point estimates and risks, or a formula without NumPy.

Lengths and risks are drawn as `doubts` says; everything else is the forward pass of `network.place`, over all
iterations at once. As on the critical path, who else needs the same people is not asked.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache

from msgspec import Struct

from planlint.diagnostics import Path
from planlint.schedule.calendar import HorizonError, Worktime, finish_day
from planlint.schedule.critical_path import Early, forward
from planlint.schedule.deadlines import Target, targets
from planlint.schedule.doubts import Doubts, latest, uncertain
from planlint.schedule.network import Network

ITERATIONS = 10_000
CHECKED = 1_000
"""Iterations inside `check`, so that a hook stays fast: chances are then good to about three points."""
LARGE = 1_000
"""Nodes above which `check` takes the formula: a simulation would make everybody wait."""
_CLOCK = 4.2
"""Minutes on the clock for one of work: seven days of 24 hours for five of eight."""
_PERCENT = 100

Days = tuple[date, date, date]
"""The days that half, four of five and 19 of 20 runs keep."""


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
    finish; it is 0 or 100 where all this is an estimate by formula.
    """

    p50: date
    p80: date
    p95: date
    deadline: float | None
    milestones: Mapping[str, Days]
    deadlines: Mapping[Path, Odds]
    criticality: Mapping[str, float]
    iterations: int

    @property
    def analytic(self) -> bool:
        """Whether it is an estimate by formula."""
        return not self.iterations


class Sample(Struct, frozen=True):
    """A finish as it was in each run, sorted."""

    ends: Sequence[int]

    def days(self) -> Days:
        """Return the days that half, four of five and 19 of 20 runs keep."""
        p50, p80, p95 = (
            finish_day(int(self.ends[math.ceil(share * len(self.ends)) - 1])) for share in (0.5, 0.8, 0.95)
        )
        return p50, p80, p95

    def percent(self, until: int) -> float:
        """Return the chance to be done by an instant."""
        return _PERCENT * bisect_right(self.ends, until) / len(self.ends)


class Spread(Struct, frozen=True):
    """A finish as normally distributed: the instant without risks, minutes on top of it, their deviation."""

    clock: Worktime
    end: int
    mean: float
    deviation: float

    def days(self) -> Days:
        """Return the days that half, four of five and 19 of 20 keep, from quantiles of the distribution."""
        return self._day(0), self._day(0.8416212335729143), self._day(1.6448536269514722)

    def _day(self, z: float) -> date:
        """Return the day `z` deviations after the mean."""
        shift = round(self.mean + z * self.deviation)
        clock, end = self.clock, self.end
        return finish_day(clock.forward(end, shift) if shift >= 0 else clock.backward(end, -shift))

    def percent(self, until: int) -> float:
        """Return the chance to be done by an instant."""
        room = self.clock.between(self.end, until) - self.mean
        if not self.deviation:
            return float(_PERCENT * (room >= 0))
        return _PERCENT * 0.5 * (1 + math.erf(room / self.deviation / math.sqrt(2)))


def chance(
    network: Network,
    *,
    iterations: int = ITERATIONS,
    seed: int = 1,
    step: Callable[[int], None] = lambda _: None,
    paths: bool = True,
) -> Chance | None:
    """Return how likely the dates of a plan are; None when nothing in it is uncertain or has dates.

    Args:
        network: The plan's network.
        iterations: How many runs; 0 for the estimate by formula, which is also the answer without NumPy.
        seed: The same seed gives the same answer.
        step: Called with the number of iterations of each batch that is done, for a progress bar.
        paths: Whether to find `criticality`, which is empty otherwise.
    """
    doubts = uncertain(network)
    if not (doubts.lengths or doubts.delays):
        return None
    early = forward(network)
    real = tuple(name for name in early.dates if network.nodes[name].real)
    if not real:
        return None
    milestones = [name for name in real if network.nodes[name].kind == "milestone"]
    tasks = [name for name in real if network.nodes[name].kind == "task"] if paths else []
    wanted = undone(network, early.dates)
    groups = {real, *((name,) for name in milestones), *(target.names for target in wanted)}
    ends: Mapping[tuple[str, ...], Sample | Spread]
    try:
        if iterations:
            from planlint.schedule.runs import Runs  # noqa: PLC0415 - NumPy, the extra `simulation`

            arrays, critical = Runs(network, doubts, early.dates).simulate(
                groups, iterations=iterations, seed=seed, step=step, critical_to=real if paths else ()
            )
            ends = {names: Sample(array) for names, array in arrays.items()}
        else:
            ends = {names: _spread(network, doubts, early, names) for names in groups}
            critical = Counter(_chain(early, real))
        deadlines = {target.path: _odds(target, ends[target.names]) for target in wanted}
        p50, p80, p95 = ends[real].days()
        return Chance(
            p50=p50,
            p80=p80,
            p95=p95,
            deadline=deadlines[("deadline",)].percent if ("deadline",) in deadlines else None,
            milestones={name: ends[(name,)].days() for name in milestones},
            deadlines=deadlines,
            criticality={name: _PERCENT * critical[name] / (iterations or 1) for name in tasks},
            iterations=iterations,
        )
    except ImportError:
        return chance(network, iterations=0, paths=paths)
    except HorizonError:  # a run goes on after the calendars end
        return None


@lru_cache(maxsize=4)  # several rules ask it of one plan
def quick(network: Network) -> Chance | None:
    """Return what `check` needs of `chance`, in a fraction of the time: `criticality` is empty."""
    return chance(network, iterations=CHECKED if len(network.nodes) <= LARGE else 0, paths=False)


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


def undone(network: Network, dates: Container[str]) -> list[Target]:
    """Return the deadlines with work to do, as far as that has dates."""
    nodes = network.nodes
    return [
        target
        for target in targets(network)
        if any(nodes[name].finished is None for name in target.names)
        and any(name in dates for name in target.names)
    ]


def _odds(target: Target, end: Sample | Spread) -> Odds:
    p50, p80, p95 = end.days()
    percent = end.percent(target.until)
    return Odds(item=target.item, due=target.day, p50=p50, p80=p80, p95=p95, percent=percent)


def _spread(network: Network, doubts: Doubts, early: Early, names: Iterable[str]) -> Spread:
    """Return the estimate of PERT: along the chain that drives the last finish, means and variances add up.

    Paths that are nearly as long are not seen, so that it is too friendly where several run side by side. All
    of it counts in working minutes of the plan's calendar.
    """
    default = network.calendars.default
    path = _chain(early, names)
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
    return Spread(default, early.dates[path[0]][1], mean, math.sqrt(variance))


def _chain(early: Early, names: Iterable[str]) -> list[str]:
    """Return the last of some nodes to finish, and back from it what sets each start."""
    found: str | None = max((name for name in names if name in early.dates), key=lambda n: early.dates[n][1])
    chain = []
    while found is not None:
        chain.append(found)
        link = early.drivers.get(found)
        found = link.predecessor if link is not None else None
    return chain
