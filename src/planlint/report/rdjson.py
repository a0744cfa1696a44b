"""reviewdog's diagnostic format, for review comments on any forge."""

from collections.abc import Mapping, Sequence
from typing import Any

from planlint.diagnostics import Diagnostic, Location, Position, Result, Span
from planlint.report.json import encode

Texts = Mapping[str, Sequence[str]]


def render(result: Result) -> str:
    """Write the diagnostics; a fix of one edit becomes a suggestion (several would be alternatives)."""
    found = [_diagnostic(d, result.texts) for d in result.diagnostics]
    return encode({"source": {"name": "planlint"}, "diagnostics": found})


def _diagnostic(d: Diagnostic, texts: Texts) -> dict[str, Any]:
    found: dict[str, Any] = {
        "message": d.message,
        "location": _location(d.location, texts),
        "severity": d.severity.name,
        "code": {"value": d.rule},
    }
    if d.related:
        found["relatedLocations"] = [
            {"message": r.message, "location": _location(r.location, texts)} for r in d.related
        ]
    if d.fix and len(d.fix.edits) == 1:
        edit = d.fix.edits[0]
        lines = texts.get(d.location.path, ())
        found["suggestions"] = [{"range": _range(edit.span, lines), "text": edit.text}]
    return found


def _location(location: Location, texts: Texts) -> dict[str, Any]:
    return {"path": location.path, "range": _range(location.span, texts.get(location.path, ()))}


def _range(span: Span, lines: Sequence[str]) -> dict[str, Any]:
    return {"start": _position(span.start, lines), "end": _position(span.end, lines)}


def _position(position: Position, lines: Sequence[str]) -> dict[str, int]:
    """Return the position with its column in UTF-8 bytes; past the end of a line as in code points."""
    before = lines[position.line - 1][: position.column - 1] if position.line <= len(lines) else ""
    extra = len(before.encode(errors="replace")) - len(before)
    return {"line": position.line, "column": position.column + extra}
