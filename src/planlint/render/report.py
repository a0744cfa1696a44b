"""What a page is made from: the plan, what was computed of it, and how it is to be shown."""

from collections.abc import Mapping
from datetime import date
from typing import Literal, NamedTuple

from msgspec import Struct

from planlint.diagnostics import Diagnostic
from planlint.model import Plan
from planlint.render.words import Language
from planlint.schedule.earned import EarnedValue
from planlint.schedule.result import Deadline, Schedule, Scheduled
from planlint.schedule.simulation import Chance

Section = str
_ALL = (
    "summary changed next decisions timeline milestones work critical-path dependencies people raci risks "
    "log budget stakeholders readiness metrics training improvements findings"
)
SECTIONS: tuple[Section, ...] = tuple(_ALL.split())
"""The sections in the order of a page; also the names of markers and of template files."""

Audience = Literal["sponsor", "team", "operations"]
Flavor = Literal["github", "gitlab", "plain"]

_SPONSOR = "summary changed decisions milestones timeline critical-path risks budget"
_TEAM = (
    "summary next decisions changed timeline work dependencies people raci risks log training improvements "
    "findings"
)
_OPERATIONS = (
    "summary next readiness training timeline people risks log metrics stakeholders improvements findings"
)
AUDIENCES: Mapping[Audience | None, tuple[Section, ...]] = {
    None: SECTIONS,
    "sponsor": tuple(_SPONSOR.split()),
    "team": tuple(_TEAM.split()),
    "operations": tuple(_OPERATIONS.split()),
}
"""Which sections each audience gets, in its order."""


class Snapshot(Struct, frozen=True, kw_only=True):
    """A plan and its schedule at another time or beside this one; `label` names it, a tag or a date."""

    plan: Plan
    schedule: Schedule | None
    deadlines: tuple[Deadline, ...] = ()
    label: str = ""


class Report(Struct, frozen=True, kw_only=True):
    """One plan with everything a page can say about it.

    `baseline` is what it is compared with; `portfolio` has the other plans of the run by id; `rules` says
    what each of planlint's own rules asks for, in a sentence. `schedule` is None when none could be made.
    """

    plan: Plan
    today: date
    schedule: Schedule | None = None
    deadlines: tuple[Deadline, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    baseline: Snapshot | None = None
    portfolio: Mapping[str, Snapshot] = {}
    rules: Mapping[str, str] = {}
    chance: Chance | None = None
    earned: EarnedValue | None = None

    @property
    def as_of(self) -> date:
        """The day as of which progress is stated."""
        return self.plan.status_date or self.today

    @property
    def items(self) -> Mapping[str, Scheduled]:
        """The computed dates by id; none without a schedule."""
        return self.schedule.items if self.schedule else {}

    @property
    def deadline(self) -> Deadline | None:
        """The verdict on the plan's own deadline."""
        return next((d for d in self.deadlines if d.kind == "plan"), None)


class Options(Struct, frozen=True, kw_only=True):
    """How pages are to look. `out` is the folder they go to, as links to plan files need it.

    `images` is False where no SVG stands beside the text.
    """

    flavor: Flavor = "github"
    wiki: bool = False
    audience: Audience | None = None
    language: str = "en"
    sections: tuple[Section, ...] = ()
    out: str = "."
    images: bool = True

    @property
    def chosen(self) -> tuple[Section, ...]:
        """The sections to show, in order."""
        return self.sections or AUDIENCES[self.audience]

    def page(self, name: str) -> str:
        """Return the address of another page."""
        return name if self.wiki else f"{name}.md"


_NAMED = (
    "tasks milestones external deliverables objectives risks issues decisions changes services people teams "
    "stakeholders assumptions resources communications training metrics improvements standards"
)


class Page(NamedTuple):
    """A report, the language and the options it is shown with."""

    report: Report
    language: Language
    options: Options

    @property
    def plan(self) -> Plan:
        """The plan it is about."""
        return self.report.plan

    def title(self, identifier: str) -> str:
        """Return the title of whatever has this id, also in another plan of the run; text as it is."""
        other, _, local = identifier.rpartition("/")
        plan = self.report.portfolio[other].plan if other in self.report.portfolio else self.plan
        sections = [getattr(plan, section) for section in _NAMED.split()]
        if plan.budget:
            sections.append(plan.budget.lines)
        found = (section.get(local) for section in sections)
        return next((item.title or item.id for item in found if item), identifier)
