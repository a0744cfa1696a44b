"""Documents to a plan: sub-tasks flattened, references checked, included files merged.

Nothing here fails on bad data: what the schema or this module finds wrong is reported once and left out, so
that everything else of the plan can still be looked at. `Plan.broken` names the items this happened to.
"""

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path as FilePath
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from planlint import model, values
from planlint.diagnostics import Finding, Path, Place
from planlint.document import Document, Sources
from planlint.model import Dependency, Estimate, Plan, Task
from planlint.schema import closest

_MOST_GUESSES = 100
"""How many misspelt references of a plan get a "did you mean": each costs up to 20 ms."""


class _Kind(NamedTuple):
    """What the items of a section, or of a mapping inside an item, are."""

    noun: str
    model: type[Struct]


_SECTIONS: Mapping[str, _Kind] = {
    "people": _Kind("person", model.Person),
    "teams": _Kind("team", model.Team),
    "resources": _Kind("resource", model.Resource),
    "calendars": _Kind("calendar", model.Calendar),
    "objectives": _Kind("objective", model.Objective),
    "deliverables": _Kind("deliverable", model.Deliverable),
    "milestones": _Kind("milestone", model.Milestone),
    "tasks": _Kind("task", model.Task),
    "risks": _Kind("risk", model.Risk),
    "assumptions": _Kind("assumption", model.Assumption),
    "issues": _Kind("issue", model.Issue),
    "decisions": _Kind("decision", model.Decision),
    "external": _Kind("external delivery", model.External),
    "stakeholders": _Kind("stakeholder", model.Stakeholder),
    "communications": _Kind("communication", model.Communication),
    "budget": _Kind("part of the budget", model.Budget),
    "changes": _Kind("change", model.Change),
    "services": _Kind("service", model.Service),
    "metrics": _Kind("metric", model.Metric),
    "improvements": _Kind("improvement", model.Improvement),
    "training": _Kind("training", model.Training),
    "standards": _Kind("standard", model.Standard),
}
_INSIDE: Mapping[str, type[Struct]] = {
    "actual": model.Actual,
    "handover": model.Handover,
    "incident": model.Incident,
    "key_results": model.KeyResult,
    "lines": model.BudgetLine,
    "raci": model.Raci,
    "residual": model.Residual,
    "review": model.Review,
}
"""Keys whose value has keys of its own; key_results and lines have items by id."""

_WORK = ("tasks", "milestones", "external")
REFERENCES: Mapping[str, tuple[str, ...]] = values.by_name(
    {
        _WORK: "depends_on",
        ("calendars",): "based_on calendar",
        ("changes", "deliverables"): "change",
        ("decisions",): "superseded_by",
        ("deliverables",): "deliverables",
        ("objectives",): "objective objectives supports",
        ("people",): "approver escalation lead manager members owner sponsor",
        ("people", "teams"): "assignees to",
        ("people", "teams", "stakeholders"): "accountable audience consulted informed responsible",
        ("resources",): "uses",
        ("risks",): "accepts risk",
        ("services",): "system",
        ("tasks",): "blocks tasks",
        ("tasks", "deliverables"): "applies_to",
        ("tasks", "milestones", "deliverables", "objectives"): "affects",
    }
)
"""The sections in which the id under a key may stand; a key means the same wherever it is a reference."""


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
    collecting = gc.isenabled()
    gc.disable()  # as in reading: the collector would look at the growing plan again and again
    try:
        return _Building(main, fragments, structure, complete=complete).built()
    finally:
        if collecting:
            gc.enable()


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


def default_id(file: str) -> str:
    """Return the id of a plan that does not say it: from its file's name, or its folder's for `plan.yaml`."""
    path = PurePosixPath(file)
    name = path.name
    for ending in (".yaml", ".yml", ".json"):
        name = name.removesuffix(ending)
    if name != "plan":
        return name.removesuffix(".plan")
    return path.parent.name or FilePath.cwd().name


_DEPENDENCY = re.compile(rf"([^\s+]+)(?: (FS|SS|FF|SF))?(?: ?([+-]) ?({values.DURATION}))?")
_LEAD = re.compile(rf"(.+)(-)({values.DURATION})")


def _parsers(kind: str, fields: Iterable[str]) -> dict[str, values.Parse]:
    named = ((name, values.EXCEPTIONS.get((kind, name)) or values.PARSERS.get(name)) for name in fields)
    return {name: parse for name, parse in named if parse}


_PARSERS = {
    "": _parsers("", Plan.__struct_fields__),
    **{name: _parsers(name, kind.model.__struct_fields__) for name, kind in _SECTIONS.items()},
    **{name: _parsers(name, kind.__struct_fields__) for name, kind in _INSIDE.items()},
}


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
        self.data: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
        self.tasks: dict[str, _Work] = {}
        self.milestones: dict[str, _Work] = {}
        self.refuse(structure)
        self.merge()
        self.sources = Sources(main, self.fragments, self.origin)
        self.top = main.data if isinstance(main.data, dict) else {}
        self.id = self.written(self.top.get("id"), ("id",)) or default_id(main.file)
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
            self.opaque.update(_SECTIONS)
        meant = finding.values.get("key") if missed else finding.values.get("suggestion")
        for key in (*path, *((meant,) if meant else ())):
            if key in _SECTIONS:
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
            self.opaque.update(_SECTIONS)

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

    def written(self, value: object, path: Path) -> str | None:
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
        wanted = _either(_SECTIONS[section].noun for section in sections)
        label = f"{key}: "
        for section, ids in self.ids.items():
            if ref in ids:
                other = self.tasks.get(ref) if section == "tasks" else None
                there = Place(other.path if other else (section, ref), "key")
                reason = f"{label}'{ref}' is {_a(_SECTIONS[section].noun)}; write the id of {wanted}"
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
            return value
        ref = self.written(value, path)
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
        texts = (self.written(text, (*path, index)) for index, text in entries)
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
            return Dependency(value, "FS", None, path)
        kind: Any = "FS"
        lag = None
        if isinstance(value, dict):
            text = self.written(value.get("id"), (*path, "id"))
            kind = value.get("type", "FS")
            lag = values.lag(value.get("lag"))
            if text is None or kind not in {"FS", "SS", "FF", "SF"}:
                return None
            predecessor = self.refer("depends_on", text, (*path, "id"))
        else:
            text = self.written(value, path)
            match = _DEPENDENCY.fullmatch(text) if text is not None else None
            if match is None:
                return None
            text, kind, sign, amount = match[1], match[2] or "FS", match[3], match[4]
            if amount is None and text not in known and (lead := _LEAD.fullmatch(text)) and lead[1] in known:
                text, sign, amount = lead.groups()
            lag = values.lag((sign or "") + amount) if amount else None
            predecessor = self.refer("depends_on", text, path)
        return Dependency(predecessor, kind, lag, path) if predecessor else None

    def assignees(self, value: object, path: Path) -> tuple[model.Assignment, ...]:
        """Return who works on a task, and with which share."""
        if not isinstance(value, dict):
            return tuple(model.Assignment(who) for who in self.many("assignees", value, path))
        shares = []
        for who, part in self.named("assignees", value, path):
            share = values.percent(part.get("allocation") if isinstance(part, dict) else part)
            if share is not None:
                shares.append(model.Assignment(who, share))
        return tuple(shares)

    def accountable(self, value: object, path: Path) -> tuple[str, ...]:
        """Return one or several ids: who answers for it may be written without a list."""
        if isinstance(value, list):
            return self.many("accountable", value, path)
        one = self.one("accountable", value, path)
        return (one,) if one else ()

    def uses(self, value: object, path: Path) -> dict[str, int]:
        """Return resources and how many units of each."""
        entries = self.named("uses", value, path) if isinstance(value, dict) else ()
        return {name: units for name, part in entries if (units := values.count(part))}

    # -- items

    def fields(self, kind: str, data: object, path: Path) -> dict[str, Any]:
        """Return the values of a mapping by field, without what is refused or says nothing."""
        fields: dict[str, Any] = {}
        if not isinstance(data, dict):
            return fields
        parsers = _PARSERS[kind]
        refused = self.flagged.get(path, ())
        for key, value in data.items():
            if value is None or key in refused:
                continue
            if key in parsers:
                parsed = parsers[key](value)
            elif key in _SPECIAL:
                parsed = _SPECIAL[key](self, value, (*path, key))
            elif key in _INSIDE:
                parsed = self.inside(key, value, (*path, key))
            elif key in REFERENCES and not key == kind == "tasks":
                reader = self.many if isinstance(value, list) else self.one
                parsed = reader(key, value, (*path, key))
            else:
                continue
            if parsed is not None:
                fields[key] = parsed
        return fields

    def inside(self, key: str, value: object, path: Path) -> Any:
        """Return what stands under a key whose value has keys of its own."""
        if not isinstance(value, dict):
            return None
        if issubclass(_INSIDE[key], model.Item):
            return self.items(key, value, path)
        return _INSIDE[key](**self.fields(key, value, path))

    def items(self, kind: str, data: Mapping[str, Any], path: Path) -> dict[str, Any]:
        """Return items by id."""
        item = _SECTIONS[kind].model if kind in _SECTIONS else _INSIDE[kind]
        found = {}
        for key, entry in data.items():
            if not key.startswith("x-"):
                fields = self.fields(kind, entry, (*path, key))
                if "name" in fields:
                    fields["title"] = fields["name"]
                found[key] = item(id=key, path=(*path, key), **fields)
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
        return Task(id=work.id, path=work.path, parent=work.parent, children=work.children, **fields)

    def budget(self) -> model.Budget | None:
        """Return the budget, or None when there is none."""
        if not self.data["budget"]:
            return None
        fields = self.fields("budget", self.data["budget"], ("budget",))
        fields.pop("contingency", None)  # read below: for a risk it is something else
        refused = "contingency" in self.flagged.get(("budget",), ())
        contingency = None if refused else self.data["budget"].get("contingency")
        return model.Budget(
            contingency_percent=values.percent(contingency),
            contingency_money=values.number(contingency),
            **fields,
        )

    def baseline(self, value: object, path: Path) -> str | None:
        """Return the revision that is the baseline."""
        ref = value.get("ref") if isinstance(value, dict) else None
        return self.written(ref, (*path, "ref"))

    def built(self) -> Built:
        """Return the plan with everything that was found."""
        top = self.fields("", {key: value for key, value in self.top.items() if key not in _SECTIONS}, ())
        sections: dict[str, Any] = {
            section: self.items(section, items, (section,))
            for section, items in self.data.items()
            if section not in {"tasks", "budget"}
        }
        sections["tasks"] = {key: self.task(work) for key, work in self.tasks.items()}
        sections["milestones"] = {key: sections["milestones"][key] for key in self.milestones}
        top.update(
            id=self.id, file=self.main.file, baseline_ref=top.pop("baseline", None), budget=self.budget()
        )
        plan = Plan(**top, **sections, broken=frozenset(self.broken))
        found = tuple(self.findings)
        return Built(plan, self.sources, found, self.ids, tuple(self.foreign), self.complete)


_SPECIAL: Mapping[str, Callable[[_Building, Any, Path], Any]] = {
    "accountable": _Building.accountable,
    "assignees": _Building.assignees,
    "baseline": _Building.baseline,
    "blocked_by": _Building.written,
    "contingency": _Building.texts_or_tasks,
    "depends_on": _Building.dependencies,
    "mitigation": _Building.texts_or_tasks,
    "subdivision": _Building.written,
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
        case (section, _, *_) if section in _SECTIONS:
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
    wanted = _either(_SECTIONS[section].noun for section in one.sections)
    ref = f"{one.plan}/{one.id}"
    if not targets:
        near = closest(one.plan, sorted(plans))
        reason = f"{one.key}: there is no plan '{one.plan}' in this run"
        return _unknown(place, ref, reason, f"{near}/{one.id}" if near else None)
    for section in _SECTIONS:
        if any(one.id in built.ids[section] for built in targets):
            noun = _a(_SECTIONS[section].noun)
            reason = f"{one.key}: '{one.id}' is {noun} in the plan '{one.plan}'; write the id of {wanted}"
            return Finding(place, {"id": ref, "reason": reason}, rule="wrong-kind-reference")
    near = closest(one.id, sorted(targets[0].ids[one.sections[0]]))
    reason = f"{one.key}: the plan '{one.plan}' has no {wanted.partition(' ')[2]} with the id '{one.id}'"
    return _unknown(place, ref, reason, f"{one.plan}/{near}" if near else None)


def _unknown(place: Place, ref: str, reason: str, near: str | None) -> Finding:
    values: dict[str, object] = {"id": ref, "reason": reason}
    if near:
        values |= {"suggestion": near, "reason": f"{reason}; did you mean '{near}'?"}
    return Finding(place, values, rule="unknown-reference")
