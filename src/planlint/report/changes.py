"""What changed between two revisions, for a terminal, a program and a pull request's comment."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

from msgspec.structs import asdict

from planlint import __version__
from planlint.diagnostics import Diagnostic
from planlint.history.changes import DateChange, Difference, FieldChange, Flip, ItemChange, PlanChange
from planlint.report.characters import counted, cut, plural, visible
from planlint.report.json import diagnostic, encode
from planlint.report.markdown import escape

COMMENT = 60_000
"""Bytes of a comment; GitHub takes 65,536 characters."""
_ROWS = 200
_CELL = 160
_NAMED = 10
_RESERVE = 1_000  # for the sentence that names what is left out
_UNSAFE_KEY = re.compile(r"[^\w ./]+", re.ASCII)
_SIGNS = {"added": "+", "removed": "-", "renamed": ">", "moved": "^", "changed": "~"}


def text(difference: Difference) -> str:
    """Write the changes for a terminal."""
    lines: list[str] = []
    for plan in difference.plans:
        lines.extend(_plan_text(plan))
        lines.append("")
    lines.append(headline(difference))
    return "".join(f"{line}\n" for line in lines)


def _plan_text(plan: PlanChange) -> Iterator[str]:
    moved = f", was {visible(plan.old_file)}" if plan.old_file and plan.old_file != plan.file else ""
    state = "" if plan.what == "changed" else f", {plan.what}"
    yield f"{visible(plan.title)} ({visible(plan.file)}{moved}{state})"
    yield from (f"  cannot be read {side} the change" for side in plan.unreadable)
    if plan.what != "removed" and not plan.unreadable:
        yield f"  finish {_dates(plan.finish)}" + _deadline(plan)
    yield from (f"  {_flip(flip)}" for flip in plan.flips if flip.kind != "plan")
    yield from (f"  milestone {_named(m.item, m.title)}: {_dates(m)}" for m in plan.milestones)
    yield from (f"  ~ {f.name}: {_values(f, visible)}" for f in plan.settings)
    yield from (f"  {_SIGNS[item.what[0]]} {_item(item)}" for item in plan.items)
    named = (
        ("critical now", plan.critical),
        ("no longer critical", plan.no_longer_critical),
        ("newly over capacity", plan.over_capacity),
    )
    yield from (f"  {what}: {', '.join(items)}" for what, items in named if items)
    for word, d in _said(plan):
        yield f"  {word} {d.severity.word} {d.rule}: {visible(d.message)}"


def _said(plan: PlanChange) -> list[tuple[str, Diagnostic]]:
    return [("new", d) for d in plan.new] + [("gone", d) for d in plan.gone]


def _deadline(plan: PlanChange) -> str:
    before, after = plan.deadline
    if before is None and after is None:
        return ""
    said = f", deadline {_arrow(before, after)}"
    if plan.verdict == ("none", "none"):
        return said
    return said + (f": {_arrow(*plan.verdict)}" if plan.what == "changed" else f": {plan.verdict[1]}")


def _flip(flip: Flip) -> str:
    at = f" {flip.item}" if flip.item else ""
    finish = f" (finish {flip.finish})" if flip.finish else ""
    return f"deadline of {flip.kind}{at} {flip.due}: {_arrow(flip.before, flip.after)}{finish}"


def _named(item: str | None, title: str) -> str:
    return f"{item} '{visible(title)}'" if title else str(item)


def _item(change: ItemChange) -> str:
    how = "" if change.what[0] in {"added", "removed"} else ": "
    return f"{change.kind} {_named(change.id, change.title)}{how}{_what(change, visible)}"


def _what(change: ItemChange, shown: Callable[[str], str]) -> str:
    renamed = [f"was called {change.old_id}"] if change.old_id else []
    return "; ".join((*renamed, *(f"{f.name} {_values(f, shown)}" for f in change.fields)))


def _values(change: FieldChange, shown: Callable[[str], str]) -> str:
    return f"{shown(change.before)} → {shown(change.after)}"


def _arrow(before: object, after: object) -> str:
    words = ["none" if value is None else str(value) for value in (before, after)]
    return words[0] if words[0] == words[1] else " → ".join(words)


def _dates(change: DateChange) -> str:
    return _arrow(change.before, change.after) + _shift(change.before, change.after)


def _shift(before: date | None, after: date | None) -> str:
    if before is None or after is None or before == after:
        return ""
    days = (after - before).days
    return f" ({plural(abs(days), 'day')} {'later' if days > 0 else 'earlier'})"


def headline(difference: Difference) -> str:
    """Say in one sentence what the change does to finish and verdict; titles are not escaped."""
    changed = [plan for plan in difference.plans if plan.what == "changed"]
    if not difference.plans:
        return "No plan changed in meaning."
    if len(difference.plans) == 1 and changed and not changed[0].unreadable:
        return _sentence(changed[0])
    counts = (
        (sum(p.what == "added" for p in difference.plans), "added"),
        (sum(p.what == "removed" for p in difference.plans), "removed"),
        (len(changed), "changed"),
        (sum(_days(p) > 0 for p in changed), "finishing later"),
        (sum(_days(p) < 0 for p in changed), "finishing earlier"),
        (sum(p.newly_infeasible for p in difference.plans), "with a deadline that can no longer be met"),
        (sum(bool(p.unreadable) for p in difference.plans), "that cannot be read"),
    )
    return f"Plans: {counted(counts)}."


def _sentence(plan: PlanChange) -> str:
    before, after = plan.finish.before, plan.finish.after
    title = cut(visible(plan.title), _CELL)
    if before == after:
        finish = f"{title} still finishes {after}" if after else f"{title} has no schedule"
    elif before and after:
        finish = f"{title} finishes {after} instead of {before}{_shift(before, after)}"
    else:
        finish = f"{title}: finish {_arrow(before, after)}"
    said = [finish]
    if plan.deadline[1] is not None:
        was, now = plan.verdict
        verdict = "" if now == "none" else f": {now} as before" if was == now else f": {_arrow(was, now)}"
        said.append(f"deadline {_arrow(*plan.deadline)}{verdict}")
    missed = sum(flip.kind != "plan" and flip.after == "infeasible" for flip in plan.flips)
    if missed:
        said.append(f"{plural(missed, 'other deadline')} can no longer be met")
    return "; ".join(said) + "."


def _days(plan: PlanChange) -> int:
    before, after = plan.finish.before, plan.finish.after
    return (after - before).days if before and after else 0


def json(difference: Difference) -> str:
    """Write the changes for programs: the fields of `Difference`, diagnostics as in `check --format json`.

    Keys may be added later, none goes away.
    """
    return encode(
        {
            "version": 1,
            "tool": {"name": "planlint", "version": __version__},
            "old": difference.old,
            "new": difference.new,
            "headline": headline(difference),
            "unchanged": difference.unchanged,
            "plans": [
                asdict(plan)
                | {"new": [diagnostic(d) for d in plan.new], "gone": [diagnostic(d) for d in plan.gone]}
                for plan in difference.plans
            ],
        }
    )


def markdown(difference: Difference, key: str = "planlint", limit: int = COMMENT) -> str:
    """Write a pull request's comment of at most `limit` UTF-8 bytes.

    The first line is the mark by which the one comment of `key` is found. Whole sections are left out from
    the end, and named, when it would get too long.
    """
    mark = f"<!-- planlint:comment {_UNSAFE_KEY.sub('-', key)[:200]} -->"
    parts = [f"{mark}\n**{escape(headline(difference))}**\n"]
    left = limit - len(parts[0].encode()) - _RESERVE
    missing: list[str] = []
    for name, body in _sections(difference):
        size = len(body.encode()) + 1
        if missing or size > left:
            missing.append(name)
            continue
        left -= size
        parts.append(body)
    if missing:
        named = ", ".join(cut(name, 60) for name in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        parts.append(
            f"Left out to keep this short: {escape(named + more)}. `planlint diff` shows everything.\n"
        )
    return "\n".join(parts)


def _sections(difference: Difference) -> Iterator[tuple[str, str]]:
    """Yield the tables of a comment, each with the name that stands for it where it is left out."""
    plans = difference.plans
    flips = [
        (plan.title, f"{f.kind} {f.item or ''}", f.due, _arrow(f.before, f.after), f.finish or "")
        for plan in plans
        for f in plan.flips
    ]
    if flips:
        table = _table(("Plan", "Deadline of", "Date", "Verdict", "Finish"), flips)
        yield "verdicts that flipped", f"### Verdicts that flipped\n\n{table}"
    if plans:
        columns = ("Plan", "Finish", "Deadline", "Items", "Diagnostics", "Newly over capacity")
        yield "changed plans", f"### Changed plans\n\n{_table(columns, map(_row, plans))}"
    milestones = [(plan.title, _named(m.item, m.title), _dates(m)) for plan in plans for m in plan.milestones]
    if milestones:
        folded = _details(f"Milestones ({len(milestones)})", ("Plan", "Milestone", "Finish"), milestones)
        yield "milestones", folded
    for plan in plans:
        for what, head, rows in _plan_tables(plan):
            if rows:
                name = f"{cut(plan.title, 80)}: {what} ({len(rows)})"
                yield name, _details(name, head, rows)


def _row(plan: PlanChange) -> tuple[object, ...]:
    kinds = ("added", "removed", "renamed", "moved", "changed")
    counts = ((sum(kind == item.what[0] for item in plan.items), kind) for kind in kinds)
    title = plan.title if plan.what == "changed" else f"{plan.title} ({plan.what})"
    return (
        title + "".join(f" (cannot be read {side} the change)" for side in plan.unreadable),
        _dates(plan.finish),
        "" if plan.deadline == (None, None) else _deadline(plan).removeprefix(", deadline "),
        counted(counts),
        counted(((len(plan.new), "new"), (len(plan.gone), "gone"))),
        ", ".join(plan.over_capacity),
    )


def _plan_tables(plan: PlanChange) -> Iterator[tuple[str, tuple[str, ...], Sequence[Sequence[object]]]]:
    """Yield what the folded tables of a plan show, their heads and their rows."""
    settings = [("plan", f.name, _values(f, str)) for f in plan.settings]
    items = [(f"{i.kind}, {' and '.join(i.what)}", _named(i.id, i.title), _what(i, str)) for i in plan.items]
    yield "items", ("What", "Item", "Change"), [*settings, *items]
    path = [("critical now", item) for item in plan.critical]
    path += [("no longer critical", item) for item in plan.no_longer_critical]
    yield "critical path", ("", "Item"), path
    rows = [(word, d.severity.word, d.rule, d.message) for word, d in _said(plan)]
    yield "diagnostics", ("", "Severity", "Rule", "Message"), rows


def _details(summary: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a folded section; blank lines around the table let every renderer see Markdown in it."""
    return f"<details>\n<summary>{escape(summary)}</summary>\n\n{_table(head, rows)}\n</details>\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table without its empty columns; past the row limit it says how many more there are."""
    listed = list(rows)
    cells = [[escape(cut(str(cell), _CELL)) for cell in row] for row in listed[:_ROWS]]
    used = [i for i in range(len(head)) if any(row[i] for row in cells)]
    lines = [head, ["---"] * len(head), *cells]
    drawn = "".join(f"| {' | '.join(line[i] for i in used)} |\n" for line in lines)
    return drawn + (f"\nand {len(listed) - _ROWS} more\n" if len(listed) > _ROWS else "")
