"""SARIF 2.1.0, within what GitHub code scanning takes."""

from collections.abc import Mapping
from typing import Any

from planlint import __version__
from planlint.diagnostics import Diagnostic, Location, Result, Severity
from planlint.report.characters import cut
from planlint.report.json import encode
from planlint.rule import Rule

RESULTS = 25_000
"""Results a run that code scanning accepts; it shows the 5,000 most severe."""
GZIPPED = 10_000_000
"""Bytes of the compressed file that code scanning accepts."""
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_RELATED = 100
_TEXT = 1_000
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(result: Result, rules: Mapping[str, Rule]) -> str:
    """Write the diagnostics as one run; the least severe ones are left out, and counted, past a limit.

    The fingerprint stands under a name of planlint's own: for `primaryLocationLineHash` GitHub's upload
    computes a value itself and warns about every other one.
    """
    import zlib  # noqa: PLC0415 - only this format measures what it wrote

    most_severe_first = sorted(range(len(result.diagnostics)), key=lambda i: -result.diagnostics[i].severity)
    keep = RESULTS
    while True:
        chosen = [result.diagnostics[i] for i in sorted(most_severe_first[:keep])]
        text = _write(chosen, len(result.diagnostics) - len(chosen), rules)
        if len(text) < GZIPPED // 4 or len(zlib.compress(text.encode(), 6)) < GZIPPED:
            return text
        keep = min(keep, len(chosen)) * 3 // 4


def _write(diagnostics: list[Diagnostic], left_out: int, rules: Mapping[str, Rule]) -> str:
    used = sorted({d.rule: d for d in diagnostics}.items())
    index = {name: i for i, (name, _) in enumerate(used)}
    driver = {
        "name": "planlint",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(name, sample, rules.get(name)) for name, sample in used],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(d, index[d.rule]) for d in diagnostics],
    }
    if left_out:
        said = f"{left_out} less severe diagnostics are left out to stay within the limits of code scanning."
        notes = [{"level": "warning", "message": {"text": said}}]
        run["invocations"] = [{"executionSuccessful": True, "toolExecutionNotifications": notes}]
    return encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(name: str, sample: Diagnostic, rule: Rule | None) -> dict[str, Any]:
    summary = rule.summary if rule else name
    rationale = rule.rationale if rule else summary
    command = f"planlint explain {name}"
    return {
        "id": name,
        "shortDescription": {"text": cut(summary, _TEXT)},
        "fullDescription": {"text": cut(rationale, _TEXT)},
        "help": {"text": f"{rationale}\n\nExamples and options: {command}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity if rule else sample.severity]},
        "properties": {"tags": [sample.category]},
    }


def _result(d: Diagnostic, rule_index: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": d.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[d.severity],
        "message": {"text": cut(d.message, _TEXT) or d.rule},
        "locations": [{"physicalLocation": _place(d.location)}],
        "partialFingerprints": {"planlint/v1": d.fingerprint},
    }
    if d.related:
        found["relatedLocations"] = [
            {"id": i, "message": {"text": cut(r.message, _TEXT)}, "physicalLocation": _place(r.location)}
            for i, r in enumerate(d.related[:_RELATED], 1)
        ]
    return found


def _place(location: Location) -> dict[str, Any]:
    from urllib.parse import quote  # noqa: PLC0415 - only formats with addresses need it

    start, end = location.span.start, location.span.end
    return {
        "artifactLocation": {"uri": quote(location.path, errors="replace"), "uriBaseId": "%SRCROOT%"},
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        },
    }
