"""reviewdog's diagnostic format, for review comments on any forge."""

from collections.abc import Sequence
from typing import Any

from planlint.diagnostics import Diagnostic, Position, Result, Span
from planlint.report.json import encode


def render(result: Result) -> str:
    """Write the diagnostics; a fix of one edit becomes a suggestion (several would be alternatives)."""
    return encode(
        {
            "source": {"name": "planlint"},
            "diagnostics": [_diagnostic(d, result) for d in result.diagnostics],
        }
    )


def _diagnostic(d: Diagnostic, result: Result) -> dict[str, Any]:
    lines = result.texts.get(d.location.path, ())
    found: dict[str, Any] = {
        "message": d.message,
        "location": {"path": d.location.path, "range": _range(d.location.span, lines)},
        "severity": d.severity.name,
        "code": {"value": d.rule},
    }
    if d.related:
        found["relatedLocations"] = [
            {
                "message": r.message,
                "location": {
                    "path": r.location.path,
                    "range": _range(r.location.span, result.texts.get(r.location.path, ())),
                },
            }
            for r in d.related
        ]
    if d.fix and len(d.fix.edits) == 1:
        edit = d.fix.edits[0]
        found["suggestions"] = [{"range": _range(edit.span, lines), "text": edit.text}]
    return found


def _range(span: Span, lines: Sequence[str]) -> dict[str, Any]:
    return {"start": _position(span.start, lines), "end": _position(span.end, lines)}


def _position(position: Position, lines: Sequence[str]) -> dict[str, int]:
    """Return the position with its column in UTF-8 bytes; past the end of a line as in code points."""
    before = lines[position.line - 1][: position.column - 1] if position.line <= len(lines) else ""
    extra = len(before.encode(errors="replace")) - len(before)
    return {"line": position.line, "column": position.column + extra}
