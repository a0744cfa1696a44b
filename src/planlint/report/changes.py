"""What changed between two revisions, for a terminal, a program and a pull request's comment."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from msgspec.structs import asdict

from planlint import __version__
from planlint.diagnostics import Diagnostic
from planlint.history.changes import DateChange, Difference, Flip, ItemChange, PlanChange
from planlint.report.characters import plural, visible
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
    yield from (f"  ~ {f.name}: {visible(f.before)} → {visible(f.after)}" for f in plan.settings)
    yield from (f"  {_SIGNS[item.what[0]]} {_item(item)}" for item in plan.items)
    if plan.critical:
        yield f"  critical now: {', '.join(plan.critical)}"
    if plan.no_longer_critical:
        yield f"  no longer critical: {', '.join(plan.no_longer_critical)}"
    if plan.over_capacity:
        yield f"  newly over capacity: {', '.join(plan.over_capacity)}"
    yield from (f"  new {_said(d)}" for d in plan.new)
    yield from (f"  gone {_said(d)}" for d in plan.gone)


def _said(d: Diagnostic) -> str:
    return f"{d.severity.word} {d.rule}: {visible(d.message)}"


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
    parts = [f"was called {change.old_id}"] if change.old_id else []
    parts += [f"{f.name} {visible(f.before)} → {visible(f.after)}" for f in change.fields]
    return f"{change.kind} {_named(change.id, change.title)}{how}{'; '.join(parts)}"


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
    counts = [
        (len([p for p in difference.plans if p.what == "added"]), "added"),
        (len([p for p in difference.plans if p.what == "removed"]), "removed"),
        (len(changed), "changed"),
        (len([p for p in changed if _days(p) > 0]), "finishing later"),
        (len([p for p in changed if _days(p) < 0]), "finishing earlier"),
        (
            len([p for p in difference.plans if p.newly_infeasible]),
            "with a deadline that can no longer be met",
        ),
        (len([p for p in difference.plans if p.unreadable]), "that cannot be read"),
    ]
    told = [f"{count} {what}" for count, what in counts if count]
    return f"Plans: {', '.join(told)}."


def _sentence(plan: PlanChange) -> str:
    before, after = plan.finish.before, plan.finish.after
    title = _cut(visible(plan.title), _CELL)
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
    sections = list(_sections(difference))
    missing: list[str] = []
    for name, body in sections:
        size = len(body.encode()) + 1
        if missing or size > left:
            missing.append(name)
            continue
        left -= size
        parts.append(body)
    if missing:
        named = ", ".join(_cut(name, 60) for name in missing[:_NAMED])
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        parts.append(
            f"Left out to keep this short: {escape(named + more)}. `planlint diff` shows everything.\n"
        )
    return "\n".join(parts)


def _sections(difference: Difference) -> Iterator[tuple[str, str]]:
    plans = difference.plans
    flips = [(plan, flip) for plan in plans for flip in plan.flips]
    if flips:
        rows = [
            (
                plan.title,
                f"{flip.kind} {flip.item or ''}",
                flip.due,
                _arrow(flip.before, flip.after),
                flip.finish or "",
            )
            for plan, flip in flips
        ]
        yield (
            "verdicts that flipped",
            "### Verdicts that flipped\n\n"
            + _table(("Plan", "Deadline of", "Date", "Verdict", "Finish"), rows),
        )
    if plans:
        yield (
            "changed plans",
            "### Changed plans\n\n"
            + _table(
                ("Plan", "Finish", "Deadline", "Items", "Diagnostics", "Newly over capacity"),
                map(_row, plans),
            ),
        )
    milestones = [(plan.title, _named(m.item, m.title), _dates(m)) for plan in plans for m in plan.milestones]
    if milestones:
        yield (
            "milestones",
            _details(f"Milestones ({len(milestones)})", ("Plan", "Milestone", "Finish"), milestones),
        )
    for plan in plans:
        yield from _plan_sections(plan)


def _row(plan: PlanChange) -> tuple[object, ...]:
    kinds = ("added", "removed", "renamed", "moved", "changed")
    counts = [(sum(kind == item.what[0] for item in plan.items), kind) for kind in kinds]
    title = plan.title if plan.what == "changed" else f"{plan.title} ({plan.what})"
    new_gone = [(len(plan.new), "new"), (len(plan.gone), "gone")]
    return (
        title + "".join(f" (cannot be read {side} the change)" for side in plan.unreadable),
        _dates(plan.finish),
        "" if plan.deadline == (None, None) else _deadline(plan).removeprefix(", deadline "),
        ", ".join(f"{count} {kind}" for count, kind in counts if count),
        ", ".join(f"{count} {word}" for count, word in new_gone if count),
        ", ".join(plan.over_capacity),
    )


def _plan_sections(plan: PlanChange) -> Iterator[tuple[str, str]]:
    title = _cut(plan.title, 80)
    settings = [("plan", f.name, f"{f.before} → {f.after}") for f in plan.settings]
    items = [(f"{i.kind}, {' and '.join(i.what)}", _named(i.id, i.title), _what(i)) for i in plan.items]
    if settings or items:
        name = f"{title}: items ({len(settings) + len(items)})"
        yield name, _details(name, ("What", "Item", "Change"), [*settings, *items])
    path = [("critical now", item) for item in plan.critical]
    path += [("no longer critical", item) for item in plan.no_longer_critical]
    if path:
        name = f"{title}: critical path ({len(path)})"
        yield name, _details(name, ("", "Item"), path)
    said = [("new", d) for d in plan.new] + [("gone", d) for d in plan.gone]
    if said:
        name = f"{title}: diagnostics ({len(said)})"
        rows = [(word, d.severity.word, d.rule, d.message) for word, d in said]
        yield name, _details(name, ("", "Severity", "Rule", "Message"), rows)


def _what(item: ItemChange) -> str:
    renamed = [f"was called {item.old_id}"] if item.old_id else []
    return "; ".join((*renamed, *(f"{f.name} {f.before} → {f.after}" for f in item.fields)))


def _details(summary: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a folded section; blank lines around the table let every renderer see Markdown in it."""
    return f"<details>\n<summary>{escape(summary)}</summary>\n\n{_table(head, rows)}\n</details>\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table without its empty columns; past the row limit it says how many more there are."""
    listed = list(rows)
    cells = [[escape(_cut(str(cell), _CELL)) for cell in row] for row in listed[:_ROWS]]
    used = [i for i in range(len(head)) if any(row[i] for row in cells)]
    lines = [[head[i] for i in used], ["---" for _ in used]]
    lines += [[row[i] for i in used] for row in cells]
    drawn = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return drawn + (f"\nand {len(listed) - _ROWS} more\n" if len(listed) > _ROWS else "")


def _cut(said: str, most: int) -> str:
    return said if len(said) <= most else said[: most - 1] + "…"
