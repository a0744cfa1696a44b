"""JUnit XML, which nearly every CI server can show: a test suite a file, a failed test a diagnostic."""

import re
from collections import Counter

from planlint.diagnostics import Diagnostic, Result

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENTITIES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)


def render(result: Result) -> str:
    """Write one suite for each file; a file without diagnostics is one passed test.

    A test's name has no line number, so that a server recognises it after lines moved.
    """
    suites: dict[str, list[Diagnostic]] = {plan.path: [] for plan in result.plans}
    for d in result.diagnostics:
        suites.setdefault(d.location.path, []).append(d)
    tests = sum(max(1, len(found)) for found in suites.values())
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="planlint" tests="{tests}" failures="{len(result.diagnostics)}" errors="0">',
    ]
    for path, found in sorted(suites.items()):
        lines.append(
            f'  <testsuite name="{_text(path)}" tests="{max(1, len(found))}" failures="{len(found)}" '
            'errors="0" skipped="0">'
        )
        lines.extend(_cases(path, found))
        lines.append("  </testsuite>")
    return "\n".join((*lines, "</testsuites>", ""))


def _cases(path: str, found: list[Diagnostic]) -> list[str]:
    if not found:
        return [f'    <testcase classname="{_text(path)}" name="planlint" time="0"/>']
    cases = []
    seen = Counter[str]()
    for d in found:
        name = _text(f"{d.rule}: {d.message}")
        seen[name] += 1
        unique = name if seen[name] == 1 else f"{name} ({seen[name]})"
        start = d.location.span.start
        body = "\n".join(
            (
                f"{path}:{start.line}:{start.column}: {d.severity.word}: {d.message}",
                *(f"{r.location.path}:{r.location.span.start.line}: {r.message}" for r in d.related),
                f"planlint explain {d.rule}",
            )
        )
        cases.append(
            f'    <testcase classname="{_text(path)}" name="{unique}" time="0">\n'
            f'      <failure type="{d.severity.word}" message="{_text(d.message)}">{_text(body)}</failure>\n'
            "    </testcase>"
        )
    return cases


def _text(text: str) -> str:
    return _NOT_XML.sub("", text).translate(_ENTITIES)
