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
assert spec is not None and spec.loader is not None
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
TIMES = {  # what the reference counts minute by minute, once for all plans
    name: reference.Calendars(plan(*CALENDARS, *PEOPLE, calendar("default", **more)), date(2025, 12, 1))
    for name, more in {"plain": {"holidays": CALENDARS[0].holidays}, "long": {"hours_per_day": 9}}.items()
}


def random_plan(seed: int) -> tuple[Plan, str]:
    """Return a random plan, every construct of the network in it, and which default calendar it has."""
    rng = random.Random(seed)
    default = rng.choice(["plain", "long"])
    base = CALENDARS[1:] + (CALENDARS[0] if default == "plain" else calendar("default", hours_per_day=9),)
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
    for one, inside in summaries.items():
        first = min(int(name[1:]) for name in inside)
        before = [name for name in names if int(name[1:]) < first and name not in inside]
        wanted = rng.sample(before, min(len(before), rng.choice([0, 0, 1, 2])))
        entries = [f"{name} {rng.choice(['FS', 'SS', 'FF', 'SF'])}{rng.choice(['', '+1d', '-4h'])}" for name in wanted]
        more = {"not_before": MONDAY + timedelta(days=4)} if rng.random() < 0.2 else {}
        outer.append(Task(id=one, path=(), children=tuple(inside), depends_on=needs(*entries), **more))
    deadline = MONDAY + timedelta(days=rng.randint(5, 40)) if rng.random() < 0.5 else None
    ordered = [*outer, *tasks] if rng.random() < 0.8 else [*outer, *reversed(tasks)]
    made = plan(*base, *PEOPLE, *ordered, *milestones, status_date=status, deadline=deadline)
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
