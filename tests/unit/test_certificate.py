"""The checker refuses certificates that do not hold."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from planlint.builder import build as build_plan
from planlint.reader import read
from planlint.schedule.certificate import verify
from planlint.schedule.critical_path import analyse
from planlint.schedule.feasibility import decide
from planlint.schedule.network import Network, build
from planlint.schedule.result import Deadline

START = date(2026, 1, 5)
PLAN = """\
planlint: 1
title: t
start: 2026-01-05
deadline: {due}
people:
  ana: {{name: Ana, time_off: [{{from: 2026-01-08, to: 2026-01-08}}]}}
resources:
  lift: {{title: Lift, unavailable: [{{from: 2026-01-14, to: 2026-01-14}}]}}
tasks:
  a: {{title: A, owner: ana, effort: 3d}}
  b: {{title: B, owner: ana, effort: 1d}}
  c: {{title: C, duration: 2d, uses: {{lift: 1}}, depends_on: [a]}}
"""


def answer(due: str) -> tuple[Network, Deadline]:
    document, _ = read("a.plan.yaml", PLAN.format(due=due).encode())
    assert document is not None
    network = build(build_plan(document, [], []).plan, today=START)
    (deadline,) = decide(analyse(network), network)
    return network, deadline


def moved(deadline: Deadline, name: str, days: int) -> Deadline:
    """The same certificate with one task some days later."""
    start, finish = (at + days * 1440 for at in deadline.witness[name])
    dates = {
        "start": date.fromordinal(start // 1440).isoformat(),
        "finish": date.fromordinal(finish // 1440).isoformat(),
    }
    tasks = {**deadline.certificate["tasks"], name: dates}  # type: ignore[dict-item]
    certificate = {"kind": "schedule", "tasks": tasks}
    return structs.replace(
        deadline, certificate=certificate, witness={**deadline.witness, name: (start, finish)}
    )


def test_a_true_schedule_holds() -> None:
    network, deadline = answer("2026-01-20")
    assert deadline.verdict == "feasible"
    assert verify(network, deadline) == []


@pytest.mark.parametrize(
    ("name", "days", "reason"),
    [
        ("c", -2, "does not wait"),
        ("c", 28, "finishes after"),
        ("b", -1, "takes"),
        ("a", -7, "starts too early"),
        ("b", 2, "starts when nobody works"),
    ],
)
def test_a_shifted_task_is_noticed(name: str, days: int, reason: str) -> None:
    network, deadline = answer("2026-01-20")
    found = [line for shift in (days,) for line in verify(network, moved(deadline, name, shift)) or ()]
    assert found, (name, days, deadline.witness)
    del reason


def test_capacity_is_noticed() -> None:
    network, deadline = answer("2026-01-20")
    first = deadline.witness["a"][0]
    day = date.fromordinal(first // 1440)
    b = (first, first + 480)
    dates = {"start": day.isoformat(), "finish": day.isoformat()}
    tasks = {**deadline.certificate["tasks"], "b": dates}  # type: ignore[dict-item]
    both = structs.replace(
        deadline, certificate={"kind": "schedule", "tasks": tasks}, witness={**deadline.witness, "b": b}
    )
    assert any("ana" in line for line in verify(network, both) or ())


def test_a_missing_task_is_noticed() -> None:
    network, deadline = answer("2026-01-20")
    witness = {name: span for name, span in deadline.witness.items() if name != "b"}
    assert "'b' is missing" in (verify(network, structs.replace(deadline, witness=witness)) or ())


def test_a_chain_that_is_in_time_is_refused() -> None:
    network, deadline = answer("2026-01-08")
    assert deadline.certificate["kind"] == "chain"
    assert verify(network, deadline) == []
    later = structs.replace(deadline, date=deadline.date + timedelta(days=7))
    assert "these items alone are done in time" in (verify(network, later) or ())
    broken = structs.replace(deadline, certificate={**deadline.certificate, "items": ["b", "c"]})
    assert "'c' does not wait for 'b'" in (verify(network, broken) or ())


def test_a_window_with_room_is_refused() -> None:
    claim = {"kind": "window", "person": "ana", "from": "2026-01-05", "to": "2026-01-09", "tasks": ["a", "b"]}
    network, deadline = answer("2026-01-20")
    wrong = structs.replace(
        deadline, verdict="infeasible", certificate={**claim, "demand_hours": 40.0, "capacity_hours": 32.0}
    )
    assert verify(network, wrong)


def test_a_core_that_fits_is_refused() -> None:
    network, deadline = answer("2026-01-20")
    claim = {"kind": "core", "tasks": ["a", "b"], "people": ["ana"], "resources": []}
    wrong = structs.replace(deadline, verdict="infeasible", certificate=claim)
    assert verify(network, wrong) == ["these tasks can be done in time"]
    assert verify(network, structs.replace(deadline, verdict="infeasible"))


@pytest.mark.parametrize("limit", ["_MOST", "_TRIES"])
def test_a_core_that_is_too_large_does_not_look_as_if_it_held(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, deadline = answer("2026-01-20")
    claim = {"kind": "core", "tasks": ["a", "b"], "people": ["ana"], "resources": []}
    large = structs.replace(deadline, verdict="infeasible", certificate=claim)
    monkeypatch.setattr(f"planlint.schedule.certificate.{limit}", 1)
    assert verify(network, large) is None


# Points in time, days off, elapsed time: every evening is a next morning somewhere.

FOUR = "calendars: {default: {hours_per_day: 7.5}, four: {workdays: [tue, wed, thu, sat]}}"
ODD = {
    "tasks: {a: {must_start: 2027-06-30, deadline: 2026-02-16}}": {"a": "infeasible"},
    "start: 2026-02-16, deadline: 2026-02-16, tasks: {a: {actual: {start: 2026-01-05}}, b: {duration: 1d}, c: {}}": {
        "plan": "feasible"
    },
    "tasks: {a: {must_finish: 2026-03-02}, b: {must_start: 2026-02-23, depends_on: [a FF]}}": {
        "a": "infeasible"
    },
    # An elapsed duration may end on a Saturday; a duration may not.
    "tasks: {c: {duration: 12eh, must_finish: 2026-02-21}}": {"c": "feasible"},
    "tasks: {c: {duration: 1d, must_finish: 2026-02-21}}": {"c": "infeasible"},
    "tasks: {c: {duration: 1ed, must_finish: 2026-02-16, actual: {start: 2026-02-21}}}": {"c": "infeasible"},
    # What has begun with nothing left to do is over.
    "tasks: {b: {must_finish: 2026-02-14, actual: {start: 2026-02-21}}}, milestones: {m: {due: 2026-02-16}}": {
        "b": "infeasible",
        "m": "feasible",
    },
    # A morning is no evening, although no working time lies between them.
    "tasks: {b: {tasks: {a: {actual: {start: 2026-03-02}}}}},"
    "milestones: {m: {due: 2026-03-02, depends_on: [b]}, n: {due: 2026-02-27, depends_on: [b]}}": {
        "m": "feasible",
        "n": "infeasible",
    },
    "start: 2026-02-23, tasks: {b: {}, c: {actual: {start: 2026-02-20}}},"
    "milestones: {m: {due: 2026-02-23, depends_on: [b]}, n: {due: 2026-02-20, depends_on: [b]}}": {
        "m": "feasible",
        "n": "infeasible",
    },
    "start: 2026-03-02, tasks: {b: {tasks: {a: {actual: {finish: 2026-02-16}, status: done}}}},"
    "milestones: {m: {due: 2026-02-16, depends_on: [b]}}": {"m": "feasible"},
    "start: 2026-02-13, tasks: {a: {actual: {start: 2026-02-14}}},"
    "milestones: {m: {due: 2026-02-21, depends_on: [a]}}": {"m": "feasible"},
    "tasks: {b: {tasks: {a: {actual: {finish: 2026-03-02}, status: done}}},"
    "c: {depends_on: [a FS - 1d], deadline: 2026-02-27}}": {"c": "infeasible"},
    # A resource with a calendar of its own, which never fits, or not beside what runs through the night.
    f"{FOUR}, deadline: 2026-02-13, resources: {{lift: {{title: L, calendar: four}}}}, tasks: "
    "{a: {duration: 12eh, uses: {lift: 1}}}, milestones: {m: {due: 2026-02-20, depends_on: [a]}}": {
        "plan": "infeasible",
        "m": "infeasible",
    },
    f"{FOUR}, start: 2026-02-27, resources: {{lift: {{title: L, calendar: four}}}}, tasks: "
    "{a: {duration: 1d, uses: {lift: 1}, deadline: 2026-03-02}}": {"a": "infeasible"},
    f"{FOUR}, resources: {{lift: {{title: L, units: 2, calendar: four}}}}, tasks: "
    "{a: {duration: 5eh, uses: {lift: 1}}, b: {duration: 3d, uses: {lift: 1}, deadline: 2026-02-19}}": {
        "b": "feasible"
    },
    # Leave holds back what has begun, also before the plan's own start.
    "start: 2026-03-06, people: {ben: {name: B, time_off: [{from: 2026-02-13, to: 2026-03-02}]}}, tasks: "
    "{a: {effort: 7h, owner: ben, actual: {start: 2026-02-27}, deadline: 2026-03-02}}": {"a": "infeasible"},
    "people: {cy: {name: C, time_off: [{from: 2026-01-05, to: 2026-03-06}]}}, tasks: "
    "{a: {duration: 1d, assignees: [cy]}, g: {duration: 5h, depends_on: [a SS + 4h], deadline: 2026-03-02}}": {
        "g": "infeasible"
    },
    "people: {ana: {name: A, time_off: [{from: 2026-02-23, to: 2026-02-23}]}}, tasks: "
    "{c: {effort: 4h, not_before: 2026-02-23}, d: {duration: 3d, assignees: [ana], must_finish: 2026-02-23,"
    "depends_on: [c FF + 1d]}}": {"d": "infeasible"},
    # A delivery that is late, and one that is not the cause.
    "external: {ext: {title: E, due: 2026-03-02}}, tasks: {b: {depends_on: [ext SF], deadline: 2026-02-20}}": {
        "b": "infeasible"
    },
    "start: 2026-03-06, external: {ext: {title: E, due: 2026-03-06}}, tasks: {b: {depends_on: [ext FS + 1d]}},"
    "milestones: {m: {due: 2026-02-21, depends_on: [b]}}": {"m": "infeasible"},
    # Elapsed work takes people in their own hours only.
    f"{FOUR}, people: {{ben: {{name: B}}}}, tasks: {{a: {{duration: 5h, assignees: [ben]}},"
    "e: {duration: 1d, assignees: [ben], calendar: four}, g: {duration: 3ed, assignees: [ben], calendar: four,"
    "depends_on: [a SS], deadline: 2026-02-27}}": {"g": "feasible"},
    # What can never be done is not asked for by the deadlines of the others.
    "tasks: {kim: {deadline: 2027-06-30}, a: {duration: 99999.999ed}}": {"kim": "feasible"},
}
"""Plans, and the verdicts by item."""
MONDAY = date(2026, 2, 16)


def odd(text: str) -> tuple[Deadline, ...]:
    """Return the verdicts on a plan, each certificate checked."""
    document, _ = read("a.plan.yaml", f"{{planlint: 1, title: t, {text}}}".encode())
    assert document is not None
    network = build(build_plan(document, [], []).plan, today=MONDAY)
    schedule = analyse(network)
    sound = network.without(schedule.unsound)
    found = decide(schedule, sound)
    for deadline in found:
        assert not verify(sound, deadline), deadline
    return found


@pytest.mark.parametrize(("text", "verdicts"), ODD.items())
def test_what_takes_no_time_has_verdicts_that_hold(text: str, verdicts: dict[str, str]) -> None:
    assert {deadline.item or "plan": deadline.verdict for deadline in odd(text)} == verdicts


DAYS = st.sampled_from([str(MONDAY + timedelta(days=shift)) for shift in (-42, -3, -2, 0, 2, 4, 5, 7, 14)])
LINKS = st.sampled_from(["", " SS", " FF", " SF", " FS + 1d", " FS - 1d", " FS + 1ed", " FF + 1d"])


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """Few tasks, most of them odd: no estimate, elapsed, fixed to a day off, begun at odd dates."""

    def perhaps(item: dict[str, Any], **keys: st.SearchStrategy[Any]) -> None:
        item.update({key: draw(value) for key, value in keys.items() if draw(st.integers(0, 3)) == 0})

    tasks: dict[str, Any] = {}
    for name in "abcd"[: draw(st.integers(1, 4))]:
        estimates = [{}, {"effort": "2d", "owner": "ana"}, {"duration": "1d"}, {"duration": "12eh"}]
        task: dict[str, Any] = {**draw(st.sampled_from(estimates))}
        perhaps(task, must_start=DAYS, must_finish=DAYS, not_before=DAYS, deadline=DAYS)
        perhaps(
            task, actual=st.fixed_dictionaries({"start": DAYS}), status=st.sampled_from(["doing", "done"])
        )
        linked: bool = draw(st.booleans())
        if tasks and linked:
            task["depends_on"] = [draw(st.sampled_from(sorted(tasks))) + draw(LINKS)]
        tasks[name] = task
    whole = draw(st.booleans())
    outline = {"all": {"title": "All", "tasks": tasks}} if whole else tasks
    end = {"due": draw(DAYS), "depends_on": ["all" if whole else "a"]}
    plan = {"people": {"ana": {"name": "Ana"}}, "tasks": outline, "milestones": {"m": end}}
    perhaps(plan, start=DAYS, status_date=DAYS, deadline=DAYS)
    return plan


@settings(max_examples=300, deadline=None)
@given(plans())
def test_certificates_of_odd_plans_hold(plan: dict[str, Any]) -> None:
    odd(json.dumps(plan)[1:-1])
