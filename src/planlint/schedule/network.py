"""The network of a plan: what every task needs in working time, and which dependencies join the tasks.

`build` derives once what the critical path, feasibility and simulation all start from: leaf tasks and
milestones with their worktime and work, dependencies with lags in minutes. Dependencies of and on
summaries go through joins (nodes without length), so that the network stays linear in the size of the
plan: a summary of 1,000 tasks that waits for another one adds 2,000 links and not a million.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from planlint.model import MINUTES_A_DAY, Dependency, Milestone, Plan, Task
from planlint.schedule.calendar import FULL, Calendars, HorizonError, Worktime, calendars, instant

Span = tuple[int, int]
"""Start and finish, as instants."""


class Link(Struct, frozen=True, eq=False, gc=False):
    """One dependency of a node; `lag` in minutes of the default calendar, or of the clock when `elapsed`."""

    predecessor: str
    type: Literal["FS", "SS", "FF", "SF"]
    lag: int = 0
    elapsed: bool = False
    dependency: Dependency | None = None
    """Where it is written; None between a join and the tasks of its summary."""


class Node(Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """A task that is work itself, a milestone, something external, or a join.

    `work` is what is left to do, in units of `worktime`, or in minutes of the clock when `elapsed`; nodes
    without work are points in time. A join stands for a summary: the `latest` instant that its links ask
    for (the summary's finish, or what the summary waits for), or the `earliest` (the summary's start).
    `started` and `resumes` are given for a task in progress, whose work goes on at `resumes`; `started`
    and `finished` for what is over.
    """

    id: str
    kind: Literal["task", "milestone", "external", "latest", "earliest"]
    worktime: Worktime
    calendar: Worktime
    """What float is measured on."""
    work: int = 0
    elapsed: bool = False
    not_before: int | None = None
    """No date of its own binds it when None; it counts from the first minute worked then."""
    started: int | None = None
    resumes: int | None = None
    finished: int | None = None
    people: Mapping[str, float] = {}
    """Who is occupied meanwhile: person to percent points of their capacity."""
    uses: Mapping[str, int] = {}
    links: tuple[Link, ...] = ()

    @property
    def real(self) -> bool:
        """Whether it is a task or a milestone of this plan."""
        return self.kind in {"task", "milestone"}

    @property
    def settled(self) -> bool:
        """Whether it has begun or is over, so that no predecessor moves it any more."""
        return self.started is not None

    def end(self, start: int) -> int:
        """Return the finish of its work from `start` on."""
        return start + self.work if self.elapsed else self.worktime.forward(start, self.work)

    def begin(self, finish: int) -> int:
        """Return the latest start from which its work can be done by `finish`."""
        return finish - self.work if self.elapsed else self.worktime.backward(finish, self.work)


class Network(Struct, frozen=True, kw_only=True, eq=False):
    """The nodes of a plan, predecessors first, and who waits for them.

    `start` is the instant at which the schedule begins. `leaves` has the tasks in every summary that is not
    cancelled. Nodes in a loop or behind one are left out and stand in `unsound`; so are those in `beyond`,
    whose dates lie outside the calendar's horizon.
    """

    plan: Plan
    calendars: Calendars
    start: int
    nodes: Mapping[str, Node]
    successors: Mapping[str, tuple[tuple[Node, Link], ...]]
    leaves: Mapping[str, tuple[str, ...]]
    unsound: frozenset[str] = frozenset()
    beyond: frozenset[str] = frozenset()

    def without(self, names: frozenset[str]) -> "Network":
        """Return the network without these nodes and all that wait for them, which are `unsound` in it."""
        if not names:
            return self
        kept: dict[str, Node] = {}
        for name, node in self.nodes.items():  # predecessors first
            if name not in names and all(link.predecessor in kept for link in node.links):
                kept[name] = node
        successors = {
            name: tuple(pair for pair in self.successors[name] if pair[0].id in kept) for name in kept
        }
        lost = self.unsound | names | self.nodes.keys() - kept.keys()
        return replace(self, nodes=kept, successors=successors, unsound=lost)

    def after(self, link: Link, at: int) -> int:
        """Return the instant at which the lag of `link` has passed since `at`; a lead goes back.

        A lead never goes before the start of the plan.
        """
        lag = link.lag
        if not lag:
            return at
        if lag > 0:
            return at + lag if link.elapsed else self.calendars.default.forward(at, lag)
        moved = at + lag if link.elapsed else self.calendars.default.backward(at, -lag)
        return max(moved, min(at, self.start))

    def before(self, link: Link, limit: int) -> int:
        """Return the latest instant after which the lag of `link` has passed by `limit`."""
        lag = link.lag
        if not lag:
            return limit
        if link.elapsed:
            return limit - lag
        default = self.calendars.default
        if lag > 0:
            return default.backward(limit, lag)
        # A lead goes back to the start of a worked minute, so the last such start counts, not the limit.
        return default.start_at(default.forward(default.last_start_at(limit), -lag))

    def place(self, node: Node, dates: Mapping[str, Span]) -> tuple[int, int, Link | None]:
        """Return the earliest start and finish of `node` when its predecessors have these `dates`.

        Capacity is not looked at. The link is the one that sets the start, None where a date does.

        Raises:
            HorizonError: When there is not enough working time.
        """
        if node.started is not None:
            if node.finished is not None:
                return node.started, node.finished, None
            return node.started, node.end(node.resumes or node.started), None
        if node.kind == "earliest":
            link = min(node.links, key=lambda link: dates[link.predecessor][0])
            return *(dates[link.predecessor][0],) * 2, link
        start, by, finish, by_finish = self.asked(node, dates)
        if not node.work:
            if finish > start:
                start, by = finish, by_finish
            first = 0 if node.not_before is None else node.calendar.start_at(node.not_before)
            return (first, first, None) if first > start else (start, start, by)
        if node.not_before is not None and node.not_before > start:
            start, by = node.not_before, None
        time, work = node.worktime, node.work
        start = time.start_at(start)
        end = node.end(start)
        if finish > end:
            # The minute after the last start that would be too early; with several people, one may not do.
            begin = finish - work if node.elapsed else time.backward(time.finish_at(finish) - 1, work) + 1
            later = time.start_at(begin)
            if later > start:
                start, end, by = later, node.end(later), by_finish
        return start, end, by

    def asked(self, node: Node, dates: Mapping[str, Span]) -> tuple[int, Link | None, int, Link | None]:
        """Return when the links of `node` let it start, and finish; 0 without any; each with its link."""
        start = finish = 0
        by: Link | None = None
        by_finish: Link | None = None
        for link in node.links:
            at = self.after(link, dates[link.predecessor][link.type[0] == "F"])
            if link.type[1] == "S":
                if at > start:
                    start, by = at, link
            elif at > finish:
                finish, by_finish = at, link
        return start, by, finish, by_finish


def build(plan: Plan, *, today: date, externals: Mapping[str, Span] = {}) -> Network:
    """Derive the network of `plan`.

    `externals` has the spans of other plans' items by `other-plan/id`. Dependencies on what is unknown,
    delivered or cancelled are left out. `today` counts where a plan has neither a start nor a status date.
    """
    return _Builder(plan, today, externals).network()


class _Builder:
    """The state of one `build`: nodes by id, and what tasks inherit from their summaries."""

    def __init__(self, plan: Plan, today: date, externals: Mapping[str, Span]) -> None:
        self.plan = plan
        self.externals = externals
        self.calendars = calendars(plan)
        self.default = self.calendars.default
        self.start = instant(plan.start or plan.status_date or today)
        self.status = instant(plan.status_date) if plan.status_date else None
        self.data_date = instant(plan.status_date or today) if plan.status_date or not plan.start else None
        self.nodes: dict[str, Node] = {}
        self.beyond: set[str] = set()
        self.leaves: dict[str, list[str]] = {}
        self.alive: set[str] = set()  # leaf tasks and milestones that take part
        self.bound: dict[str, int] = {}  # summary → the not_before that holds for its tasks
        self.gates: dict[str, tuple[Link, ...]] = {}  # summary → what its tasks wait for

    def network(self) -> Network:
        self._outline()
        for task in self.plan.tasks.values():
            if task.is_summary:
                self._inherit(task)
            elif task.id in self.alive:
                self._add(task.id, task)
        for milestone in self.plan.milestones.values():
            if milestone.id in self.alive:
                self._add(milestone.id, milestone)
        return self._sorted()

    def _outline(self) -> None:
        """Find the tasks of every summary; cancelled ones, and all within them, are left out."""
        tasks = self.plan.tasks
        cancelled: set[str | None] = set()
        for task in tasks.values():
            if task.status == "cancelled" or task.parent in cancelled:
                cancelled.add(task.id)
            elif not task.is_summary:
                self.alive.add(task.id)
                parent = task.parent
                while parent is not None:
                    self.leaves.setdefault(parent, []).append(task.id)
                    parent = tasks[parent].parent
        self.alive.update(m.id for m in self.plan.milestones.values() if m.status != "cancelled")

    def _inherit(self, summary: Task) -> None:
        """Note what holds for each task of a summary: its `not_before` and its `depends_on`."""
        if summary.id not in self.leaves:
            return
        parent = summary.parent or ""
        own = instant(summary.not_before) if summary.not_before else 0
        self.bound[summary.id] = max(own, self.bound.get(parent, 0))
        gates = self.gates.get(parent, ())
        links = self._links(summary.depends_on)
        for side in "SF":
            wanted = tuple(link for link in links if link.type[1] == side)
            if wanted:
                gate = self._join(f"{summary.id}:waits {side}", wanted)
                gates = (*gates, Link(gate, "SS" if side == "S" else "FF"))
        self.gates[summary.id] = gates

    def _join(self, name: str, links: Iterable[Link], kind: Literal["latest", "earliest"] = "latest") -> str:
        if name not in self.nodes:
            self.nodes[name] = Node(
                id=name, kind=kind, worktime=self.default, calendar=self.default, links=tuple(links)
            )
        return name

    def _links(self, dependencies: Iterable[Dependency]) -> tuple[Link, ...]:
        found = []
        for dependency in dependencies:
            predecessor, lag = self._predecessor(dependency), dependency.lag
            if predecessor is not None:
                minutes, elapsed = (0, False) if lag is None else (self.default.minutes(lag), lag.elapsed)
                found.append(Link(predecessor, dependency.type, minutes, elapsed, dependency))
        return tuple(found)

    def _predecessor(self, dependency: Dependency) -> str | None:
        """Return the node that stands for what `dependency` waits for; None when there is nothing."""
        name = dependency.predecessor
        if name in self.alive:
            return name
        if name in self.leaves:
            if dependency.type[0] == "F":
                return self._join(f"{name}:finish", (Link(leaf, "FF") for leaf in self.leaves[name]))
            links = (Link(leaf, "SS") for leaf in self.leaves[name])
            return self._join(f"{name}:start", links, "earliest")
        if name not in self.nodes:
            span = self.externals.get(name)
            external = self.plan.external.get(name)
            if external is not None and external.due is not None and external.status == "open":
                due = instant(external.due) + MINUTES_A_DAY  # the end of that day
                span = (due, due)
            if span is None:
                return None
            self.nodes[name] = Node(
                id=name,
                kind="external",
                worktime=self.default,
                calendar=self.default,
                started=span[0],
                finished=span[1],
            )
        return name

    def _add(self, name: str, item: Task | Milestone) -> None:
        try:
            node = self._task(item) if isinstance(item, Task) else self._milestone(item)
        except HorizonError:
            self.beyond.add(name)
        else:
            self.nodes[name] = node

    def _milestone(self, milestone: Milestone) -> Node:
        links = self._links(milestone.depends_on)
        at = None
        if milestone.status == "done" and milestone.actual_finish is not None:
            at = _evening(self.default, milestone.actual_finish)
        return Node(
            id=milestone.id,
            kind="milestone",
            worktime=self.default,
            calendar=self.default,
            not_before=None if links else self.start,
            started=at,
            finished=at,
            links=links,
        )

    def _task(self, task: Task) -> Node:
        """Make the node of a leaf task: its work, and where it stands."""
        calendar = self.default if task.effort is not None else self.calendars.calendar(task.calendar)
        people = self.plan.assignments(task)
        worktime, work, elapsed = calendar, 0, False
        if task.effort is not None:
            work = self.default.minutes(task.effort) * FULL
            worktime = self.calendars.people(people) if work else calendar
        elif task.duration is not None:
            elapsed = task.duration.elapsed
            work = calendar.minutes(task.duration)
        bounds = [self.start, self.bound.get(task.parent or "", 0)]
        if self.status is not None and task.status != "done":
            bounds.append(self.status)
        if task.not_before is not None:
            bounds.append(instant(task.not_before))
        node = Node(
            id=task.id,
            kind="task",
            worktime=worktime,
            calendar=calendar,
            work=work,
            elapsed=elapsed,
            not_before=max(bounds),
            people=people,
            uses=task.uses,
            links=self._links(task.depends_on) + self.gates.get(task.parent or "", ()),
        )
        if task.status == "done":
            return self._done(node, task)
        if task.actual.start is not None or task.status == "doing" or task.progress:
            return self._begun(node, task)
        return node

    def _done(self, node: Node, task: Task) -> Node:
        """Put what is over where it was: at its actual dates, or just before the status date."""
        start, finish = task.actual.start, task.actual.finish
        started = _morning(node.calendar, start) if start is not None else None
        if finish is not None:
            finished = _evening(node.calendar, finish)
        elif self.data_date is not None:
            finished = max(node.calendar.finish_at(self.data_date), started or 0)
        else:
            return node  # nothing tells when: it stands where the plan puts it
        if started is None:
            started = node.begin(finished)
        return replace(node, started=started, finished=finished)

    def _begun(self, node: Node, task: Task) -> Node:
        """Let what is left of a task in progress go on at the status date.

        Without a status date nobody knows what is left: then all of it runs from the actual start.
        """
        start = task.actual.start
        started = _morning(node.calendar, start) if start is not None else None
        if self.status is None:
            return node if started is None else replace(node, started=started, resumes=started)
        work, elapsed, left = node.work, node.elapsed, task.remaining
        if left is None:
            work = math.ceil(round(work * (100 - (task.progress or 0)) / 100, 6))
        elif task.effort is not None:
            work, elapsed = self.default.minutes(left) * FULL, False
        else:
            work, elapsed = self.default.minutes(left), left.elapsed
        time = node.worktime if work else node.calendar
        resumes = time.start_at(max(self.status, started or 0))
        started = resumes if started is None else started
        return replace(node, work=work, elapsed=elapsed, started=started, resumes=resumes)

    def _sorted(self) -> Network:
        """Order the nodes topologically (Kahn); what does not come up is in a loop or behind one."""
        nodes = self.nodes
        successors: dict[str, list[tuple[Node, Link]]] = {name: [] for name in nodes}
        waiting: dict[str, int] = {}
        for node in nodes.values():
            waiting[node.id] = len(node.links)
            for link in node.links:
                if link.predecessor in successors:  # not beyond the horizon
                    successors[link.predecessor].append((node, link))
        order = [name for name in nodes if not waiting[name]]
        for name in order:  # grows while it is read
            for node, _ in successors[name]:
                waiting[node.id] -= 1
                if not waiting[node.id]:
                    order.append(node.id)
        sound = set(order)
        unsound = self.alive - sound
        summaries = {name for name, leaves in self.leaves.items() if not unsound.isdisjoint(leaves)}
        return Network(
            plan=self.plan,
            calendars=self.calendars,
            start=self.start,
            nodes={name: nodes[name] for name in order},
            successors={
                name: tuple((node, link) for node, link in successors[name] if node.id in sound)
                for name in order
            },
            leaves={name: tuple(leaves) for name, leaves in self.leaves.items()},
            unsound=frozenset(unsound | summaries),
            beyond=frozenset(self.beyond),
        )


def _morning(calendar: Worktime, day: date) -> int:
    """Return the first worked instant of a day, midnight when it is not worked."""
    midnight = instant(day)
    first = calendar.start_at(midnight)
    return first if first < midnight + MINUTES_A_DAY else midnight


def _evening(calendar: Worktime, day: date) -> int:
    """Return the last worked instant of a day, midnight when it is not worked."""
    midnight = instant(day)
    last = calendar.finish_at(midnight + MINUTES_A_DAY)
    return last if last > midnight else midnight + MINUTES_A_DAY
