"""Earned value by hand: numbers small enough to check on paper."""

from datetime import date

import pytest

from planlint.builder import build
from planlint.model import Plan
from planlint.reader import read
from planlint.schedule.critical_path import schedule
from planlint.schedule.earned import Baseline, EarnedValue, earned_value, task_costs

TODAY = date(2026, 2, 13)
TEXT = """\
planlint: 1
title: Two weeks of work for one person at 100 an hour
start: 2026-02-02
status_date: 2026-02-13
currency: EUR
people: {ana: {name: Ana, cost_rate: 100}, ben: {name: Ben, cost_rate: 50}}
tasks:
  build: {title: Build, owner: ana, effort: 10d, status: doing, progress: 50%, actual: {start: 2026-02-02, effort: 48h}}
  test: {title: Test, owner: ben, effort: 10d, depends_on: [build], cost: 1000}
"""


def plan(text: str = TEXT) -> Plan:
    document, _ = read("a.plan.yaml", text.encode())
    assert document is not None
    return build(document, (), ()).plan


def value(one: Plan, then: Plan | None = None) -> EarnedValue:
    baseline = None if then is None else Baseline(then, schedule(then, today=TODAY))
    found = earned_value(one, schedule(one, today=TODAY), baseline)
    assert found is not None
    return found


def test_costs_are_hours_times_rates_and_fixed_cost() -> None:
    assert task_costs(plan()) == {"build": 8000.0, "test": 5000.0}


def test_without_a_baseline_nothing_was_planned_by_now() -> None:
    found = value(plan())
    assert (found.bac, found.ev, found.pv, found.ac) == (13000, 4000, None, 4800)
    assert found.spi is None
    assert found.cpi == pytest.approx(4000 / 4800)
    assert found.eac == pytest.approx(13000 * 4800 / 4000)
    assert found.vac == pytest.approx(13000 - 15600)


def test_planned_value_is_what_the_baseline_had_done_by_now() -> None:
    then = plan(
        TEXT.split("  build:", maxsplit=1)[0].replace("status_date: 2026-02-13\n", "")
        + "  build: {title: Build, owner: ana, effort: 10d}\n"
    )
    found = value(plan(), then)
    assert found.pv == 8000  # ten working days of ten
    assert found.spi == 0.5


def test_labour_lines_scale_peoples_time_and_their_actual_counts() -> None:
    lines = "budget: {total: 30000, lines: {us: {title: Us, category: labour, planned: 24000, actual: 9000, owner: ana}}}\n"
    found = value(plan(TEXT + lines))
    assert found.bac == 25000  # 24000 and the fixed cost
    assert found.ev == 8000  # half of build: two thirds of 24000
    assert found.ac == 9000


def test_other_lines_stand_for_fixed_costs_only_where_no_time_is_booked() -> None:
    lines = "budget: {total: 30000, lines: {racks: {title: Racks, category: capital, planned: 9000, actual: 700, owner: ana}}}\n"
    assert value(plan(TEXT + lines)).ac == 4800
    unbooked = TEXT.replace(", effort: 48h}", "}").replace("cost: 1000}", "cost: 1000, progress: 20%}")
    assert value(plan(unbooked + lines)).ac == 700
    assert value(plan(unbooked.replace("cost: 1000, ", "") + lines)).ac is None


def test_fixed_costs_cost_what_they_were_planned_to() -> None:
    done = TEXT.replace("cost: 1000}", "cost: 1000, progress: 50%}")
    assert value(plan(done)).ac == 4800 + 500


def test_a_plan_without_cost_has_no_earned_value() -> None:
    free = plan(
        TEXT.replace(", cost_rate: 100", "").replace(", cost_rate: 50", "").replace(", cost: 1000", "")
    )
    assert earned_value(free, schedule(free, today=TODAY)) is None
