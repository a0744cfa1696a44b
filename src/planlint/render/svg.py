"""The Gantt chart as SVG: what a steering committee prints, legible from five to five hundred rows.

Positions are in pixels, y downwards. Colours are given as classes and again for dark pages, not as CSS
variables, which viewers outside browsers do not know; nothing is said by colour alone.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Literal

from msgspec import Struct

from planlint.model import MINUTES_A_DAY, Milestone, Plan
from planlint.render.escaping import Safe, clean, shorten, svg
from planlint.render.report import Report
from planlint.render.rows import Row, rows
from planlint.render.words import Language
from planlint.schedule.calendar import HorizonError, calendars, instant
from planlint.schedule.result import Scheduled

WIDTH, LEFT, ROW, HEADER, TOP = 1000, 494, 22, 36, 92
MOST_ROWS = 1000
REPEAT = 40
MONTH_WIDTH, YEAR, HALF_A_YEAR = 44, 12, 26
_WEEK_53 = date(2020, 12, 28)
WIDE = 0x2E80
"""Characters from here on are as wide as high."""
COLUMNS = ((6, 34), (42, 222), (268, 92), (364, 62), (428, 62))
"""Left edge and width of WBS, task, owner, start, finish."""

_STYLE = Path(__file__).with_name("gantt.css")
_SIZED = f'width="{WIDTH}" height="{{}}" role="img" aria-labelledby="t d"'
_ARROW = (
    '<defs><marker id="a" markerWidth="6" markerHeight="6" refX="5" refY="3" orient="auto">'
    '<path class="arrow" d="M0 0L6 3L0 6z"/></marker></defs>'
)


@cache
def _style() -> str:
    """Return the colours, light and dark, on one line."""
    lines = _STYLE.read_text("utf-8").splitlines()
    return f"<style>{''.join(line.strip() for line in lines)}</style>"


class Axis(Struct, frozen=True):
    """Days on the horizontal axis; a day is `day` pixels wide."""

    first: date
    last: date

    @property
    def day(self) -> float:
        """The width of a day."""
        return (WIDTH - LEFT - 12) / ((self.last - self.first).days + 1)

    def x(self, on: date) -> float:
        """Return the left edge of a day."""
        return round(LEFT + ((on - self.first).days) * self.day, 1)

    def after(self, on: date) -> float:
        """Return the right edge of a day."""
        return self.x(on + timedelta(1))

    def middle(self, on: date) -> float:
        """Return the middle of a day."""
        return (self.x(on) + self.after(on)) / 2


def gantt_svg(report: Report, language: Language) -> Safe | None:
    """Draw the plan's computed dates; None without a schedule."""
    schedule, plan = report.schedule, report.plan
    if schedule is None or not schedule.items:
        return None
    drawn = every = list(rows(report))
    if len(every) > MOST_ROWS:
        drawn = [row for row in every if row.summary or not row.depth][:MOST_ROWS]
    cut = len(every) - len(drawn)
    axis = _axis(report, drawn)
    pages = [drawn[i : i + REPEAT] for i in range(0, len(drawn), REPEAT)]
    if len(pages) > 1 and len(pages[-1]) < REPEAT // 2:
        pages[-2:] = [pages[-2] + pages[-1]]
    height = TOP + len(pages) * HEADER + len(drawn) * ROW + 12 + (20 if cut else 0)
    tops = [TOP + number * (HEADER + REPEAT * ROW) for number in range(len(pages))]
    ys = {
        row.id: top + HEADER + n * ROW
        for top, page in zip(tops, pages, strict=True)
        for n, row in enumerate(page)
    }
    described = language.plain("Gantt chart from {start} to {finish}").format(
        start=language.date(schedule.start), finish=language.date(schedule.finish)
    )
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {_SIZED.format(height)}>',
        f'<title id="t">{svg(plan.title)}</title><desc id="d">{svg(described)}</desc>',
        _style(),
        _ARROW,
        f'<rect class="bg" width="{WIDTH}" height="{height}"/>',
        _text("text h", 8, 24, shorten(clean(plan.title), 90)),
        *_legend(report, language),
    ]
    for top, page in zip(tops, pages, strict=True):
        out += _days_off(report.plan, axis, top + HEADER, len(page) * ROW)
        out += _header(axis, top, language)
    out += _arrows(plan, schedule.items, axis, ys)
    before = report.baseline.schedule if report.baseline else None
    for row in drawn:
        out += _row(row, ys[row.id], axis, before.items.get(row.id) if before else None, language)
    out += _markers(report, axis, tops, height, language)
    if cut:
        note = language.count("{n} more task is not drawn", "{n} more tasks are not drawn", cut)
        out.append(_text("soft", 8, height - 10, note))
    out.append("</svg>\n")
    return Safe("\n".join(out))


def _text(kind: str, x: float, y: float, text: str) -> str:
    return f'<text class="{kind}" x="{x:g}" y="{y:g}">{svg(text)}</text>'


def _axis(report: Report, drawn: Iterable[Row]) -> Axis:
    days = [report.as_of]
    if report.plan.deadline:
        days.append(report.plan.deadline)
    for row in drawn:
        if row.dates:
            days += (row.dates.start, row.dates.finish)
        if isinstance(row.item, Milestone) and row.item.due:
            days.append(row.item.due)
    first, last = min(days), max(days)
    pad = max(2, (last - first).days // 40)
    return Axis(first - timedelta(pad), last + timedelta(pad))


def _legend(report: Report, language: Language) -> Iterator[str]:
    say = language.plain
    bar = '<rect class="{}" width="{}" height="10" rx="2"/>'
    shown = [
        (bar.format("bar", 20) + bar.format("done", 9), say("task, progress")),
        (bar.format("crit", 20) + bar.format("cedge", 20), say("critical")),
        ('<path class="float" d="M2 5H18M18 1V9"/>', say("float")),
        ('<path class="sum" d="M0 1H20V9L16 5H4L0 9z"/>', say("summary")),
        ('<path class="mile" d="M10 0L15 5L10 10L5 5z"/>', say("milestone")),
        ('<path class="due" d="M10 0L15 5L10 10L5 5z"/>', say("due")),
        ('<path class="now" d="M10 -1V11"/>', say("status date")),
        ('<rect class="off" width="20" height="10"/>', say("not worked")),
    ]
    if report.plan.deadline:
        shown.insert(-1, ('<path class="dead" d="M10 -1V11"/>', say("deadline")))
    if report.baseline:
        shown.insert(-1, ('<rect class="base" y="4" width="20" height="3"/>', say("baseline")))
    x = 8
    for shape, text in shown:
        yield f'<g transform="translate({x} 36)">{shape}{_text("soft s", 26, 9, text)}</g>'
        x += 38 + round(_width(text) * 0.92)


def _header(axis: Axis, top: int, language: Language) -> Iterator[str]:
    yield f'<rect class="head" y="{top}" width="{WIDTH}" height="{HEADER}"/>'
    say = language.plain
    names = (say("WBS"), say("Task"), say("Owner"), say("Start"), say("Finish"))
    for (x, _), name in zip(COLUMNS, names, strict=True):
        yield _text("soft b s", x, top + 28, name)
    months = [axis.first.replace(day=1)]
    while (following := (months[-1] + timedelta(31)).replace(day=1)) <= axis.last:
        months.append(following)
    step = next(n for n in (1, 3, 12) if n * axis.day * 30 > MONTH_WIDTH or n == YEAR)
    named = [month for month in months if month == months[0] or (month.month - 1) % step == 0]
    lines = []
    for month, following in zip(named, [*named[1:], axis.last], strict=True):
        left = max(axis.x(month), float(LEFT))
        lines.append(f"M{left:g} {top}v{HEADER}")
        room = min(axis.x(following), WIDTH) - left
        if room > MONTH_WIDTH / 2:
            first = month in (months[0], month.replace(month=1))
            year = f" {month.year}" if first and room > MONTH_WIDTH * 1.5 else ""
            yield _text("text b s", left + 4, top + 13, language.month(month) + year)
    monday = axis.first + timedelta(-axis.first.weekday() % 7)
    wide = 12 + round(_width(language.week(_WEEK_53)) * 0.92)
    every = next(n for n in (1, 2, 4, 8, 13, 26, 52) if n * axis.day * 7 > wide or n > HALF_A_YEAR)
    free = 0.0
    while monday <= axis.last:
        at, week = axis.x(monday), monday.isocalendar().week
        if every == 1 or week % every == 1:
            lines.append(f"M{at} {top + 18}v{HEADER - 18}")
            if free <= at < WIDTH - wide:
                free = at + wide
                yield _text("soft s", at + 3, top + 30, language.week(monday))
        monday += timedelta(7)
    yield f'<path class="line" d="{"".join(lines)}M0 {top + HEADER}H{WIDTH}"/>'


def _days_off(plan: Plan, axis: Axis, top: int, height: int) -> Iterator[str]:
    first, last = axis.first.toordinal(), axis.last.toordinal()
    try:
        segments = calendars(plan).default.segments(instant(axis.first), instant(axis.last) + MINUTES_A_DAY)
    except HorizonError:
        return
    worked = {begin // MINUTES_A_DAY for begin, _, _ in segments}
    if axis.day < 1 or not worked:
        return
    path = []
    for off, days in groupby(range(first, last + 1), key=lambda day: day not in worked):
        if off:
            stretch = [date.fromordinal(day) for day in days]
            x, end = axis.x(stretch[0]), axis.after(stretch[-1])
            path.append(f"M{x} {top}H{end}v{height}H{x}z")
    yield f'<path class="off" d="{"".join(path)}"/>'


def _row(row: Row, y: float, axis: Axis, before: Scheduled | None, language: Language) -> Iterator[str]:
    indent = 9 * row.depth
    (_, title_width), (_, owner_width) = COLUMNS[1:3]
    title = _fit(clean(row.title), title_width - indent, bold=row.summary)
    cells = [row.wbs, title, _fit(clean(row.owner), owner_width, bold=row.summary)]
    if row.dates:
        style: Literal["short", "compact"] = "short" if axis.first.year == axis.last.year else "compact"
        cells += (language.date(day, style) for day in (row.dates.start, row.dates.finish))
    bold = " b" if row.summary else ""
    classes = ("soft s", f"text{bold}", f"soft s{bold}", "text s", "text s")
    shifts = (0, indent, 0, 0, 0)
    texts = "".join(
        _text(kind, x + shift, y + 15, text)
        for (x, _), text, kind, shift in zip(COLUMNS, cells, classes, shifts, strict=False)
        if text
    )
    yield f'<path class="line" d="M0 {y + ROW:g}H{WIDTH}" opacity=".6"/>'
    yield f"<g><title>{svg(row.title)}</title>{texts}{_bar(row, y, axis, before)}</g>"


def _bar(row: Row, y: float, axis: Axis, before: Scheduled | None) -> str:
    dates = row.dates
    if dates is None:
        return ""
    x, end = axis.x(dates.start), axis.after(dates.finish)
    shapes = []
    if before is not None:
        old = axis.x(before.start), axis.after(before.finish)
        low, high = max(min(old), LEFT), min(max(old), WIDTH)
        if high > low:
            shapes.append(
                f'<rect class="base" x="{low}" y="{y + 17:g}" width="{high - low:.1f}" height="3"/>'
            )
    if isinstance(row.item, Milestone):
        days = [("mile", dates.start), ("due", row.item.due)]
        shapes += (
            f'<path class="{kind}" d="M{axis.middle(day):.1f} {y + 4:g}l7 7l-7 7l-7 -7z"/>'
            for kind, day in days
            if day
        )
    elif row.summary:
        shapes.append(f'<path class="sum" d="M{x} {y + 6:g}H{end}v9l-4 -4H{min(x + 4, end)}l-4 4z"/>')
    else:
        wide = max(end - x, 2.5)
        kind, edge, done = (
            ("crit", "cedge", "cdone") if dates.critical and row.item.open else ("bar", "edge", "done")
        )
        parts = [(kind, wide), (done, wide * row.progress / 100), (edge, wide)]
        shapes += (
            f'<rect class="{part}" x="{x}" y="{y + 5:g}" width="{width:.1f}" height="11" rx="2"/>'
            for part, width in parts
            if width
        )
        late = min(axis.after(dates.late_finish), WIDTH - 4)
        if dates.total_float_days > 0 and row.item.open and late > end + 3:
            shapes.append(f'<path class="float" d="M{end} {y + 10.5:g}H{late:.1f}m0 -4v8"/>')
    return "".join(shapes)


def _arrows(plan: Plan, items: Mapping[str, Scheduled], axis: Axis, ys: dict[str, int]) -> Iterator[str]:
    paths = []
    drawn = ys.keys() & items.keys()
    for item in plan.waiting():
        for dependency in item.depends_on:
            if not {item.id, dependency.predecessor} <= drawn:
                continue
            before, after = items[dependency.predecessor], items[item.id]
            x1 = _end(before, axis, finish=dependency.type[0] == "F")
            x2 = _end(after, axis, finish=dependency.type[1] == "F")
            y1, y2 = ys[before.id] + ROW / 2, ys[after.id] + ROW / 2
            out, into = (5 if dependency.type[0] == "F" else -5), (-7 if dependency.type[1] == "S" else 7)
            turn = x1 + out
            if (x2 + into - turn) * out >= 0 and into < 0:
                path = f"M{x1} {y1:g}h{out}V{y2:g}H{x2 - 1:.1f}"
            else:
                level = y2 - ROW / 2 if y2 > y1 else y2 + ROW / 2
                path = (
                    f"M{x1} {y1:g}h{out}V{level:g}H{x2 + into:.1f}V{y2:g}H{x2 - (1 if into < 0 else -1):.1f}"
                )
            paths.append(f'<path d="{path}" marker-end="url(#a)"/>')
    if paths:
        yield f'<g class="dep">{"".join(paths)}</g>'


def _end(item: Scheduled, axis: Axis, *, finish: bool) -> float:
    if item.kind == "milestone":
        return round(axis.middle(item.start) + (7 if finish else -7), 1)
    return axis.after(item.finish) if finish else axis.x(item.start)


def _markers(report: Report, axis: Axis, tops: list[int], height: int, language: Language) -> Iterator[str]:
    deadline = report.plan.deadline
    lines = [("now", report.as_of, language.plain("status date"), axis.x(report.as_of))]
    if deadline:
        lines.append(("dead", deadline, language.plain("deadline"), axis.after(deadline)))
    for kind, day, name, x in lines:
        text = f"{name} {language.date(day)}"
        anchor = "start" if x < (LEFT + WIDTH) / 2 else "end"
        yield f'<path class="{kind}" d="M{x} {tops[0] - 4}V{height - 8}"/>'
        level = tops[0] - (24 if kind == "now" else 9)
        at = f'x="{x + (4 if anchor == "start" else -4):.1f}" y="{level}" text-anchor="{anchor}"'
        yield f'<text class="{kind}t b s" {at}>{svg(text)}</text>'


def _width(text: str, *, bold: bool = False) -> float:
    """Estimate the width of `text` in the widest of the fonts, well enough to know where to cut it."""
    wide = 0.0
    for c in text:
        if ord(c) >= WIDE:
            wide += 12
        elif c in "iljtfrI.,:;'|!()[] ":
            wide += 4.2
        else:
            wide += 9.6 if c.isupper() or c in "mw@%" else 7.1
    return wide * (1.1 if bold else 1)


def _fit(text: str, width: float, *, bold: bool = False) -> str:
    while text and _width(text, bold=bold) > width:
        text = text.removesuffix("…")[:-1].rstrip() + "…" if len(text) > 1 else ""
    return text
