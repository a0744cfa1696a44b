"""What the schemas allow, and that whatever they refuse is explained in place and in words."""

import copy
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from planlint import schema
from planlint.diagnostics import Finding, Path, pointer
from planlint.reader import read
from planlint.schema import closest, validate

EXAMPLES = sorted((FilePath(__file__).parents[2] / "examples").rglob("*.yaml"))

RICH = (FilePath(__file__).parent / "data" / "rich.yaml").read_text(encoding="utf-8")


def data_of(text: str) -> Any:
    document, found = read("example.plan.yaml", text.encode())
    assert document is not None, found
    return document.data


def said(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{one.rule} at the {one.place.at} of {pointer(one.place.path)}" for one in findings]


def plan(body: str) -> tuple[Finding, ...]:
    return validate(data_of(f"planlint: 1\ntitle: T\n{body}" + ("" if "tasks:" in body else "\ntasks: {}")))


def test_every_form_of_every_value_is_valid() -> None:
    assert validate(data_of(RICH)) == ()


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_both_validators_agree_on_the_examples(file: FilePath) -> None:
    document, _ = read(file.name, file.read_bytes())
    if document is not None:
        definition = None if "planlint" in document.data else "fragment"
        agree(document.data, "plan", definition)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("tilte: x", ["unknown-key at the key of /tilte"]),
        ("deadline: 2026-02-30", ["invalid-value at the value of /deadline"]),
        ("deadline: 2026-1-5", ["invalid-value at the value of /deadline"]),
        ("deadline: 20260105", ["invalid-value at the value of /deadline"]),
        ("deadline: 2026-W01-1", ["invalid-value at the value of /deadline"]),
        ("deadline: 0001-01-01", ["invalid-value at the value of /deadline"]),
        ("deadline:", ["invalid-value at the key of /deadline"]),
        ("status: paused", ["invalid-value at the value of /status"]),
        ("priority: 0", ["invalid-value at the value of /priority"]),
        ("priority: true", ["invalid-value at the value of /priority"]),
        ("people: [ana]", ["invalid-value at the value of /people"]),
        ("people: {Ana: {name: A}}", ["invalid-value at the key of /people/Ana"]),
        ("people: {ana: Ana}", ["invalid-value at the value of /people/ana"]),
        ("people: {ana: }", ["invalid-value at the key of /people/ana"]),
        ("people: {ana: {}}", ["missing-key at the key of /people/ana"]),
        ("people: {x-ana: 1}", []),
        (
            "people: {ana: {name: A, availability: 80}}",
            ["invalid-value at the value of /people/ana/availability"],
        ),
        (
            "people: {ana: {name: A, availability: 101%}}",
            ["invalid-value at the value of /people/ana/availability"],
        ),
        (
            "people: {ana: {name: A, time_off: [{from: 2026-04-07}]}}",
            ["missing-key at the value of /people/ana/time_off/0"],
        ),
        (
            "calendars: {default: {holidays: {2026-13-01: x}}}",
            ["invalid-value at the key of /calendars/default/holidays/2026-13-01"],
        ),
        (
            "calendars: {default: {workdays: []}}",
            ["invalid-value at the value of /calendars/default/workdays"],
        ),
        (
            "calendars: {default: {workdays: [mon, tues]}}",
            ["invalid-value at the value of /calendars/default/workdays/1"],
        ),
        (
            "calendars: {default: {hours_per_day: 0}}",
            ["invalid-value at the value of /calendars/default/hours_per_day"],
        ),
        ("tasks: {a: {titel: A}}", ["unknown-key at the key of /tasks/a/titel"]),
        ("tasks: {a: {title: 5}}", ["invalid-value at the value of /tasks/a/title"]),
        ("tasks: {a: {title: A, effort: 5 days}}", ["invalid-value at the value of /tasks/a/effort"]),
        ("tasks: {a: {title: A, effort: 5}}", ["invalid-value at the value of /tasks/a/effort"]),
        ('tasks: {a: {title: A, effort: "5d\\n"}}', ["invalid-value at the value of /tasks/a/effort"]),
        (
            "tasks: {a: {title: A, effort: {optimistic: 1d, likely: x, pessimistic: 3d}}}",
            ["invalid-value at the value of /tasks/a/effort/likely"],
        ),
        (
            "tasks: {a: {title: A, effort: {likely: 1d, optimistic: 1d}}}",
            ["missing-key at the key of /tasks/a/effort"],
        ),
        ("tasks: {a: {title: A, owner: [x]}}", ["invalid-value at the value of /tasks/a/owner"]),
        ("tasks: {a: {title: A, depends_on: b}}", ["invalid-value at the value of /tasks/a/depends_on"]),
        (
            "tasks: {a: {title: A, depends_on: [b, c FSX]}}",
            ["invalid-value at the value of /tasks/a/depends_on/1"],
        ),
        (
            "tasks: {a: {title: A, depends_on: [{id: b, typ: SS}]}}",
            ["unknown-key at the key of /tasks/a/depends_on/0/typ"],
        ),
        (
            "tasks: {a: {title: A, assignees: {b: 50}}}",
            ["invalid-value at the value of /tasks/a/assignees/b"],
        ),
        (
            "tasks: {a: {title: A, assignees: {b: {allocation: 1}}}}",
            ["invalid-value at the value of /tasks/a/assignees/b/allocation"],
        ),
        ("tasks: {a: {title: A, cost: .nan}}", ["invalid-value at the value of /tasks/a/cost"]),
        ("tasks: {a: {title: A, cost: .inf}}", ["invalid-value at the value of /tasks/a/cost"]),
        (
            "tasks: {a: {title: A, tasks: {b: {title: B, tasks: [c]}}}}",
            ["invalid-value at the value of /tasks/a/tasks/b/tasks"],
        ),
        (
            "risks: {r: {title: R, probability: likely, impact: low}}",
            ["invalid-value at the value of /risks/r/probability"],
        ),
        (
            "risks: {r: {title: R, probability: 30%, impact: {}}}",
            ["invalid-value at the value of /risks/r/impact"],
        ),
        (
            "risks: {r: {title: R, probability: 30%, impact: {tim: 3d}}}",
            ["unknown-key at the key of /risks/r/impact/tim"],
        ),
        (
            "assumptions: {a: {title: A, status: true}}",
            ["invalid-value at the value of /assumptions/a/status"],
        ),
        (
            'changes: {c: {title: C, window: {from: "2026-06-31 06:00", to: 2026-06-06}}}',
            [
                "invalid-value at the value of /changes/c/window/from",
                "invalid-value at the value of /changes/c/window/to",
            ],
        ),
        (
            "budget: {total: -1, lines: {a: 3}}",
            ["invalid-value at the value of /budget/total", "invalid-value at the value of /budget/lines/a"],
        ),
        ("metrics: {m: {title: M, every: 2 weeks}}", ["invalid-value at the value of /metrics/m/every"]),
    ],
)
def test_what_is_wrong_is_found_once_and_in_place(body: str, expected: list[str]) -> None:
    assert said(plan(body)) == expected


def test_missing_keys_of_the_plan_stand_at_its_first_key_or_nowhere() -> None:
    assert said(validate({"planlint": 1, "tasks": {}})) == ["missing-key at the key of /planlint"]
    assert said(validate({"planlint": 1})) == ["missing-key at the key of /planlint"] * 2
    assert [finding.place.path for finding in validate({"title": "T", "tasks": {}})] == [()]
    assert said(validate({"planlint": 1, "titel": "T", "tasks": {}})) == ["unknown-key at the key of /titel"]


@pytest.mark.parametrize("data", [None, [], "text", 3, True])
def test_what_is_no_mapping_is_no_plan(data: object) -> None:
    (finding,) = validate(data)
    assert (finding.rule, finding.place.path) == ("invalid-value", ())
    assert "a plan is a mapping with at least planlint: 1, title and tasks" in finding.values["reason"]  # type: ignore[operator]


def test_a_fragment_has_sections_only_and_its_findings_name_its_file() -> None:
    assert (
        validate({"people": {"ana": {"name": "Ana"}}, "include": ["more.yaml"]}, definition="fragment") == ()
    )
    (finding,) = validate({"title": "T"}, definition="fragment", file="team.yaml")
    assert (finding.rule, finding.place.file) == ("unknown-key", "team.yaml")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "tasks: {a: {title: A, remaining: 5 days}}",
            (
                "remaining: '5 days' is not a duration; write working time such as 4h, 5d or 2w, "
                "or {optimistic: 3d, likely: 5d, pessimistic: 10d}"
            ),
        ),
        (
            "tasks: {a: {title: A, status: doin}}",
            "status: 'doin' is not one of todo, doing, blocked, done, cancelled; did you mean 'doing'?",
        ),
        ("tasks: {a: {title: A, owner: }}", "owner: there is no value; write the id of another item"),
        ("tasks: {a: {title: 7}}", "title: 7 is not a text; put it in quotes"),
        ("tasks: {a: {title: A, effrt: 5d}}", "'effrt' is not a key of a task; did you mean 'effort'?"),
        ("tasks: {a: {title: A, zzz: 5d}}", "'zzz' is not a key of a task; own keys start with x-"),
        ("tasks: {a: {owner: b}}", "a: the key 'title' is missing"),
        ("tasks: {a: [1]}", "a: a list is not a task; write its keys, at least title"),
        (
            "risks: {r: {title: R, probability: hihg, impact: low}}",
            "probability: 'hihg' is not a likelihood; did you mean 'high'?",
        ),
    ],
)
def test_the_reason_says_what_was_found_and_what_is_allowed(body: str, reason: str) -> None:
    (finding,) = plan(body)
    assert finding.values["reason"] == reason
    meant = reason.partition("did you mean '")[2].rstrip("'?")
    assert finding.values.get("suggestion", "") == meant


def test_one_bad_item_among_many_is_explained_as_if_it_were_alone() -> None:
    tasks = {f"t{number}": {"title": "T", "effort": "5d"} for number in range(3000)}
    tasks["t1500"]["effort"] = "5 days"
    (finding,) = validate({"planlint": 1, "title": "T", "tasks": tasks})
    assert finding.place.path == ("tasks", "t1500", "effort")


def test_findings_come_in_the_order_of_the_document() -> None:
    found = plan("status: x\ntasks: {b: {title: 1}, a: {title: 1}}\npriority: x")
    assert [finding.place.path[-1] for finding in found] == ["status", "title", "title", "priority"]
    assert [finding.place.path[1] for finding in found[1:3]] == ["b", "a"]


def test_a_text_that_rust_cannot_hold_is_no_crash() -> None:
    assert validate({"planlint": 1, "title": "\ud800", "tasks": {}}) == ()
    assert said(validate({"planlint": 1, "title": "T", "tasks": {}, "currency": "\ud800"})) == [
        "invalid-value at the value of /currency"
    ]
    assert said(validate({"planlint": 1, "title": "\ud800", "tasks": []})) == [
        "invalid-value at the value of /tasks"
    ]


@pytest.mark.parametrize(
    ("word", "candidates", "expected"),
    [
        ("Ana", ["ben", "ana"], "ana"),
        ("load test", ["load-test"], "load-test"),
        ("alloc", ["allocation"], "allocation"),
        ("desing", ["design", "build"], "design"),
        ("x", ["design"], None),
        ("anything", [], None),
    ],
)
def test_closest(word: str, candidates: list[str], expected: str | None) -> None:
    assert closest(word, candidates) == expected


# ---------------------------------------------------------------- the two validators


def agree(data: Any, name: str, definition: str | None = None) -> None:
    """The verdict of jsonschema-rs, of jsonschema over the whole document, and the explanation are one."""
    verdict = schema._verdict(name, definition).is_valid(data)
    assert schema._explainer(name, definition).is_valid(data) == verdict
    findings = validate(data, name, definition)
    assert bool(findings) != verdict
    for finding in findings:
        assert exists(data, finding.place.path[:-1]), finding
        assert finding.rule in {"unknown-key", "missing-key", "invalid-value"}
        reason = str(finding.values["reason"])
        assert not any(sign in reason for sign in ("[0-9]", "{1,", "anyOf", "$ref", "is not allowed")), reason
    causes = {(finding.rule, finding.place.path, finding.values.get("key")) for finding in findings}
    assert len(causes) == len(findings)


def exists(data: Any, path: Path) -> bool:
    try:
        for part in path:
            data = data[part]
    except (KeyError, IndexError, TypeError):
        return False
    return True


def places(data: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from places(value, (*path, key))


def changed(data: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    copied = copy.copy(data)
    copied[path[0]] = changed(data[path[0]], path[1:], value)
    return copied


def renamed(data: Any, path: Path) -> Any:
    parent = data
    for part in path[:-1]:
        parent = parent[part]
    if not isinstance(parent, dict):
        return data
    return changed(
        data, path[:-1], {f"{key}Z" if key == path[-1] else key: value for key, value in parent.items()}
    )


WRONG: list[Any] = [
    None,
    "x",
    "",
    "5 days",
    7,
    -1,
    2.5,
    True,
    float("nan"),
    10**30,
    [],
    [[]],
    {},
    {"a": {"b": 1}},
    "30%",
    "2026-02-30\n",
    "2026-W02-1",
    "20260105",
]


@pytest.mark.parametrize("section", [key for key in data_of(RICH) if not key.startswith("x-")])
def test_both_validators_agree_on_every_change_of_one_place(section: str) -> None:
    whole = data_of(RICH)
    data = {key: whole[key] for key in ("planlint", "title", "tasks", section)}
    if section != "tasks":
        data["tasks"] = {}
    for path in places(data):
        if path[:1] == (section,):
            agree(renamed(data, path), "plan")
            for value in WRONG:
                agree(changed(data, path, value), "plan")


CONFIG = """\
extends: [recommended, ./team-rules]
include: ["plans/**/*.yaml"]
exclude: ["archive/**"]
rules: {long-task: {severity: warning, max: 15d}, high-float: off, texts: {words: [a, b]}}
overrides: [{paths: ["plans/research/**"], rules: {unlikely-deadline: off}}]
limits: {file_size: 8MB, depth: 64, nodes: 1000000}
solver: {time_limit: 10s}
render: {out: docs/plans, template: ./templates}
"""
RULE = """\
summary: Every open task names one accountable owner.
rationale: Work that everybody owns is finished by nobody.
severity: error
recommended: true
since: "0.1"
given: [task, milestone]
where: [open, {required: [owner]}]
needs: schedule
check: schema
params: {schema: {required: [owner]}}
options: {max: {type: days, default: 15d, description: The longest.}}
at: [owner, key]
message: "task '{id}' has no owner"
fix: rename
examples:
  valid: ["tasks: {}"]
  invalid:
    - {files: {a.plan.yaml: "tasks: {}"}, today: 2026-02-16, config: {max: 3d}, expect: {a.plan.yaml: [1]}}
"""
REPORT = """\
version: 1
tool: {name: planlint, version: "0.1"}
today: "2026-02-16"
plans: [{id: a, path: a.plan.yaml, title: A, finish: "2026-06-12", deadline: null, verdict: none}]
diagnostics:
  - {rule: r, category: c, severity: error, message: m, path: a.plan.yaml, start: {line: 1, column: 1},
     end: {line: 1, column: 2}, pointer: /tasks/a, plan: a, item: null, related: [], fix: null,
     fingerprint: f, help: h}
summary: {files: 1, errors: 1, warnings: 0, infos: 0, suppressed: 0, baselined: 0}
"""


@pytest.mark.parametrize(("name", "text"), [("config", CONFIG), ("rule", RULE), ("report", REPORT)])
def test_the_other_schemas_allow_what_they_should_and_their_validators_agree(name: str, text: str) -> None:
    data = data_of(text)
    assert validate(data, name) == ()
    for path in places(data):
        agree(renamed(data, path) if path else data, name)
        for value in WRONG:
            agree(changed(data, path, value), name)


@settings(deadline=None, max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text("planit-10%x", max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["planlint", "title", "tasks", "people", "effort", "owner", "a", "x-b", "B", "budget"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_both_validators_agree_on_anything(data: Any) -> None:
    agree(data, "plan")
    agree(data, "plan", "fragment")
    agree(data, "config")


@pytest.mark.parametrize("name", ["plan", "config", "rule", "report"])
def test_schemas_are_schemas_and_every_key_is_described_for_editors(name: str) -> None:
    whole = schema.load(name)
    Draft202012Validator.check_schema(whole)
    for part in (whole, *whole["$defs"].values()):
        assert part["title"]
        assert part["description"]
        for key, value in part.get("properties", {}).items():
            target = whole["$defs"][value["$ref"].rpartition("/")[2]] if "$ref" in value else value
            assert value.get("description") or target.get("description"), key
        if part.get("type") == "object" and name != "report":
            assert part.get("additionalProperties", True) is not True or part["title"] == "JSON Schema"
