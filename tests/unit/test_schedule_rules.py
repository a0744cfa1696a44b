"""Rules of dates, people and several plans: what takes precedence, edge cases, and a real plan that changes."""

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path

import pytest

from planlint.config import Config
from planlint.diagnostics import Diagnostic
from planlint.engine import lint
from planlint.rulesets import Catalogue, Choice, load
from planlint.world import World

ROOT = Path(__file__).resolve().parents[2]
CATEGORIES = frozenset({"schedule", "resources", "progress"})
HEAD = "planlint: 1\ntitle: Move\nstart: 2026-02-16\n"
PEOPLE = "people: {ana: {name: Ana Ruiz}, ben: {name: Ben Cho}}\n"

Said = Callable[..., list[Diagnostic]]
Rules = Callable[..., list[str]]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


@pytest.fixture
def said(catalogue: Catalogue) -> Said:
    """Return what the recommended rules of some categories say of plans p0, p1 … with other files."""

    def run(*texts: str, categories: Collection[str] = CATEGORIES, **others: str) -> list[Diagnostic]:
        files = {f"p{number}.plan.yaml": text for number, text in enumerate(texts)}
        content = {**files, **{f"{name}.yaml": text for name, text in others.items()}}
        config = Config(catalogue=catalogue)
        world = World(
            content=lambda file: content[file].encode(),
            expand=lambda _, name: (name,),
            config=lambda _: config,
        )
        choice = Choice(extend_select=("dcma",) if categories == {"dcma"} else ())
        found = lint(list(files), world, choice=choice, today=date(2026, 2, 16))
        return [one for one in found.diagnostics if one.category in categories]

    return run


@pytest.fixture
def rules(said: Said) -> Rules:
    """Return the rules that speak of one plan, without the one that wants a deadline."""

    def run(text: str, *, people: str = PEOPLE, also: Collection[str] = ()) -> list[str]:
        found = said(HEAD + text + people, categories={*CATEGORIES, *also})
        return [one.rule for one in found if one.rule != "missing-deadline"]

    return run


# ---------------------------------------------------------------- one cause, one diagnostic


def test_a_loop_is_one_diagnostic(rules: Rules) -> None:
    text = """
deadline: 2026-03-31
tasks:
  a: {title: A, owner: ana, effort: 3d, start: 2026-03-02, finish: 2026-03-04, depends_on: [b]}
  b: {title: B, owner: ana, effort: 3d, start: 2026-03-02, finish: 2026-03-04, depends_on: [a]}
milestones: {live: {title: Live, owner: ana, due: 2026-03-31, depends_on: [a]}}
"""
    assert rules(text, also={"network"}) == ["dependency-cycle"]


def test_a_deliverable_s_date_is_not_also_a_deadline_s(rules: Rules) -> None:
    text = """
tasks: {a: {title: A, owner: ana, effort: 9d, deliverables: [d]}}
deliverables: {d: {title: D, owner: ana, due: 2026-02-20}}
"""
    found = rules(text, also={"scope"})
    assert found == ["deliverable-without-acceptance", "deliverable-before-work"]


def test_what_is_overdue_is_neither_infeasible_nor_outside_nor_on_a_holiday(rules: Rules) -> None:
    text = """
status_date: 2026-02-18
tasks:
  a: {title: A, owner: ana, effort: 9d, deadline: 2026-02-15}
milestones: {live: {title: Live, owner: ana, due: 2026-02-14, depends_on: [a]}}
"""
    assert sorted(rules(text)) == ["overdue-milestone", "overdue-task"]


def test_the_plan_s_own_deadline_has_no_other_rule_when_it_is_past(rules: Rules) -> None:
    text = "status_date: 2026-03-16\ndeadline: 2026-03-13\ntasks: {a: {title: A, owner: ana, effort: 9d}}\n"
    assert rules(text) == ["infeasible-deadline"]


def test_nobody_s_time_is_one_diagnostic(rules: Rules) -> None:
    text = """
deadline: 2026-03-31
tasks: {a: {title: A, owner: cem, effort: 3d, start: 2026-03-02, finish: 2026-03-04}}
"""
    people = "people: {cem: {name: Cem Ay, operations: 100%}}\n"
    assert "no-capacity" in rules(text, people=people)
    assert "stated-dates-break-calendar" not in rules(text, people=people)
    assert "undecided-deadline" not in rules(text, people=people)


def test_a_deadline_that_is_unlikely_is_not_also_tight(rules: Rules) -> None:
    wide = "deadline: 2026-02-27\ntasks: {a: {title: A, owner: ana, effort: {optimistic: 5d, likely: 9d, pessimistic: 17d}}}\n"
    assert rules(wide) == ["unlikely-deadline"]
    assert rules("deadline: 2026-02-27\ntasks: {a: {title: A, owner: ana, effort: 10d}}\n") == [
        "tight-deadline"
    ]


def test_dates_in_the_wrong_order_contradict_nothing_else(rules: Rules) -> None:
    text = """
tasks:
  a: {title: A, owner: ana, effort: 3d}
  b: {title: B, owner: ben, effort: 3d, start: 2026-03-06, finish: 2026-03-02, depends_on: [a]}
"""
    assert rules(text) == ["finish-before-start"]


def test_one_task_that_does_not_fit_is_not_also_too_much_for_its_person(rules: Rules) -> None:
    text = "tasks: {a: {title: A, owner: ana, effort: 8d, start: 2026-02-16, finish: 2026-02-20}}\n"
    assert rules(text) == ["stated-dates-break-calendar"]


def test_a_start_in_the_owner_s_leave_is_told_once(rules: Rules) -> None:
    people = "people: {ana: {name: Ana Ruiz, time_off: [{from: 2026-03-02, to: 2026-03-06}]}}\n"
    mine = "tasks: {a: {title: A, owner: ana, effort: 3d, start: 2026-03-03}}\n"
    assert rules(mine, people=people) == ["assigned-in-time-off"]
    assert rules(mine.replace("effort", "duration"), people=people) == ["non-working-day"]


def test_a_chain_of_stated_dates_that_is_wrong_once_is_reported_once(rules: Rules) -> None:
    text = """
tasks:
  a: {title: A, owner: ana, duration: 5d}
  b: {title: B, owner: ana, duration: 5d, start: 2026-02-19, finish: 2026-02-25, depends_on: [a]}
  c: {title: C, owner: ana, duration: 5d, start: 2026-02-26, finish: 2026-03-04, depends_on: [b]}
  d: {title: D, owner: ana, duration: 5d, start: 2026-03-05, depends_on: [c]}
"""
    assert rules(text) == ["stated-dates-break-dependency"]


def test_an_item_with_an_error_of_structure_is_left_out(rules: Rules) -> None:
    text = """
tasks:
  a: {title: A, owner: ana, effort: 3 days, start: 2026-02-22, finish: 2026-02-20}
milestones: {live: {title: Live, owner: ana, due: 2026-2-22, depends_on: [a]}}
"""
    assert rules(text) == []


# ---------------------------------------------------------------- edges


def test_an_empty_plan_lacks_a_deadline_and_a_start_and_nothing_else(said: Said) -> None:
    found = said("planlint: 1\ntitle: Empty\ntasks: {}\n")
    assert [one.rule for one in found] == ["missing-deadline", "missing-start"]


@pytest.mark.parametrize("status", ["proposed", "on-hold", "done", "cancelled"])
def test_plans_that_do_not_run_are_not_judged_by_their_dates(rules: Rules, status: str) -> None:
    text = f"status: {status}\ndeadline: 2026-02-22\ntasks: {{a: {{title: A, owner: ana, effort: 50d}}}}\n"
    assert rules(text) == []


def test_a_plan_whose_work_is_all_done_is_neither_late_nor_tight(rules: Rules) -> None:
    text = """
deadline: 2026-02-17
status_date: 2026-02-18
tasks:
  a: {title: A, owner: ana, effort: 3d, status: done, actual: {start: 2026-02-16, finish: 2026-02-18}}
milestones: {live: {title: Live, owner: ana, due: 2026-02-17, status: done, actual_finish: 2026-02-18}}
"""
    assert rules(text) == []


def test_dcma_points_hold_on_an_empty_plan_and_ask_for_a_baseline(said: Said) -> None:
    found = said("planlint: 1\ntitle: Empty\ntasks: {}\n", categories={"dcma"})
    assert [one.rule for one in found] == ["dcma-11-missed-tasks", "dcma-14-bei"]
    assert all("not assessed" in one.message for one in found)


def test_the_pack_dcma_has_all_14_points_and_they_are_off_elsewhere(catalogue: Catalogue) -> None:
    points = [rule for rule in catalogue.rules.values() if rule.category == "dcma"]
    assert [rule.name[5:7] for rule in points] == [f"{number:02}" for number in range(1, 15)]
    assert not any(rule.recommended for rule in points)
    assert "dcma" in catalogue.packs["dcma"].select


# ---------------------------------------------------------------- several plans

TEAM = "people:\n  kim: {name: Kim Osei}\n"


def plan(name: str, *, priority: int | None, start: str = "2026-02-16") -> str:
    rank = f"priority: {priority}\n" if priority else ""
    return (
        f"planlint: 1\nid: {name}\ntitle: {name}\nstart: {start}\n{rank}include: [team.yaml]\n"
        f"tasks: {{{name}-work: {{title: Work, owner: kim, effort: 5d}}}}\n"
    )


def test_people_of_one_file_collide_once_and_the_plan_behind_gives_way(said: Said) -> None:
    found = said(plan("a", priority=2), plan("b", priority=1), categories={"resources"}, team=TEAM)
    assert [(one.rule, one.location.path, one.location.span.start.line) for one in found] == [
        ("cross-plan-conflict", "team.yaml", 2)
    ]
    assert "5 days (2026-02-16 to 2026-02-20)" in found[0].message
    assert "'b' has priority 1, so 'a' (2) gives way" in found[0].message


def test_three_plans_are_compared_in_pairs(said: Said) -> None:
    texts = [plan("a", priority=1), plan("b", priority=2), plan("c", priority=3)]
    found = said(*texts, categories={"resources"}, team=TEAM)
    assert [one.rule for one in found] == ["cross-plan-conflict"] * 3


def test_without_priorities_the_priority_is_what_is_missing(said: Said) -> None:
    found = said(plan("a", priority=None), plan("b", priority=None), categories={"resources"}, team=TEAM)
    assert [(one.rule, one.plan) for one in found] == [("unprioritised-conflict", "b")]


def test_plans_that_do_not_run_want_nobody(said: Said) -> None:
    held = plan("a", priority=1) + "status: on-hold\n"
    assert said(held, plan("b", priority=2), categories={"resources"}, team=TEAM) == []


# ---------------------------------------------------------------- a real plan that changes


Warehouse = Callable[..., dict[tuple[str, str | None], str]]

UNLIKELY = ("unlikely-deadline", "racks-up")


@pytest.fixture
def warehouse(said: Said) -> Warehouse:
    text = (ROOT / "examples/warehouse-move/warehouse-move.plan.yaml").read_text("utf-8")

    def run(*changes: tuple[str, str]) -> dict[tuple[str, str | None], str]:
        changed = text
        for before, after in changes:
            assert before in changed
            changed = changed.replace(before, after)
        found = said(changed, categories={"schedule", "resources", "scope"})
        return {(one.rule, one.item): one.message for one in found if one.rule != "objective-without-measure"}

    return run


def test_the_warehouse_plan_has_one_gamble(warehouse: Warehouse) -> None:
    found = warehouse()
    assert list(found) == [UNLIKELY]
    assert "milestone 'racks-up' is done by 2026-04-30 with a chance of 76 %" in found[UNLIKELY]
    assert "four times out of five by 2026-05-04" in found[UNLIKELY]


def test_more_operations_for_tarek_lengthen_his_work_but_no_deadline(warehouse: Warehouse) -> None:
    """The racks decide, not the network: only the task that he shares gets too long to follow."""
    found = warehouse(
        ("skills: [wms, networks], operations: 20%", "skills: [wms, networks], operations: 60%")
    )
    assert list(found) == [UNLIKELY, ("long-task", "configure")]
    assert (
        "'configure' runs for 21.33 working days (until 2026-04-07), longer than 20d"
        in found["long-task", "configure"]
    )


def test_racks_five_weeks_later_break_what_waits_for_them_and_the_message_says_so(
    warehouse: Warehouse,
) -> None:
    found = warehouse(("due: 2026-03-16, status: open", "due: 2026-04-20, status: open"))
    late = found["infeasible-deadline", "racks-up"]
    assert late.startswith(
        "milestone 'racks-up' cannot be done by 2026-04-30: 'racks' (16.2d), then 'certify' (3d), once "
        "'rack-supplier' is there on 2026-04-20, take until 2026-05-22 at the earliest; the "
        "earliest date that can be met is 2026-05-22, 14 working days late"
    )
    assert "2026-06-14" in found["infeasible-deadline", "go-live"]
    assert ("deliverable-before-work", "hall-ready") in found
    assert ("unlikely-deadline", None) in found  # the plan's own deadline has become a gamble
    assert UNLIKELY not in found  # what is impossible is not also unlikely


def test_easter_closed_takes_the_buffer_of_the_racks(warehouse: Warehouse) -> None:
    off = ", ".join(f"2026-04-{day:02}: Easter" for day in (1, 2, 7, 8, 9, 10))
    found = warehouse(
        ("subdivision: BW, hours_per_day: 8", f"subdivision: BW, hours_per_day: 8, holidays: {{{off}}}")
    )
    assert list(found) == [UNLIKELY]
    assert "with a chance of 47 %" in found[UNLIKELY]
    assert "half of the time by 2026-05-06" in found[UNLIKELY]


def test_a_cause_names_milestones_and_resources_as_well(said: Said) -> None:
    found = said(
        "planlint: 1\ntitle: Lift\nstart: 2026-02-16\n"
        "calendars: {four: {workdays: [tue, wed, thu, sat]}}\n"
        "resources: {lift: {title: Lift, units: 1, calendar: four}}\n"
        "tasks: {a: {title: A, duration: 12eh, uses: {lift: 1}}}\n"
        "milestones: {m: {title: M, due: 2026-02-20, depends_on: [a]}}\n"
    )
    (late,) = [one.message for one in found if one.rule == "infeasible-deadline"]
    assert "'a' and 'm' cannot all be done in time with resource 'lift'" in late
