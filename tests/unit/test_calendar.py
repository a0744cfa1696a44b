"""Working time: examples a person can count, and properties against counting minute by minute."""

import random
from datetime import date
from typing import Any

import pytest

from planlint.model import Calendar, Duration, Period, Person, Plan
from planlint.schedule.calendar import (
    FULL,
    Calendars,
    HorizonError,
    Worktime,
    calendars,
    finish_day,
    instant,
    start_day,
)

WEEK = 7 * 1440
MONDAY = date(2026, 3, 2)
HOURS_8 = 480


def made(*items: Calendar | Person) -> Calendars:
    """Return the worktimes of a plan with these calendars and people."""
    return Calendars(
        Plan(
            id="p",
            file="p",
            calendars={item.id: item for item in items if isinstance(item, Calendar)},
            people={item.id: item for item in items if isinstance(item, Person)},
        )
    )


def calendar(name: str = "default", **more: Any) -> Calendar:
    return Calendar(id=name, path=("calendars", name), **more)


def at(day: date, hour: int = 0, minute: int = 0) -> int:
    return instant(day) + hour * 60 + minute


def test_a_day_of_work_from_monday_morning_ends_on_monday_afternoon() -> None:
    time = made().default
    assert time.forward(at(MONDAY), HOURS_8) == at(MONDAY, 16)
    assert time.forward(at(date(2026, 3, 5)), 5 * HOURS_8) == at(date(2026, 3, 11), 16)


def test_work_backwards_starts_as_late_as_it_can() -> None:
    time = made().default
    assert time.backward(at(MONDAY, 16), HOURS_8) == at(MONDAY, 8)
    assert time.backward(at(date(2026, 3, 9), 8), 1) == at(date(2026, 3, 6), 15, 59)


def test_ends_and_starts_of_working_time() -> None:
    time = made().default
    saturday, friday = date(2026, 3, 7), date(2026, 3, 6)
    assert time.start_at(at(saturday)) == at(date(2026, 3, 9), 8)
    assert time.finish_at(at(saturday)) == at(friday, 16)
    assert time.last_start_at(at(saturday)) == at(friday, 15, 59)
    assert time.start_at(at(friday, 12)) == time.finish_at(at(friday, 12)) == at(friday, 12)
    assert time.start_at(at(friday, 16)) == at(date(2026, 3, 9), 8)
    assert time.finish_at(at(date(2026, 3, 9), 8)) == at(friday, 16)


def test_midnight_ends_a_day_and_starts_the_next() -> None:
    midnight = at(date(2026, 3, 3))
    assert finish_day(midnight) == MONDAY
    assert start_day(midnight) == date(2026, 3, 3)


@pytest.mark.parametrize(("hours", "begin"), [(8, 8), (16, 8), (20, 4), (24, 0)])
def test_the_block_starts_at_eight_or_ends_at_midnight(hours: float, begin: int) -> None:
    time = made(calendar(hours_per_day=hours)).default
    assert time.start_at(at(MONDAY)) == at(MONDAY, begin)


def test_inheritance_replaces_days_and_hours_and_adds_holidays() -> None:
    one = made(
        calendar(
            hours_per_day=6,
            holidays={MONDAY: "closed", date(2026, 3, 3): "closed"},
            workdays_extra=(date(2026, 3, 7),),
        ),
        calendar(
            "late",
            based_on="default",
            workdays=("tue", "wed"),
            holidays={date(2026, 3, 4): "x"},
            workdays_extra=(date(2026, 3, 3),),
        ),
    )
    late = one.calendar("late")
    days = [start_day(begin).day for begin, _, _ in late.segments(at(MONDAY), at(MONDAY) + WEEK)]
    assert days == [3, 7]  # Tuesday is an extra workday and wins over the holiday, Wednesday is closed
    assert (late.hours_per_day, late.days_per_week) == (6, 2)
    assert late.minutes(Duration(1, "w")) == 2 * 360


@pytest.mark.parametrize("base", ["late", "other", "nothing"])
def test_loops_and_unknown_bases_are_tolerated(base: str) -> None:
    one = made(calendar("late", based_on=base), calendar("other", based_on="late"))
    assert one.calendar("late").start_at(at(MONDAY)) == at(MONDAY, 8)


def test_public_holidays_of_a_country_and_a_subdivision() -> None:
    one = made(calendar(country="DE", subdivision="BW"), calendar("north", country="DE", subdivision="HH"))
    epiphany = date(2026, 1, 6)
    assert start_day(one.default.start_at(at(epiphany))) == date(2026, 1, 7)
    assert start_day(one.calendar("north").start_at(at(epiphany))) == epiphany
    assert start_day(one.default.start_at(at(date(2026, 4, 3)))) == date(2026, 4, 7)  # Easter
    assert one.findings() == ()


@pytest.mark.parametrize(
    ("country", "subdivision", "key"),
    [("QQ", None, "country"), ("registry", None, "country"), ("DE", "QQ", "subdivision")],
)
def test_an_unknown_country_is_a_finding_and_has_no_holidays(
    country: str, subdivision: str | None, key: str
) -> None:
    one = made(calendar(country=country, subdivision=subdivision))
    (finding,) = one.findings()
    assert finding.rule == "invalid-value"
    assert finding.place.path == ("calendars", "default", key)
    assert (subdivision or country) in str(finding.values["reason"])
    assert start_day(one.default.start_at(at(date(2026, 1, 1)))) == date(2026, 1, 1)


def test_people_work_at_their_share_and_not_in_their_time_off() -> None:
    off = Period(date(2026, 3, 3), date(2026, 3, 4))
    one = made(
        Person(id="ana", path=(), availability=80.0, operations=30.0, time_off=(off,)),
        Person(id="ben", path=()),
        Person(id="cem", path=(), operations=100.0),
    )
    day = HOURS_8 * FULL
    ana = one.person("ana")
    assert ana.between(at(MONDAY), at(MONDAY) + WEEK) == 3 * day // 2
    assert ana.forward(at(MONDAY), day) == at(date(2026, 3, 5), 16)
    both = one.people({"ana": 50.0, "ben": 100.0})
    assert both.between(at(MONDAY), at(MONDAY) + 1440) == day * 125 // 100
    assert (
        both.forward(at(MONDAY), 6 * day) == at(date(2026, 3, 9), 8 + 0, 0) + 96
    )  # 1.25 + 1 + 1 + 1.25 + 1.25
    with pytest.raises(HorizonError):
        one.person("cem").forward(at(MONDAY), 1)


def test_nobody_is_one_full_time_person() -> None:
    assert made().people({}).forward(at(MONDAY), HOURS_8 * FULL) == at(MONDAY, 16)


def test_percentages_with_decimals_are_exact() -> None:
    one = made(Person(id="ana", path=(), operations=87.5))
    assert (
        one.people({"ana": 33.3}).between(at(MONDAY), at(MONDAY) + 1440)
        == 480 * FULL * 125 * 333 // 1_000_000
    )


def test_people_with_different_hours_each_work_their_own_day() -> None:
    one = made(
        calendar("long", hours_per_day=10),
        Person(id="ana", path=()),
        Person(id="ben", path=(), calendar="long"),
    )
    both = one.people({"ana": 100.0, "ben": 50.0})
    assert both.segments(at(MONDAY), at(MONDAY) + 1440) == [
        (at(MONDAY, 8), at(MONDAY, 16), FULL * 3 // 2),
        (at(MONDAY, 16), at(MONDAY, 18), FULL // 2),
    ]


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_a_calendar_without_working_days_ends_at_the_horizon(direction: str) -> None:
    time = made(calendar(workdays=())).default
    with pytest.raises(HorizonError, match="1950"):
        getattr(time, direction)(at(MONDAY), 1)
    assert time.between(at(MONDAY), at(MONDAY) + WEEK) == 0


def test_what_is_too_long_or_too_far_ends_at_the_horizon() -> None:
    time = made().default
    with pytest.raises(HorizonError):
        time.forward(at(MONDAY), HOURS_8 * 100_000)
    for day in (date.min, date.max):
        with pytest.raises(HorizonError):
            time.start_at(at(day))


def test_a_plan_has_its_calendars_once() -> None:
    plan = Plan(id="p", file="p")
    assert calendars(plan) is calendars(plan)
    assert calendars(plan) is not calendars(Plan(id="p", file="p"))


def counted(time: Worktime, start: int, finish: int) -> int:
    """Count work segment by segment, without prefix sums."""
    return sum((end - begin) * rate for begin, end, rate in time.segments(start, finish))


def test_forward_and_backward_are_the_first_and_last_instants_with_so_much_work() -> None:
    rng = random.Random(7)
    off = tuple(Period(date(2026, 3, day), date(2026, 3, day + 1)) for day in (4, 13, 20))
    one = made(
        calendar(hours_per_day=7.5, holidays={date(2026, 3, 11): "x"}, workdays_extra=(date(2026, 3, 14),)),
        calendar("nights", workdays=("mon", "wed", "sat"), hours_per_day=24),
        Person(id="ana", path=(), operations=33.0, time_off=off),
        Person(id="ben", path=(), calendar="nights", availability=12.5),
    )
    for time, unit in (
        (one.default, 1),
        (one.calendar("nights"), 1),
        (one.person("ana"), FULL),
        (one.people({"ana": 70.0, "ben": 100.0}), FULL),
    ):
        for _ in range(200):
            start = at(MONDAY) + rng.randrange(3 * WEEK)
            work = rng.randrange(1, 3000) * (1 if unit == 1 else rng.randrange(1, unit))
            finish = time.forward(start, work)
            assert counted(time, start, finish) >= work > counted(time, start, finish - 1)
            assert time.between(start, finish) == counted(time, start, finish)
            begin = time.backward(start, work)
            assert counted(time, begin, start) >= work > counted(time, begin + 1, start)


def test_the_work_that_a_plan_can_cause_is_bounded() -> None:
    people = [Person(id=f"p{n}", path=()) for n in range(200)]
    one = made(*people)
    years = HOURS_8 * FULL * 250 * 70  # before the horizon
    assert one.person("p0").forward(at(MONDAY), years) > at(date(2090, 1, 1))

    def everybody() -> list[int]:
        return [one.person(person.id).forward(at(MONDAY), years) for person in people]

    with pytest.raises(HorizonError):
        everybody()
    assert one.default.forward(at(MONDAY), HOURS_8) == at(MONDAY, 16)
