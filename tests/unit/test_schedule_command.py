"""`planlint schedule`: text, JSON, what-if and what it says when there is no schedule."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from planlint.cli.schedule import schedule
from planlint.cli.what_if import vary
from planlint.cli.workspace import Workspace
from planlint.engine import analyse, load
from planlint.errors import UsageError
from planlint.report.schedule import Answer, text
from planlint.rule import Context
from planlint.schedule.result import Deadline, Repair

TODAY = date(2026, 3, 2)
PLAN = """\
planlint: 1
title: Ship the login
start: 2026-03-02
milestones:
  shipped: {title: Shipped, depends_on: [test], due: 2026-03-20, owner: ana}
tasks:
  work:
    title: All of it
    owner: ana
    tasks:
      build: {title: Build it, assignees: {ana: 50%, ben: 100%}, effort: 6d}
      test: {title: Test it, owner: ben, effort: 2d, depends_on: [build]}
  "7": {title: Old, duration: 1d, status: cancelled}
  docs: {title: Write, owner: ana, duration: 1d, depends_on: [7, work SS]}
include: [team.yaml]
"""
TEAM = "people:\n  ana: {name: Ana}\n  ben: {name: Ben}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "login.plan.yaml").write_text(PLAN)
    (tmp_path / "team.yaml").write_text(TEAM)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(
        schedule, [*arguments, "--today", "2026-03-02"], standalone_mode=False, catch_exceptions=False
    )


def context(here: Path, *changes: str) -> Context:
    world = Workspace(here).world()
    built = load("login.plan.yaml", world).built
    assert built is not None
    return analyse({"login.plan.yaml": vary(built, changes)}, TODAY)["login.plan.yaml"]


@pytest.mark.usefixtures("here")
def test_the_table_has_dates_float_critical_and_who() -> None:
    found = run("login.plan.yaml")
    assert found.return_value == 0
    head, table = found.stdout.split("\n\n")[:2]
    assert head.splitlines() == ["login: Ship the login", "2026-03-02 to 2026-03-09, no deadline"]
    assert table.splitlines()[:6] == [
        "         start       finish      float  critical  who",
        "shipped  2026-03-09  2026-03-09     0d  yes       ana",
        "work     2026-03-02  2026-03-09     0d  yes       ana",
        "  build  2026-03-02  2026-03-05     0d  yes       ana 50%, ben",
        "  test   2026-03-06  2026-03-09     0d  yes       ben",
        "docs     2026-03-02  2026-03-02     5d            ana",
    ]


@pytest.mark.usefixtures("here")
def test_json_has_the_stable_keys_in_the_order_of_the_file() -> None:
    first, second = run("login.plan.yaml", "--format", "json"), run("login.plan.yaml", "--format", "json")
    assert first.stdout == second.stdout
    data = json.loads(first.stdout)
    assert list(data) == ["version", "tool", "today", "plan", "tasks", "deadlines", "chance"]
    assert data["chance"] is None  # nothing in the plan is uncertain
    assert data["deadlines"][0]["chance"] is None
    assert data["today"] == "2026-03-02"
    assert list(data["plan"]) == ["id", "path", "title", "start", "finish", "deadline", "verdict"]
    assert (data["plan"]["path"], data["plan"]["deadline"]) == ("login.plan.yaml", None)
    assert list(data["tasks"]) == ["shipped", "work", "build", "test", "docs"]
    assert list(data["tasks"]["docs"].items()) == [
        ("kind", "task"),
        ("start", "2026-03-02"),
        ("finish", "2026-03-02"),
        ("late_start", "2026-03-09"),
        ("late_finish", "2026-03-09"),
        ("total_float_days", 5),
        ("free_float_days", 5),
        ("critical", False),
    ]
    assert '"total_float_days": 5,' in first.stdout
    assert data["tasks"]["work"]["free_float_days"] is None


@pytest.mark.usefixtures("here")
def test_what_if_stands_beside_the_result_of_today() -> None:
    found = run(
        "login.plan.yaml", "--what-if", "tasks.build.effort=12d", "--what-if", "people.ana.operations=100%"
    )
    lines = found.stdout.splitlines()
    assert lines[1:4] == [
        "2026-03-02 to 2026-03-09, no deadline",
        "with tasks.build.effort=12d and people.ana.operations=100%:",
        "2026-03-02 to 2026-03-19, no deadline",
    ]
    (row,) = [line for line in lines if line.startswith("  build")]
    assert (
        row
        == "  build  2026-03-02  2026-03-05  2026-03-02  2026-03-17   +12d      0d  yes       ana 50%, ben"
    )
    (kept,) = [line for line in lines if line.startswith("docs")]
    assert kept.split() == ["docs", *["2026-03-02"] * 4, "5d", "ana"]
    data = json.loads(run("login.plan.yaml", "--format", "json", "--what-if", "deadline=2026-03-06").stdout)
    assert list(data)[-1] == "what_if"
    assert data["what_if"]["changes"] == ["deadline=2026-03-06"]
    assert data["what_if"]["plan"]["deadline"] == "2026-03-06"
    assert data["what_if"]["tasks"]["test"]["total_float_days"] == -1
    assert data["plan"]["deadline"] is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("tasks.bild.effort=3d", "there is no 'bild' under 'tasks'; did you mean 'build'?"),
        ("tasks.build.efort=3d", "'efort'"),
        ("tasks.build.effort=3x", "'3x'"),
        ("tasks.build.depends_on=[nothing]", "'nothing'"),
        ("tasks.build.duration=3d", "effort"),
        ("tasks.build.title.x=3", "'x' leads to nothing"),
        ("tasks.build.assignees.9.x=3", "'9'"),
        ("people.ana.operations=half", "'half'"),
        ("colour=red", "'colour'"),
        ("deadline=2026-02-30", "2026-02-30"),
        ("deadline", "write KEY=VALUE"),
        ("=3d", "write KEY=VALUE"),
        ("deadline=[", "is no value"),
        ("deadline=x\nstart: y", "is no value"),
    ],
)
def test_a_wrong_what_if_is_a_usage_error_that_names_it(here: Path, change: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        context(here, "tasks.test.effort=1d", change)
    assert f"--what-if {change}" in str(error.value)
    assert said in str(error.value)


def test_what_if_reaches_included_files_nested_tasks_lists_and_calendars(here: Path) -> None:
    now = context(here)
    then = context(
        here,
        "people.ben.time_off=[{from: 2026-03-03, to: 2026-03-04}]",
        "people.ben.time_off.0.to=2026-03-03",
        "calendars.default.hours_per_day=6",
        "tasks.test.depends_on=[build, 7]",
        "tasks.7.status=todo",
        "milestones.shipped.owner=ben",
    )
    assert then.plan.people["ben"].time_off[0].finish == date(2026, 3, 3)
    assert then.plan.calendars["default"].hours_per_day == 6
    assert [one.predecessor for one in then.plan.tasks["test"].depends_on] == ["build", "7"]
    assert then.plan.tasks["7"].status == "todo"
    assert then.plan.milestones["shipped"].owner == "ben"
    assert now.plan.people["ben"].time_off == ()


def test_an_error_that_leaves_no_schedule_ends_with_1_and_says_why(here: Path) -> None:
    (here / "bad.plan.yaml").write_text("planlint: 1\ntitle: [\n")
    found = run("bad.plan.yaml")
    assert (found.return_value, found.stdout) == (1, "")
    assert "bad.plan.yaml" in found.stderr
    assert "no schedule can be made of bad.plan.yaml" in found.stderr


def test_what_is_in_a_loop_is_named_and_the_rest_is_scheduled(here: Path) -> None:
    (here / "loop.plan.yaml").write_text(
        "planlint: 1\ntitle: Loop\ntasks:\n  a: {title: A, duration: 1d, depends_on: [b]}\n"
        "  b: {title: B, duration: 1d, depends_on: [a]}\n  c: {title: C, duration: 1d}\n"
        "  d: {title: D, owner: eva, effort: 1d}\npeople: {eva: {name: Eva, operations: 100%}}\n"
    )
    found = run("loop.plan.yaml")
    assert found.return_value == 0
    assert "Not scheduled: a, b: in a loop, or behind something without dates." in found.stdout
    assert "No dates for d: there is not enough working time" in found.stdout


def test_a_plan_that_waits_for_another_finds_it_in_its_folder(here: Path) -> None:
    (here / "next.plan.yaml").write_text(
        "planlint: 1\ntitle: Next\ntasks:\n  a: {title: A, duration: 1d, depends_on: [login/shipped]}\n"
    )
    data = json.loads(run("next.plan.yaml", "--format", "json").stdout)
    assert data["tasks"]["a"]["start"] == "2026-03-10"


def test_a_folder_of_several_plans_is_a_usage_error(here: Path) -> None:
    (here / "other.plan.yaml").write_text(PLAN)
    with pytest.raises(UsageError, match="name the file of one"):
        run(".")


def verdict(**more: Any) -> Deadline:
    values: dict[str, Any] = {
        "item": "shipped",
        "kind": "milestone",
        "path": ("milestones", "shipped", "due"),
        "date": date(2026, 3, 6),
        "finish": date(2026, 3, 9),
        "verdict": "infeasible",
        "certificate": {"kind": "chain", "items": ["build", "test"], "finish": "2026-03-09"},
        "late_days": 1,
        "possible": date(2026, 3, 9),
    }
    return Deadline(**{**values, **more})


def said(here: Path, *deadlines: Deadline) -> list[str]:
    lines = text(Answer(replace(context(here), deadlines=deadlines))).split("Deadlines\n")[1]
    return [line.strip() for line in lines.splitlines()]


def test_verdicts_say_why_and_what_would_help(here: Path) -> None:
    repair = Repair(text="finish build 1 day earlier", what_if="tasks.build.effort=4d", size_days=1)
    assert said(here, verdict(repairs=(repair,))) == [
        "shipped: due 2026-03-06, earliest finish 2026-03-09: infeasible, 1 working day late",
        "build → test alone take until 2026-03-09",
        "the earliest date that can be met is 2026-03-09",
        "it would fit: finish build 1 day earlier (--what-if tasks.build.effort=4d)",
    ]
    window = {
        "kind": "window",
        "person": "ben",
        "from": "2026-03-02",
        "to": "2026-03-06",
        "tasks": ["build", "test"],
        "demand_hours": 48,
        "capacity_hours": 40.0,
    }
    assert said(here, verdict(certificate=window, possible=None))[1:] == [
        "from 2026-03-02 to 2026-03-06 ben has 40 h for 48 h of work: build, test"
    ]
    core = {"kind": "core", "tasks": ["build"], "people": ["ben"], "resources": []}
    assert said(here, verdict(certificate=core, possible=None))[1:] == [
        "these cannot hold together with it: tasks build; people ben"
    ]
    bounds = {"kind": "bounds", "lower": "2026-03-06", "upper": None}
    unsure = verdict(
        certificate=bounds, verdict="undecided", late_days=0, decided_by="needs planlint[solver]"
    )
    assert said(here, unsure)[1:] == [
        "a finish before 2026-03-06 is ruled out, no schedule was found (needs planlint[solver])"
    ]


def test_what_if_shows_each_verdict_before_and_after(here: Path) -> None:
    fits = verdict(verdict="feasible", finish=date(2026, 3, 6), late_days=0, certificate={"kind": "schedule"})
    now = replace(context(here), deadlines=(verdict(possible=None),))
    then = replace(context(here), deadlines=(fits,))
    lines = text(Answer(now), ["tasks.build.effort=3d"], Answer(then)).splitlines()
    assert "    then: shipped: due 2026-03-06, earliest finish 2026-03-06: feasible" in lines


UNSURE = PLAN.replace("effort: 6d", "effort: {optimistic: 4d, likely: 6d, pessimistic: 20d}").replace(
    "2026-03-20", "2026-03-11"
)


def test_the_chance_stands_beside_dates_and_verdicts(here: Path) -> None:
    (here / "login.plan.yaml").write_text(UNSURE)
    found, again = run("login.plan.yaml", "--format", "json"), run("login.plan.yaml", "--format", "json")
    assert found.stdout == again.stdout
    data = json.loads(found.stdout)
    chance, odds = data["chance"], data["deadlines"][0]["chance"]
    assert list(chance) == ["p50", "p80", "p95", "milestones", "criticality", "iterations", "analytic"]
    assert (chance["iterations"], chance["analytic"]) == (10_000, False)
    assert chance["p50"] < chance["p80"] < chance["p95"]
    assert chance["milestones"]["shipped"] == {key: odds[key] for key in ("p50", "p80", "p95")}
    assert chance["criticality"]["test"] == 100
    assert 20 < odds["percent"] < 80
    lines = run("login.plan.yaml").stdout.splitlines()
    assert f"half of the time by {chance['p50']}" in lines[2]
    assert "(in 10,000 simulated runs)" in lines[2]
    (line,) = [line for line in lines if line.startswith("  shipped: due")]
    assert line.endswith(f"chance {odds['percent']:.0f} % (four times out of five by {odds['p80']})")
    changed = run("login.plan.yaml", "--what-if", "tasks.build.effort=4d").stdout.splitlines()
    assert sum("half of the time" in line for line in changed) == 1
    (then,) = [line for line in changed if "then: shipped" in line]
    assert "chance" not in then


def test_without_numpy_a_formula_answers_and_says_so(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.delitem(sys.modules, "planlint.schedule.runs", raising=False)  # may have been needed before
    (here / "login.plan.yaml").write_text(UNSURE)
    data = json.loads(run("login.plan.yaml", "--format", "json").stdout)
    assert (data["chance"]["iterations"], data["chance"]["analytic"]) == (0, True)
    assert 20 < data["deadlines"][0]["chance"]["percent"] < 80
    assert "(by a formula, without NumPy)" in run("login.plan.yaml").stdout


WAREHOUSE = Path(__file__).parents[2] / "examples" / "warehouse-move" / "warehouse-move.plan.yaml"


def test_the_warehouse_move_has_the_dates_counted_by_hand() -> None:
    """Baden-Württemberg is closed on 3 and 6 April, 1, 14 and 25 May, and 4 June 2026."""
    world = Workspace(WAREHOUSE.parent).world()
    built = load(WAREHOUSE.name, world).built
    assert built is not None
    found = analyse({WAREHOUSE.name: built}, date(2026, 2, 16))[WAREHOUSE.name].schedule
    assert found is not None
    dates = {name: f"{item.start:%d.%m}-{item.finish:%d.%m}" for name, item in found.items.items()}
    assert dates == {
        "prepare": "14.01-17.04",
        "tender": "14.01-23.02",  # 3 days left at 50 %: six days from Monday 16 February
        "racks": "17.03-10.04",  # the day after the delivery; 97/6 days, Easter between
        "certify": "14.04-17.04",  # two days and 80 minutes later; three days
        "systems": "02.03-06.06",
        "network": "02.03-13.03",  # 8 days at 80 %
        "configure": "05.03-27.03",  # 17 days at 60 % + 80 % * 50 %
        "trial": "24.04-28.04",  # 4 days at 160 %: two and a half
        "cutover": "06.06-06.06",
        "shift-training": "17.04-24.04",
        "move-stock": "02.05-10.05",  # two weekends
        "racks-up": "17.04-17.04",
        "go-live": "06.06-06.06",
    }
    floats = {name: found.items[name].total_float_days for name in ("tender", "cutover", "go-live")}
    assert floats == {"tender": 44.33, "cutover": 5, "go-live": 15}
    assert (found.items["tender"].free_float_days, found.finish) == (15, date(2026, 6, 6))


def test_verify_says_of_each_certificate_whether_it_holds(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(str(here / "login.plan.yaml"), "--verify")
    assert found.return_value == 0
    assert found.stderr == (
        "shipped, milestone, due 2026-03-20: feasible, its certificate (schedule) holds\n"
    )
    monkeypatch.setattr("planlint.schedule.certificate.verify", lambda *_: ["'test' starts too early"])
    broken = run(str(here / "login.plan.yaml"), "--verify")
    assert broken.return_value == 3
    assert "does not hold: 'test' starts too early" in broken.stderr
    monkeypatch.setattr("planlint.schedule.certificate.verify", lambda *_: None)
    unknown = run(str(here / "login.plan.yaml"), "--verify")
    assert unknown.return_value == 0
    assert "(schedule) is too large to be checked" in unknown.stderr
