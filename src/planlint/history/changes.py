"""What changed in meaning between two states of the plans, and what that does to the dates."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from planlint.diagnostics import Diagnostic, Path
from planlint.model import Cadence, Dependency, Duration, Estimate, Impact, Item, Period, Plan, Risk
from planlint.rule import KINDS
from planlint.schedule.result import Deadline, Schedule, Verdict

Side = Literal["before", "after"]

OVER_CAPACITY = frozenset(
    {"overallocated-person", "operations-conflict", "cross-plan-conflict", "no-capacity"}
)
"""Rules that say of a person in `people` that the work does not fit."""

_NOT_CONTENT = frozenset({"id", "path", "children", "parent", "name"})
_PLAN_KEYS = (
    "title",
    "description",
    "status",
    "methodology",
    "manager",
    "sponsor",
    "start",
    "deadline",
    "currency",
    "priority",
    "baseline_ref",
    "review",
    "links",
)
_LONG = 80
_ROUNDS = 20


class State(Struct, frozen=True, kw_only=True):
    """A plan at one side of a comparison. `plan` is None when it could not be read or built there."""

    file: str
    plan: Plan | None
    schedule: Schedule | None = None
    deadlines: tuple[Deadline, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class FieldChange(Struct, frozen=True):
    """One value of an item before and after, in words; a risk's `score` is its exposure."""

    name: str
    before: str
    after: str


class ItemChange(Struct, frozen=True, kw_only=True):
    """What happened to one item: `old_id` when renamed; `moved` means under another summary."""

    kind: str
    id: str
    title: str
    what: tuple[Literal["added", "removed", "renamed", "moved", "changed"], ...]
    old_id: str | None = None
    fields: tuple[FieldChange, ...] = ()


class DateChange(Struct, frozen=True, kw_only=True):
    """The finish of the plan (`item` None) or of a milestone; None on the side where it was not there."""

    item: str | None
    title: str
    before: date | None
    after: date | None


class Flip(Struct, frozen=True, kw_only=True):
    """A deadline whose verdict changed; `none` where there was no such deadline."""

    item: str | None
    kind: str
    due: date
    before: Verdict
    after: Verdict
    finish: date | None


class PlanChange(Struct, frozen=True, kw_only=True):
    """All that differs between two states of one plan; `unreadable`: the sides that could not be built."""

    id: str
    title: str
    file: str
    old_file: str | None
    what: Literal["added", "removed", "changed"]
    unreadable: tuple[Side, ...] = ()
    finish: DateChange
    deadline: tuple[date | None, date | None] = (None, None)
    verdict: tuple[Verdict, Verdict] = ("none", "none")
    flips: tuple[Flip, ...] = ()
    milestones: tuple[DateChange, ...] = ()
    settings: tuple[FieldChange, ...] = ()
    items: tuple[ItemChange, ...] = ()
    critical: tuple[str, ...] = ()
    no_longer_critical: tuple[str, ...] = ()
    new: tuple[Diagnostic, ...] = ()
    gone: tuple[Diagnostic, ...] = ()
    over_capacity: tuple[str, ...] = ()

    @property
    def meaningful(self) -> bool:
        """Whether there is anything to tell."""
        dates = self.finish.before != self.finish.after or self.deadline[0] != self.deadline[1]
        listed = (self.flips, self.milestones, self.settings, self.items, self.new, self.gone)
        moved = self.old_file is not None and self.old_file != self.file
        broken = len(self.unreadable) == 1  # on both sides it is no news
        return self.what != "changed" or broken or dates or moved or any(listed)

    @property
    def newly_infeasible(self) -> bool:
        """Whether a deadline that was not infeasible is so now."""
        return any(flip.after == "infeasible" for flip in self.flips)


class Difference(Struct, frozen=True, kw_only=True):
    """Two states of the plans: how each is called, the plans that differ, how many do not."""

    old: str
    new: str
    plans: tuple[PlanChange, ...]
    unchanged: int


def compare(
    old: Iterable[State], new: Iterable[State], moved: Mapping[str, str] | None = None
) -> tuple[PlanChange, ...]:
    """Return the plans that differ in meaning, in the order of `new`, removed ones last.

    Plans are the same by file, by a file Git saw renamed (`moved`: new path → old path), else by id.
    """
    before = {state.file: state for state in old}
    by_id = {state.plan.id: state.file for state in before.values() if state.plan}
    after = {state.file: state for state in new}
    pairs: list[tuple[State | None, State | None]] = []
    used: set[str] = set()
    for file, state in after.items():
        candidates = [file, (moved or {}).get(file)]
        if state.plan and by_id.get(state.plan.id) not in after:
            candidates.append(by_id.get(state.plan.id))
        match = next((name for name in candidates if name in before and name not in used), None)
        if match is not None:
            used.add(match)
        pairs.append((before[match] if match else None, state))
    pairs.extend((state, None) for file, state in before.items() if file not in used)
    changes = (_plan_change(one, other) for one, other in pairs)
    return tuple(change for change in changes if change.meaningful)


def _plan_change(old: State | None, new: State | None) -> PlanChange:
    state = new or old
    if state is None:
        raise AssertionError("one side is there")
    plan_before, plan_after = old.plan if old else None, new.plan if new else None
    plan = plan_after or plan_before
    said = PlanChange(
        id=plan.id if plan else state.file,
        title=plan.title if plan else state.file,
        file=state.file,
        old_file=old.file if old else None,
        what="added" if old is None else "removed" if new is None else "changed",
        unreadable=(*_unreadable("before", old), *_unreadable("after", new)),
        finish=DateChange(item=None, title="", before=_finish(old), after=_finish(new)),
        deadline=(plan_before.deadline if plan_before else None, plan_after.deadline if plan_after else None),
        verdict=(_verdict(old), _verdict(new)),
        flips=tuple(_flips(old, new, {})),
    )
    if old is None or new is None or plan_before is None or plan_after is None:
        fresh, gone = _diagnostics(old.diagnostics if old else (), new.diagnostics if new else (), {})
        return replace(said, new=fresh, gone=gone if plan_after else (), over_capacity=_over(fresh))
    names = _renamed(plan_before, plan_after)
    fresh, gone = _diagnostics(old.diagnostics, new.diagnostics, names)
    was, now = (dict.fromkeys(items) for items in (_critical(old, names), _critical(new, {})))
    return replace(
        said,
        flips=tuple(_flips(old, new, names)),
        milestones=tuple(_milestones(old, new, names)),
        settings=(*_fields(_PLAN_KEYS, plan_before, plan_after, names), *_budget(plan_before, plan_after)),
        items=tuple(_items(plan_before, plan_after, names)),
        critical=tuple(item for item in now if item not in was),
        no_longer_critical=tuple(item for item in was if item not in now and item in plan_after.tasks),
        new=fresh,
        gone=gone,
        over_capacity=_over(fresh),
    )


def _unreadable(side: Side, state: State | None) -> tuple[Side, ...]:
    return (side,) if state and state.plan is None else ()


def _finish(state: State | None) -> date | None:
    return state.schedule.finish if state and state.schedule else None


def _verdict(state: State | None) -> Verdict:
    return next((d.verdict for d in (state.deadlines if state else ()) if d.kind == "plan"), "none")


def _critical(state: State, names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names.get(item, item) for item in state.schedule.critical) if state.schedule else ()


def _over(diagnostics: Iterable[Diagnostic]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(d.item for d in diagnostics if d.rule in OVER_CAPACITY and d.item))


def _flips(old: State | None, new: State | None, names: Mapping[str, str]) -> Iterator[Flip]:
    before = {(d.kind, names.get(d.item or "", d.item)): d for d in (old.deadlines if old else ())}
    for deadline in new.deadlines if new else ():
        was = before.get((deadline.kind, deadline.item))
        verdict = was.verdict if was else "none"
        if verdict != deadline.verdict and (was is not None or deadline.verdict == "infeasible"):
            yield Flip(
                item=deadline.item,
                kind=deadline.kind,
                due=deadline.date,
                before=verdict,
                after=deadline.verdict,
                finish=deadline.finish,
            )


def _milestones(old: State, new: State, names: Mapping[str, str]) -> Iterator[DateChange]:
    if old.schedule is None or new.schedule is None or old.plan is None or new.plan is None:
        return
    was = {names.get(key, key): item.finish for key, item in old.schedule.items.items()}
    titles = {names.get(key, key): m.title for key, m in old.plan.milestones.items()}
    titles |= {key: m.title for key, m in new.plan.milestones.items()}
    for key, title in titles.items():
        item = new.schedule.items.get(key)
        after = item.finish if item else None
        change = DateChange(item=key, title=title, before=was.get(key), after=after)
        if change.before != change.after:
            yield change


def _sections(plan: Plan) -> Iterator[tuple[str, Mapping[str, Item]]]:
    yield "task", plan.tasks
    for kind, items in KINDS.items():
        if kind not in {"task", "summary"}:
            yield kind.replace("-", " "), {item.id: item for item in items(plan)}


def _renamed(old: Plan, new: Plan) -> dict[str, str]:
    """Return old id → new id of items with the same content, references to renamed items followed.

    A name that is found may be what another item was waiting for. Going to and fro finds chains of them in
    two rounds, and the last round bounds what a stranger can ask for.
    """
    names: dict[str, str] = {}
    gone: list[tuple[dict[Any, deque[str]], Item]] = []
    for (_, before), (_, after) in zip(_sections(old), _sections(new), strict=True):
        fresh: dict[Any, deque[str]] = {}
        for key, item in after.items():
            if key not in before:
                fresh.setdefault(_content(item, {}), deque()).append(key)
        gone += [(fresh, item) for key, item in before.items() if key not in after]
    for _ in range(_ROUNDS):
        left = []
        for fresh, item in gone:
            same = fresh.get(_content(item, names))
            if same:
                names[item.id] = same.popleft()
            else:
                left.append((fresh, item))
        if len(left) == len(gone):
            break
        gone = left[::-1]
    return names


def _content(item: Struct, names: Mapping[str, str]) -> tuple[Any, ...]:
    kept = (field for field in item.__struct_fields__ if field not in _NOT_CONTENT)
    return tuple((field, _comparable(getattr(item, field), names)) for field in kept)


def _comparable(value: Any, names: Mapping[str, str]) -> Any:
    """Return a value without places in a file, with ids of renamed items replaced; it has a hash."""
    match value:
        case str():
            return names.get(value, value)
        case Dependency():
            return (names.get(value.predecessor, value.predecessor), value.type, value.lag)
        case tuple() | list():
            return tuple(_comparable(part, names) for part in value)
        case Mapping():
            return frozenset((names.get(key, key), _comparable(part, names)) for key, part in value.items())
        case Item():
            return _content(value, names)
    return value


def _items(old: Plan, new: Plan, names: Mapping[str, str]) -> Iterator[ItemChange]:
    for (kind, before), (_, after) in zip(_sections(old), _sections(new), strict=True):
        was = {names.get(key, key): item for key, item in before.items()}
        for key, item in after.items():
            change = _item(kind, was.get(key), item, names)
            if change.what:
                yield change
        for key, item in before.items():
            if names.get(key, key) not in after:
                yield ItemChange(kind=kind, id=key, title=item.title, what=("removed",))


def _item(kind: str, old: Item | None, new: Item, names: Mapping[str, str]) -> ItemChange:
    if old is None:
        return ItemChange(kind=kind, id=new.id, title=new.title, what=("added",))
    fields = [*_fields(new.__struct_fields__, old, new, names), *_score(old, new)]
    what: list[Any] = []
    if old.id != new.id:
        what.append("renamed")
    if fields:
        what.append("changed")
    place, target = (getattr(item, "parent", None) or "the plan" for item in (old, new))
    if names.get(place, place) != target:
        what.append("moved")
        fields.insert(0, FieldChange("part of", place, target))
    old_id = old.id if old.id != new.id else None
    return ItemChange(
        kind=kind, id=new.id, title=new.title, what=tuple(what), old_id=old_id, fields=tuple(fields)
    )


def _fields(keys: Iterable[str], old: Struct, new: Struct, names: Mapping[str, str]) -> Iterator[FieldChange]:
    for key in keys:
        before, after = getattr(old, key), getattr(new, key)
        if key not in _NOT_CONTENT and _comparable(before, names) != _comparable(after, {}):
            yield FieldChange(key.replace("_", " "), told(before), told(after))


def _score(old: Item, new: Item) -> Iterator[FieldChange]:
    if isinstance(old, Risk) and isinstance(new, Risk):
        before, after = _exposure(old), _exposure(new)
        if before != after:
            yield FieldChange("score", told(before), told(after))


def _exposure(risk: Risk) -> float | None:
    level = risk.impact.level if risk.impact else None
    return None if risk.probability is None or level is None else round(risk.probability * level / 100, 2)


def _budget(old: Plan, new: Plan) -> Iterator[FieldChange]:
    values: Sequence[tuple[str, Callable[[Plan], Any]]] = (
        ("budget total", lambda plan: plan.budget.total if plan.budget else None),
        ("budget contingency", lambda plan: plan.budget.contingency if plan.budget else None),
    )
    for name, value in values:
        if value(old) != value(new):
            yield FieldChange(name, told(value(old)), told(value(new)))


def told(value: Any) -> str:
    """Write a value of the model as people read it, on one line and not long; `none` for nothing."""
    text = _told(value)
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"


def _told(value: Any) -> str:
    if value in (None, "", (), {}):
        return "none"
    return next((write(value) for kinds, write in _WRITERS if isinstance(value, kinds)), str(value))


def _parts(value: Struct) -> str:
    values = (getattr(value, key) for key in value.__struct_fields__ if key not in _NOT_CONTENT)
    return " ".join(_told(part) for part in values if part not in (None, "", (), {}))


def _dependency(value: Dependency) -> str:
    lag = ""
    if value.lag is not None:
        lag = str(value.lag) if value.lag.amount < 0 else f"+{value.lag}"
    kind = f" {value.type}{lag}" if lag or value.type != "FS" else ""
    return f"{value.predecessor}{kind}"


def _period(value: Period) -> str:
    reason = f" ({value.reason})" if value.reason else ""
    units = f", {value.units} units" if value.units else ""
    return f"{value.start} to {value.finish}{units}{reason}"


def _impact(value: Impact) -> str:
    level = f"level {value.level}" if value.level else None
    return ", ".join(_told(part) for part in (level, value.time, value.cost) if part is not None)


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (bool, lambda value: "yes" if value else "no"),
    (float, lambda value: f"{value:.10g}"),
    (datetime, lambda value: value.isoformat(" ", "minutes")),
    ((Duration, Estimate, Cadence), str),
    (Dependency, _dependency),
    (Period, _period),
    (Impact, _impact),
    (tuple, lambda value: ", ".join(map(_told, value))),
    (Mapping, lambda value: ", ".join(f"{_told(key)}: {_told(part)}" for key, part in value.items())),
    (Struct, _parts),
)


def _diagnostics(
    old: Sequence[Diagnostic], new: Sequence[Diagnostic], names: Mapping[str, str]
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Return what is new and what is gone: first by fingerprint, then by rule and place with renamed ids."""
    shared = Counter(d.fingerprint for d in old) & Counter(d.fingerprint for d in new)
    fresh, gone = (
        _without(new, shared, lambda d: d.fingerprint),
        _without(old, shared, lambda d: d.fingerprint),
    )

    def place(names: Mapping[str, str]) -> Callable[[Diagnostic], tuple[str, Path]]:
        return lambda d: (
            d.rule,
            tuple(names.get(part, part) if isinstance(part, str) else 0 for part in d.path),
        )

    same = Counter(map(place(names), gone)) & Counter(map(place({}), fresh))
    return tuple(_without(fresh, same, place({}))), tuple(_without(gone, same, place(names)))


def _without(
    diagnostics: Iterable[Diagnostic], shared: Mapping[Any, int], key: Callable[[Diagnostic], Any]
) -> list[Diagnostic]:
    left = dict(shared)
    kept = []
    for d in diagnostics:
        if left.get(key(d), 0) > 0:
            left[key(d)] -= 1
        else:
            kept.append(d)
    return kept
