"""Whole small plans: what the model has, what is reported where, what is left out."""

import copy
import time
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path as FilePath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planlint import model
from planlint.builder import REFERENCES, Built, build, cross_references, default_id
from planlint.diagnostics import Finding, pointer
from planlint.includes import expander, fragments
from planlint.model import Duration, Estimate
from planlint.reader import Limits, read
from planlint.schema import validate


def built(text: str, file: str = "example.plan.yaml", **files: str) -> Built:
    """Build a plan from its text; `files` are the fragments, by name without `.yaml`."""
    return everything(text, file, **files)[0]


def everything(text: str, file: str = "example.plan.yaml", **files: str) -> tuple[Built, tuple[Finding, ...]]:
    """Build a plan and return all that is found on the way, the schema's findings included."""
    contents = {f"{name}.yaml": content.encode() for name, content in files.items()}
    document, found = read(file, text.encode())
    assert document is not None, found
    documents, missing = fragments(
        document, lambda _, entry: [entry] if entry in contents else [], contents.__getitem__, Limits()
    )
    structure = list(validate(document.data))
    for fragment in documents:
        structure += validate(fragment.data, definition="fragment", file=fragment.file)
    result = build(document, documents, structure, complete=not missing)
    return result, (*missing, *structure, *result.findings)


def plan(body: str) -> tuple[Built, list[str]]:
    """Build a plan from its sections; return it with what was found, as `rule /pointer`."""
    head = "planlint: 1\ntitle: T\n" + ("" if "tasks:" in body else "tasks: {}\n")
    result, found = everything(head + body)
    return result, said(found)


def said(found: tuple[Finding, ...]) -> list[str]:
    return [f"{finding.rule} {pointer(finding.place.path)}" for finding in found]


# ---------------------------------------------------------------- the model


def test_values_are_parsed() -> None:
    result, found = plan("""\
id: 007
start: 2026-01-05
priority: 2
currency: EUR
baseline: {ref: 1234567}
review: {every: 2w, last: 2026-02-13, owner: ana}
links: {jira: PROJ, x-own: 3}
people:
  ana:
    {name: Ana Ruiz, skills: [sql], availability: 80%, operations: 12.5%, cost_rate: 95,
     time_off: [{from: 2026-04-07, to: 2026-04-08, reason: away}]}
calendars:
  default:
    {country: AT, subdivision: 04, hours_per_day: 7.5, holidays: {2026-12-24: Eve},
     workdays_extra: [2026-05-02]}
objectives: {fast: {title: Fast, key_results: {p95: {title: P95, target: 200, actual: slow}}}}
tasks:
  a:
    title: A
    effort: {optimistic: 3d, likely: 1.5w, pessimistic: 80h}
    progress: 50%
    actual: {start: 2026-01-06, effort: 12h}
    remaining: 3ed
    raci: {responsible: [ana], accountable: ana}
    cost: 10
risks:
  r:
    {title: R, probability: medium, impact: {time: 10d, cost: 8000}, residual: {probability: 5%, impact: low}}
assumptions: {s: {title: S, status: false}}
budget: {total: 1000, contingency: 10%, lines: {labour: {title: Own, planned: 500, actual: 20}}}
changes: {c: {title: C, risk: low, window: {from: "2026-06-06 06:00", to: "2026-06-06 14:00"}}}
metrics: {m: {title: M, target: 99.9, actual: 99, every: 1mo}}
""")
    assert found == []
    plan_ = result.plan
    assert (plan_.id, plan_.start, plan_.priority, plan_.baseline_ref) == (
        "007",
        date(2026, 1, 5),
        2,
        "1234567",
    )
    assert plan_.review == model.Review(model.Cadence(2, "w"), date(2026, 2, 13), "ana")
    assert plan_.links == {"jira": "PROJ"}
    ana = plan_.people["ana"]
    assert (ana.title, ana.name, ana.share, ana.cost_rate) == ("Ana Ruiz", "Ana Ruiz", 67.5, 95.0)
    assert ana.time_off == (model.Period(date(2026, 4, 7), date(2026, 4, 8), "away"),)
    calendar = plan_.calendars["default"]
    assert (calendar.subdivision, calendar.hours_per_day) == ("04", 7.5)
    assert (calendar.holidays, calendar.workdays_extra) == ({date(2026, 12, 24): "Eve"}, (date(2026, 5, 2),))
    result_ = plan_.objectives["fast"].key_results["p95"]
    assert (result_.id, result_.target, result_.actual) == ("p95", 200.0, "slow")
    assert result_.path == ("objectives", "fast", "key_results", "p95")
    task = plan_.tasks["a"]
    assert task.effort == Estimate(Duration(1.5, "w"), Duration(3, "d"), Duration(80, "h"))
    assert task.remaining == Estimate(Duration(3, "d", elapsed=True))
    assert task.actual == model.Actual(date(2026, 1, 6), None, Duration(12, "h"))
    assert task.raci == model.Raci(("ana",), ("ana",))
    risk = plan_.risks["r"]
    assert (risk.probability, risk.impact) == (50.0, model.Impact(None, Duration(10, "d"), 8000.0))
    assert risk.residual == model.Residual(5.0, model.Impact(2))
    assert plan_.assumptions["s"].status == "false"
    assert plan_.budget is not None
    assert (plan_.budget.total, plan_.budget.contingency) == (1000.0, 100.0)
    assert plan_.budget.lines["labour"].actual == 20.0
    change = plan_.changes["c"]
    assert change.risk == "low"
    assert change.window == model.Window(datetime(2026, 6, 6, 6), datetime(2026, 6, 6, 14))  # noqa: DTZ001 - local
    assert (plan_.metrics["m"].target, plan_.metrics["m"].every) == (99.9, model.Cadence(1, "mo"))


def test_sub_tasks_are_flattened_parents_first() -> None:
    result, found = plan("""\
tasks:
  a: {title: A, tasks: {b: {title: B, tasks: {c: {title: C}}}, x-note: 1, d: {title: D}}}
  e: {title: E}
""")
    assert found == []
    assert {key: (task.parent, task.children) for key, task in result.plan.tasks.items()} == {
        "a": (None, ("b", "d")),
        "b": ("a", ("c",)),
        "c": ("b", ()),
        "d": ("a", ()),
        "e": (None, ()),
    }
    assert result.plan.tasks["c"].path == ("tasks", "a", "tasks", "b", "tasks", "c")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("design", ("design", "FS", None)),
        ("101", ("101", "FS", None)),
        ("007", ("007", "FS", None)),
        ("1e3", ("1e3", "FS", None)),
        ("design SS", ("design", "SS", None)),
        ("design SS+2d", ("design", "SS", Duration(2, "d"))),
        ("design FF-1.5d", ("design", "FF", Duration(-1.5, "d"))),
        ("design+2ed", ("design", "FS", Duration(2, "d", elapsed=True))),
        ("design-1w", ("design", "FS", Duration(-1, "w"))),
        ("design-2d", ("design-2d", "FS", None)),  # there is a task of this name
        ("{id: design, type: SF, lag: -4h}", ("design", "SF", Duration(-4, "h"))),
        ("{id: 101}", ("101", "FS", None)),
        ("live FS", ("live", "FS", None)),
        ("racks", ("racks", "FS", None)),
        ("other/task SS+1d", ("other/task", "SS", Duration(1, "d"))),
        ("example/design", ("design", "FS", None)),  # the plan's own id
    ],
)
def test_dependencies(written: str, expected: tuple[Any, ...]) -> None:
    result, found = plan(f"""\
tasks:
  101: {{title: N}}
  007: {{title: N}}
  1e3: {{title: N}}
  design: {{title: D}}
  design-2d: {{title: D}}
  last: {{title: L, depends_on: [{written}]}}
milestones: {{live: {{title: L}}}}
external: {{racks: {{title: R, provider: P}}}}
""")
    (dependency,) = result.plan.tasks["last"].depends_on
    assert (dependency.predecessor, dependency.type, dependency.lag) == expected
    assert dependency.path == ("tasks", "last", "depends_on", 0)
    assert found == []


def test_assignees_and_uses() -> None:
    result, found = plan("""\
people: {ana: {name: A}, 12: {name: B}}
teams: {ops: {title: O, members: [ana, 12]}}
resources: {rack: {title: R, units: 2}}
tasks:
  a: {title: A, assignees: [ana, 12, ops]}
  b: {title: B, assignees: {ana: 50%, ops: {allocation: 20%}, x-note: 1}, uses: {rack: 2}}
""")
    assert found == []
    tasks = result.plan.tasks
    assert tasks["a"].assignees == tuple(model.Assignment(who) for who in ("ana", "12", "ops"))
    assert tasks["b"].assignees == (model.Assignment("ana", 50.0), model.Assignment("ops", 20.0))
    assert tasks["b"].uses == {"rack": 2}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("plans/move.plan.yaml", "move"),
        ("plans/move.plan.yml", "move"),
        ("billing/plan.yaml", "billing"),
        ("billing/plan.json", "billing"),
        ("notes.yaml", "notes"),
        ("plan.yaml", FilePath.cwd().name),
    ],
)
def test_default_id(file: str, expected: str) -> None:
    assert default_id(file) == expected


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("tasks: {a: {title: A, effort: 1d, duration: 1d}}", ["invalid-value /tasks/a/duration"]),
        ("tasks: {a: {title: A, duration: 1d, effort: 1d}}", ["invalid-value /tasks/a/effort"]),
        (
            "tasks: {a: {title: A, effort: 1d, duration: 1d, assignees: [], tasks: {b: {title: B}}}}",
            [
                "invalid-value /tasks/a/effort",
                "invalid-value /tasks/a/duration",
                "invalid-value /tasks/a/assignees",
            ],
        ),
        ("tasks: {a: {title: A, effort: 1d, tasks: {x-b: {}}}}", []),
        (
            "tasks: {a: {title: A, effort: {optimistic: 1d, likely: 2ed, pessimistic: 3d}}}",
            ["invalid-value /tasks/a/effort"],
        ),
        (
            "tasks: {a: {title: A, tasks: {b: {title: B}}}, b: {title: B}}\nmilestones: {a: {title: M}}",
            ["duplicate-id /tasks/b", "duplicate-id /milestones/a"],
        ),
        (
            "milestones: {b: {title: M}}\ntasks: {a: {title: A, tasks: {b: {title: B}}}}",
            ["duplicate-id /tasks/a/tasks/b"],
        ),
        ("manager: anna\npeople: {ana: {name: A}}", ["unknown-reference /manager"]),
        ("review: {owner: anna}", ["unknown-reference /review/owner"]),
        (
            "tasks: {a: {title: A, owner: b, depends_on: [a FS, q SS+2d, {id: z}]}}",
            [
                "wrong-kind-reference /tasks/a/owner",
                "unknown-reference /tasks/a/depends_on/1",
                "unknown-reference /tasks/a/depends_on/2/id",
            ],
        ),
        ("tasks: {a: {title: A, assignees: {z: 50%}}}", ["unknown-reference /tasks/a/assignees/z"]),
        (
            "tasks: {a: {title: A, raci: {responsible: [z]}}}",
            ["unknown-reference /tasks/a/raci/responsible/0"],
        ),
        ("tasks: {a: {title: A, calendar: default}}", []),
        ("tasks: {a: {title: A, calendar: night}}", ["unknown-reference /tasks/a/calendar"]),
        ("tasks: {a: {title: A, blocked_by: Nobody knows}}", []),
        ("risks: {r: {title: R, probability: 1%, impact: low, mitigation: [Call, b], contingency: [q]}}", []),
        (
            "risks: {r: {title: R, probability: 1%, impact: low, affects: [b, q]}}",
            ["unknown-reference /risks/r/affects/1"],
        ),
        (
            "services: {s: {title: S, incident: {escalation: [z]}}}",
            ["unknown-reference /services/s/incident/escalation/0"],
        ),
        ("budget: {lines: {l: {title: L, owner: z}}}", ["unknown-reference /budget/lines/l/owner"]),
        (
            "changes: {c: {title: C, risk: low, tasks: [b, q], system: z}}",
            ["unknown-reference /changes/c/tasks/1", "unknown-reference /changes/c/system"],
        ),
        ("issues: {i: {title: I, risk: r}}", ["unknown-reference /issues/i/risk"]),
        # one cause, one diagnostic
        ("people: {ana: 3}\ntasks: {a: {title: A, owner: ana}}", ["invalid-value /people/ana"]),
        ("people: {Ana: {name: A}}\ntasks: {a: {title: A, owner: Ana}}", ["invalid-value /people/Ana"]),
        ("people: [ana]\ntasks: {a: {title: A, owner: ana}}", ["invalid-value /people"]),
        ("poeple: {ana: {name: A}}\ntasks: {a: {title: A, owner: ana}}", ["unknown-key /poeple"]),
        ("tasks: {a: {title: A, tasks: [b], depends_on: [c]}}", ["invalid-value /tasks/a/tasks"]),
        ("tasks: {a: {title: A, effort: 5 days, duration: 5d}}", ["invalid-value /tasks/a/effort"]),
        ("tasks: {a: {title: A, depends_on: [b FSX]}}", ["invalid-value /tasks/a/depends_on/0"]),
    ],
)
def test_what_is_wrong_is_reported_once_and_in_place(body: str, expected: list[str]) -> None:
    if "tasks: {a" not in body:
        body += "\ntasks: {b: {title: B}}"
    elif "owner: b" in body:
        body += "\npeople: {}\nteams: {b: {title: B}}"
    assert plan(body)[1] == expected


@pytest.mark.parametrize(
    ("body", "reason", "suggestion"),
    [
        (
            "tasks: {a: {title: A, owner: anna}}",
            "owner: there is no person with the id 'anna'; did you mean 'ana'?",
            "ana",
        ),
        (
            "tasks: {a: {title: A, owner: a}}",
            "owner: 'a' is a task; write the id of a person",
            None,
        ),
        (
            "tasks: {a: {title: A, depends_on: [zzz]}}",
            "depends_on: there is no task, milestone or external delivery with the id 'zzz'",
            None,
        ),
    ],
)
def test_the_reason_of_a_reference_that_leads_nowhere(body: str, reason: str, suggestion: str | None) -> None:
    (finding,) = plan(body + "\npeople: {ana: {name: A}}")[0].findings
    assert finding.values["reason"] == reason
    assert finding.values.get("suggestion") == suggestion


def test_a_broken_key_is_left_out_and_the_rest_of_its_item_kept() -> None:
    result, _ = plan("""\
deadline: soon
people: {ana: {name: A, availability: 80, role: lead}, ben: nobody}
tasks:
  a: {title: A, status: In Progress, effort: 5d, owner: ana, due: 2026-01-01}
  b: {title: B, depends_on: [zzz, a, 3.5x], tasks: {c: {title: C, effort: x}}}
  d: {title: D, depends_on: [{id: a, type: XX}], actual: {start: x, finish: 2026-01-05}}
  e: {title: E, effort: 2d, duration: 3d, actual: {start: 2026-W02-1, effort: 1.2.3d}}
risks: {r: {title: R, probability: 1%, impact: {time: 1d, cost: 10000000000000000000000}}}
objectives: {o: {title: O, key_results: {k: {title: 3}}}}
budget: {total: x, lines: {l: {title: L, planned: 3}, m: 4}}
""")
    plan_ = result.plan
    assert plan_.deadline is None
    assert (plan_.people["ana"].availability, plan_.people["ana"].role) == (100.0, "lead")
    assert (plan_.people["ben"].id, plan_.people["ben"].title) == ("ben", "")
    assert (plan_.tasks["a"].status, plan_.tasks["a"].owner) == ("todo", "ana")
    assert [one.predecessor for one in plan_.tasks["b"].depends_on] == ["a"]
    assert plan_.tasks["b"].depends_on[0].path == ("tasks", "b", "depends_on", 1)
    assert plan_.tasks["d"].depends_on == ()
    assert (plan_.tasks["e"].effort, plan_.tasks["e"].duration) == (Estimate(Duration(2, "d")), None)
    assert plan_.tasks["e"].actual == model.Actual()
    assert plan_.risks["r"].impact == model.Impact(None, Duration(1, "d"), None)
    assert plan_.tasks["d"].actual == model.Actual(None, date(2026, 1, 5))
    assert plan_.budget is not None
    assert plan_.budget.total is None
    assert plan_.budget.lines["l"].planned == 3.0
    assert {pointer(path) for path in plan_.broken} == {
        "/deadline",
        "/people/ana",
        "/people/ben",
        "/tasks/a",
        "/tasks/b",
        "/tasks/b/tasks/c",
        "/tasks/d",
        "/tasks/e",
        "/risks/r",
        "/objectives/o",
        "/objectives/o/key_results/k",
        "/budget",
        "/budget/lines/m",
    }


def test_a_misspelt_key_of_the_plan_counts_as_there() -> None:
    result, found = plan("deadlin: 2026-06-26")
    assert found == ["unknown-key /deadlin"]
    assert ("deadline",) in result.plan.broken


def test_the_later_of_two_ids_points_at_the_first() -> None:
    result, _ = plan("tasks: {a: {title: A}, b: {title: B, tasks: {a: {title: C, tasks: {d: {title: D}}}}}}")
    (finding,) = result.findings
    ((_, place),) = finding.related
    assert place.path == ("tasks", "a")
    assert result.plan.tasks["a"].title == "A"
    assert result.plan.tasks["b"].children == ("d",)  # what stood in the task that is left out
    assert ("tasks", "b", "tasks", "a") in result.plan.broken


def test_every_reference_of_the_model_is_in_the_table() -> None:
    text = "planlint: 1\ntitle: T\ntasks: {}\n"
    for key, sections in REFERENCES.items():
        assert sections, key
        assert set(sections) <= set(built(text).ids), key


# ---------------------------------------------------------------- several files

MAIN = "planlint: 1\ntitle: T\ninclude: [team.yaml]\ntasks: {a: {title: A, owner: ana}}\n"


def test_fragments_are_merged_and_know_where_they_come_from() -> None:
    result, found = everything(MAIN, team="people: {ana: {name: Ana}}\ntasks: {z: {title: Z, owner: nobody}}")
    assert said(found) == ["unknown-reference /tasks/z/owner"]
    assert list(result.plan.tasks) == ["a", "z"]
    assert result.sources.locate(found[0].place).path == "team.yaml"
    assert result.sources.document(("people", "ana", "name")).file == "team.yaml"
    assert result.sources.document(("tasks", "a")).file == "example.plan.yaml"


def test_an_id_in_two_files_is_reported_at_both_places() -> None:
    result, found = everything(MAIN + "people: {ana: {name: Ana}}", team="people: {ana: {name: Anna}}")
    assert said(found) == ["duplicate-id /people/ana"] * 2
    places = [result.sources.locate(finding.place) for finding in found]
    assert [(place.path, place.span.start.line) for place in places] == [
        ("example.plan.yaml", 5),
        ("team.yaml", 1),
    ]
    assert result.plan.people["ana"].name == "Ana"


def test_a_fragments_own_mistakes_are_not_the_plans() -> None:
    result, found = everything(MAIN, team="title: Team\npeople: {ana: {name: 3}}")
    assert [(finding.rule, finding.place.file) for finding in found] == [
        ("unknown-key", "team.yaml"),
        ("invalid-value", "team.yaml"),
    ]
    assert result.plan.title == "T"
    assert result.plan.broken == {("people", "ana")}


@pytest.mark.parametrize("team", [None, "people: {ana: {name: Ana}", "- ana", "planlint: 1"])
def test_nothing_is_said_of_ids_that_may_stand_in_a_file_that_is_missing(team: str | None) -> None:
    result, found = everything(MAIN, **({} if team is None else {"team": team}))
    assert len(found) == 1
    assert found[0].rule in {"include-error", "syntax-error", "invalid-value"}
    assert ("tasks", "a") in result.plan.broken


def included(files: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Follow the includes of `plan.yaml`; return the files and the places of what is wrong."""
    document, _ = read("plan.yaml", files["plan.yaml"].encode())
    assert document is not None

    def content(file: str) -> bytes:
        if file not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[file].encode()

    found, findings = fragments(document, lambda _, entry: entry.split("+"), content, Limits(file_size=400))
    return [one.file for one in found], [f"{one.place.file} {one.values['reason']}" for one in findings]


@pytest.mark.parametrize(
    ("files", "expected", "reason"),
    [
        ({"plan.yaml": "include: [a, c]", "a": "include: [b]", "b": "{}", "c": "{}"}, ["a", "b", "c"], None),
        ({"plan.yaml": "include: [a, a]", "a": "{}"}, ["a"], "plan.yaml 'a' includes a a second time"),
        (
            {"plan.yaml": "include: [a]", "a": "include: [b]", "b": "include: [a]"},
            ["a", "b"],
            "b 'a' leads back to a",
        ),
        ({"plan.yaml": "include: [plan.yaml]"}, [], "plan.yaml 'plan.yaml' leads back to plan.yaml"),
        ({"plan.yaml": "include: [a]", "a": "planlint: 1"}, [], "plan.yaml 'a' is a plan by itself"),
        ({"plan.yaml": "include: [a]"}, [], "plan.yaml 'a' cannot be read: No such file or directory"),
        ({"plan.yaml": "include: [a]", "a": "#" * 400}, [], "plan.yaml with 'a' the plan has over 400 bytes"),
        ({"plan.yaml": "include: [a]", "a": "x: [", "b": "{}"}, [], "a "),
        ({"plan.yaml": "include: [3, a]", "a": "x-1: 2"}, ["a"], None),
        ({"plan.yaml": "include: a"}, [], None),
    ],
)
def test_includes(files: Mapping[str, str], expected: list[str], reason: str | None) -> None:
    found, findings = included(files)
    assert found == expected
    assert len(findings) == (reason is not None)
    assert not reason or findings[0].startswith(reason)


def test_includes_end() -> None:
    files = {f"f{number}": f"include: [f{number + 1}]" for number in range(40)}
    found, findings = included(
        {"plan.yaml": "include: [f0]", **{key: value[:400] for key, value in files.items()}}
    )
    assert len(found) == 16
    assert "is one too many" in findings[0]


def test_files_on_disk_are_found_inside_the_root_only(
    tmp_path: FilePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "repository"
    for name in ("plans/a.yaml", "plans/sub/c.yaml", "plans/b.yaml", "team.yaml", "../secret.yaml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}")
    (root / "plans/out.yaml").symlink_to(tmp_path / "secret.yaml")
    (root / "plans/link.yaml").symlink_to("a.yaml")
    (root / "plans/loop.yaml").symlink_to("loop.yaml")
    monkeypatch.chdir(root)
    expand = expander(root)
    main = "plans/x.plan.yaml"
    assert expand(main, "a.yaml") == ("plans/a.yaml",)
    assert expand(main, "link.yaml") == ("plans/a.yaml",)
    assert expand(main, "../team.yaml") == ("team.yaml",)
    assert expand(main, "*.yaml") == ("plans/a.yaml", "plans/b.yaml")
    assert expand(main, "**/*.yaml") == ("plans/a.yaml", "plans/b.yaml", "plans/sub/c.yaml")
    monkeypatch.chdir(root / "plans")
    assert expand("x.plan.yaml", "../team.yaml") == ("../team.yaml",)
    outside = (
        "out.yaml",
        "../../secret.yaml",
        "../../*.yaml",
        "sub/*/../../../*",
        str(tmp_path / "secret.yaml"),
    )
    for entry in (*outside, "none.yaml", "loop.yaml", "sub", "", "a\0b", "**x/["):
        assert expand("x.plan.yaml", entry) == (), entry


# ---------------------------------------------------------------- several plans


def test_references_between_plans() -> None:
    plans = {
        "one": built(
            "planlint: 1\nid: one\ntitle: T\npeople: {ana: {name: A}}\n"
            "tasks:\n  a2: {title: B}\n"
            "  a: {title: A, depends_on: [two/b, two/m SS, two/bb, thre/x, two/ben, one/a2]}"
        ),
        "two": built(
            "planlint: 1\nid: two\ntitle: T\npeople: {ben: {name: A}}\n"
            "tasks: {b: {title: A, tasks: {c: {title: C, effort: x}}}, d: {title: B, depends_on: [one/a]}}\n"
            "milestones: {m: {title: M}}"
        ),
    }
    found = cross_references(plans)
    assert list(found) == ["one"]
    assert [(one.rule, one.place.path[-1], one.values.get("suggestion")) for one in found["one"]] == [
        ("unknown-reference", 2, "two/b"),
        ("unknown-reference", 3, None),
        ("wrong-kind-reference", 4, None),
    ]
    assert cross_references({"one": plans["one"]}) == {}


def test_a_plan_that_is_not_complete_may_have_every_id() -> None:
    other = built("planlint: 1\nid: two\ntitle: T\ninclude: [gone.yaml]\ntasks: {}")
    this = built("planlint: 1\nid: one\ntitle: T\ntasks: {a: {title: A, depends_on: [two/x]}}")
    assert cross_references({"one": this, "two": other}) == {}


# ---------------------------------------------------------------- anything at all, and a lot of it


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_no_data_makes_it_fail_and_references_lead_somewhere(data: st.DataObject) -> None:
    rich = FilePath(__file__).parent / "data" / "rich.yaml"
    document, _ = read("rich.plan.yaml", rich.read_bytes())
    assert document is not None
    plan_data: Any = copy.deepcopy(document.data)
    for _ in range(data.draw(st.integers(1, 4))):
        spot: Any = plan_data
        parent, key = spot, ""
        while isinstance(spot, dict | list) and spot:
            parent = spot
            key = data.draw(st.sampled_from(list(spot) if isinstance(spot, dict) else range(len(spot))))
            spot = spot[key]
            if data.draw(st.booleans()):
                break
        parent[key] = data.draw(
            st.sampled_from(
                [None, "x", 7, 1e300, True, [], [3], {}, {"a": {"tasks": {"b": None}}}, "ana", "a/b"]
            )
        )
    changed = type(document)(document.file, document.text, plan_data, document.nodes)
    plan_ = build(changed, (), validate(plan_data)).plan
    for task in plan_.tasks.values():
        assert task.owner is None or task.owner in plan_.people or "/" in task.owner
        assert all(child in plan_.tasks for child in task.children)
        assert task.parent is None or task.parent in plan_.tasks
        for dependency in task.depends_on:
            known = {*plan_.tasks, *plan_.milestones, *plan_.external}
            assert dependency.predecessor in known or "/" in dependency.predecessor


def test_ten_thousand_tasks_are_built_quickly() -> None:
    lines = ["planlint: 1", "title: T", "people: {ana: {name: A}}", "tasks:"]
    lines += [
        f"  t{number}: {{title: T, owner: ana, effort: {number % 9}d, start: 2026-01-05, status: todo, "
        f"tags: [a], depends_on: [t{max(number - 1, 0)}, t{number // 2} SS+1d], progress: 5%}}"
        for number in range(10_000)
    ]
    document, _ = read("big.plan.yaml", "\n".join(lines).encode())
    assert document is not None
    started = time.perf_counter()
    assert len(build(document, (), ()).plan.tasks) == 10_000
    assert time.perf_counter() - started < 1.5  # 0.2 s on an idle machine
