"""Workflow commands that GitHub Actions turns into annotations at the lines of a pull request."""

from collections.abc import Iterator

from planlint.diagnostics import Diagnostic, Result, Severity
from planlint.report.characters import visible
from planlint.report.text import summary as in_one_line

A_LEVEL = 10
"""Annotations of one level that GitHub keeps from one step; with three levels a step stays below 50 a job."""
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(result: Result) -> str:
    """Write annotations, most severe first, and a last line that says how many there were in all."""
    annotated = list(_annotated(result))
    lines = [_command(d) for d in annotated]
    rest = len(result.diagnostics) - len(annotated)
    end = f"; {rest} without an annotation, all of them in the step summary" if rest else ""
    return "".join(f"{line}\n" for line in (*lines, in_one_line(result) + end))


def _annotated(result: Result) -> Iterator[Diagnostic]:
    for severity in sorted(Severity, reverse=True):
        yield from [d for d in result.diagnostics if d.severity is severity][:A_LEVEL]


def step_summary(result: Result) -> str:
    """Return Markdown for GITHUB_STEP_SUMMARY: all diagnostics if annotations leave some out, else empty."""
    if len(result.diagnostics) == sum(1 for _ in _annotated(result)):
        return ""
    from planlint.report import markdown  # noqa: PLC0415 - seldom needed

    return markdown.render(result)


def _command(d: Diagnostic) -> str:
    start, end = d.location.span.start, d.location.span.end
    properties = {"title": d.rule, "file": d.location.path, "line": start.line, "col": start.column}
    properties["endLine"] = max(start.line, end.line - (end.column == 1))
    if end.line == start.line:
        properties["endColumn"] = end.column
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    seen = "".join(
        f"\n{r.location.path}:{r.location.span.start.line}: {visible(r.message)}" for r in d.related
    )
    return f"::{_COMMANDS[d.severity]} {listed}::{_data(visible(d.message) + seen)}"


def _data(text: str) -> str:
    clean = text.encode(errors="replace").decode()
    return clean.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
