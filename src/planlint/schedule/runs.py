"""The forward pass over all runs of a simulation at once: the only module that needs NumPy.

It is `network.place` on the same calendars to the minute, an array of one instant for each run instead of
one instant; what no doubt reaches stays a plain number.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from typing import Any

import numpy as np

from planlint.model import MINUTES_A_DAY
from planlint.schedule.calendar import FIRST_DAY, Worktime
from planlint.schedule.doubts import Delay, Doubts
from planlint.schedule.network import Link, Network, Node, Span

_CELLS = 3_000_000
"""Dates held at a time: more iterations than fit go through in batches."""

Instants = Any
"""An instant, or an array of one for each run."""

Dates = Mapping[str, tuple[Instants, Instants]]
"""Start and finish of nodes."""


class Runs:
    """A network whose forward pass runs over all iterations at once; `early` has its dates without doubts."""

    def __init__(self, network: Network, doubts: Doubts, early: Mapping[str, Span]) -> None:
        """Compute nothing yet."""
        self.network = network
        self.doubts = doubts
        self.early = dict(early)
        self._first = min([network.start, *(start for start, _ in early.values())])
        self._times: dict[int, _Times] = {}

    def simulate(
        self,
        groups: Iterable[tuple[str, ...]],
        *,
        iterations: int,
        seed: int,
        step: Callable[[int], None],
        critical_to: tuple[str, ...],
    ) -> tuple[dict[tuple[str, ...], Any], Counter[str]]:
        """Return when each group of nodes is done in all runs, sorted, and in how many a node is critical.

        Args:
            groups: The nodes whose last finish is asked for.
            iterations: How many runs.
            seed: The same seed gives the same answer.
            step: Called with the number of iterations of each batch that is done.
            critical_to: The group whose finish decides what is critical; empty when nobody asks.
        """
        random = np.random.default_rng(seed)
        ends: dict[tuple[str, ...], list[Any]] = {names: [] for names in groups}
        critical = Counter[str]()
        batch = max(1, min(iterations, _CELLS // len(self.early)))
        for first in range(0, iterations, batch):
            count = min(batch, iterations - first)
            dates = self.dates(*self.draw(random, count))
            for names, parts in ends.items():
                parts.append(self.last(dates, names, count))
            if critical_to:
                critical.update(dict(self.critical(dates, critical_to, ends[critical_to][-1])))
            step(count)
        return {names: np.sort(np.concatenate(parts)) for names, parts in ends.items()}, critical

    def draw(self, random: np.random.Generator, count: int) -> tuple[dict[str, Any], list[Any]]:
        """Return what happens in `count` runs: the work of uncertain nodes, and which delays occur."""
        works: dict[str, Any] = {}
        for name, beta in self.doubts.lengths.items():
            span = beta.high - beta.low
            rise, fall = 4 * (beta.likely - beta.low) / span, 4 * (beta.high - beta.likely) / span
            drawn = beta.low + span * random.beta(1 + rise, 1 + fall, count)
            works[name] = np.ceil(np.round(drawn, 6)).astype(np.int64)
        return works, [random.random(count) < delay.probability for delay in self.doubts.delays]

    def dates(self, works: Mapping[str, Any], occurs: Iterable[Any]) -> dict[str, tuple[Instants, Instants]]:
        """Return start and finish of every node in runs with this work and these delays."""
        late: dict[str, list[tuple[Delay, Any]]] = {}
        for delay, when in zip(self.doubts.delays, occurs, strict=True):
            for name in delay.names:
                late.setdefault(name, []).append((delay, when))
        dates: dict[str, tuple[Instants, Instants]] = {}
        for name, known in self.early.items():
            node = self.network.nodes[name]
            doubtful = name in works or any(
                not isinstance(part, int) for link in node.links for part in dates[link.predecessor]
            )
            start, finish = self._place(node, works.get(name, node.work), dates) if doubtful else known
            for delay, when in late.get(name, ()):
                later = finish + delay.minutes
                if not delay.elapsed:
                    later = self._time(node.calendar).forward(finish, delay.minutes)
                finish = np.where(when, later, finish)
            dates[name] = (finish, finish) if node.kind == "milestone" else (start, finish)
        return dates

    def last(self, dates: Dates, names: Iterable[str], count: int) -> Any:
        """Return the latest finish of some nodes in each run."""
        end = np.zeros(count, dtype=np.int64)
        for name in names:
            if name in dates:
                np.maximum(end, dates[name][1], out=end)
        return end

    def critical(self, dates: Dates, names: Iterable[str], end: Any) -> Iterator[tuple[str, int]]:
        """Yield in how many runs each node is on a path of links without slack to the last finish, `end`.

        Slack is working time of the predecessor's calendar between the instant that a link asks for and
        the start (or finish) that it sets.
        """
        on: dict[str, Any] = {}
        for name in names:
            if self.network.nodes[name].finished is None:
                calendar = self._time(self.network.nodes[name].calendar)
                on[name] = calendar.between(dates[name][1], end) <= 0
        for name in reversed(self.early):
            node, path = self.network.nodes[name], on.get(name)
            if path is None or not np.any(path):
                continue
            yield name, int(np.count_nonzero(path))
            for link in node.links if not node.settled else ():
                before = self.network.nodes[link.predecessor]
                begun = before.settled and link.type[0] == "S"  # nothing moves that start any more
                if before.finished is None and not begun:
                    known = on.get(link.predecessor, False)
                    on[link.predecessor] = known | path & self._binds(node, link, dates)

    def _binds(self, node: Node, link: Link, dates: Dates) -> Any:
        """Return in which runs a link leaves no slack."""
        start, finish = dates[node.id]
        if node.kind == "earliest":
            return dates[link.predecessor][0] == start
        at = self._after(link, dates)
        calendar = self._time(self.network.nodes[link.predecessor].calendar)
        return calendar.between(at, finish if link.type[1] == "F" or not node.work else start) <= 0

    def _place(self, node: Node, work: Any, dates: Dates) -> tuple[Any, Any]:
        """Return the early dates of a node: `network.place` over arrays."""
        if node.started is not None:
            if node.finished is not None:
                return node.started, node.finished
            return node.started, self._end(node, node.resumes or node.started, work)
        if node.kind == "earliest":
            start = reduce(np.minimum, [dates[link.predecessor][0] for link in node.links])
            return start, start
        start = finish = 0
        for link in node.links:
            at = self._after(link, dates)
            if link.type[1] == "S":
                start = np.maximum(start, at)
            else:
                finish = np.maximum(finish, at)
        if not node.work:
            first = 0 if node.not_before is None else node.calendar.start_at(node.not_before)
            start = np.maximum(np.maximum(start, finish), first)
            return start, start
        time = self._time(node.worktime)
        start = time.start_at(np.maximum(start, node.not_before or 0))
        end = self._end(node, start, work)
        short = finish > end
        if np.any(short):
            begin = finish - work if node.elapsed else time.backward(time.finish_at(finish) - 1, work) + 1
            later = time.start_at(begin)
            start = np.where(short & (later > start), later, start)
            end = self._end(node, start, work)
        return start, end

    def _end(self, node: Node, start: Instants, work: Any) -> Any:
        """Return the finish of work that starts, or goes on, at `start`."""
        return start + work if node.elapsed else self._time(node.worktime).forward(start, work)

    def _after(self, link: Link, dates: Dates) -> Instants:
        """Return when the lag of a link has passed: `network.after` over arrays."""
        at, lag = dates[link.predecessor][link.type[0] == "F"], link.lag
        if not lag:
            return at
        default = self._time(self.network.calendars.default)
        if lag > 0:
            return at + lag if link.elapsed else default.forward(at, lag)
        moved = at + lag if link.elapsed else default.backward(at, -lag)
        return np.maximum(moved, np.minimum(at, self.network.start))

    def _time(self, worktime: Worktime) -> "_Times":
        """Return the arrays of a worktime, from before everything that has begun."""
        if id(worktime) not in self._times:
            self._times[id(worktime)] = _Times(worktime, self._first)
        return self._times[id(worktime)]


class _Times:
    """The working time of one `Worktime` as arrays, and its operations over arrays of instants."""

    def __init__(self, worktime: Worktime, first: int) -> None:
        self.worktime = worktime
        self.low = max(first - 366 * MINUTES_A_DAY, FIRST_DAY * MINUTES_A_DAY)
        self._reach(first + 3 * 366 * MINUTES_A_DAY)

    def _reach(self, high: int) -> None:
        """Compute the working time until `high`.

        Raises:
            HorizonError: That is after the calendar's end.
        """
        self.high = high
        # An empty stretch comes first, so that there is one before every instant.
        rows = [(self.low, self.low, 1), *self.worktime.segments(self.low, high)]
        self.begin, self.end, self.rate = np.array(rows, dtype=np.int64).T.copy()
        self.done = np.concatenate([[0], np.cumsum((self.end - self.begin) * self.rate)])

    def _cover(self, at: Instants) -> None:
        top = int(np.max(at))
        if top >= self.high:
            self._reach(top + 366 * MINUTES_A_DAY)

    def _grow(self) -> None:
        self._reach(self.high + max(366 * MINUTES_A_DAY, self.high - self.low))

    def position(self, at: Instants) -> Any:
        """Return the work since the first instant of the arrays."""
        self._cover(at)
        i = np.maximum(np.searchsorted(self.begin, at, "right") - 1, 0)
        inside = np.clip(at - self.begin[i], 0, self.end[i] - self.begin[i])
        return self.done[i] + self.rate[i] * inside

    def between(self, start: Instants, finish: Instants) -> Any:
        """See `Worktime.between`."""
        return self.position(finish) - self.position(start)

    def forward(self, at: Instants, work: Any) -> Any:
        """See `Worktime.forward`."""
        goal = self.position(at) + work
        while np.any((goal > self.done[-1]) & (np.asarray(work) > 0)):
            self._grow()
        i = np.maximum(np.searchsorted(self.done, goal, "left") - 1, 0)
        reached = self.begin[i] - (self.done[i] - goal) // self.rate[i]
        return np.where(np.asarray(work) > 0, reached, at)

    def backward(self, at: Instants, work: Any) -> Any:
        """See `Worktime.backward`; goes no further back than the arrays, a year before all else."""
        goal = np.maximum(self.position(at) - work, 0)
        i = np.minimum(np.searchsorted(self.done, goal, "right"), len(self.begin)) - 1
        return np.where(np.asarray(work) > 0, self.begin[i] + (goal - self.done[i]) // self.rate[i], at)

    def start_at(self, at: Instants) -> Any:
        """See `Worktime.start_at`."""
        self._cover(at)
        while np.any(at >= self.end[-1]):
            self._grow()
        return np.maximum(at, self.begin[np.searchsorted(self.end, at, "right")])

    def finish_at(self, at: Instants) -> Any:
        """See `Worktime.finish_at`."""
        self._cover(at)
        return np.minimum(at, self.end[np.maximum(np.searchsorted(self.begin, at, "left") - 1, 0)])
