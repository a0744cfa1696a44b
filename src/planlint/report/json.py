"""The stable format for programs: `schemas/report.schema.json` describes it."""

from typing import Any

import msgspec
from msgspec.structs import asdict

from planlint import __version__
from planlint.diagnostics import Diagnostic, Result, Severity, pointer


def encode(data: Any) -> str:
    """Write `data` as indented JSON with a final newline, keys in the order given.

    Structs are objects of their fields, dates texts. Names of files may hold bytes that are not UTF-8; they
    become question marks.
    """
    try:
        raw = msgspec.json.encode(data)
    except UnicodeEncodeError:
        raw = msgspec.json.encode(_encodable(msgspec.to_builtins(data)))
    return msgspec.json.format(raw, indent=2).decode() + "\n"


def _encodable(data: Any) -> Any:
    match data:
        case str():
            return data.encode(errors="replace").decode()
        case dict():
            return {_encodable(key): _encodable(value) for key, value in data.items()}
        case list() | tuple():
            return [_encodable(value) for value in data]
        case _:
            return data


def render(result: Result) -> str:
    """Write the whole result."""
    return encode(
        {
            "version": 1,
            "tool": {"name": "planlint", "version": __version__},
            "today": result.today,
            "plans": result.plans,
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
        **asdict(d.location.span),
        "pointer": pointer(d.path),
        "plan": d.plan,
        "item": d.item,
        "related": [
            {"message": r.message, "path": r.location.path, **asdict(r.location.span)} for r in d.related
        ],
        "fix": d.fix
        and {
            "title": d.fix.title,
            "safety": d.fix.safety,
            "edits": [{**asdict(edit.span), "text": edit.text} for edit in d.fix.edits],
        },
        "fingerprint": d.fingerprint,
        "help": d.help,
    }
