"""The plan as planlint understands it: typed, frozen, references still by id.

Field names are the keys of the plan format. Percentages are percent points (80% is 80.0), money is in
the plan's currency, dates are `datetime.date`. A reference holds the id that the file names.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Literal

from msgspec import Struct

from planlint.diagnostics import Path

LIKELIHOOD = {"very-low": 5.0, "low": 30.0, "medium": 50.0, "high": 70.0, "very-high": 90.0}
"""Percent points of the likelihood words."""

LEVELS = {"very-low": 1, "low": 2, "medium": 3, "high": 4, "very-high": 5}
"""The impact, influence, severity … words as 1 to 5."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

MINUTES_A_DAY = 24 * 60

_UNIT_MINUTES = {"h": 60, "d": MINUTES_A_DAY, "w": 7 * MINUTES_A_DAY}


class Duration(Struct, frozen=True):
    """Working time or, when `elapsed`, time on the clock; `amount` may be negative for a lead."""

    amount: float
    unit: Literal["h", "d", "w"]
    elapsed: bool = False

    def minutes(self, hours_per_day: float = 8, days_per_week: float = 5) -> float:
        """Return the minutes: of the clock when elapsed, else of a calendar with these days and weeks."""
        if self.elapsed:
            return self.amount * _UNIT_MINUTES[self.unit]
        if self.unit == "h":
            return self.amount * 60
        days = self.amount * (days_per_week if self.unit == "w" else 1)
        return days * hours_per_day * 60

    def __str__(self) -> str:
        """Write it as in a plan."""
        return f"{self.amount:g}{'e' if self.elapsed else ''}{self.unit}"


class Estimate(Struct, frozen=True):
    """A duration or effort: one value, or three points."""

    likely: Duration
    optimistic: Duration | None = None
    pessimistic: Duration | None = None

    @property
    def elapsed(self) -> bool:
        """Whether it counts on the clock."""
        return self.likely.elapsed

    def minutes(self, hours_per_day: float = 8, days_per_week: float = 5) -> int:
        """Return the expected value (PERT: (o + 4m + p) / 6), rounded up to a whole minute."""
        likely = self.likely.minutes(hours_per_day, days_per_week)
        if self.optimistic is None or self.pessimistic is None:
            expected = likely
        else:
            low = self.optimistic.minutes(hours_per_day, days_per_week)
            high = self.pessimistic.minutes(hours_per_day, days_per_week)
            expected = (low + 4 * likely + high) / 6
        return math.ceil(round(expected, 6))

    def __str__(self) -> str:
        """Write it as people say it."""
        if self.optimistic is None:
            return str(self.likely)
        return f"{self.optimistic}…{self.likely}…{self.pessimistic}"


class Impact(Struct, frozen=True):
    """What a risk does when it occurs: a level from 1 to 5, or time and money."""

    level: int | None = None
    time: Duration | None = None
    cost: float | None = None


class Cadence(Struct, frozen=True):
    """How often something recurs, in calendar time."""

    count: int
    unit: Literal["d", "w", "mo", "q"]

    def after(self, day: date) -> date:
        """Return the day one cadence later; the end of a short month stands in for a missing day."""
        if self.unit in "dw":
            return date.fromordinal(day.toordinal() + self.count * (7 if self.unit == "w" else 1))
        months = day.month - 1 + self.count * (3 if self.unit == "q" else 1)
        year, month = day.year + months // 12, months % 12 + 1
        following = date(year + month // 12, month % 12 + 1, 1)
        last = date.fromordinal(following.toordinal() - 1).day
        return date(year, month, min(day.day, last))

    def __str__(self) -> str:
        """Write it as in a plan."""
        return f"{self.count}{self.unit}"


class Period(Struct, frozen=True):
    """Whole days from `start` to `finish`, both included (`from` and `to` in a plan)."""

    start: date
    finish: date
    reason: str = ""
    units: int | None = None


class Window(Struct, frozen=True):
    """A span of local time (`from` and `to` in a plan)."""

    start: datetime
    finish: datetime


class Dependency(Struct, frozen=True):
    """A predecessor of the item it stands in; `path` is where it is written."""

    predecessor: str
    type: Literal["FS", "SS", "FF", "SF"]
    lag: Duration | None
    path: Path


class Assignment(Struct, frozen=True):
    """A person's or a team's share in a task, in percent points of their capacity."""

    who: str
    allocation: float = 100.0


class Actual(Struct, frozen=True):
    """What really happened to a task."""

    start: date | None = None
    finish: date | None = None
    effort: Duration | None = None


class Raci(Struct, frozen=True):
    """Who is responsible, accountable, consulted, informed; `accountable` should have one entry."""

    responsible: tuple[str, ...] = ()
    accountable: tuple[str, ...] = ()
    consulted: tuple[str, ...] = ()
    informed: tuple[str, ...] = ()


class Review(Struct, frozen=True):
    """When the plan itself is reviewed."""

    every: Cadence | None = None
    last: date | None = None
    owner: str | None = None


class Residual(Struct, frozen=True):
    """A risk's probability and impact after its mitigation."""

    probability: float | None = None
    impact: Impact | None = None


class Handover(Struct, frozen=True):
    """To whom a service goes, by when, and whether they took it."""

    to: str | None = None
    due: date | None = None
    accepted: bool = False


class Incident(Struct, frozen=True):
    """Where incidents of a service are reported and who is called, in order."""

    channel: str | None = None
    escalation: tuple[str, ...] = ()


class Item(Struct, frozen=True, kw_only=True):
    """Anything with an id; `path` is where it stands in its file."""

    id: str
    path: Path
    owner: str | None = None
    title: str = ""


class Person(Item, frozen=True, kw_only=True):
    """Somebody who works on the plan; `title` is their name."""

    name: str = ""
    email: str | None = None
    role: str | None = None
    department: str | None = None
    skills: tuple[str, ...] = ()
    availability: float = 100.0
    operations: float = 0.0
    calendar: str | None = None
    time_off: tuple[Period, ...] = ()
    cost_rate: float | None = None

    @property
    def share(self) -> float:
        """Percent points of a full day left for plans; can be negative when a plan overcommits."""
        return self.availability - self.operations


class Team(Item, frozen=True, kw_only=True):
    """People who are named together."""

    members: tuple[str, ...] = ()
    lead: str | None = None


class Resource(Item, frozen=True, kw_only=True):
    """A thing that work must share."""

    units: int = 1
    calendar: str | None = None
    unavailable: tuple[Period, ...] = ()


class Calendar(Item, frozen=True, kw_only=True):
    """Which days are worked and for how long; None where `based_on` decides."""

    workdays: tuple[str, ...] | None = None
    hours_per_day: float | None = None
    country: str | None = None
    subdivision: str | None = None
    holidays: Mapping[date, str] = {}
    workdays_extra: tuple[date, ...] = ()
    based_on: str | None = None


class KeyResult(Item, frozen=True, kw_only=True):
    """A measure of an objective."""

    target: float | str | None = None
    actual: float | str | None = None
    unit: str | None = None


class Objective(Item, frozen=True, kw_only=True):
    """What the plan is for."""

    why: str | None = None
    key_results: Mapping[str, KeyResult] = {}
    supports: str | None = None


class Deliverable(Item, frozen=True, kw_only=True):
    """What the plan hands over."""

    due: date | None = None
    acceptance: tuple[str, ...] = ()
    supports: tuple[str, ...] = ()
    status: str = "todo"


class Milestone(Item, frozen=True, kw_only=True):
    """A point in time that people wait for."""

    due: date | None = None
    depends_on: tuple[Dependency, ...] = ()
    deliverables: tuple[str, ...] = ()
    gate: tuple[str, ...] = ()
    status: str = "todo"
    actual_finish: date | None = None


class Task(Item, frozen=True, kw_only=True):
    """A piece of work, or a summary of its sub-tasks (`children`)."""

    description: str = ""
    tags: tuple[str, ...] = ()
    links: Mapping[str, str] = {}
    priority: int | None = None
    assignees: tuple[Assignment, ...] = ()
    raci: Raci | None = None
    effort: Estimate | None = None
    duration: Estimate | None = None
    uses: Mapping[str, int] = {}
    depends_on: tuple[Dependency, ...] = ()
    start: date | None = None
    finish: date | None = None
    not_before: date | None = None
    deadline: date | None = None
    must_start: date | None = None
    must_finish: date | None = None
    status: str = "todo"
    progress: float | None = None
    actual: Actual = Actual()
    remaining: Estimate | None = None
    blocked_by: str | None = None
    deliverables: tuple[str, ...] = ()
    objectives: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    acceptance: tuple[str, ...] = ()
    kind: str = "work"
    calendar: str | None = None
    cost: float | None = None
    parent: str | None = None
    children: tuple[str, ...] = ()

    @property
    def is_summary(self) -> bool:
        """Whether its dates follow from its children."""
        return bool(self.children)

    @property
    def open(self) -> bool:
        """Whether there is still work to do."""
        return self.status not in {"done", "cancelled"}


class Risk(Item, frozen=True, kw_only=True):
    """What may go wrong; `probability` in percent points."""

    description: str = ""
    category: str | None = None
    probability: float | None = None
    impact: Impact | None = None
    response: str | None = None
    mitigation: tuple[str, ...] = ()
    contingency: tuple[str, ...] = ()
    trigger: str | None = None
    affects: tuple[str, ...] = ()
    status: str = "open"
    raised: date | None = None
    review_by: date | None = None
    residual: Residual | None = None

    @property
    def open(self) -> bool:
        """Whether it can still happen."""
        return self.status in {"open", "mitigating"}


class Assumption(Item, frozen=True, kw_only=True):
    """What the plan takes for granted."""

    validate_by: date | None = None
    status: str = "open"


class Issue(Item, frozen=True, kw_only=True):
    """What has gone wrong."""

    raised: date | None = None
    due: date | None = None
    severity: str | None = None
    status: str = "open"
    blocks: tuple[str, ...] = ()
    risk: str | None = None


class Decision(Item, frozen=True, kw_only=True):
    """What was or must be decided."""

    date: "date | None" = None
    status: str = "proposed"
    rationale: str | None = None
    options: tuple[str, ...] = ()
    accepts: tuple[str, ...] = ()
    superseded_by: str | None = None


class External(Item, frozen=True, kw_only=True):
    """What others must deliver."""

    provider: str = ""
    due: date | None = None
    status: str = "open"
    confirmed: bool = False
    contract: str | None = None


class Stakeholder(Item, frozen=True, kw_only=True):
    """Somebody with an interest in the plan; `title` is their name."""

    name: str = ""
    role: str | None = None
    technical: bool | None = None
    interest: str | None = None
    influence: str | None = None
    attitude: str | None = None
    desired: str | None = None


class Communication(Item, frozen=True, kw_only=True):
    """What is told to whom, how and how often."""

    purpose: str | None = None
    audience: tuple[str, ...] = ()
    channel: str = ""
    every: Cadence | None = None
    last: date | None = None
    format: str | None = None


class BudgetLine(Item, frozen=True, kw_only=True):
    """One position of the budget."""

    category: str | None = None
    planned: float | None = None
    actual: float | None = None
    committed: float | None = None


class Budget(Struct, frozen=True, kw_only=True):
    """Money: the total, what is kept back (percent points or money), the lines."""

    total: float | None = None
    contingency_percent: float | None = None
    contingency_money: float | None = None
    lines: Mapping[str, BudgetLine] = {}

    @property
    def contingency(self) -> float | None:
        """The money kept back, or None when the plan does not say."""
        if self.contingency_money is not None:
            return self.contingency_money
        if self.contingency_percent is None or self.total is None:
            return None
        return self.total * self.contingency_percent / 100


class Change(Item, frozen=True, kw_only=True):
    """A change to a running system."""

    approver: str | None = None
    system: str | None = None
    risk: str | None = None
    window: Window | None = None
    tasks: tuple[str, ...] = ()
    rollback: str | None = None
    tested: bool | None = None
    announced: bool | None = None
    status: str = "planned"


class Service(Item, frozen=True, kw_only=True):
    """A running system that the plan touches or hands over."""

    monitoring: tuple[str, ...] = ()
    runbook: str | None = None
    incident: Incident | None = None
    handover: Handover | None = None
    freeze: tuple[Period, ...] = ()


class Metric(Item, frozen=True, kw_only=True):
    """A number that is watched."""

    unit: str | None = None
    target: float | None = None
    actual: float | None = None
    direction: str | None = None
    every: Cadence | None = None
    as_of: date | None = None
    objective: str | None = None


class Improvement(Item, frozen=True, kw_only=True):
    """An action out of a retrospective or review."""

    raised: date | None = None
    due: date | None = None
    status: str = "open"
    source: str | None = None


class Training(Item, frozen=True, kw_only=True):
    """What people learn before something changes for them."""

    audience: tuple[str, ...] = ()
    due: date | None = None
    status: str = "planned"
    change: str | None = None


class Standard(Item, frozen=True, kw_only=True):
    """A guideline the plan follows."""

    link: str | None = None
    applies_to: tuple[str, ...] = ()


class Plan(Struct, frozen=True, kw_only=True):
    """One plan with what its fragments add; `file` is the path of its own file as shown to the user.

    `tasks` is flat and in the order of the file, parents before their children. `broken` has the paths of
    items with an error of structure: other rules leave them out.
    """

    id: str
    file: str
    title: str = ""
    description: str = ""
    status: str = "active"
    methodology: str | None = None
    manager: str | None = None
    sponsor: str | None = None
    start: date | None = None
    deadline: date | None = None
    status_date: date | None = None
    currency: str | None = None
    priority: int | None = None
    baseline_ref: str | None = None
    review: Review | None = None
    links: Mapping[str, str] = {}
    people: Mapping[str, Person] = {}
    teams: Mapping[str, Team] = {}
    resources: Mapping[str, Resource] = {}
    calendars: Mapping[str, Calendar] = {}
    objectives: Mapping[str, Objective] = {}
    deliverables: Mapping[str, Deliverable] = {}
    milestones: Mapping[str, Milestone] = {}
    tasks: Mapping[str, Task] = {}
    risks: Mapping[str, Risk] = {}
    assumptions: Mapping[str, Assumption] = {}
    issues: Mapping[str, Issue] = {}
    decisions: Mapping[str, Decision] = {}
    external: Mapping[str, External] = {}
    stakeholders: Mapping[str, Stakeholder] = {}
    communications: Mapping[str, Communication] = {}
    budget: Budget | None = None
    changes: Mapping[str, Change] = {}
    services: Mapping[str, Service] = {}
    metrics: Mapping[str, Metric] = {}
    improvements: Mapping[str, Improvement] = {}
    training: Mapping[str, Training] = {}
    standards: Mapping[str, Standard] = {}
    broken: frozenset[Path] = frozenset()

    def leaves(self) -> Iterator[Task]:
        """Yield the tasks that are work themselves: no summaries, none cancelled."""
        for task in self.tasks.values():
            if not task.is_summary and task.status != "cancelled":
                yield task

    def waiting(self) -> "Iterator[Task | Milestone]":
        """Yield everything that can have predecessors: tasks with their summaries, then milestones."""
        yield from self.tasks.values()
        yield from self.milestones.values()

    def members(self, who: str) -> tuple[str, ...]:
        """Return the people behind an id: a team's members, or the person alone."""
        team = self.teams.get(who)
        return team.members if team else (who,)

    def assignments(self, task: Task) -> dict[str, float]:
        """Return who works on a task, person → percent points of their capacity.

        Without assignees a task with effort is its owner's; a duration task then takes nobody's capacity.
        A person named twice (alone and through a team) has the larger of the two shares.
        """
        named = task.assignees
        if not named and task.effort is not None and task.owner is not None:
            named = (Assignment(task.owner),)
        shares: dict[str, float] = {}
        for assignment in named:
            for person in self.members(assignment.who):
                shares[person] = max(shares.get(person, 0.0), assignment.allocation)
        return shares
