"""The critical path against an independent reference, published examples and the fine print of time."""

import importlib.util
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from planlint.model import (
    Actual,
    Assignment,
    Calendar,
    Dependency,
    Duration,
    Estimate,
    External,
    Milestone,
    Period,
    Person,
    Plan,
    Task,
)
from planlint.schedule.critical_path import schedule
from planlint.schedule.result import Schedule, Scheduled

MONDAY = date(2026, 3, 2)
spec = importlib.util.spec_from_file_location("reference", Path(__file__).with_name("reference_schedule.py"))
assert spec is not None
assert spec.loader is not None
reference: Any = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)


def span(text: str) -> Duration:
    """Read `5d`, `-2ed` as a plan does."""
    elapsed = "e" in text
    return Duration(float(text.replace("e", "")[:-1]), text[-1], elapsed)  # type: ignore[arg-type]


def needs(*entries: str) -> tuple[Dependency, ...]:
    """Read `a`, `a SS+2d` as a plan does."""
    found = []
    for entry in entries:
        name, _, rest = entry.partition(" ")
        lag = span(rest[2:].removeprefix("+")) if len(rest) > 2 else None
        found.append(Dependency(name, rest[:2] or "FS", lag, ()))  # type: ignore[arg-type]
    return tuple(found)


def task(name: str, length: str | None = None, *depends_on: str, **more: Any) -> Task:
    """Make a task with a duration, or with `effort=`."""
    if "effort" in more:
        more["effort"] = Estimate(span(more["effort"]))
    elif length is not None:
        more["duration"] = Estimate(span(length))
    return Task(id=name, path=("tasks", name), depends_on=needs(*depends_on), **more)


def calendar(name: str, **more: Any) -> Calendar:
    """Make a calendar; `workdays` as one text."""
    if "workdays" in more:
        more["workdays"] = tuple(more["workdays"].split())
    return Calendar(id=name, path=("calendars", name), **more)


def plan(*items: Task | Milestone | Calendar | Person | External, **more: Any) -> Plan:
    """Make a plan of items in the order given."""
    sections: dict[type, dict[str, Any]] = {Task: {}, Milestone: {}, Calendar: {}, Person: {}, External: {}}
    for item in items:
        sections[type(item)][item.id] = item
    more.setdefault("start", MONDAY)
    return Plan(
        id="p",
        file="p.plan.yaml",
        tasks=sections[Task],
        milestones=sections[Milestone],
        calendars=sections[Calendar],
        people=sections[Person],
        external=sections[External],
        **more,
    )


def summary(name: str, *children: Task, **more: Any) -> list[Task]:
    """Make a summary and its tasks."""
    ids = tuple(child.id for child in children)
    inside = [replace_parent(child, name) for child in children]
    return [Task(id=name, path=("tasks", name), children=ids, **more), *inside]


def replace_parent(child: Task, parent: str) -> Task:
    """Put a task into a summary."""
    values = {field: getattr(child, field) for field in child.__struct_fields__}
    return Task(**{**values, "parent": parent})


def run(*items: Any, **more: Any) -> Schedule:
    """Schedule a plan of items."""
    return schedule(plan(*items, **more), today=MONDAY)


# The independent reference

CALENDARS = (
    calendar("default", holidays={date(2026, 3, 18): "Founders' day", date(2026, 4, 3): "Good Friday"}),
    calendar("short", hours_per_day=6, workdays="mon tue wed thu", workdays_extra=(date(2026, 3, 13),)),
    calendar("seven", workdays="mon tue wed thu fri sat sun", hours_per_day=7.5),
    calendar("weekend", workdays="sat sun", hours_per_day=10),
    calendar("nights", hours_per_day=20),
    calendar("round", workdays="mon tue wed thu fri sat sun", hours_per_day=24),
)
PEOPLE = (
    Person(id="ana", path=()),
    Person(id="ben", path=(), operations=35.0, time_off=(Period(date(2026, 3, 9), date(2026, 3, 12)),)),
    Person(id="cem", path=(), calendar="short", availability=50.0),
    Person(id="dua", path=(), calendar="seven", time_off=(Period(date(2026, 3, 20), date(2026, 3, 29)),)),
)
SHARES = ((), (("ana", 100.0),), (("ben", 60.0),), (("cem", 100.0),), (("dua", 100.0), ("ben", 50.0)))
DEFAULTS: dict[str, dict[str, Any]] = {
    "plain": {"holidays": CALENDARS[0].holidays},
    "long": {"hours_per_day": 9},
}
TIMES: dict[str, Any] = {  # what the reference counts minute by minute, once for all plans
    name: reference.Calendars(plan(*CALENDARS, *PEOPLE, calendar("default", **more)), date(2025, 12, 1))
    for name, more in DEFAULTS.items()
}


def random_plan(seed: int) -> tuple[Plan, str]:  # noqa: C901, PLR0912, PLR0915 - a list of what can be random
    """Return a random plan, every construct of the network in it, and which default calendar it has."""
    rng = random.Random(seed)
    default = rng.choice(["plain", "long"])
    own = CALENDARS[0] if default == "plain" else calendar("default", hours_per_day=9)
    status = MONDAY + timedelta(days=rng.randint(0, 12)) if rng.random() < 0.5 else None
    tasks: list[Task] = []
    milestones: list[Milestone] = []
    names: list[str] = []
    summaries: dict[str, list[str]] = {}
    for number in range(rng.randint(2, 11)):
        name = f"t{number}"
        more: dict[str, Any] = {}
        known = [*names, *(s for s, inside in summaries.items() if inside)]
        chosen = rng.sample(known, min(len(known), rng.choice([0, 1, 1, 2, 3])))
        lags = ["", "", "", "+1d", "+5h", "-1d", "-3h", "+2d", "+1ed", "-10eh", "+0.5d"]
        entries = [
            f"{one} {type_}{rng.choice(lags)}"
            for one in chosen
            for type_ in [rng.choice(["FS", "FS", "SS", "FF", "SF"])]
        ]
        if rng.random() < 0.12:
            milestones.append(Milestone(id=name, path=(), depends_on=needs(*entries)))
            names.append(name)
            continue
        kind = rng.random()
        length: str | None = f"{rng.choice([0.25, 0.5, 1, 1, 2, 3, 4.5])}d"
        if kind < 0.35:
            more["effort"] = length
            more["assignees"] = tuple(Assignment(*share) for share in rng.choice(SHARES))
        elif kind < 0.45:
            length = rng.choice(["1ed", "30eh", "3ed"])
        elif kind < 0.5:
            length = None
        if kind >= 0.35 and rng.random() < 0.5:
            more["calendar"] = rng.choice(["short", "seven", "weekend", "nights", "round"])
        if rng.random() < 0.15:
            more["not_before"] = MONDAY + timedelta(days=rng.randint(-3, 16))
        if status is not None and rng.random() < 0.3:
            began = status - timedelta(days=rng.randint(0, 9))
            if rng.random() < 0.5:
                ended = began + timedelta(days=rng.randint(0, (status - began).days))
                more |= {"status": "done", "actual": Actual(start=began, finish=ended)}
            else:
                progress = float(rng.choice([0, 25, 50, 100]))
                more |= {"status": "doing", "actual": Actual(start=began), "progress": progress}
        elif rng.random() < 0.05:
            more["status"] = "cancelled"
        if rng.random() < 0.3:
            inside = rng.choice([f"s{len(summaries)}", *summaries][:2])
            if inside not in chosen and all(inside not in entry for entry in entries):
                summaries.setdefault(inside, []).append(name)
                more["parent"] = inside
        tasks.append(task(name, length, *entries, **more))
        if more.get("status") != "cancelled" or rng.random() < 0.5:
            names.append(name)
    outer = []
    for one, children in summaries.items():
        first = min(int(name[1:]) for name in children)
        before = [name for name in names if int(name[1:]) < first and name not in children]
        wanted = rng.sample(before, min(len(before), rng.choice([0, 0, 1, 2])))
        entries = [
            f"{name} {rng.choice(['FS', 'SS', 'FF', 'SF'])}{rng.choice(['', '+1d', '-4h'])}"
            for name in wanted
        ]
        more = {"not_before": MONDAY + timedelta(days=4)} if rng.random() < 0.2 else {}
        outer.append(Task(id=one, path=(), children=tuple(children), depends_on=needs(*entries), **more))
    deadline = MONDAY + timedelta(days=rng.randint(5, 40)) if rng.random() < 0.5 else None
    ordered = [*outer, *tasks] if rng.random() < 0.8 else [*outer, *reversed(tasks)]
    made = plan(own, *CALENDARS[1:], *PEOPLE, *ordered, *milestones, status_date=status, deadline=deadline)
    return made, default


def row(item: Scheduled) -> tuple[Any, ...]:
    """Return what the reference says, of what was computed."""
    return (
        item.start,
        item.finish,
        item.late_start,
        item.late_finish,
        item.total_float_days,
        item.free_float_days,
        item.critical,
    )


@pytest.mark.parametrize("block", range(20))
def test_random_plans_equal_the_independent_reference(block: int) -> None:
    for seed in range(block * 100, block * 100 + 100):
        made, default = random_plan(seed)
        found = schedule(made, today=MONDAY)
        if found.unsound:  # a summary that waits for what waits for it
            continue
        expected = reference.Reference(made, TIMES[default]).rows()
        mine = {name: row(item) for name, item in found.items.items() if item.kind != "summary"}
        assert mine == {name: tuple(one) for name, one in expected.items()}, f"seed {seed}"


# Published examples


def test_the_textbook_network_of_fourteen_activities() -> None:
    """F. S. Hillier and G. J. Lieberman, "Introduction to Operations Research": Reliable Construction.

    Published: 44 weeks, critical path A B C E F J L N, and the slack below. Weeks stand as days here.
    """
    lengths = {
        "a": 2,
        "b": 4,
        "c": 10,
        "d": 6,
        "e": 4,
        "f": 5,
        "g": 7,
        "h": 9,
        "i": 7,
        "j": 8,
        "k": 4,
        "l": 5,
        "m": 2,
        "n": 6,
    }
    before = {
        "b": "a",
        "c": "b",
        "d": "c",
        "e": "c",
        "f": "e",
        "g": "d",
        "h": "e g",
        "i": "c",
        "j": "f i",
        "k": "j",
        "l": "j",
        "m": "h",
        "n": "k l",
    }
    found = run(*(task(name, f"{days}d", *before.get(name, "").split()) for name, days in lengths.items()))
    slack = {name: item.total_float_days for name, item in found.items.items()}
    assert slack == {
        "a": 0,
        "b": 0,
        "c": 0,
        "d": 4,
        "e": 0,
        "f": 0,
        "g": 4,
        "h": 4,
        "i": 2,
        "j": 0,
        "k": 1,
        "l": 0,
        "m": 4,
        "n": 0,
    }
    assert found.critical == ("a", "b", "c", "e", "f", "j", "l", "n")
    workdays = sum(
        (MONDAY + timedelta(days=n)).weekday() < 5 for n in range((found.finish - MONDAY).days + 1)
    )
    assert workdays == 44


def test_precedence_diagramming_with_every_type_of_dependency() -> None:
    """Counted by hand: each type bounds the date that its name says."""
    found = run(
        task("a", "4d"),
        task("b", "2d", "a SS+1d"),
        task("c", "1d", "a FF"),
        task("d", "1d", "a SF+3d"),
        task("e", "2d", "a FS-1d", "b FF+2d"),
    ).items
    dates = {name: (item.start.day, item.finish.day) for name, item in found.items()}
    assert dates == {"a": (2, 5), "b": (3, 4), "c": (5, 5), "d": (4, 4), "e": (5, 6)}
    assert {name: item.total_float_days for name, item in found.items()} == {
        "a": 0,
        "b": 0,
        "c": 1,
        "d": 2,
        "e": 0,
    }


# The fine print of time, by its numbers


def day_of(found: Schedule, name: str) -> tuple[int, int]:
    return found.items[name].start.day, found.items[name].finish.day


def test_starts_and_finishes_are_the_days_of_the_first_and_last_minute() -> None:
    """A 1d task that starts on Monday finishes on Monday; a 5d task from Thursday finishes on Wednesday."""
    found = run(task("one", "1d"), task("five", "5d", not_before=date(2026, 3, 5)))
    assert day_of(found, "one") == (2, 2)
    assert day_of(found, "five") == (5, 11)


SEVEN = calendar("seven", workdays="mon tue wed thu fri sat sun")


def test_2_a_lag_has_passed_when_so_many_minutes_of_the_default_calendar_lie_behind() -> None:
    """`FS+2d` after a Wednesday's end is Friday's end; a seven-day calendar may go on on Saturday."""
    found = run(
        SEVEN, task("a", "3d"), task("b", "1d", "a FS+2d", calendar="seven"), task("c", "1d", "a FS+2d")
    )
    assert found.items["a"].finish == date(2026, 3, 4)
    assert day_of(found, "b") == (7, 7)
    assert day_of(found, "c") == (9, 9)


def test_2_a_lag_after_a_start() -> None:
    """`SS+2d` on a Thursday's start is Friday's end."""
    found = run(
        SEVEN, task("a", "3d", not_before=date(2026, 3, 5)), task("b", "1d", "a SS+2d", calendar="seven")
    )
    assert day_of(found, "b") == (7, 7)


def test_2_a_lead_goes_back_to_the_start_of_the_minute_so_far_before() -> None:
    found = run(
        task("a", "5d"), task("b", "1d", "a FS-2d"), Milestone(id="m", path=(), depends_on=needs("a FS-2d"))
    )
    assert day_of(found, "b") == (5, 5)
    assert found.items["m"].start_minute % 1440 == 8 * 60


def test_3_sf_of_a_start_on_wednesday_may_finish_on_tuesday() -> None:
    """So `b SF` of an `a` that starts on Wednesday may finish on Tuesday."""
    found = run(task("a", "1d", not_before=date(2026, 3, 11)), task("b", "2d", "a SF"))
    assert day_of(found, "b") == (9, 10)


def test_3_ff_to_a_task_that_ends_on_sunday_may_finish_on_friday() -> None:
    found = run(SEVEN, task("a", "7d", calendar="seven"), task("b", "1d", "a FF"))
    assert found.items["a"].finish == date(2026, 3, 8)
    assert day_of(found, "b") == (6, 6)


def test_4_not_before_counts_from_the_first_working_minute_and_leads_stop_at_the_start() -> None:
    found = run(task("a", "1d", not_before=date(2026, 3, 7)), task("b", "1d"), task("c", "1d", "b FS-5d"))
    assert day_of(found, "a") == (9, 9)
    assert day_of(found, "c") == (2, 2)
    lead = run(task("a", "1d"), Milestone(id="m", path=(), depends_on=needs("a FS-20d")))
    assert lead.items["m"].finish == MONDAY


def test_5_without_a_status_date_nothing_is_scheduled_by_the_current_day() -> None:
    later = date(2026, 5, 4)
    with_start = schedule(plan(task("a", "1d")), today=later)
    assert with_start.items["a"].start == MONDAY
    without = schedule(plan(task("a", "1d"), start=None), today=later)
    assert without.items["a"].start == later
    by_status = schedule(plan(task("a", "1d"), start=None, status_date=date(2026, 4, 1)), today=later)
    assert by_status.items["a"].start == date(2026, 4, 1)


def test_6_a_dependency_on_a_summary_waits_for_all_or_uses_its_earliest_start() -> None:
    inside = summary("s", task("a", "1d"), task("b", "3d", not_before=date(2026, 3, 4)))
    after = [task(type_.lower(), "1d", f"s {type_}+1d") for type_ in ("FS", "SS", "FF", "SF")]
    found = run(*inside, *after)
    assert day_of(found, "s") == (2, 6)
    assert {name: day_of(found, name) for name in ("fs", "ss", "ff", "sf")} == {
        "fs": (10, 10),
        "ss": (3, 3),
        "ff": (9, 9),
        "sf": (2, 2),
    }
    assert found.items["a"].free_float_days == 0
    assert found.items["fs"].driver == "b"


def test_6_what_a_summary_waits_for_holds_for_each_task_in_it() -> None:
    found = run(
        task("first", "2d"),
        *summary("s", task("a", "1d"), task("b", "1d"), depends_on=needs("first SF+2d", "first FS")),
        *summary("late", task("c", "1d"), not_before=date(2026, 3, 10)),
    )
    assert day_of(found, "a") == day_of(found, "b") == (4, 4)
    assert day_of(found, "c") == (10, 10)
    assert found.items["first"].free_float_days == 0
    assert found.items["a"].driver == "first"


def test_7_a_milestone_stays_where_its_predecessors_put_it() -> None:
    found = run(
        SEVEN,
        task("a", "7d", calendar="seven"),
        task("b", "5d"),
        Milestone(id="m", path=(), depends_on=needs("a")),
        Milestone(id="n", path=(), depends_on=needs("b")),
        Milestone(id="first", path=()),
    )
    assert day_of(found, "m") == (8, 8)
    assert day_of(found, "n") == (6, 6)
    assert day_of(found, "first") == (2, 2)


def test_8_only_the_plan_s_deadline_bounds_late_dates() -> None:
    found = run(task("a", "1d", deadline=MONDAY), task("b", "5d"), deadline=date(2026, 3, 10))
    assert found.items["a"].late_finish == date(2026, 3, 10)
    assert (found.items["a"].total_float_days, found.items["b"].total_float_days) == (6, 2)
    assert not found.items["a"].critical
    assert found.items["b"].critical  # against the computed finish


def test_9_float_is_working_time_on_the_task_s_own_calendar_in_its_days() -> None:
    weekend = calendar("weekend", workdays="sat sun", hours_per_day=10)
    found = run(weekend, task("a", "1d", calendar="weekend"), task("b", "15d"))
    assert found.items["a"].total_float_days == 3  # Sunday the 8th, and the weekend after
    late = run(task("a", "5d"), deadline=date(2026, 3, 4))
    assert late.items["a"].total_float_days == -2


def test_10_free_float_lasts_until_a_dependency_breaks_or_the_finish_moves() -> None:
    found = run(task("a", "1d"), task("b", "4d"), task("c", "1d", "a", "b"), task("d", "2d"), task("e", "9d"))
    assert {name: found.items[name].free_float_days for name in "abcd"} == {"a": 3, "b": 0, "c": 4, "d": 7}


def test_11_late_dates_across_calendars_are_exact_to_the_minute() -> None:
    """The latest start that still lets the successor keep its late date."""
    short = calendar("short", hours_per_day=4)
    found = run(short, task("a", "1d"), task("b", "2d", "a SS", calendar="short"), deadline=date(2026, 3, 4))
    assert found.items["b"].late_start == date(2026, 3, 3)
    assert found.items["a"].total_float_days == 1
    assert found.items["a"].late_start == date(2026, 3, 3)


def test_12_must_start_and_must_finish_move_nothing() -> None:
    found = run(task("a", "1d", must_start=date(2026, 4, 1), must_finish=date(2026, 4, 1)), task("b", "2d"))
    assert day_of(found, "a") == (2, 2)
    assert found.items["a"].total_float_days == 1


def test_13_an_elapsed_duration_starts_at_a_working_minute_and_runs_on_the_clock() -> None:
    """`1ed` from Monday 08:00 ends on Tuesday at 08:00, so its finish is Tuesday."""
    found = run(task("a", "1ed"), task("b", "16eh"), task("c", "2ed", not_before=date(2026, 3, 7)))
    assert day_of(found, "a") == (2, 3)
    assert day_of(found, "b") == (2, 2)  # until midnight
    assert day_of(found, "c") == (9, 11)


def test_14_a_computed_length_is_rounded_up_to_a_whole_minute() -> None:
    three = Estimate(span("2d"), span("1d"), span("10.01h"))
    ana = Person(id="ana", path=(), operations=70.0)
    found = run(
        ana,
        Task(id="a", path=(), duration=three),
        task("b", effort="8h", assignees=(Assignment("ana", 33.0),)),
    )
    assert found.items["a"].finish_minute - found.items["a"].start_minute == 1440 + 341  # 820.1
    assert found.items["b"].finish_minute % 1440 == 480 + 49  # 480 / 0.099 = 4848.48


def test_15_a_task_with_neither_effort_nor_duration_takes_no_time() -> None:
    found = run(task("a", "2d"), task("b", None, "a"), task("c", "0d", "a"), task("d", "1d", "b", "c"))
    assert found.items["b"].start == found.items["b"].finish == found.items["a"].finish
    assert day_of(found, "c") == day_of(found, "b")
    assert day_of(found, "d") == (4, 4)
    assert all(found.items[name].critical for name in "abcd")


def test_18_dependants_of_a_cancelled_task_do_not_inherit_its_predecessors() -> None:
    found = run(task("a", "5d"), task("b", "5d", "a", status="cancelled"), task("c", "1d", "b"))
    assert "b" not in found.items
    assert day_of(found, "c") == (2, 2)


def test_18_a_summary_whose_tasks_are_all_cancelled_is_cancelled() -> None:
    found = run(*summary("s", task("a", "5d", status="cancelled")), task("b", "1d", "s"))
    assert set(found.items) == {"b"}
    inside = run(*summary("s", task("a", "5d"), status="cancelled"), task("b", "1d", "s", "a SS"))
    assert set(inside.items) == {"b"}


def test_20_a_share_is_even_over_the_day() -> None:
    """4h of effort at a rate of 50 % take a whole eight-hour day, and its successor starts the day after."""
    half = Person(id="ana", path=(), operations=50.0)
    found = run(half, task("a", effort="4h", owner="ana"), task("b", "1d", "a"))
    assert day_of(found, "a") == (2, 2)
    assert day_of(found, "b") == (3, 3)


def test_21_days_of_effort_and_lag_are_the_plan_s_those_of_a_duration_the_task_s_own() -> None:
    weekend = calendar("weekend", workdays="sat sun", hours_per_day=10)
    ben = Person(id="ben", path=(), calendar="weekend")
    found = run(
        weekend,
        ben,
        task("a", "1w", calendar="weekend"),
        task("b", effort="1w", assignees=(Assignment("ben"),)),
        task(
            "c",
            "4d",
            calendar="weekend",
            status="doing",
            actual=Actual(start=MONDAY),
            remaining=Estimate(span("2d")),
        ),
        status_date=MONDAY,
    )
    assert day_of(found, "a") == (7, 8)  # two days of ten hours
    assert day_of(found, "b") == (7, 15)  # forty hours, ten a day, from Saturday
    assert found.items["b"].length_days == 5
    assert found.items["c"].finish_minute % 1440 == (8 + 6) * 60  # sixteen hours


# Progress


def test_done_tasks_keep_their_actual_dates_and_delay_nothing() -> None:
    saturday = date(2026, 3, 7)
    found = run(
        task("a", "9d", status="done", actual=Actual(start=MONDAY, finish=saturday)),
        task("b", "1d", "a"),
        Milestone(id="m", path=(), depends_on=needs("a")),
        Milestone(id="n", path=(), status="done", actual_finish=MONDAY, depends_on=needs("b")),
        status_date=saturday,
    )
    assert day_of(found, "a") == (2, 7)
    assert day_of(found, "b") == (9, 9)
    assert day_of(found, "m") == (7, 7)
    assert day_of(found, "n") == (2, 2)
    assert not found.items["a"].critical


def test_a_task_in_progress_keeps_its_start_and_goes_on_at_the_status_date() -> None:
    status = date(2026, 3, 11)
    begun: dict[str, Any] = {"status": "doing", "actual": Actual(start=MONDAY)}
    found = run(
        task("a", "4d", **begun, progress=50.0),
        task("b", effort="4d", **begun, progress=50.0, remaining=Estimate(span("1d"))),
        task("c", "1d", "a"),
        task("d", "1d"),
        task("e", "1d", "d", **begun),
        status_date=status,
    )
    assert {name: day_of(found, name) for name in "abcde"} == {
        "a": (2, 12),
        "b": (2, 11),
        "c": (13, 13),
        "d": (11, 11),
        "e": (2, 11),
    }
    assert found.items["a"].critical
    assert found.items["a"].late_start == MONDAY
    assert found.items["b"].total_float_days == 2
    assert found.items["d"].total_float_days == 2  # what has begun no longer waits for it


def test_done_without_dates_is_over_before_the_status_date() -> None:
    found = run(task("a", "2d", status="done"), task("b", "1d", "a"), status_date=date(2026, 3, 9))
    assert day_of(found, "a") == (5, 6)
    assert day_of(found, "b") == (9, 9)


# Others


def test_an_external_delivery_is_there_at_the_end_of_its_day() -> None:
    due = date(2026, 3, 11)
    outside = External(id="x", path=(), due=due)
    found = run(outside, task("a", "1d", "x"), Milestone(id="m", path=(), depends_on=needs("x")))
    assert day_of(found, "a") == (12, 12)
    assert found.items["a"].driver == "x"
    assert day_of(found, "m") == (11, 11)
    arrived = run(External(id="x", path=(), due=due, status="delivered"), task("a", "1d", "x"))
    assert day_of(arrived, "a") == (2, 2)


def test_items_of_other_plans_come_with_their_dates_and_unknown_ones_do_not_count() -> None:
    one = plan(task("a", "1d", "other/x", "other/gone", "nowhere"), task("b", "1d", "other/x SS+1d"))
    monday = MONDAY.toordinal() * 1440
    found = schedule(one, today=MONDAY, externals={"other/x": (monday + 480, monday + 4 * 1440 + 960)})
    assert day_of(found, "a") == (9, 9)
    assert day_of(found, "b") == (3, 3)


def test_loops_and_what_waits_for_them_are_unsound_and_the_rest_is_scheduled() -> None:
    found = run(
        task("a", "1d", "b"),
        task("b", "1d", "a"),
        task("behind", "1d", "a"),
        *summary("s", task("c", "1d", "behind"), task("d", "1d")),
        task("self", "1d", "self"),
        *summary("ring", task("e", "1d", "ring")),
        task("fine", "2d"),
        Milestone(id="m", path=(), depends_on=needs("s")),
    )
    assert set(found.items) == {"d", "fine"}
    assert found.unsound == {"a", "b", "behind", "s", "c", "self", "ring", "e", "m"}
    assert found.beyond == frozenset()


def test_work_that_nobody_ever_does_is_beyond_the_horizon_and_the_rest_is_scheduled() -> None:
    found = run(
        Person(id="ana", path=(), operations=100.0),
        calendar("never", workdays=""),
        task("a", effort="1d", owner="ana"),
        task("b", "1d", calendar="never"),
        task("c", "1d", "a"),
        task("d", "1d", not_before=date.max),
        task("e", "90000ew"),
        task("f", "1d", status="done", actual=Actual(start=date.min, finish=date.min)),
        task("fine", "1d"),
        deadline=date.max,
    )
    assert set(found.items) == {"fine"}
    assert found.beyond == {"a", "b", "d", "e", "f"}
    assert found.unsound == {"a", "b", "c", "d", "e", "f"}


def test_a_deadline_long_ago_and_an_empty_plan_have_schedules() -> None:
    assert run(task("a", "1d"), deadline=date.min).items["a"].total_float_days < -10_000
    empty = run()
    assert (empty.start, empty.finish, empty.items) == (MONDAY, MONDAY, {})


def test_a_deadline_beyond_the_horizon_leaves_room() -> None:
    items = (task("a", "1d"), task("b", "1d", "a FF"), task("c", "1d", "b FS-1d", "a SF+1ed"))
    found = run(*items, deadline=date.max)
    assert all(item.total_float_days > 10_000 for item in found.items.values())
    assert found.items["a"].free_float_days == 0


def test_summaries_take_the_extremes_of_their_tasks() -> None:
    found = run(*summary("s", task("a", "1d"), task("b", "3d", "a")), task("c", "5d"))
    assert found.items["s"].kind == "summary"
    assert day_of(found, "s") == (2, 5)
    assert (found.items["s"].total_float_days, found.items["s"].free_float_days) == (1, None)
    assert (found.items["s"].length_days, found.items["s"].critical) == (4, False)
    assert list(found.items) == ["s", "a", "b", "c"]


def test_a_network_of_summaries_stays_linear() -> None:
    many = [task(f"a{n}", "1d") for n in range(2000)]
    more = [task(f"b{n}", "1d") for n in range(2000)]
    found = run(*summary("s", *many), *summary("t", *more, depends_on=needs("s", "s SS+1d", "s FF")))
    assert found.items["t"].start == date(2026, 3, 3)
