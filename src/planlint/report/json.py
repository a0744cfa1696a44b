"""The stable format for programs: `schemas/report.schema.json` describes it."""

from typing import Any

import msgspec

from planlint import __version__
from planlint.diagnostics import Diagnostic, Fix, Position, Result, Severity, Span, pointer


def encode(data: Any) -> str:
    """Write `data` as indented JSON with a final newline, keys in the order given.

    Names of files may hold bytes that are not UTF-8; they become question marks.
    """
    try:
        raw = msgspec.json.encode(data)
    except UnicodeEncodeError:
        raw = msgspec.json.encode(_encodable(data))
    return msgspec.json.format(raw, indent=2).decode() + "\n"


def _encodable(data: Any) -> Any:
    match data:
        case str():
            return data.encode(errors="replace").decode()
        case dict():
            return {_encodable(key): _encodable(value) for key, value in data.items()}
        case list():
            return [_encodable(value) for value in data]
        case _:
            return data


def render(result: Result) -> str:
    """Write the whole result."""
    return encode(
        {
            "version": 1,
            "tool": {"name": "planlint", "version": __version__},
            "today": result.today.isoformat(),
            "plans": [
                {
                    "id": plan.id,
                    "path": plan.path,
                    "title": plan.title,
                    "finish": plan.finish and plan.finish.isoformat(),
                    "deadline": plan.deadline and plan.deadline.isoformat(),
                    "verdict": plan.verdict,
                }
                for plan in result.plans
            ],
            "diagnostics": [diagnostic(d) for d in result.diagnostics],
            "summary": {
                "files": result.files,
                "errors": result.count(Severity.ERROR),
                "warnings": result.count(Severity.WARNING),
                "infos": result.count(Severity.INFO),
                "suppressed": result.suppressed,
                "baselined": result.baselined,
            },
        }
    )


def diagnostic(d: Diagnostic) -> dict[str, Any]:
    """Return one diagnostic as the stable format has it."""
    return {
        "rule": d.rule,
        "category": d.category,
        "severity": d.severity.word,
        "message": d.message,
        "path": d.location.path,
        **_span(d.location.span),
        "pointer": pointer(d.path),
        "plan": d.plan,
        "item": d.item,
        "related": [
            {"message": r.message, "path": r.location.path, **_span(r.location.span)} for r in d.related
        ],
        "fix": _fix(d.fix) if d.fix else None,
        "fingerprint": d.fingerprint,
        "help": d.help,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{**_span(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safety": fix.safety, "edits": edits}


def _span(span: Span) -> dict[str, Any]:
    return {"start": _position(span.start), "end": _position(span.end)}


def _position(position: Position) -> dict[str, int]:
    return {"line": position.line, "column": position.column}
