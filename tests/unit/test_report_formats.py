"""The formats for people and machines: each keeps its reader's rules, whatever stands in the plan."""

import gzip
import json
import random
import re
import time
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planlint import report
from planlint.diagnostics import (
    Diagnostic,
    Edit,
    Fix,
    Location,
    PlanSummary,
    Position,
    Related,
    Result,
    Severity,
    Span,
)
from planlint.report import github, gitlab, junit, markdown, rdjson, sarif
from planlint.report.characters import visible, width
from planlint.report.json import render as render_json
from planlint.report.text import render as render_text
from planlint.report.text import summary

TODAY = date(2026, 2, 16)
PATH = "plans/a.plan.yaml"


def span(line: int, start: int, stop: int) -> Span:
    return Span(Position(line, start), Position(line, stop))


def diagnostic(
    message: str = "task 'build' has no owner", *, place: Span | None = None, **values: Any
) -> Diagnostic:
    fields: dict[str, Any] = {
        "rule": "task-without-owner",
        "category": "ownership",
        "severity": Severity.ERROR,
        "location": Location(PATH, place or span(2, 3, 8)),
        "path": ("tasks", "build"),
        "plan": "a",
        "item": "build",
        "fingerprint": "f" * 16,
        "help": "planlint explain task-without-owner",
    } | values
    return Diagnostic(message=message, **fields)


def result(
    *diagnostics: Diagnostic, text: str = "tasks:\n  build:\n    title: Build", **values: Any
) -> Result:
    fields: dict[str, Any] = {"texts": {PATH: text.split("\n")}} | values
    return Result(today=TODAY, diagnostics=diagnostics, files=1, **fields)


FULL = diagnostic(
    related=(Related("people are listed here", Location("team.yaml", span(4, 1, 7))),),
    fix=Fix("add an owner", "unsafe", (Edit(span(2, 9, 9), "\n    owner: kim"),)),
)
PLAN = PlanSummary(id="a", path=PATH, title="A", finish=date(2026, 3, 4))
LEVELS = [Severity.INFO, Severity.WARNING, Severity.ERROR]


def test_every_format_renders_and_ends_with_a_line_break() -> None:
    for name in report.FORMATS:
        text = report.render(name, result(FULL, plans=(PLAN,)))
        assert text.endswith("\n")
        assert "task &#39;build&#39;" not in text
        assert "task 'build' has no owner" in text, name


# Text


def test_a_diagnostic_with_everything() -> None:
    assert render_text(result(FULL)) == (
        "plans/a.plan.yaml:2:3: error task-without-owner: task 'build' has no owner\n"
        "2 |   build:\n"
        "  |   ^^^^^\n"
        "  = team.yaml:4:1: people are listed here\n"
        "  = fix: add an owner (look at it before you keep it)\n"
        "  = why: planlint explain task-without-owner\n"
        "\n"
        "1 error in 1 plan\n"
    )


def test_a_rule_is_explained_once() -> None:
    text = render_text(result(diagnostic(), diagnostic("another"), diagnostic(rule="other-rule")))
    assert text.count("planlint explain task-without-owner") == 1
    assert text.count("planlint explain other-rule") == 1


def test_clean_says_what_was_checked() -> None:
    plan = PlanSummary(
        id="a",
        path=PATH,
        title="A",
        finish=date(2026, 3, 4),
        deadline=date(2026, 3, 31),
        verdict="feasible",
    )
    assert render_text(result(plans=(plan,), suppressed=2)) == (
        "1 plan checked, nothing to report (2 suppressed)\n"
        "  plans/a.plan.yaml: finish 2026-03-04, deadline 2026-03-31: feasible\n"
    )


def test_a_long_list_of_clean_plans_is_cut() -> None:
    plans = tuple(PlanSummary(id=str(i), path=f"{i}.plan.yaml") for i in range(12))
    lines = render_text(result(plans=plans)).splitlines()
    assert len(lines) == 12
    assert lines[-1] == "  and 2 more"


def test_summary_counts_by_severity() -> None:
    warning, info = diagnostic(severity=Severity.WARNING), diagnostic(severity=Severity.INFO)
    assert summary(result(diagnostic(), warning, warning, info, baselined=3)) == (
        "1 error, 2 warnings, 1 info in 1 plan (3 known)"
    )


def test_quiet_keeps_errors_only() -> None:
    text = render_text(result(diagnostic("bad"), diagnostic("meh", severity=Severity.WARNING)), quiet=True)
    assert "bad" in text
    assert "meh" not in text
    assert "1 plan" not in text
    assert render_text(result(diagnostic(severity=Severity.INFO)), quiet=True) == ""


def test_statistics_count_by_rule_most_frequent_first() -> None:
    found = [diagnostic(rule="rare"), *[diagnostic(rule="often", severity=Severity.WARNING)] * 3]
    assert render_text(result(*found), statistics=True).splitlines() == [
        "     3  warning  often",
        "     1  error    rare",
        "1 error, 3 warnings in 1 plan",
    ]


def marked(line: str, start: int, stop: int) -> tuple[str, str]:
    """Return the source line as shown, and what stands above the marks, by columns."""
    text = render_text(result(diagnostic(place=span(1, start, stop)), text=line))
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
        text = render_text(result(diagnostic(place=span(1, start, start)), text="abc"))
        assert text.splitlines()[2].count("^") == 1


def test_a_place_over_several_lines_is_marked_to_the_end_of_the_first() -> None:
    place = Span(Position(1, 3), Position(3, 2))
    assert render_text(result(diagnostic(place=place), text="a: b\nc\nd")).splitlines()[2] == "  |   ^^"


def test_a_line_that_is_not_there_leaves_the_excerpt_out() -> None:
    text = render_text(result(diagnostic(place=span(99, 1, 2))))
    assert text.splitlines()[1].strip() == "= why: planlint explain task-without-owner"


def test_colour_only_when_asked() -> None:
    found = result(diagnostic())
    coloured = render_text(found, colour=True)
    assert "\x1b[1;31merror\x1b[0m" in coloured
    assert "\x1b" not in render_text(found)


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


# JSON


def test_json_is_what_the_contract_says() -> None:
    data = json.loads(render_json(result(FULL, plans=(PLAN,), suppressed=1, baselined=2)))
    assert list(data) == ["version", "tool", "today", "plans", "diagnostics", "summary"]
    assert data["plans"] == [
        {
            "id": "a",
            "path": PATH,
            "title": "A",
            "finish": "2026-03-04",
            "deadline": None,
            "verdict": "none",
        }
    ]
    assert data["diagnostics"] == [
        {
            "rule": "task-without-owner",
            "category": "ownership",
            "severity": "error",
            "message": "task 'build' has no owner",
            "path": PATH,
            "start": {"line": 2, "column": 3},
            "end": {"line": 2, "column": 8},
            "pointer": "/tasks/build",
            "plan": "a",
            "item": "build",
            "related": [
                {
                    "message": "people are listed here",
                    "path": "team.yaml",
                    "start": {"line": 4, "column": 1},
                    "end": {"line": 4, "column": 7},
                }
            ],
            "fix": {
                "title": "add an owner",
                "safety": "unsafe",
                "edits": [
                    {
                        "start": {"line": 2, "column": 9},
                        "end": {"line": 2, "column": 9},
                        "text": "\n    owner: kim",
                    }
                ],
            },
            "fingerprint": "f" * 16,
            "help": "planlint explain task-without-owner",
        }
    ]
    assert data["summary"] == {
        "files": 1,
        "errors": 1,
        "warnings": 0,
        "infos": 0,
        "suppressed": 1,
        "baselined": 2,
    }


def test_json_fits_its_schema() -> None:
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "report.schema.json").read_bytes())
    validator = jsonschema_rs.validator_for(schema)
    for whole in (result(), result(FULL, plans=(PLAN,)), result(diagnostic(plan=None, item=None, path=()))):
        data = json.loads(render_json(whole))
        assert [str(e) for e in validator.iter_errors(data)] == []


def test_json_is_utf_8_and_bytes_of_a_file_name_that_are_not_become_question_marks() -> None:
    text = render_json(result(diagnostic("für 設計", location=Location("a\udcff.yaml", span(1, 1, 2)))))
    assert '"für 設計"' in text
    assert '"a?.yaml"' in text


# SARIF


@cache
def sarif_schema() -> jsonschema_rs.Validator:
    schema = json.loads((Path(__file__).parents[1] / "schemas" / "sarif-2.1.0.json").read_bytes())
    del schema["definitions"]["run"]["properties"]["language"][
        "pattern"
    ]  # has a stray bracket, and is not used
    del schema["definitions"]["toolComponent"]["properties"]["language"]["pattern"]
    return jsonschema_rs.validator_for(schema)


def read_sarif(text: str) -> dict[str, Any]:
    data = json.loads(text)
    assert [str(e) for e in sarif_schema().iter_errors(data)] == []
    run: dict[str, Any] = data["runs"][0]
    return run


def test_sarif_of_a_clean_run_has_no_results() -> None:
    run = read_sarif(sarif.render(result(), {}))
    assert run["results"] == []
    assert run["columnKind"] == "unicodeCodePoints"


def test_sarif_places_a_result() -> None:
    run = read_sarif(sarif.render(result(FULL), {}))
    [found] = run["results"]
    assert found["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": PATH, "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 8},
            }
        }
    ]
    assert found["partialFingerprints"] == {"planlint/v1": "f" * 16}
    assert found["relatedLocations"][0]["message"] == {"text": "people are listed here"}
    rule = run["tool"]["driver"]["rules"][found["ruleIndex"]]
    assert rule["id"] == found["ruleId"] == "task-without-owner"
    assert rule["help"]["text"].endswith("planlint explain task-without-owner")


def test_sarif_addresses_are_quoted() -> None:
    found = diagnostic(location=Location("plans/a b/ü#1 100%.plan.yaml", span(1, 1, 2)))
    run = read_sarif(sarif.render(result(found), {}))
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "plans/a%20b/%C3%BC%231%20100%25.plan.yaml"


def test_sarif_of_6000_findings_stays_below_the_limits() -> None:
    found = [diagnostic(f"task 't{i}' has no owner", fingerprint=f"{i:016x}") for i in range(6_000)]
    text = sarif.render(result(*found), {})
    assert len(read_sarif(text)["results"]) == 6_000
    assert len(gzip.compress(text.encode())) < 1_000_000


def test_sarif_leaves_the_least_severe_out_past_the_limit_and_says_so() -> None:
    found = [diagnostic(severity=LEVELS[i % 3]) for i in range(sarif.RESULTS + 300)]
    run = read_sarif(sarif.render(result(*found), {}))
    levels = Counter(r["level"] for r in run["results"])
    assert levels == {"error": 8433, "warning": 8433, "note": sarif.RESULTS - 2 * 8433}
    [said] = run["invocations"][0]["toolExecutionNotifications"]
    assert said["message"]["text"].startswith("300 less severe")


def test_sarif_that_does_not_compress_is_cut_to_its_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "GZIPPED", 100_000)
    noise = random.Random(1)
    found = [diagnostic("".join(noise.choices("abcdefghijklmnop", k=900))) for _ in range(500)]
    text = sarif.render(result(*found), {})
    assert len(gzip.compress(text.encode())) < 101_000
    assert 100 < len(read_sarif(text)["results"]) < 500


# GitHub


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read workflow commands as the runner does."""

    def decode(escaped: str) -> str:
        for code, character in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
            escaped = escaped.replace(code, character)
        return escaped

    found = []
    for line in text.split("\n"):
        match = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
        if match:
            pairs = (pair.split("=", 1) for pair in match[2].split(","))
            found.append((match[1], {key: decode(value) for key, value in pairs}, decode(match[3])))
    return found


def test_github_annotation() -> None:
    text = github.render(result(FULL))
    assert commands(text) == [
        (
            "error",
            {
                "title": "task-without-owner",
                "file": PATH,
                "line": "2",
                "col": "3",
                "endLine": "2",
                "endColumn": "8",
            },
            "task 'build' has no owner\nteam.yaml:4: people are listed here",
        )
    ]
    assert text.splitlines()[-1] == "1 error in 1 plan"
    assert github.step_summary(result(FULL)) == ""


def test_github_keeps_the_limits_most_severe_first_and_the_step_summary_has_all() -> None:
    found = result(*[diagnostic(f"number {i}", severity=LEVELS[i % 3]) for i in range(90)])
    text = github.render(found)
    assert [level for level, _, _ in commands(text)] == ["error"] * 10 + ["warning"] * 10 + ["notice"] * 10
    assert text.splitlines()[-1].endswith("60 without an annotation, all of them in the step summary")
    assert github.step_summary(found).count("| number ") == 90


def test_github_place_over_lines_has_no_columns_at_its_end() -> None:
    place = Span(Position(2, 3), Position(5, 1))
    [(_, properties, _)] = commands(github.render(result(diagnostic(place=place))))
    assert properties["endLine"] == "4"
    assert "endColumn" not in properties


# GitLab, JUnit, rdjson


def test_gitlab_entries() -> None:
    entries = json.loads(gitlab.render(result(*[diagnostic(severity=level) for level in LEVELS])))
    assert [e["severity"] for e in entries] == ["info", "minor", "major"]
    assert entries[0]["location"] == {"path": PATH, "lines": {"begin": 2, "end": 2}}
    assert len({e["fingerprint"] for e in entries}) == 3
    assert json.loads(gitlab.render(result())) == []
    assert gitlab.render(result()).startswith("[")


def test_junit_cases_are_unique_and_the_message_is_in_the_body() -> None:
    root = ET.fromstring(junit.render(result(diagnostic(), diagnostic(), diagnostic("another"))))
    cases = root.findall("testsuite/testcase")
    assert len({(c.get("classname"), c.get("name")) for c in cases}) == 3
    body = cases[0].findtext("failure") or ""
    assert body.startswith("plans/a.plan.yaml:2:3: error: task 'build' has no owner\n")
    assert root.get("failures") == root.get("tests") == "3"


def test_junit_of_a_clean_plan_is_a_passed_test() -> None:
    root = ET.fromstring(junit.render(result(plans=(PLAN,))))
    [case] = root.findall("testsuite/testcase")
    assert (case.get("classname"), len(case), root.get("failures")) == (PATH, 0, "0")


def test_rdjson_counts_columns_in_bytes() -> None:
    line = "título: 設計 build"
    start = line.index("build") + 1
    found = diagnostic(
        place=span(1, start, start + 5),
        fix=Fix("shorten", "safe", (Edit(span(1, start, start + 5), "b"),)),
        severity=Severity.WARNING,
    )
    data = json.loads(rdjson.render(result(found, text=line)))
    [entry] = data["diagnostics"]
    place = entry["location"]["range"]
    assert line.encode()[place["start"]["column"] - 1 : place["end"]["column"] - 1] == b"build"
    assert entry["severity"] == "WARNING"
    assert entry["suggestions"] == [{"range": place, "text": "b"}]
    assert data["source"] == {"name": "planlint"}


def test_rdjson_does_not_suggest_a_fix_of_several_edits() -> None:
    edit = Edit(span(1, 1, 2), "x")
    data = json.loads(rdjson.render(result(diagnostic(fix=Fix("t", "safe", (edit, edit))))))
    assert "suggestions" not in data["diagnostics"][0]


# Markdown


def test_markdown_has_a_table_a_file() -> None:
    other = diagnostic("a | b", location=Location("b.plan.yaml", span(7, 1, 2)), severity=Severity.INFO)
    assert markdown.render(result(FULL, other)) == (
        "**planlint: 1 error, 1 info in 1 plan**\n"
        "\n"
        "**plans/a.plan.yaml**\n"
        "\n"
        "| Line | Severity | Rule | Message |\n"
        "| ---: | --- | --- | --- |\n"
        "| 2 | error | task-without-owner | task 'build' has no owner |\n"
        "\n"
        "**b.plan.yaml**\n"
        "\n"
        "| Line | Severity | Rule | Message |\n"
        "| ---: | --- | --- | --- |\n"
        "| 7 | info | task-without-owner | a &#124; b |\n"
    )


def test_markdown_is_cut_at_a_row_and_says_how_many_are_missing() -> None:
    text = markdown.render(result(*[diagnostic(f"number {i}") for i in range(1000)]), limit=10_000)
    assert len(text.encode()) <= 10_000
    shown = text.count("| number ")
    assert shown > 100
    assert text.endswith(f"\n{1000 - shown} more do not fit here.\n")


def test_markdown_notifies_nobody() -> None:
    assert markdown.escape("ask @kim about #12") == "ask @\u200bkim about &#35;\u200b12"


HOSTILE = st.text(
    st.one_of(
        st.characters(exclude_categories=[]),
        st.sampled_from("`|<>&\"'%:,@#*_~[]()!\\\r\n\t\x00\x1b\u2028\u202e\ud800\ufffe設:"),
    ),
    max_size=120,
)


@settings(deadline=None, max_examples=150)
@given(HOSTILE, HOSTILE)
def test_hostile_text_breaks_no_format(message: str, path: str) -> None:
    place = Location(path or "a", span(1, 2, 4))
    found = diagnostic(message, location=place, related=(Related(message, place),))
    whole = result(found, found, texts={path: [message]})
    read_sarif(sarif.render(whole, {}))
    assert len(json.loads(render_json(whole))["diagnostics"]) == 2
    assert len({e["fingerprint"] for e in json.loads(gitlab.render(whole))}) == 2
    assert len(json.loads(rdjson.render(whole))["diagnostics"]) == 2
    cases = ET.fromstring(junit.render(whole)).findall("testsuite/testcase")
    assert len({(c.get("classname"), c.get("name")) for c in cases}) == 2
    text = github.render(whole)
    assert len(commands(text)) == 2
    assert text.count("\n") == 3
    assert [p["file"] for _, p, _ in commands(text)] == [(path or "a").encode(errors="replace").decode()] * 2
    rows = markdown.render(whole).split("\n")
    assert len(rows) == 9
    for name in report.FORMATS:
        report.render(name, whole).encode()


@settings(deadline=None, max_examples=150)
@given(HOSTILE, HOSTILE, HOSTILE, st.integers(1, 250), st.integers(0, 50))
def test_no_control_character_reaches_the_terminal(
    message: str, path: str, line: str, start: int, length: int
) -> None:
    place = Location(path, span(1, start, start + length))
    found = Diagnostic("r", "c", Severity.ERROR, message, place, related=(Related(message, place),))
    text = render_text(Result(today=TODAY, diagnostics=(found,), files=1, texts={path: [line]}))
    text.encode()
    assert all(c == "\n" or ord(c) >= 32 for c in text)
    assert not set(text) & set("\x7f\x9b\u202e\u2028\u2029\x85")
    assert text.count("\n") == 7


@settings(deadline=None, max_examples=150)
@given(HOSTILE)
def test_markdown_shows_plan_text_as_it_is(text: str) -> None:
    parser = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    [_, inline, _] = parser.parse(f"x {markdown.escape(text)}") or [None] * 3
    assert {child.type for child in inline.children} <= {"text", "text_special"}
    shown = "".join(child.content for child in inline.children)
    assert shown.replace("\u200b", "").split() == ["x", *visible(text).replace("\u200b", "").split()]


def test_ten_thousand_diagnostics_take_a_moment_in_every_format() -> None:
    found = result(*[diagnostic(f"number {i}", fingerprint=f"{i:016x}") for i in range(10_000)])
    for name in report.FORMATS:
        begin = time.perf_counter()
        report.render(name, found)
        assert time.perf_counter() - begin < 3, name


def test_ten_thousand_diagnostics_take_a_moment_in_colour() -> None:
    found = [diagnostic(place=span(2, 3, 8), rule=f"rule-{i % 50}") for i in range(10_000)]
    begin = time.perf_counter()
    render_text(result(*found), colour=True)
    assert time.perf_counter() - begin < 2
