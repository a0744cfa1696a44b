"""The checker refuses certificates that do not hold."""

from datetime import date, timedelta

import pytest
from msgspec import structs

from planlint.builder import build as build_plan
from planlint.document import read
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
    (deadline,) = decide(network.plan, analyse(network), network)
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
