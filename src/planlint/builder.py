"""Documents to a plan: values parsed once, sub-tasks flattened, references checked, fragments merged.

Nothing here fails on bad data: what the schema or this module finds wrong is reported once and left out, so
that everything else of the plan can still be looked at. `Plan.broken` names the items this happened to.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any, Literal

from msgspec import Struct

from planlint import model
from planlint.diagnostics import Finding, Path, Place
from planlint.document import Document, Limits, Sources, read
from planlint.model import Cadence, Dependency, Duration, Estimate, Impact, Period, Plan, Task, Window
from planlint.schema import closest

Expand = Callable[[str, str], Sequence[str]]
"""The files, in order, that an `include` entry of a file stands for; none when there is none to be read."""

_MOST_FRAGMENTS = 200
_DEEPEST_INCLUDE = 16
_MOST_GUESSES = 100
"""How many misspelt references get a "did you mean": each costs up to 20 ms."""

_NOUNS = {
    "people": "person",
    "teams": "team",
    "resources": "resource",
    "calendars": "calendar",
    "objectives": "objective",
    "deliverables": "deliverable",
    "milestones": "milestone",
    "tasks": "task",
    "risks": "risk",
    "assumptions": "assumption",
    "issues": "issue",
    "decisions": "decision",
    "external": "external delivery",
    "stakeholders": "stakeholder",
    "communications": "communication",
    "budget": "budget",
    "changes": "change",
    "services": "service",
    "metrics": "metric",
    "improvements": "improvement",
    "training": "training",
    "standards": "standard",
}
"""Every section, and what one of its items is called."""

_WORK = ("tasks", "milestones", "external")
REFERENCES: Mapping[str, tuple[str, ...]] = {
    "accepts": ("risks",),
    "accountable": ("people", "teams", "stakeholders"),
    "affects": ("tasks", "milestones", "deliverables", "objectives"),
    "applies_to": ("tasks", "deliverables"),
    "approver": ("people",),
    "assignees": ("people", "teams"),
    "audience": ("stakeholders", "people", "teams"),
    "based_on": ("calendars",),
    "blocks": ("tasks",),
    "calendar": ("calendars",),
    "change": ("changes", "deliverables"),
    "consulted": ("people", "teams", "stakeholders"),
    "deliverables": ("deliverables",),
    "depends_on": _WORK,
    "escalation": ("people",),
    "informed": ("people", "teams", "stakeholders"),
    "lead": ("people",),
    "manager": ("people",),
    "members": ("people",),
    "objective": ("objectives",),
    "objectives": ("objectives",),
    "owner": ("people",),
    "responsible": ("people", "teams", "stakeholders"),
    "risk": ("risks",),
    "sponsor": ("people",),
    "superseded_by": ("decisions",),
    "supports": ("objectives",),
    "system": ("services",),
    "tasks": ("tasks",),
    "to": ("teams", "people"),
    "uses": ("resources",),
}
"""The sections in which the id under a key may stand. A key means the same wherever it refers to something."""


class Foreign(Struct, frozen=True):
    """A reference into another plan, written `plan/id`, and the sections it may lead to."""

    key: str
    plan: str
    id: str
    sections: tuple[str, ...]
    path: Path


class Built(Struct, frozen=True):
    """A plan, the files it comes from, and what was found while building it.

    `ids` has every id by section, those of items that were left out included; `complete` is False when an
    included file is missing, so that an unknown id proves nothing. `foreign` waits for `cross_references`.
    """

    plan: Plan
    sources: Sources
    findings: tuple[Finding, ...]
    ids: Mapping[str, frozenset[str]]
    foreign: tuple[Foreign, ...] = ()
    complete: bool = True


def build(
    main: Document, fragments: Sequence[Document], structure: Sequence[Finding], *, complete: bool = True
) -> Built:
    """Build a plan from its file and the files that it includes.

    Args:
        main: The plan's own file.
        fragments: The included files, in order.
        structure: What the schema says of all these files; the keys concerned are left out.
        complete: Whether every included file is there; if not, unknown ids are not reported.
    """
    return _Building(main, fragments, structure, complete=complete).built()


def cross_references(plans: Mapping[str, Built]) -> dict[str, tuple[Finding, ...]]:
    """Check references between the plans of a run; `plans` and the result have the same keys.

    A run of one plan has nothing to compare with, so that its references to others are taken as they are.
    """
    if len(plans) < 2:  # noqa: PLR2004 - one plan and another
        return {}
    by_id: dict[str, list[Built]] = {}
    for built in plans.values():
        by_id.setdefault(built.plan.id, []).append(built)
    found: dict[str, tuple[Finding, ...]] = {}
    for key, built in plans.items():
        findings = tuple(finding for one in built.foreign if (finding := _foreign(one, by_id)))
        if findings:
            found[key] = findings
    return found


def fragments(
    main: Document, expand: Expand, content: Callable[[str], bytes], limits: Limits
) -> tuple[tuple[Document, ...], tuple[Finding, ...]]:
    """Read the files that a plan includes, and those that they include.

    Args:
        main: The plan's own file.
        expand: Names the files of an `include` entry.
        content: Returns the bytes of a file, or raises OSError.
        limits: What each file, and all of them together in bytes, may cost.

    Returns:
        The fragments in order, and what is wrong with them or with the entries that name them.
    """
    documents: list[Document] = []
    findings: list[Finding] = []
    size = len(main.text)
    seen = {main.file}

    def visit(document: Document, above: tuple[str, ...]) -> None:
        nonlocal size
        entries = document.data.get("include") if isinstance(document.data, dict) else None
        for index, entry in enumerate(entries if isinstance(entries, list) else ()):
            if not isinstance(entry, str):
                continue
            files = [file for file in expand(document.file, entry) if file != document.file or entry == file]
            place = Place(("include", index), file=document.file)
            reason = None if files else f"'{entry}' names no file inside the repository"
            for file in files:
                if file in above:
                    reason = f"'{entry}' leads back to {file}: a loop; take one of the includes out"
                elif file in seen:
                    reason = f"'{entry}' includes {file} a second time; take one of the entries out"
                elif len(above) > _DEEPEST_INCLUDE or len(documents) == _MOST_FRAGMENTS:
                    reason = (
                        f"'{entry}' is one include too many: {_MOST_FRAGMENTS} files, "
                        f"{_DEEPEST_INCLUDE} levels deep, is the limit"
                    )
                else:
                    seen.add(file)
                    reason = include(file, entry, above) or reason
            if reason:
                findings.append(Finding(place, {"reason": reason}, rule="include-error"))

    def include(file: str, entry: str, above: tuple[str, ...]) -> str | None:
        nonlocal size
        try:
            data = content(file)
        except OSError as error:
            return f"'{entry}' cannot be read: {error.strerror or error}"
        size += len(data)
        if size > limits.file_size:
            return f"with '{entry}' the plan has more than {limits.file_size:,} bytes, and that is the limit"
        fragment, found = read(file, data, limits)
        findings.extend(found)
        if fragment is None:
            return None
        if isinstance(fragment.data, dict) and "planlint" in fragment.data:
            return f"'{entry}' is a plan by itself ({file} has a `planlint` key); only fragments are included"
        documents.append(fragment)
        visit(fragment, (*above, file))
        return None

    visit(main, (main.file,))
    return tuple(documents), tuple(findings)


def expander(root: FilePath) -> Expand:
    """Return how `include` entries are found on disk: files, links followed, never outside `root`."""
    real = root.resolve()

    def expand(file: str, entry: str) -> tuple[str, ...]:
        folder = FilePath(file).resolve().parent
        parts = PurePosixPath(entry).parts
        fixed = next((at for at, part in enumerate(parts) if set(part) & set("*?[")), len(parts))
        base = folder.joinpath(*parts[:fixed])
        if PurePosixPath(entry).is_absolute() or ".." in parts[fixed:]:
            return ()
        if not base.resolve().is_relative_to(real):
            return ()
        try:
            matches = (
                islice(base.glob("/".join(parts[fixed:])), 10 * _MOST_FRAGMENTS) if parts[fixed:] else (base,)
            )
            files = sorted({match.resolve() for match in matches})
        except (OSError, ValueError):  # a pattern or name that the system refuses
            return ()
        here = FilePath.cwd()
        return tuple(
            (one.relative_to(here) if one.is_relative_to(here) else one).as_posix()
            for one in files
            if one.is_relative_to(real) and one.is_file()
        )

    return expand


def default_id(file: str) -> str:
    """Return the id of a plan that does not say it: from its file's name, or its folder's for `plan.yaml`."""
    path = PurePosixPath(file)
    name = path.name
    for ending in (".yaml", ".yml", ".json"):
        name = name.removesuffix(ending)
    if name != "plan":
        return name.removesuffix(".plan")
    return path.parent.name or FilePath.cwd().name


# ---------------------------------------------------------------- values: None for what is not one

_DURATION = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)(e?)([hdw])")
_DEPENDENCY = re.compile(r"([^\s+]+)(?: (FS|SS|FF|SF))?(?: ?([+-]) ?([0-9]{1,5}(?:\.[0-9]{1,3})?e?[hdw]))?")
_LEAD = re.compile(r"(.+)(-)([0-9]{1,5}(?:\.[0-9]{1,3})?e?[hdw])")
_CADENCE = re.compile(r"([1-9][0-9]{0,2})(d|w|mo|q)")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%")
_MOST_MONEY = 1e15


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _word(value: object) -> str | None:
    return "false" if value is False else _text(value)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()


def _links(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: text for key, text in value.items() if isinstance(text, str) and not key.startswith("x-")}


@lru_cache(2048)
def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-05") else None
    except ValueError:
        return None


def _date(value: object) -> date | None:
    return _day(value) if isinstance(value, str) else None


def _dates(value: object) -> tuple[date, ...]:
    return tuple(day for one in value if (day := _date(one))) if isinstance(value, list) else ()


def _holidays(value: object) -> dict[date, str]:
    if not isinstance(value, dict):
        return {}
    return {day: str(reason) for key, reason in value.items() if (day := _date(key))}


@lru_cache(2048)
def _span(text: str) -> Duration | None:
    match = _DURATION.fullmatch(text)
    if match is None:
        return None
    amount, elapsed, unit = match.groups()
    return Duration(float(amount), unit, bool(elapsed))  # type: ignore[arg-type] # the pattern has the units


def _duration(value: object) -> Duration | None:
    return _span(value) if isinstance(value, str) else None


def _lag(value: object) -> Duration | None:
    if not isinstance(value, str):
        return None
    lag = _span(value.lstrip("+-"))
    if lag and value.startswith("-"):
        return Duration(-lag.amount, lag.unit, lag.elapsed)
    return lag


def _estimate(value: object) -> Estimate | None:
    if isinstance(value, dict):
        low, likely, high = (_duration(value.get(key)) for key in ("optimistic", "likely", "pessimistic"))
        return Estimate(likely, low, high) if low and likely and high else None
    single = _duration(value)
    return Estimate(single) if single else None


def _percent(value: object) -> float | None:
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) if match else None


def _likelihood(value: object) -> float | None:
    return model.LIKELIHOOD.get(value) or _percent(value) if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST_MONEY:
        return None
    return float(value)


def _number_or_text(value: object) -> float | str | None:
    return value if isinstance(value, str) else _number(value)


def _count(value: object) -> int | None:
    number = _number(value)
    return int(number) if number is not None else None


def _impact(value: object) -> Impact | None:
    if isinstance(value, dict):
        return Impact(None, _duration(value.get("time")), _number(value.get("cost")))
    level = model.LEVELS.get(value) if isinstance(value, str) else None
    return Impact(level) if level else None


def _cadence(value: object) -> Cadence | None:
    match = _CADENCE.fullmatch(value) if isinstance(value, str) else None
    return Cadence(int(match[1]), match[2]) if match else None  # type: ignore[arg-type] # as in the pattern


def _periods(value: object) -> tuple[Period, ...]:
    periods = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict) and (start := _date(one.get("from"))) and (finish := _date(one.get("to"))):
            reason = _text(one.get("reason")) or ""
            periods.append(Period(start, finish, reason, _count(one.get("units"))))
    return tuple(periods)


def _window(value: object) -> Window | None:
    if not isinstance(value, dict):
        return None
    try:
        return Window(datetime.fromisoformat(value["from"]), datetime.fromisoformat(value["to"]))
    except (KeyError, TypeError, ValueError):
        return None


def _actual(value: object) -> model.Actual | None:
    if not isinstance(value, dict):
        return None
    return model.Actual(_date(value.get("start")), _date(value.get("finish")), _duration(value.get("effort")))


def _residual(value: object) -> model.Residual | None:
    if not isinstance(value, dict):
        return None
    return model.Residual(_likelihood(value.get("probability")), _impact(value.get("impact")))


Parse = Callable[[Any], Any]

_VALUES: Mapping[str, Parse] = {
    "acceptance": _texts,
    "accepted": _flag,
    "actual": _actual,
    "actual_finish": _date,
    "announced": _flag,
    "as_of": _date,
    "attitude": _text,
    "availability": _percent,
    "category": _text,
    "channel": _text,
    "committed": _number,
    "confirmed": _flag,
    "contract": _text,
    "cost": _number,
    "cost_rate": _number,
    "country": _text,
    "currency": _text,
    "date": _date,
    "deadline": _date,
    "department": _text,
    "description": _text,
    "desired": _text,
    "direction": _text,
    "due": _date,
    "duration": _estimate,
    "effort": _estimate,
    "email": _text,
    "every": _cadence,
    "finish": _date,
    "format": _text,
    "freeze": _periods,
    "gate": _texts,
    "holidays": _holidays,
    "hours_per_day": _number,
    "impact": _impact,
    "influence": _text,
    "interest": _text,
    "kind": _text,
    "last": _date,
    "link": _text,
    "links": _links,
    "methodology": _text,
    "monitoring": _texts,
    "must_finish": _date,
    "must_start": _date,
    "name": _text,
    "not_before": _date,
    "operations": _percent,
    "options": _texts,
    "planned": _number,
    "priority": _count,
    "probability": _likelihood,
    "progress": _percent,
    "provider": _text,
    "purpose": _text,
    "raised": _date,
    "rationale": _text,
    "remaining": _estimate,
    "residual": _residual,
    "response": _text,
    "review_by": _date,
    "role": _text,
    "rollback": _text,
    "runbook": _text,
    "severity": _text,
    "skills": _texts,
    "source": _text,
    "start": _date,
    "status": _word,
    "status_date": _date,
    "tags": _texts,
    "target": _number,
    "technical": _flag,
    "tested": _flag,
    "time_off": _periods,
    "title": _text,
    "trigger": _text,
    "unavailable": _periods,
    "unit": _text,
    "units": _count,
    "validate_by": _date,
    "why": _text,
    "window": _window,
    "workdays": _texts,
    "workdays_extra": _dates,
}
"""How a key's value is read. A key means the same in nearly every section; `_EXCEPTIONS` has the others."""

_EXCEPTIONS: Mapping[tuple[str, str], Parse] = {
    ("key_results", "actual"): _number_or_text,
    ("key_results", "target"): _number_or_text,
    ("metrics", "actual"): _number,
    ("lines", "actual"): _number,
    ("changes", "risk"): _text,
}

_ITEMS: Mapping[str, type[model.Item]] = {
    "people": model.Person,
    "teams": model.Team,
    "resources": model.Resource,
    "calendars": model.Calendar,
    "objectives": model.Objective,
    "deliverables": model.Deliverable,
    "milestones": model.Milestone,
    "tasks": model.Task,
    "risks": model.Risk,
    "assumptions": model.Assumption,
    "issues": model.Issue,
    "decisions": model.Decision,
    "external": model.External,
    "stakeholders": model.Stakeholder,
    "communications": model.Communication,
    "changes": model.Change,
    "services": model.Service,
    "metrics": model.Metric,
    "improvements": model.Improvement,
    "training": model.Training,
    "standards": model.Standard,
    "key_results": model.KeyResult,
    "lines": model.BudgetLine,
}


def _parsers(section: str, fields: Iterable[str]) -> dict[str, Parse]:
    named = ((name, _EXCEPTIONS.get((section, name)) or _VALUES.get(name)) for name in fields)
    return {name: parse for name, parse in named if parse}


_PARSERS = {section: _parsers(section, item.__struct_fields__) for section, item in _ITEMS.items()}
_PLAN_PARSERS = _parsers("", Plan.__struct_fields__)


class _Work(Struct, frozen=True):
    """A task or milestone before its values are read: where it stands, and in which task."""

    id: str
    data: Any
    path: Path
    parent: str | None = None
    children: tuple[str, ...] = ()


class _Building:
    """One plan on its way from documents to a model: the ids known, the findings so far."""

    def __init__(
        self, main: Document, fragments: Sequence[Document], structure: Sequence[Finding], *, complete: bool
    ) -> None:
        self.main = main
        self.fragments = tuple(fragments)
        self.complete = complete
        self.findings: list[Finding] = []
        self.foreign: list[Foreign] = []
        self.broken: set[Path] = set()
        self.opaque: set[str] = set()  # sections whose ids cannot all be known
        self.flagged: dict[Path, set[str]] = {}  # by item: keys that the schema refused
        self.guesses = 0
        self.origin: dict[tuple[str, str], Document] = {}
        self.data: dict[str, dict[str, Any]] = {section: {} for section in _NOUNS}
        self.tasks: dict[str, _Work] = {}
        self.milestones: dict[str, _Work] = {}
        self.refuse(structure)
        self.merge()
        self.sources = Sources(main, self.fragments, self.origin)
        self.top = main.data if isinstance(main.data, dict) else {}
        own = self.reference_text(self.top.get("id"), ("id",))
        self.id = own or default_id(main.file)
        self.index()
        self.ids = {section: frozenset(items) for section, items in self.data.items()}
        self.ids["tasks"] = frozenset((*self.ids["tasks"], *self.tasks))
        self.ids["calendars"] |= {"default"}
        self.allowed = {
            sections: frozenset().union(*(self.ids[section] for section in sections))
            for sections in REFERENCES.values()
        }

    # -- what there is

    def refuse(self, structure: Sequence[Finding]) -> None:
        """Note which items and keys the schema refused."""
        included = {fragment.file for fragment in self.fragments}
        for finding in structure:
            path = finding.place.path
            if len(path) < 2:  # noqa: PLR2004 - the file, or a key of it
                self.refuse_top(finding, fragment=finding.place.file in included)
                continue
            ends = _item_ends(path) or [1]
            self.broken.update(path[:end] for end in ends)
            item, rest = path[: ends[-1]], path[ends[-1] :]
            if len(rest) == 1:
                self.flagged.setdefault(item, set()).add(str(rest[0]))
                if rest == ("tasks",):
                    self.opaque.add("tasks")

    def refuse_top(self, finding: Finding, *, fragment: bool) -> None:
        """Note what a finding about a whole file or one of its keys takes away."""
        path = finding.place.path
        missed = finding.rule == "missing-key"
        if not path and not missed:
            self.opaque.update(_NOUNS)
        meant = finding.values.get("key") if missed else finding.values.get("suggestion")
        for key in (*path, *((meant,) if meant else ())):
            if key in _NOUNS:
                self.opaque.add(str(key))
            if not fragment:
                self.broken.add((str(key),))
        if path and not fragment and not missed:
            self.flagged.setdefault((), set()).add(str(path[0]))

    def merge(self) -> None:
        """Bring the sections of all files together; the first file to have an id keeps it."""
        for document in (self.main, *self.fragments):
            data = document.data if isinstance(document.data, dict) else {}
            for section, items in data.items():
                merged = self.data.get(section)
                if merged is None or not isinstance(items, dict):
                    continue
                for key, item in items.items():
                    if key.startswith("x-"):
                        continue
                    if key in merged:
                        self.twice((section, key), document)
                        continue
                    merged[key] = item
                    if document is not self.main:
                        self.origin[section, key] = document
        if not self.complete:
            self.opaque.update(_NOUNS)

    def twice(self, path: tuple[str, str], later: Document) -> None:
        """Report, at both places, an item that two files have."""
        first = self.origin.get(path, self.main)
        self.broken.add(path)
        for here, there in ((first, later), (later, first)):
            reason = f"'{path[1]}' is in {path[0]} of {there.file}, too; rename one or take one out"
            related = ((f"'{path[1]}' in {there.file}", Place(path, "key", there.file)),)
            place = Place(path, "key", here.file)
            self.findings.append(Finding(place, {"id": path[1], "reason": reason}, related, "duplicate-id"))

    def index(self) -> None:
        """Flatten the tasks, and find ids that two tasks or milestones have."""
        sections = [section for section in self.order() if section in {"tasks", "milestones"}]
        for section in sections:
            if section == "tasks":
                self.flatten(self.data["tasks"], ("tasks",), None)
                continue
            for key, item in self.data["milestones"].items():
                work = _Work(key, item, ("milestones", key))
                if self.first(work):
                    self.milestones[key] = work

    def order(self) -> list[str]:
        """Return the section names in the order of the files."""
        named: dict[str, None] = {}
        for document in (self.main, *self.fragments):
            named.update(dict.fromkeys(document.data if isinstance(document.data, dict) else ()))
        return [name for name in named if name in self.data]

    def flatten(self, items: Mapping[str, Any], path: Path, parent: str | None) -> tuple[str, ...]:
        """Add tasks and their sub-tasks, parents first, and return the ids on this level."""
        level: list[str] = []
        for key, item in items.items():
            if key.startswith("x-"):
                continue
            work = _Work(key, item, (*path, key), parent)
            inner = item.get("tasks") if isinstance(item, dict) else None
            inner = inner if isinstance(inner, dict) else {}
            if not self.first(work):
                level += self.flatten(inner, (*work.path, "tasks"), parent)
                continue
            level.append(key)
            self.tasks[key] = work
            if inner:
                children = self.flatten(inner, (*work.path, "tasks"), key)
                self.tasks[key] = _Work(key, item, work.path, parent, children)
        return tuple(level)

    def first(self, work: _Work) -> bool:
        """Whether no task or milestone before has this id; report it if one has."""
        other = self.tasks.get(work.id) or self.milestones.get(work.id)
        if other is None:
            return True
        reason = f"'{work.id}' is the id of another task or milestone, too; rename one of them"
        related = ((f"the other '{work.id}'", Place(other.path, "key")),)
        self.report("duplicate-id", work.path, reason, at="key", related=related, id=work.id)
        return False

    # -- what is wrong with it

    def report(
        self,
        rule: str,
        path: Path,
        reason: str,
        *,
        at: Literal["key", "value"] = "value",
        related: tuple[tuple[str, Place], ...] = (),
        **values: object,
    ) -> None:
        """Add a finding, and mark the item that it stands in."""
        self.mark(path)
        self.findings.append(Finding(Place(path, at), {**values, "reason": reason}, related, rule))

    def mark(self, path: Path) -> None:
        """Mark the items that `path` leads through as broken."""
        self.broken.update([path[:end] for end in _item_ends(path)] or [path[:1]])

    # -- references

    def reference_text(self, value: object, path: Path) -> str | None:
        """Return an id or short text as it is written: `007` stays `007`."""
        if isinstance(value, str):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return self.sources.document(path).text_of(path)

    def refer(self, key: str, ref: str, path: Path) -> str | None:
        """Return `ref` when it leads somewhere, or may in another plan; else report it and return None."""
        sections = REFERENCES[key]
        allowed = self.allowed[sections]
        if ref in allowed:
            return ref
        plan, slash, rest = ref.partition("/")
        if slash and plan != self.id:
            self.foreign.append(Foreign(key, plan, rest, sections, path))
            return ref
        if slash and rest in allowed:
            return rest
        if not self.opaque.isdisjoint(sections):
            self.mark(path)
            return None
        wanted = _either(_NOUNS[section] for section in sections)
        label = f"{key}: "
        for section, ids in self.ids.items():
            if ref in ids:
                other = self.tasks.get(ref) if section == "tasks" else None
                there = Place(other.path if other else (section, ref), "key")
                reason = f"{label}'{ref}' is {_a(_NOUNS[section])}; write the id of {wanted}"
                related = ((f"'{ref}' in {section}", there),)
                self.report("wrong-kind-reference", path, reason, related=related, id=ref)
                return None
        self.guesses += 1
        near = closest(ref, sorted(allowed)) if self.guesses <= _MOST_GUESSES else None
        reason = f"{label}there is no {wanted.partition(' ')[2]} with the id '{ref}'"
        if near:
            reason += f"; did you mean '{near}'?"
            self.report("unknown-reference", path, reason, id=ref, suggestion=near)
        else:
            self.report("unknown-reference", path, reason, id=ref)
        return None

    def one(self, key: str, value: object, path: Path) -> str | None:
        """Return the reference under a key, or under a key and an index."""
        if value.__class__ is str and value in self.allowed[REFERENCES[key]]:
            return value  # type: ignore[return-value] # a str, as just seen
        ref = self.reference_text(value, path)
        return self.refer(key, ref, path) if ref is not None else None

    def many(self, key: str, value: object, path: Path) -> tuple[str, ...]:
        """Return the references in a list."""
        if not isinstance(value, list):
            return ()
        found = (self.one(key, ref, (*path, index)) for index, ref in enumerate(value))
        return tuple(ref for ref in found if ref is not None)

    def named(self, key: str, value: Mapping[str, Any], path: Path) -> Iterator[tuple[str, Any]]:
        """Yield the references that are keys of a mapping, with their values."""
        for name, part in value.items():
            if not name.startswith("x-"):
                ref = self.refer(key, name, (*path, name))
                if ref is not None:
                    yield ref, part

    def texts_or_tasks(self, value: object, path: Path) -> tuple[str, ...]:
        """Return texts, some of which may be ids of tasks: these need no check."""
        entries = enumerate(value) if isinstance(value, list) else ()
        texts = (self.reference_text(text, (*path, index)) for index, text in entries)
        return tuple(text for text in texts if text is not None)

    def dependencies(self, value: object, path: Path) -> tuple[Dependency, ...]:
        """Return the predecessors that exist, each with the place where it is written."""
        if not isinstance(value, list):
            return ()
        found = (self.dependency(one, (*path, index)) for index, one in enumerate(value))
        return tuple(dependency for dependency in found if dependency)

    def dependency(self, value: object, path: Path) -> Dependency | None:
        """Return one predecessor; a text that is an id as a whole is that id, whatever it ends in."""
        known = self.allowed[_WORK]
        if value.__class__ is str and value in known:
            return Dependency(value, "FS", None, path)  # type: ignore[arg-type] # a str, as just seen
        kind, lag = "FS", None
        if isinstance(value, dict):
            text = self.reference_text(value.get("id"), (*path, "id"))
            kind = value.get("type", "FS")
            lag = _lag(value.get("lag"))
            if text is None or kind not in {"FS", "SS", "FF", "SF"}:
                return None
            predecessor = self.refer("depends_on", text, (*path, "id"))
        else:
            text = self.reference_text(value, path)
            match = _DEPENDENCY.fullmatch(text) if text is not None else None
            if match is None:
                return None
            text, kind, sign, amount = match[1], match[2] or "FS", match[3], match[4]
            if amount is None and text not in known and (lead := _LEAD.fullmatch(text)) and lead[1] in known:
                text, sign, amount = lead.groups()
            lag = _lag((sign or "") + amount) if amount else None
            predecessor = self.refer("depends_on", text, path)
        return Dependency(predecessor, kind, lag, path) if predecessor else None

    def assignees(self, value: object, path: Path) -> tuple[model.Assignment, ...]:
        """Return who works on a task, and with which share."""
        if not isinstance(value, dict):
            return tuple(model.Assignment(who) for who in self.many("assignees", value, path))
        shares = []
        for who, part in self.named("assignees", value, path):
            share = _percent(part.get("allocation") if isinstance(part, dict) else part)
            if share is not None:
                shares.append(model.Assignment(who, share))
        return tuple(shares)

    def raci(self, value: object, path: Path) -> model.Raci | None:
        """Return the four lists; one accountable may be written without a list."""
        if not isinstance(value, dict):
            return None
        lists = {}
        for key in model.Raci.__struct_fields__:
            entry = value.get(key)
            if isinstance(entry, list):
                lists[key] = self.many(key, entry, (*path, key))
            elif key == "accountable" and entry is not None and (one := self.one(key, entry, (*path, key))):
                lists[key] = (one,)
        return model.Raci(**lists)

    def uses(self, value: object, path: Path) -> dict[str, int]:
        """Return resources and how many units of each."""
        entries = self.named("uses", value, path) if isinstance(value, dict) else ()
        return {name: units for name, part in entries if (units := _count(part))}

    def incident(self, value: object, path: Path) -> model.Incident | None:
        """Return where incidents go."""
        if not isinstance(value, dict):
            return None
        people = self.many("escalation", value.get("escalation"), (*path, "escalation"))
        return model.Incident(_text(value.get("channel")), people)

    def handover(self, value: object, path: Path) -> model.Handover | None:
        """Return who takes a service over."""
        if not isinstance(value, dict):
            return None
        to = self.one("to", value.get("to"), (*path, "to"))
        return model.Handover(to, _date(value.get("due")), _flag(value.get("accepted")) or False)

    def supports(self, value: object, path: Path) -> str | tuple[str, ...] | None:
        """Return the objectives that a deliverable serves, or the one above an objective."""
        return (
            self.many("supports", value, path)
            if isinstance(value, list)
            else self.one("supports", value, path)
        )

    # -- items

    def fields(self, section: str, data: object, path: Path) -> dict[str, Any]:
        """Return the values of an item by field, without what is refused or says nothing."""
        fields: dict[str, Any] = {"path": path}
        if not isinstance(data, dict):
            return fields
        parsers = _PARSERS[section]
        refused = self.flagged.get(path, ())
        for key, value in data.items():
            if value is None or key in refused:
                continue
            parse = parsers.get(key)
            if parse is not None:
                parsed = parse(value)
            elif key in _SPECIAL:
                parsed = _SPECIAL[key](self, value, (*path, key))
            elif key in REFERENCES and not (section == "tasks" and key == "tasks"):
                reader = self.many if isinstance(value, list) else self.one
                parsed = reader(key, value, (*path, key))
            else:
                continue
            if parsed is not None:
                fields[key] = parsed
        return fields

    def made(self, section: str, items: object, path: Path) -> dict[str, Any]:
        """Return items by id."""
        if not isinstance(items, dict):
            return {}
        item = _ITEMS[section]
        found = {}
        for key, data in items.items():
            if key.startswith("x-"):
                continue
            fields = self.fields(section, data, (*path, key))
            if "name" in fields:
                fields["title"] = fields["name"]
            if section == "objectives" and isinstance(data, dict):
                fields["key_results"] = self.made(
                    "key_results", data.get("key_results"), (*path, key, "key_results")
                )
            found[key] = item(id=key, **fields)
        return found

    def task(self, work: _Work) -> Task:
        """Return a task; a summary has no work of its own, any other effort or duration."""
        fields = self.fields("tasks", work.data, work.path)
        if work.children:
            for key in ("effort", "duration", "assignees"):
                if fields.pop(key, None) is not None:
                    reason = f"{key}: a task with sub-tasks has none of its own; move it to the sub-tasks"
                    self.report("invalid-value", (*work.path, key), reason)
        elif "effort" in fields and "duration" in fields:
            first, second = sorted(("effort", "duration"), key=list(work.data).index)
            del fields[second]
            reason = f"{second}: the task has {first} already; keep the one of the two that you know"
            self.report("invalid-value", (*work.path, second), reason)
        for key in ("effort", "duration", "remaining"):
            if (estimate := fields.get(key)) and _mixed(estimate):
                del fields[key]
                reason = f"{key}: working and elapsed time are mixed; write all three points in one of them"
                self.report("invalid-value", (*work.path, key), reason)
        return Task(id=work.id, parent=work.parent, children=work.children, **fields)

    def budget(self) -> model.Budget | None:
        """Return the budget, or None when there is none."""
        data, path = self.data["budget"], ("budget",)
        if not data:
            return None
        kept = {key: value for key, value in data.items() if key not in self.flagged.get(path, ())}
        contingency = kept.get("contingency")
        return model.Budget(
            total=_number(kept.get("total")),
            contingency_percent=_percent(contingency),
            contingency_money=_number(contingency),
            lines=self.made("lines", kept.get("lines"), ("budget", "lines")),
        )

    def review(self, value: object) -> model.Review | None:
        """Return when the plan is reviewed."""
        if not isinstance(value, dict):
            return None
        owner = self.one("owner", value.get("owner"), ("review", "owner"))
        return model.Review(_cadence(value.get("every")), _date(value.get("last")), owner)

    def built(self) -> Built:
        """Return the plan with everything that was found."""
        refused = self.flagged.get((), ())
        top = {key: value for key, value in self.top.items() if value is not None and key not in refused}
        fields = {key: parse(top[key]) for key, parse in _PLAN_PARSERS.items() if key in top}
        fields = {key: value for key, value in fields.items() if value is not None}
        for key in ("manager", "sponsor"):
            fields[key] = self.one(key, top.get(key), (key,))
        sections: dict[str, Any] = {
            section: self.made(section, items, (section,))
            for section, items in self.data.items()
            if items and section not in {"tasks", "budget"}
        }
        sections["tasks"] = {key: self.task(work) for key, work in self.tasks.items()}
        sections["milestones"] = {key: sections["milestones"][key] for key in self.milestones}
        baseline = top.get("baseline")
        ref = baseline.get("ref") if isinstance(baseline, dict) else None
        plan = Plan(
            id=self.id,
            file=self.main.file,
            baseline_ref=self.reference_text(ref, ("baseline", "ref")),
            review=self.review(top.get("review")),
            budget=self.budget(),
            **fields,
            **sections,
            broken=frozenset(self.broken),
        )
        return Built(plan, self.sources, tuple(self.findings), self.ids, tuple(self.foreign), self.complete)


_SPECIAL: Mapping[str, Callable[[_Building, Any, Path], Any]] = {
    "assignees": _Building.assignees,
    "blocked_by": _Building.reference_text,
    "contingency": _Building.texts_or_tasks,
    "depends_on": _Building.dependencies,
    "handover": _Building.handover,
    "incident": _Building.incident,
    "mitigation": _Building.texts_or_tasks,
    "raci": _Building.raci,
    "subdivision": _Building.reference_text,
    "supports": _Building.supports,
    "uses": _Building.uses,
}
"""Keys that are more than one value and more than a plain reference."""


def _item_ends(path: Path) -> list[int]:
    """Return how long the paths of the items are that `path` leads through: in a task, the innermost only."""
    match path:
        case ("tasks", _, *_):
            end = 2
            while len(path) > end + 1 and path[end] == "tasks":
                end += 2
            return [end]
        case ("objectives", _, "key_results", _, *_):
            return [2, 4]
        case ("budget", "lines", _, *_):
            return [1, 3]
        case ("budget", *_):
            return [1]
        case (section, _, *_) if section in _NOUNS:
            return [2]
    return []


def _mixed(estimate: Estimate) -> bool:
    """Whether some of the three points are on the clock and others in working time."""
    points = (estimate.optimistic, estimate.likely, estimate.pessimistic)
    return len({point.elapsed for point in points if point}) > 1


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _either(nouns: Iterable[str]) -> str:
    """Return `a task, milestone or external delivery`."""
    *others, last = nouns
    return _a(f"{', '.join(others)} or {last}" if others else last)


def _foreign(one: Foreign, plans: Mapping[str, Sequence[Built]]) -> Finding | None:
    """Return what is wrong with a reference into another plan, or None."""
    targets = plans.get(one.plan, ())
    if any(one.id in built.ids[section] for built in targets for section in one.sections):
        return None
    if any(not built.complete for built in targets):
        return None
    place = Place(one.path)
    wanted = _either(_NOUNS[section] for section in one.sections)
    ref = f"{one.plan}/{one.id}"
    if not targets:
        near = closest(one.plan, sorted(plans))
        reason = f"{one.key}: there is no plan '{one.plan}' in this run"
        return _unknown(place, ref, reason, f"{near}/{one.id}" if near else None)
    for section in _NOUNS:
        if any(one.id in built.ids[section] for built in targets):
            reason = (
                f"{one.key}: '{one.id}' is {_a(_NOUNS[section])} in '{one.plan}'; write the id of {wanted}"
            )
            return Finding(place, {"id": ref, "reason": reason}, rule="wrong-kind-reference")
    near = closest(one.id, sorted(targets[0].ids[one.sections[0]]))
    reason = f"{one.key}: the plan '{one.plan}' has no {wanted.partition(' ')[2]} with the id '{one.id}'"
    return _unknown(place, ref, reason, f"{one.plan}/{near}" if near else None)


def _unknown(place: Place, ref: str, reason: str, near: str | None) -> Finding:
    values: dict[str, object] = {"id": ref, "reason": reason}
    if near:
        values |= {"suggestion": near, "reason": f"{reason}; did you mean '{near}'?"}
    return Finding(place, values, rule="unknown-reference")
