"""GitLab's Code Quality report: what a merge request's widget and its changes show."""

from collections import Counter

from planlint.diagnostics import Result, Severity
from planlint.report.json import encode

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(result: Result) -> str:
    """Write one entry a diagnostic; GitLab drops entries whose fingerprint it has seen, so each is unique."""
    entries = []
    seen = Counter[str]()
    for d in result.diagnostics:
        seen[d.fingerprint] += 1
        nth, span = seen[d.fingerprint], d.location.span
        entries.append(
            {
                "description": d.message,
                "check_name": d.rule,
                "fingerprint": d.fingerprint if nth == 1 else f"{d.fingerprint}-{nth}",
                "severity": _SEVERITIES[d.severity],
                "location": {
                    "path": d.location.path,
                    "lines": {"begin": span.start.line, "end": max(span.start.line, span.end.line)},
                },
            }
        )
    return encode(entries)
