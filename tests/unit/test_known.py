"""Known diagnostics: they do not fail a run, they are counted, and the file can shrink."""

from datetime import date
from typing import Any

import pytest

from planlint import known
from planlint.diagnostics import Diagnostic, Location, Position, Result, Severity, Span
from planlint.errors import UsageError


def diagnostic(fingerprint: str, line: int = 1, **values: Any) -> Diagnostic:
    fields: dict[str, Any] = {
        "rule": "task-without-owner",
        "category": "ownership",
        "severity": Severity.ERROR,
        "message": f"about {fingerprint}",
        "location": Location("a.plan.yaml", Span(Position(line, 1), Position(line, 2))),
        "fingerprint": fingerprint,
    } | values
    return Diagnostic(**fields)


def result(*diagnostics: Diagnostic) -> Result:
    return Result(today=date(2026, 2, 16), diagnostics=diagnostics)


def applied(text: str, *diagnostics: Diagnostic, checked: bool = True) -> tuple[Result, list[str]]:
    kept, gone = known.without(result(*diagnostics), known.read("k", text.encode()), lambda _: checked)
    return kept, [entry.fingerprint for entry in gone]


def test_what_is_known_is_taken_out_wherever_it_stands_now() -> None:
    text = known.write(result(diagnostic("x"), diagnostic("y")))
    kept, gone = applied(text, diagnostic("x", line=51), diagnostic("z"))
    assert [d.fingerprint for d in kept.diagnostics] == ["z"]
    assert (kept.baselined, gone) == (1, ["y"])


def test_a_second_one_of_the_same_fingerprint_is_new() -> None:
    kept, _ = applied(known.write(result(diagnostic("x"))), diagnostic("x"), diagnostic("x"))
    assert len(kept.diagnostics) == 1


def test_entries_of_files_that_were_not_looked_at_are_not_gone() -> None:
    assert applied(known.write(result(diagnostic("x"))), checked=False)[1] == []


def test_a_file_that_cannot_be_read_is_never_known() -> None:
    broken = diagnostic("x", category="source", rule="syntax-error")
    assert "syntax-error" not in known.write(result(broken))
    by_hand = known.write(result(diagnostic("x", rule="syntax-error")))
    assert len(applied(by_hand, broken)[0].diagnostics) == 1


def test_the_file_is_the_same_whatever_the_order() -> None:
    one, other = diagnostic("x"), diagnostic("y")
    assert known.write(result(one, other)) == known.write(result(other, one))
    assert known.write(result()).startswith('{\n "version": 1,')


@pytest.mark.parametrize("content", [b"", b"[]", b'{"version": 1}', b"\xff", b"not: json"])
def test_something_else_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError, match="k is no file of known diagnostics"):
        known.read("k", content)


def test_a_later_version_is_refused() -> None:
    with pytest.raises(UsageError, match="k has version 2"):
        known.read("k", b'{"version": 2, "diagnostics": []}')
