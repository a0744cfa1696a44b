"""Rules and what their checks see: the manifest's data, the context of one plan, items by kind."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from planlint.diagnostics import Finding, Path, Severity
from planlint.document import Sources
from planlint.model import BudgetLine, Dependency, Item, Plan
from planlint.schedule.network import Network
from planlint.schedule.result import Deadline, Schedule

Need = Literal["plan", "schedule", "verdicts", "baseline", "portfolio"]


class Option(Struct, frozen=True, forbid_unknown_fields=True):
    """A parameter that a configuration may set.

    `days` are written as a duration (`15d`, `3w` of five days) and reach a check as a number of working
    days; `percent` are written `80%` and reach it as percent points.
    """

    type: Literal["number", "days", "percent", "texts"]
    default: Any
    description: str


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One manifest: what is checked and why, how bad it is, in which words it is said.

    `given` and `where` choose items; `params` go to the check, where a text `$name` stands for the option
    of that name; `at` lists the keys to underline, the first that is present wins, `key` is the item's own.
    """

    name: str
    category: str
    summary: str
    rationale: str
    severity: Severity
    since: str
    check: str
    message: str
    recommended: bool = True
    given: tuple[str, ...] = ()
    where: tuple[Any, ...] = ()
    needs: Need = "plan"
    params: Mapping[str, Any] = {}
    options: Mapping[str, Option] = {}
    at: tuple[str, ...] = ("key",)
    origin: str = ""
    valid: int = 0
    """How many examples show a plan with nothing to report."""
    invalid: int = 0


class Subject(Struct, frozen=True):
    """An item as a rule's `given` shows it: where it stands, its name for messages, its data with facts."""

    kind: str
    id: str
    path: Path
    view: Mapping[str, Any]


class Context(Struct, frozen=True, kw_only=True):
    """All that a check may look at: one plan, what was computed of it, and the plans beside it.

    What could not be computed is None, and checks that need it are not run. `today` judges staleness,
    `status_date` progress. `portfolio` has the plans of the run by id, this one included.
    """

    plan: Plan
    sources: Sources
    today: date
    network: Network | None = None
    schedule: Schedule | None = None
    deadlines: tuple[Deadline, ...] | None = None
    baseline: "Context | None" = None
    portfolio: Mapping[str, "Context"] = {}

    @property
    def status_date(self) -> date:
        """The day as of which progress is stated."""
        return self.plan.status_date or self.today

    def items(self, kind: str) -> Iterator[Any]:
        """Yield the sound items of a kind, in the order of the file."""
        broken = self.plan.broken
        for item in KINDS[kind](self.plan):
            if item.path not in broken:
                yield item


_SECTIONS = {
    "milestone": "milestones",
    "deliverable": "deliverables",
    "person": "people",
    "team": "teams",
    "resource": "resources",
    "calendar": "calendars",
    "objective": "objectives",
    "risk": "risks",
    "assumption": "assumptions",
    "issue": "issues",
    "decision": "decisions",
    "external": "external",
    "stakeholder": "stakeholders",
    "communication": "communications",
    "change": "changes",
    "service": "services",
    "metric": "metrics",
    "improvement": "improvements",
    "training": "training",
    "standard": "standards",
}


def _section(name: str) -> Callable[[Plan], Iterable[Item]]:
    return lambda plan: getattr(plan, name).values()


def _lines(plan: Plan) -> Iterable[BudgetLine]:
    return plan.budget.lines.values() if plan.budget else ()


KINDS: Mapping[str, Callable[[Plan], Iterable[Item]]] = {
    "task": lambda plan: (task for task in plan.tasks.values() if not task.is_summary),
    "summary": lambda plan: (task for task in plan.tasks.values() if task.is_summary),
    "budget-line": _lines,
    **{kind: _section(section) for kind, section in _SECTIONS.items()},
}
"""The kinds of items that `given` can name, beside `plan` and `dependency`; a summary is no task here."""


def dependencies(context: Context) -> Iterator[tuple[Item, Dependency]]:
    """Yield every dependency of a sound item with the item it stands in."""
    for kind in ("task", "summary", "milestone"):
        for item in context.items(kind):
            for dependency in item.depends_on:
                yield item, dependency


class CheckFunction(Protocol):
    """A check yields raw findings; words, level and place in the file are not its business.

    It gets the manifest's `params` as keyword arguments and, where the manifest says `given`, the chosen
    `subjects`.
    """

    schema: Mapping[str, Any]

    def __call__(self, context: Context, **params: Any) -> Iterable[Finding]:
        """Look at the plan."""


_F = TypeVar("_F", bound=Callable[..., Iterable[Finding]])


def check(**params: Mapping[str, Any]) -> Callable[[_F], _F]:
    """Declare a function as a check; each of its parameters has a JSON Schema."""

    def declare(function: _F) -> _F:
        function.schema = {  # type: ignore[attr-defined]
            "type": "object",
            "properties": params,
            "required": list(params),
            "additionalProperties": False,
        }
        return function

    return declare
