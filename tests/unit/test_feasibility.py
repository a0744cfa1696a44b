"""Verdicts against an exhaustive reference: whole days, small plans, every start day tried."""

import builtins
import random
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from planlint.builder import build as build_plan
from planlint.model import Plan
from planlint.reader import read
from planlint.schedule.bounds import Reasoning
from planlint.schedule.certificate import verify
from planlint.schedule.critical_path import analyse
from planlint.schedule.deadlines import targets
from planlint.schedule.feasibility import _Judge, decide
from planlint.schedule.formulate import formulate
from planlint.schedule.generation import Budget
from planlint.schedule.network import build
from planlint.schedule.repair import repairs
from planlint.schedule.result import Deadline
from planlint.schedule.search import Limits
from planlint.schedule.solver import solve

START = date(2026, 1, 5)  # a Monday


def plan_of(text: str) -> Plan:
    document, findings = read("a.plan.yaml", text.encode())
    assert document is not None
    assert not findings
    built = build_plan(document, [], [])
    assert not built.findings, built.findings
    return built.plan


def judged(plan: Plan, **kwargs: Any) -> tuple[Deadline, ...]:
    network = build(plan, today=START)
    found = decide(analyse(network), network, **kwargs)
    for deadline in found:
        assert verify(network, deadline) == [], (deadline, verify(network, deadline))
    return found


# The reference


def text_of(case: dict[str, Any]) -> str:
    lines = ["planlint: 1", "title: t", f"start: {START}"]
    if case["due"]:
        lines.append(f"deadline: {case['due']}")
    week = "[mon, tue, wed, thu, fri, sat, sun]"
    days = week if case["seven"] else "[mon, tue, wed, thu, fri]"
    lines.append(f"calendars: {{default: {{workdays: {days}}}, all: {{workdays: {week}}}}}")
    lines.append("people:")
    for name, person in case["people"].items():
        off = ", ".join(f"{{from: {a}, to: {b}}}" for a, b in person["off"])
        lines.append(f"  {name}: {{name: {name}, availability: {person['share']}%, time_off: [{off}]}}")
    lines.append("resources:")
    for name, resource in case["resources"].items():
        away = ", ".join(f"{{from: {a}, to: {b}}}" for a, b in resource["away"])
        lines.append(f"  {name}: {{title: {name}, units: {resource['units']}, unavailable: [{away}]}}")
    lines.append("tasks:")
    for name, task in case["tasks"].items():
        fields = ["title: x", f"{task['kind']}: {task['need']}d"]
        if task["who"]:
            fields.append(f"assignees: {{{task['who']}: {task['share']}%}}")
        if task["uses"]:
            fields.append(f"uses: {{{', '.join(f'{k}: {v}' for k, v in task['uses'].items())}}}")
        if task["waits"]:
            waits = ", ".join(f'"{other} {kind}+{lag}d"' for other, kind, lag in task["waits"])
            fields.append(f"depends_on: [{waits}]")
        if task["all"]:
            fields.append("calendar: all")
        fields += [
            f"{key}: {task[key]}"
            for key in ("not_before", "deadline", "must_start", "must_finish")
            if task.get(key)
        ]
        lines.append(f"  {name}: {{{', '.join(fields)}}}")
    return "\n".join(lines) + "\n"


def random_case(seed: int) -> dict[str, Any]:
    rng = random.Random(seed)

    def day(most: int = 11) -> date:
        return START + timedelta(days=rng.randrange(most))

    def spell(chance: float) -> list[tuple[date, date]]:
        if rng.random() > chance:
            return []
        first = day()
        return [(first, first + timedelta(days=rng.randrange(3)))]

    people = {
        name: {"share": rng.choice((100, 100, 50)), "off": spell(0.4)}
        for name in ("ana", "bob")[: rng.randint(1, 2)]
    }
    resources: dict[str, dict[str, Any]] = (
        {"lift": {"units": rng.randint(1, 2), "away": spell(0.4)}} if rng.random() < 0.6 else {}
    )
    tasks: dict[str, dict[str, Any]] = {}
    for name in "abcde"[: rng.randint(2, 5)]:
        kind = rng.choice(("effort", "effort", "duration"))
        waits = [
            (other, rng.choice(("FS", "FS", "FS", "SS", "FF")), rng.choice((0, 0, 0, 1)))
            for other in tasks
            if rng.random() < 0.3
        ]
        tasks[name] = {
            "kind": kind,
            "need": rng.randint(1, 3),
            "who": rng.choice(tuple(people)) if kind == "effort" or rng.random() < 0.5 else None,
            "share": rng.choice((100, 100, 50)),
            "uses": {"lift": rng.randint(1, resources["lift"]["units"])}
            if resources and rng.random() < 0.5
            else {},
            "waits": waits,
            "all": kind == "duration" and rng.random() < 0.3,
            "not_before": day(5) if rng.random() < 0.2 else None,
            "deadline": START + timedelta(days=rng.randint(1, 13)) if rng.random() < 0.3 else None,
            "must_start": day() if rng.random() < 0.08 else None,
            "must_finish": day(13) if rng.random() < 0.08 else None,
        }
    return {
        "people": people,
        "resources": resources,
        "tasks": tasks,
        "seven": rng.random() < 0.4,
        "due": START + timedelta(days=rng.randint(3, 13)) if rng.random() < 0.9 else None,
    }


class Reference:
    """All start days of all tasks, with the capacity of each day."""

    def __init__(
        self, case: dict[str, Any], *, keep: set[str] | None = None, capacity: set[str] | None = None
    ) -> None:
        self.case = case
        self.keep = set(case["tasks"]) if keep is None else keep
        self.capacity = {*case["people"], *case["resources"]} if capacity is None else capacity

    def works(self, task: dict[str, Any], day: date) -> bool:
        if task["who"] and any(a <= day <= b for a, b in self.case["people"][task["who"]]["off"]):
            return False
        return task["all"] or self.workday(day)

    def workday(self, day: date) -> bool:
        return self.case["seven"] or day.weekday() < 5

    def days(self, task: dict[str, Any], start: date) -> list[date] | None:
        """The days worked when it starts on `start`; None when it cannot start then."""
        if not self.works(task, start):
            return None
        left, day, found = float(task["need"]), start, []
        rate = 1.0
        if task["kind"] == "effort":
            rate = self.case["people"][task["who"]]["share"] / 100 * task["share"] / 100
        while left > 1e-9:
            if self.works(task, day):
                found.append(day)
                left -= rate
            day += timedelta(days=1)
        return found

    def after(self, day: date, count: int) -> date:
        """The first day whose morning lies `count` workdays after the evening of `day`."""
        at = day + timedelta(days=1)
        while count:
            count -= self.workday(at)
            at += timedelta(days=1)
        return at

    def feasible(self, wanted: dict[str, date]) -> bool:
        """Whether everything wanted can be done by its day, all must_… kept."""
        tasks = self.case["tasks"]
        relevant = {name for name in wanted if name in self.keep}
        relevant |= {n for n in self.keep if tasks[n].get("must_start") or tasks[n].get("must_finish")}
        for name in reversed(list(tasks)):
            if name in relevant:
                relevant |= {other for other, _, _ in tasks[name]["waits"] if other in self.keep}
        order = [name for name in tasks if name in relevant]
        last = max([*wanted.values(), *(tasks[n]["must_finish"] or START for n in order)], default=START)
        last = max([last, *(tasks[n]["must_start"] or START for n in order)])
        return self._extend(order, 0, {}, wanted, last + timedelta(days=2))

    def _extend(
        self, order: list[str], n: int, placed: dict[str, list[date]], wanted: dict[str, date], last: date
    ) -> bool:
        if n == len(order):
            return True
        name = order[n]
        task = self.case["tasks"][name]
        start = max(START, task["not_before"] or START)
        while start <= last:
            days = self.days(task, start)
            if days and self._kept(name, task, days, placed, wanted):
                placed[name] = days
                if self._extend(order, n + 1, placed, wanted, last):
                    return True
                del placed[name]
            start += timedelta(days=1)
        return False

    def _kept(  # noqa: C901, PLR0911 - one case after the other, read from the top
        self,
        name: str,
        task: dict[str, Any],
        days: list[date],
        placed: dict[str, list[date]],
        wanted: dict[str, date],
    ) -> bool:
        if name in wanted and days[-1] > wanted[name]:
            return False
        if task["must_start"] and days[0] != task["must_start"]:
            return False
        if task["must_finish"] and days[-1] != task["must_finish"]:
            return False
        for other, kind, lag in task["waits"]:
            if other not in placed:
                continue
            source = placed[other]
            if kind == "FS" and days[0] < self.after(source[-1], lag):
                return False
            if kind == "SS":
                at, count = source[0], lag
                while count:
                    count -= self.workday(at)
                    at += timedelta(days=1)
                if days[0] < at:
                    return False
            if kind == "FF":
                asked = self.after(source[-1], lag)
                at = days[-1] + timedelta(days=1)
                while at < asked:
                    if self.works(task, at):
                        return False
                    at += timedelta(days=1)
        return self._room(task, days, placed)

    def _room(self, task: dict[str, Any], days: list[date], placed: dict[str, list[date]]) -> bool:  # noqa: C901 - one case after the other, read from the top
        if task["who"] in self.capacity:
            for day in days:
                load = task["share"]
                for other, worked in placed.items():
                    row = self.case["tasks"][other]
                    if row["who"] == task["who"] and day in worked:
                        load += row["share"]
                if load > 100:
                    return False
        for name in task["uses"]:
            if name not in self.capacity:
                continue
            resource = self.case["resources"][name]
            users = [(task, days), *((self.case["tasks"][o], w) for o, w in placed.items())]
            users = [(t, w) for t, w in users if name in t["uses"]]
            everyone = [t for t in self.case["tasks"].values() if name in t["uses"]]
            day = days[0]
            while day <= days[-1]:
                if any(self.works(t, day) for t in everyone):
                    units = sum(t["uses"][name] for t, w in users if w[0] <= day <= w[-1])
                    gone = resource["units"] if any(a <= day <= b for a, b in resource["away"]) else 0
                    if units > resource["units"] - gone:
                        return False
                day += timedelta(days=1)
        return True


def wanted_by(case: dict[str, Any], deadline: Deadline) -> dict[str, date]:
    names = case["tasks"] if deadline.item is None else [deadline.item]
    return dict.fromkeys(names, deadline.date)


@pytest.mark.parametrize("block", range(8))
def test_verdicts_are_those_of_the_reference(block: int) -> None:
    decided = 0
    for seed in range(block * 40, block * 40 + 40):
        case = random_case(seed)
        reference = Reference(case)
        for deadline in judged(plan_of(text_of(case))):
            expected = "feasible" if reference.feasible(wanted_by(case, deadline)) else "infeasible"
            assert deadline.verdict == expected, (seed, deadline, text_of(case))
            decided += 1
            if deadline.certificate["kind"] == "core":
                minimal(case, deadline)
    assert decided


def minimal(case: dict[str, Any], deadline: Deadline) -> None:
    """The core cannot hold alone, and can without any one of its members."""
    core: Any = deadline.certificate
    tasks, shared = set(core["tasks"]), {*core["people"], *core["resources"]}
    wanted = wanted_by(case, deadline)

    def fits(tasks: set[str], shared: set[str]) -> bool:
        inside = {name: day for name, day in wanted.items() if name in tasks}
        return Reference(case, keep=tasks, capacity=shared).feasible(inside)

    assert "minimal" not in core
    assert not fits(tasks, shared)
    for name in tasks:
        assert fits(tasks - {name}, shared), (name, core)
    for name in shared:
        assert fits(tasks, shared - {name}), (name, core)


# Whole plans

OVERLOAD = """\
planlint: 1
title: t
start: 2026-01-05
deadline: 2026-01-14
people:
  ana: {name: Ana, operations: 20%}
tasks:
  a: {title: A, owner: ana, effort: 4d}
  b: {title: B, owner: ana, effort: 4d}
"""


def test_too_much_for_one_person_is_a_window() -> None:
    (deadline,) = judged(plan_of(OVERLOAD))
    assert deadline.certificate == {
        "kind": "window",
        "person": "ana",
        "from": "2026-01-05",
        "to": "2026-01-14",
        "tasks": ["a", "b"],
        "demand_hours": 64.0,
        "capacity_hours": 51.2,
    }
    assert (deadline.possible, deadline.late_days) == (date(2026, 1, 16), 2.0)


def test_a_chain_names_what_waits_for_what() -> None:
    plan = plan_of(
        "planlint: 1\ntitle: t\nstart: 2026-01-05\ntasks:\n"
        "  a: {title: A, duration: 4d}\n"
        "  b: {title: B, duration: 1d}\n"
        '  c: {title: C, duration: 4d, depends_on: ["a FS+1d", b], deadline: 2026-01-15}\n'
    )
    (deadline,) = judged(plan)
    assert deadline.certificate == {"kind": "chain", "items": ["a", "c"], "finish": "2026-01-15"} or (
        deadline.verdict == "feasible"
    )
    (late,) = judged(
        structs.replace(
            plan, tasks={**plan.tasks, "c": structs.replace(plan.tasks["c"], deadline=date(2026, 1, 14))}
        )
    )
    assert late.certificate == {"kind": "chain", "items": ["a", "c"], "finish": "2026-01-15"}
    assert late.late_days == 1.0


def test_the_same_plan_gives_the_same_answer_twice() -> None:
    for seed in range(12):
        plan = plan_of(text_of(random_case(seed)))
        assert judged(plan) == judged(plan)


def without_ortools(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def blocked(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("ortools"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", blocked)


def test_without_the_extra_it_says_what_could_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    without_ortools(monkeypatch)
    hard = plan_of(OVERLOAD)
    tight = Limits(generation=2, reasoning=1)
    odd = structs.replace(hard, deadline=date(2026, 1, 15))
    (deadline,) = judged(odd, limits=tight)
    if deadline.verdict == "undecided":
        assert "planlint[solver]" in deadline.decided_by
    for seed in range(30):
        case = random_case(seed)
        for found in judged(plan_of(text_of(case))):
            expected = "feasible" if Reference(case).feasible(wanted_by(case, found)) else "infeasible"
            assert found.verdict in {expected, "undecided"}


@pytest.mark.parametrize("seed", range(40))
def test_the_solver_alone_agrees(seed: int) -> None:
    pytest.importorskip("ortools")
    case = random_case(seed)
    network = build(plan_of(text_of(case)), today=START)
    formulation = formulate(network)
    judge = _Judge(formulation, analyse(network), Limits(), explain=False)
    for question in targets(network):
        problem, _ = judge.ask(question, question.day)
        reasoning = Reasoning(problem, Budget(10_000))
        windows = reasoning.windows()
        if any(a > b for a, b in zip(windows.est, windows.lst, strict=True)):
            continue
        answer = solve(reasoning, windows, effort=5, seed=1)
        names = case["tasks"] if question.item is None else [question.item]
        expected = Reference(case).feasible(dict.fromkeys(names, question.day))
        assert answer is None or bool(answer) == expected, text_of(case)


def test_repairs_repair() -> None:
    seen = 0
    for seed in range(40):
        case = random_case(seed)
        plan = plan_of(text_of(case))
        network = build(plan, today=START)
        for deadline in decide(analyse(network), network):
            for repair in repairs(network, deadline):
                if (
                    repair.what_if is None
                    or not repair.what_if.startswith("tasks")
                    or "effort" not in repair.what_if
                ):
                    continue
                key, value = repair.what_if.split("=")
                shorter = case["tasks"][key.split(".")[1]]
                before, shorter["need"] = shorter["need"], int(value.removesuffix("d"))
                assert Reference(case).feasible(wanted_by(case, deadline)), (seed, repair)
                shorter["need"] = before + 0
                seen += 1
    assert seen


def test_repairs_of_an_overload_are_the_three_smallest() -> None:
    plan = plan_of(OVERLOAD)
    network = build(plan, today=START)
    (deadline,) = decide(analyse(network), network)
    found = repairs(network, deadline)
    assert [repair.what_if for repair in found] == [
        "people.ana.operations=0%",
        "deadline=2026-01-16",
        "tasks.a.effort=2d",
    ]
