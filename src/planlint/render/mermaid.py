"""Mermaid diagrams from computed dates, in the small part of its language that every renderer draws alike."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from planlint.model import Milestone, Plan, Task
from planlint.render.escaping import Safe, clean, gantt, label, shorten
from planlint.render.report import Flavor, Report
from planlint.render.rows import Row, rows
from planlint.render.words import Language

MOST_TEXT = 45_000
"""UTF-16 units in a block; Mermaid refuses 50,000."""

MOST_EDGES = 400
MOST_NODES = 30
"""A flowchart with more is a picture of spaghetti."""

_PLAIN = re.compile(r"[^\w .,()-]")


def fence(text: str) -> Safe:
    """Return a diagram as a block of Markdown."""
    return Safe(f"```mermaid\n{text}\n```")


def timeline(report: Report, language: Language, flavor: Flavor) -> tuple[str, int] | None:
    """Return the gantt and how many tasks were left out to keep it drawable; None without a schedule.

    Too large, it is cut to summaries and, when those are too many, to the first of them.
    """
    if report.schedule is None or not report.schedule.items:
        return None
    shown = [row for row in rows(report) if row.dates and not row.summary]
    text = _gantt(report, shown, language, flavor)
    if _units(text) <= MOST_TEXT:
        return text, 0
    kept = [row for row in rows(report) if row.dates and (not row.depth or isinstance(row.item, Milestone))]
    text = _gantt(report, kept, language, flavor)
    while _units(text) > MOST_TEXT:
        kept = kept[: len(kept) * MOST_TEXT // _units(text)]
        text = _gantt(report, kept, language, flavor)
    tasks = sum(not isinstance(row.item, Milestone) for row in shown)
    return text, tasks - sum(not row.summary and not isinstance(row.item, Milestone) for row in kept)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _gantt(report: Report, shown: list[Row], language: Language, flavor: Flavor) -> str:
    plan, schedule = report.plan, report.schedule
    if schedule is None:
        return ""
    span = f"{language.date(schedule.start)} - {language.date(schedule.finish)}"
    lines = [
        "gantt",
        f"    accTitle: {_plain(plan.title)}",
        f"    accDescr: {_plain(language.plain('Tasks and milestones with computed dates') + ', ' + span)}",
        "    dateFormat YYYY-MM-DD",
        f"    axisFormat {language.pattern.axis}",
        "    todayMarker off",
    ]
    section = None
    for number, row in enumerate(shown, 1):
        heading = _section(report, row, language)
        if heading != section:
            section = heading
            lines.append(f"    section {gantt(section, 40) or '-'}")
        lines.append(_task(row, number))
    lines += _marks(report, language, flavor)
    return "\n".join(lines)


def _section(report: Report, row: Row, language: Language) -> str:
    """Return the heading over a row: its outermost summary, or what it is."""
    if isinstance(row.item, Milestone):
        return language.plain("Milestones")
    *_, outermost = _upwards(report.plan, row.id)
    if outermost == row.id:
        return language.plain("Tasks")
    return report.plan.tasks[outermost].title or outermost


def _upwards(plan: Plan, identifier: str) -> Iterator[str]:
    """Yield an item and the summaries it lies in, the outermost last."""
    above: str | None = identifier
    while above is not None:
        yield above
        task = plan.tasks.get(above)
        above = task.parent if task else None


def _task(row: Row, number: int) -> str:
    dates, item = row.dates, row.item
    assert dates is not None  # noqa: S101 - only rows with dates are shown
    tags = []
    if dates.critical and item.status not in {"done", "cancelled"}:
        tags.append("crit")
    if item.status == "done":
        tags.append("done")
    elif item.status in {"doing", "blocked"}:
        tags.append("active")
    if isinstance(item, Milestone):
        tags.append("milestone")
    after = dates.finish + timedelta(1)
    named = gantt(row.title, 70) or row.id
    return f"    {named} :{''.join(tag + ', ' for tag in tags)}t{number}, {dates.start}, {after}"


def _marks(report: Report, language: Language, flavor: Flavor) -> Iterator[str]:
    """Yield the status date and the deadline: vertical lines where they are drawn, milestones elsewhere."""
    marks = [("v1", language.plain("Status date"), report.as_of)]
    if report.plan.deadline:
        marks.append(("v2", language.plain("Deadline"), report.plan.deadline))
    tag = "vert" if flavor == "github" else "milestone"
    if flavor != "github":
        yield f"    section {gantt(language.plain('Dates'))}"
    for identifier, words, day in marks:
        # A vertical line is drawn where its day starts, and a deadline ends with its day.
        at = day + timedelta(1) if tag == "vert" and identifier == "v2" else day
        named = gantt(f"{words} {language.date(day, 'short')}")
        yield f"    {named} :{tag}, {identifier}, {at}, {at + timedelta(1)}"


def _plain(text: str) -> str:
    """Reduce a text to what an accessible title takes: there entities are not decoded."""
    return " ".join(shorten(_PLAIN.sub(" ", clean(text)), 200).split()) or "-"


def flowchart(report: Report, language: Language) -> str | None:
    """Return the dependencies as a flowchart; None without any, or for a plan too large to read."""
    plan = report.plan
    shown = {row.id: row for row in rows(report)}
    nodes = {identifier: f"n{number}" for number, identifier in enumerate(shown, 1)}
    external = [item for item in plan.external.values() if item.status != "cancelled"]
    nodes |= {item.id: f"x{number}" for number, item in enumerate(external, 1)}
    edges = list(_edges(report, nodes, shown))
    if not edges or len(nodes) > MOST_NODES or len(edges) > MOST_EDGES:
        return None
    linked = {end for edge in edges for end in edge[:2]}
    meaning = language.plain("An arrow leads from what must come first to what waits for it")
    lines = [
        "flowchart LR",
        f"    accTitle: {_plain(language.plain('Dependencies') + ': ' + plan.title)}",
        f"    accDescr: {_plain(meaning)}",
    ]
    opened: list[str] = []
    for row in shown.values():
        parent = row.item.parent if isinstance(row.item, Task) else None
        while opened and opened[-1] != parent:
            opened.pop()
            lines.append("    end")
        node, text = nodes[row.id], label(row.title, 60) or row.id
        when = _when(row.dates.finish if row.dates else None, language)
        if row.summary:
            lines.append(f'    subgraph {node}["{text}"]')
            opened.append(row.id)
        elif isinstance(row.item, Milestone):
            lines.append(f'    {node}{{{{"{text}{when}"}}}}')
        elif row.id in linked:
            lines.append(f'    {node}["{text}{when}"]')
    lines += ["    end"] * len(opened)
    lines += (
        f'    {nodes[item.id]}[/"{label(item.title, 60) or item.id}{_when(item.due, language)}"/]'
        for item in external
        if item.id in linked
    )
    items = report.schedule.items if report.schedule else {}
    for before, after, words in edges:
        hot = all(end in items and items[end].critical for end in (before, after))
        arrow = "==>" if hot else "-->"
        lines.append(f"    {nodes[before]} {arrow}{words} {nodes[after]}")
    hot_nodes = [
        nodes[i]
        for i, row in shown.items()
        if not row.summary and row.dates and row.dates.critical and (i in linked or not row.wbs)
    ]
    if hot_nodes:
        lines.append("    classDef critical stroke:#b3261e,stroke-width:3px")
        lines.append(f"    class {','.join(hot_nodes)} critical")
    return "\n".join(lines)


def _when(day: date | None, language: Language) -> str:
    return f"<br/>{language.date(day, 'short')}" if day else ""


def _edges(
    report: Report, nodes: Mapping[str, str], shown: Mapping[str, Row]
) -> Iterator[tuple[str, str, str]]:
    """Yield predecessor, successor and what is written on the arrow.

    Mermaid cannot draw an arrow between a summary and what lies in it.
    """
    for row in shown.values():
        for dependency in row.item.depends_on:
            before = dependency.predecessor
            nested = row.id in _upwards(report.plan, before) or before in _upwards(report.plan, row.id)
            if before not in nodes or nested:
                continue
            lag = f"{'' if dependency.lag.amount < 0 else '+'}{dependency.lag}" if dependency.lag else ""
            words = f'|"{label(dependency.type + lag)}"|' if lag or dependency.type != "FS" else ""
            yield before, row.id, words
