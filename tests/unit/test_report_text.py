"""The text format: what a person sees, whatever stands in the plan."""

import time
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planlint.diagnostics import (
    Diagnostic,
    Fix,
    Location,
    PlanSummary,
    Position,
    Related,
    Result,
    Severity,
    Span,
)
from planlint.report.characters import visible, width
from planlint.report.text import render, summary

TODAY = date(2026, 2, 16)


def span(line: int, start: int, stop: int) -> Span:
    return Span(Position(line, start), Position(line, stop))


def diagnostic(
    message: str = "task 'build' has no owner", *, place: Span | None = None, **values: Any
) -> Diagnostic:
    return Diagnostic(
        rule=values.pop("rule", "task-without-owner"),
        category="ownership",
        severity=values.pop("severity", Severity.ERROR),
        message=message,
        location=Location("a.plan.yaml", place or span(2, 3, 8)),
        **values,
    )


def result(
    *diagnostics: Diagnostic, text: str = "tasks:\n  build:\n    title: Build", **values: Any
) -> Result:
    return Result(
        today=TODAY, diagnostics=diagnostics, files=1, texts={"a.plan.yaml": text.split("\n")}, **values
    )


def test_a_diagnostic_with_everything() -> None:
    found = diagnostic(
        related=(Related("people are listed here", Location("team.yaml", span(4, 1, 7))),),
        fix=Fix("add an owner", "unsafe", ()),
    )
    assert render(result(found)) == (
        "a.plan.yaml:2:3: error task-without-owner: task 'build' has no owner\n"
        "2 |   build:\n"
        "  |   ^^^^^\n"
        "  = team.yaml:4:1: people are listed here\n"
        "  = fix: add an owner (look at it before you keep it)\n"
        "  = why: planlint explain task-without-owner\n"
        "\n"
        "1 error in 1 plan\n"
    )


def test_a_rule_is_explained_once() -> None:
    text = render(result(diagnostic(), diagnostic("another"), diagnostic(rule="other-rule")))
    assert text.count("planlint explain task-without-owner") == 1
    assert text.count("planlint explain other-rule") == 1


def test_clean_says_what_was_checked() -> None:
    plan = PlanSummary(
        id="a",
        path="a.plan.yaml",
        title="A",
        finish=date(2026, 3, 4),
        deadline=date(2026, 3, 31),
        verdict="feasible",
    )
    assert render(result(plans=(plan,), suppressed=2)) == (
        "1 plan checked, nothing to report (2 suppressed)\n"
        "  a.plan.yaml: finish 2026-03-04, deadline 2026-03-31: feasible\n"
    )


def test_a_long_list_of_clean_plans_is_cut() -> None:
    plans = tuple(PlanSummary(id=str(i), path=f"{i}.plan.yaml") for i in range(12))
    lines = render(result(plans=plans)).splitlines()
    assert len(lines) == 12
    assert lines[-1] == "  and 2 more"


def test_summary_counts_by_severity() -> None:
    warning, info = diagnostic(severity=Severity.WARNING), diagnostic(severity=Severity.INFO)
    assert summary(result(diagnostic(), warning, warning, info, baselined=3)) == (
        "1 error, 2 warnings, 1 info in 1 plan (3 known)"
    )


def test_quiet_keeps_errors_only() -> None:
    text = render(result(diagnostic("bad"), diagnostic("meh", severity=Severity.WARNING)), quiet=True)
    assert "bad" in text
    assert "meh" not in text
    assert "1 plan" not in text
    assert render(result(diagnostic(severity=Severity.INFO)), quiet=True) == ""


def test_statistics_count_by_rule_most_frequent_first() -> None:
    found = [diagnostic(rule="rare"), *[diagnostic(rule="often", severity=Severity.WARNING)] * 3]
    assert render(result(*found), statistics=True).splitlines() == [
        "     3  warning  often",
        "     1  error    rare",
        "1 error, 3 warnings in 1 plan",
    ]


def marked(line: str, start: int, stop: int) -> tuple[str, str]:
    """Return the source line as shown, and what stands above the marks, by columns."""
    text = render(result(diagnostic(place=span(1, start, stop)), text=line))
    source, marks = text.splitlines()[1:3]
    cells = [
        c for character in source for c in [character, *[""] * (width(character) - 1)] if width(character)
    ]
    return source[4:], "".join(
        c for c, mark in zip(cells, marks.ljust(len(cells)), strict=False) if mark == "^"
    )


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("  build: 3", "build"),
        ("\tbuild:\t3", "build"),
        ("設計: 書く", "書く"),
        ("cafe\u0301 crème: x", "crème"),
        ("👩‍💻 owner: kim", "owner"),
        ("x" * 5000 + "build" + "y" * 5000, "build"),
        ("設" * 5000 + "build" + "計" * 5000, "build"),
    ],
)
def test_the_place_is_underlined(line: str, place: str) -> None:
    start = line.index(place)
    source, under = marked(line, start + 1, start + 1 + len(place))
    assert under == place
    assert len(source) <= 120


def test_a_clipped_line_says_so() -> None:
    source, _ = marked("x" * 500, 250, 251)
    assert source.startswith("…")
    assert source.endswith("…")


def test_an_empty_place_and_the_end_of_a_line_get_one_mark() -> None:
    for start in (1, 4, 9):
        text = render(result(diagnostic(place=span(1, start, start)), text="abc"))
        assert text.splitlines()[2].count("^") == 1


def test_a_place_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    place = Span(Position(1, 3), Position(3, 2))
    assert render(result(diagnostic(place=place), text="a: b\nc\nd")).splitlines()[2] == "  |   ^^"


def test_a_line_that_is_not_there_leaves_the_excerpt_out() -> None:
    text = render(result(diagnostic(place=span(99, 1, 2))))
    assert text.splitlines()[1].strip() == "= why: planlint explain task-without-owner"


def test_colour_only_when_asked() -> None:
    found = result(diagnostic())
    coloured = render(found, colour=True)
    assert "\x1b[1;31merror\x1b[0m" in coloured
    assert "\x1b" not in render(found)


def test_wide_and_combining_characters_are_measured() -> None:
    assert [width(text) for text in ("abc", "設計", "e\u0301", "👩‍💻")] == [3, 4, 1, 4]


def test_controls_become_visible() -> None:
    assert visible("a\x1b[31mb\x00c\x7f\u202ed\ue000\ud800") == "a␛[31mb␀c␡�d\ue000�"
    assert visible("a\r\nb\tc\u2028d") == "a  b c d"


def test_what_a_ci_server_takes_for_a_command_is_broken() -> None:
    assert visible("##vso[task.setvariable variable=x]y") == "#\u200b#vso[task.setvariable variable=x]y"
    assert visible("::error::x") == ":\u200b:error::x"
    assert visible("a::b # c") == "a::b # c"
    assert visible("#####[group] ## [x]") == "####\u200b#[group] ## [x]"
    assert width(visible("##[")) == 3


HOSTILE = st.text(
    st.one_of(st.characters(), st.sampled_from("\x1b\x00\r\n\t\u202e\u2028\x9b`|<>&\ud800設")), max_size=200
)


@settings(deadline=None, max_examples=150)
@given(HOSTILE, HOSTILE, HOSTILE, st.integers(1, 250), st.integers(0, 50))
def test_no_control_character_reaches_the_terminal(
    message: str, path: str, line: str, start: int, length: int
) -> None:
    place = Location(path, span(1, start, start + length))
    found = Diagnostic("r", "c", Severity.ERROR, message, place, related=(Related(message, place),))
    text = render(Result(today=TODAY, diagnostics=(found,), files=1, texts={path: [line]}))
    text.encode()
    assert all(c == "\n" or ord(c) >= 32 for c in text)
    assert not set(text) & set("\x7f\x9b\u202e\u2028\u2029\x85")
    assert text.count("\n") == 7


def test_ten_thousand_diagnostics_take_a_moment() -> None:
    found = [diagnostic(place=span(2, 3, 8), rule=f"rule-{i % 50}") for i in range(10_000)]
    begin = time.perf_counter()
    render(result(*found), colour=True)
    assert time.perf_counter() - begin < 2
