"""Markdown for step summaries and comments, where whatever stands in a plan stays text."""

import re
from collections.abc import Iterable, Iterator

from planlint.diagnostics import Diagnostic, Result
from planlint.report.characters import visible
from planlint.report.text import summary

STEP_SUMMARY = 1_000_000
"""Bytes that fit into a step summary (GitHub: 1 MiB)."""

_HEAD = "| Line | Severity | Rule | Message |\n| ---: | --- | --- | --- |\n"
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~$&{}^#]|:(?=//)|:(?=\w+:)|(?<=www)\.")
_LEADING = re.compile(r'^(?:==|\+\+|--8<|\(c\)|[-+=?!:%"@.])|^(\d+)([.)])', re.IGNORECASE)
_MENTION = re.compile(r"([@#])(?=\w)")
_SPACES = re.compile(r" {2,}")


def escape(text: str) -> str:
    """Return `text` as one line that Markdown shows as it is, in a cell, a list item or a paragraph.

    A zero-width space after `@` and `#` keeps forges from notifying people or linking other threads.
    """
    line = _SPACES.sub(" ", visible(text)).strip()
    line = _MENTION.sub("\\1\u200b", line)
    lead = _LEADING.match(line)
    if not lead:
        return _SPECIAL.sub(_entity, line)
    at = lead.start(2) if lead.group(2) else 0
    head, mark, tail = line[:at], line[at], line[at + 1 :]
    return f"{head}&#{ord(mark)};{_SPECIAL.sub(_entity, tail)}"


def _entity(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};"


def render(result: Result, limit: int = STEP_SUMMARY) -> str:
    """Write a table a file, at most `limit` bytes; what does not fit is counted at the end."""
    head = f"**planlint: {summary(result)}**\n"
    left = limit - len(head.encode()) - 200
    parts = [head]
    for written, row in enumerate(_rows(result.diagnostics)):
        left -= len(row.encode())
        if left < 0:
            parts.append(f"\n{len(result.diagnostics) - written} more do not fit here.\n")
            break
        parts.append(row)
    return "".join(parts)


def _rows(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """Yield a row a diagnostic, the first one of a file with the head of its table."""
    path = None
    for d in diagnostics:
        line, rule, message = d.location.span.start.line, escape(d.rule), escape(d.message)
        row = f"| {line} | {d.severity.word} | {rule} | {message} |\n"
        if d.location.path != path:
            path = d.location.path
            row = f"\n**{escape(path)}**\n\n{_HEAD}{row}"
        yield row
