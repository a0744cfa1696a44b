"""The format for people at a terminal: the source line, the place underlined, what it is about."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from planlint.diagnostics import Diagnostic, Location, Result, Severity
from planlint.report.characters import counted, plural, visible, width

_CLIP = 110
"""Code points of a source line that are shown at most."""
_LEAD = 40
"""Code points kept before the place when a long line is clipped."""
_TAB = 4
_PLANS_LISTED = 10

_BOLD, _FAINT, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.INFO: "\x1b[1;36m"}


def render(result: Result, *, colour: bool = False, quiet: bool = False, statistics: bool = False) -> str:
    """Write diagnostics with their source lines and a summary; `quiet` keeps errors only.

    `statistics` replaces the list by counts by rule. `colour` uses ANSI sequences, the only control
    characters that ever stand in the text.
    """
    shown = [d for d in result.diagnostics if d.severity is Severity.ERROR or not quiet]
    blocks: list[str] = []
    if statistics:
        blocks.extend(_counts(shown))
    else:
        explained: set[str] = set()
        for diagnostic in shown:
            blocks.append(
                _block(diagnostic, result.texts, colour=colour, more=diagnostic.rule not in explained)
            )
            explained.add(diagnostic.rule)
    if not quiet:
        blocks.append("\n".join((summary(result), *(_checked(result) if not result.diagnostics else ()))))
    return "".join(block + "\n" for block in blocks)


def summary(result: Result) -> str:
    """Say in one line what was found, or that nothing was."""
    counts = [(result.count(level), level.word) for level in sorted(Severity, reverse=True)]
    found = ", ".join(plural(count, word) for count, word in counts if count)
    aside = counted(((result.suppressed, "suppressed"), (result.baselined, "known")))
    plans = plural(result.files, "plan")
    said = f"{found} in {plans}" if found else f"{plans} checked, nothing to report"
    return f"{said} ({aside})" if aside else said


def _checked(result: Result) -> Iterable[str]:
    for plan in result.plans[:_PLANS_LISTED]:
        dates = f"finish {plan.finish}" if plan.finish else "no schedule"
        if plan.deadline:
            dates += f", deadline {plan.deadline}" + (f": {plan.verdict}" if plan.verdict != "none" else "")
        yield f"  {visible(plan.path)}: {dates}"
    if len(result.plans) > _PLANS_LISTED:
        yield f"  and {len(result.plans) - _PLANS_LISTED} more"


def _counts(diagnostics: Sequence[Diagnostic]) -> Iterable[str]:
    counts = Counter((d.rule, d.severity.word) for d in diagnostics)
    for (rule, severity), count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])):
        yield f"{count:6}  {severity:7}  {rule}"


def _block(d: Diagnostic, texts: Mapping[str, Sequence[str]], *, colour: bool, more: bool) -> str:
    tint, bold, faint, reset = (_COLOURS[d.severity], _BOLD, _FAINT, _RESET) if colour else ("", "", "", "")
    what = f"{tint}{d.severity.word}{reset} {bold}{d.rule}{reset}"
    lines = [f"{bold}{_at(d.location)}{reset} {what}: {visible(d.message)}"]
    start, end = d.location.span.start, d.location.span.end
    gutter = " " * len(str(start.line))
    text = texts.get(d.location.path, ())
    if start.line <= len(text):
        line = text[start.line - 1]
        stop = end.column - 1 if end.line == start.line else len(line)
        source, blank, marks = _excerpt(line, start.column - 1, stop)
        lines.append(f"{faint}{start.line} |{reset} {source}")
        lines.append(f"{faint}{gutter} |{reset} {' ' * blank}{tint}{'^' * marks}{reset}")
    lines.extend(f"{gutter} = {_at(r.location)} {visible(r.message)}" for r in d.related)
    if d.fix:
        unsafe = " (look at it before you keep it)" if d.fix.safety == "unsafe" else ""
        lines.append(f"{gutter} = fix: {visible(d.fix.title)}{unsafe}")
    if more:
        lines.append(f"{gutter} = why: {faint}planlint explain {d.rule}{reset}")
    return "\n".join(lines) + "\n"


def _at(location: Location) -> str:
    start = location.span.start
    return f"{visible(location.path)}:{start.line}:{start.column}:"


def _excerpt(line: str, start: int, stop: int) -> tuple[str, int, int]:
    """Return the part of `line` to show, the columns before the marks, and how many marks.

    `start` and `stop` are code points from 0. An empty place gets one mark.
    """
    start = min(start, len(line))
    low = max(0, start - _LEAD) if len(line) > _CLIP else 0
    high = low + _CLIP
    before = ("…" if low else "") + _shown(line[low:start], 0)
    blank = width(before)
    place = _shown(line[start : min(max(start, stop), high)], blank)
    after = _shown(line[max(start, min(stop, high)) : high], blank + width(place))
    return before + place + after + ("…" if len(line) > high else ""), blank, max(1, width(place))


def _shown(text: str, column: int) -> str:
    if "\t" not in text:
        return visible(text)
    first, *others = text.split("\t")
    shown = visible(first)
    for other in others:
        at = column + width(shown)
        shown += " " * (_TAB - at % _TAB) + visible(other)
    return shown
