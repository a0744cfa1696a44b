"""One cause, one diagnostic: what a mistake of structure or a loop must not drag behind it."""

from datetime import date

import pytest

from planlint.checks import network
from planlint.config import Config
from planlint.engine import lint
from planlint.rulesets import Choice, load
from planlint.world import World

HEAD = "planlint: 1\ntitle: Move\nmanager: ana\nsponsor: ana\n"
PEOPLE = "people: {ana: {name: Ana Ruiz}}\n"


def said(*texts: str, also: tuple[str, ...] = (), of: int = 0) -> list[tuple[str, int]]:
    """Return (rule, line) of what these categories say of one of the plans p0, p1 …"""
    files = {f"p{number}.plan.yaml": HEAD + text + PEOPLE for number, text in enumerate(texts)}
    config = Config(catalogue=load())
    world = World(content=lambda file: files[file].encode(), expand=lambda _, __: (), config=lambda _: config)
    choice = Choice(select=("structure", "network", "ownership", *also))
    result = lint(list(files), world, choice=choice, today=date(2026, 2, 16))
    here = [d for d in result.diagnostics if d.location.path == f"p{of}.plan.yaml"]
    return [(d.rule, d.location.span.start.line) for d in here]


def chain(*lines: str) -> str:
    return "tasks:\n" + "".join(f"  {line}\n" for line in lines)


def test_a_misspelt_predecessor_leaves_the_one_that_was_meant_alone() -> None:
    text = chain(
        "design: {title: Design, owner: ana}",
        "review: {title: Review, owner: ana, depends_on: [design]}",
        "build: {title: Build, owner: ana, depends_on: [design, reviev]}",
        "ship: {title: Ship, owner: ana, depends_on: [build]}",
    )
    assert said(text + "milestones: {live: {title: Live, owner: ana, depends_on: [ship]}}\n") == [
        ("unknown-reference", 8)
    ]


def test_a_misspelt_deliverable_is_not_also_without_task() -> None:
    text = chain("write: {title: Write, owner: ana, deliverables: [manuall]}")
    text += "deliverables: {manual: {title: The manual, owner: ana, acceptance: [Read]}}\n"
    assert said(text, also=("scope",)) == [("unknown-reference", 6)]


def test_an_isolated_task_is_not_also_open_ended() -> None:
    text = chain(
        "a: {title: One, owner: ana}",
        "b: {title: Two, owner: ana, depends_on: [a]}",
        "c: {title: Three, owner: ana, depends_on: [b]}",
        "d: {title: Four, owner: ana}",
    )
    assert said(text + "milestones: {live: {title: Live, owner: ana, depends_on: [c]}}\n") == [
        ("isolated-task", 9)
    ]


def test_an_id_given_twice_makes_no_loop() -> None:
    text = chain(
        "train: {title: Train, owner: ana, depends_on: [answers]}",
        "answers: {title: Write the answers, owner: ana}",
    )
    text = "milestones: {answers: {title: Answers, owner: ana, depends_on: [train]}}\n" + text
    assert [rule for rule, _ in said(text)] == ["duplicate-id"]


def test_a_dependency_that_closes_many_loops_is_reported_once() -> None:
    text = chain(
        "a: {title: One, owner: ana, depends_on: [e]}",
        "b: {title: Two, owner: ana, depends_on: [a]}",
        "c: {title: Three, owner: ana, depends_on: [a]}",
        "d: {title: Four, owner: ana, depends_on: [b, c]}",
        "e: {title: Five, owner: ana, depends_on: [d]}",
    )
    assert said(text) == [("dependency-cycle", 6)]


def test_a_loop_through_a_task_with_another_mistake_is_still_one() -> None:
    text = chain(
        "a: {title: One, owner: ana, depends_on: [b]}",
        "b: {title: Two, owner: anna, depends_on: [a]}",
    )
    assert said(text) == [("dependency-cycle", 6), ("unknown-reference", 7)]


def test_a_loop_through_a_summary_is_told_from_task_to_task() -> None:
    text = chain(
        "phase: {title: Phase, depends_on: [ship], tasks: {build: {title: Build, owner: ana}}}",
        "ship: {title: Ship, owner: ana, depends_on: [build]}",
    )
    files = {"p.plan.yaml": (HEAD + text + PEOPLE).encode()}
    world = World(files.__getitem__, lambda _, __: (), lambda _: Config(catalogue=load()))
    result = lint(
        ["p.plan.yaml"], world, choice=Choice(select=("dependency-cycle",)), today=date(2026, 2, 16)
    )
    assert [d.message.partition(";")[0] for d in result.diagnostics] == [
        "'phase' waits for itself: 'phase', around 'build', waits for 'ship', 'ship' waits for 'build'"
    ]
    assert [r.message for d in result.diagnostics for r in d.related] == ["'ship' waits for 'build'"]


def test_redundant_dependencies_are_found_in_batches_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_BATCH", 1)
    text = chain(
        "a: {title: One, owner: ana}",
        "b: {title: Two, owner: ana, depends_on: [a]}",
        "c: {title: Three, owner: ana, depends_on: [a, b]}",
        "d: {title: Four, owner: ana, depends_on: [a, b, c]}",
    )
    redundant = "redundant-dependency"
    assert said(text) == [(redundant, 8), (redundant, 9), (redundant, 9)]


def test_a_task_that_waits_for_itself_is_only_that() -> None:
    text = chain(
        "a: {title: One, owner: ana}",
        "b: {title: Two, owner: ana, depends_on: [a]}",
        "c: {title: Three, owner: ana, depends_on: [a, b, c]}",
        "d: {title: Four, owner: ana, depends_on: [b]}",
    )
    milestone = "milestones: {live: {title: Live, owner: ana, depends_on: [c, d]}}\n"
    assert said(text + milestone) == [("redundant-dependency", 8), ("self-dependency", 8)]


def test_a_loop_through_plans_is_reported_in_the_first() -> None:
    one = chain("a: {title: One, owner: ana, depends_on: [p1/b]}")
    other = chain("b: {title: Two, owner: ana, depends_on: [p0/a]}")
    assert said(one, other) == [("dependency-cycle", 6)]
    assert said(one, other, of=1) == []


def test_a_plan_that_is_done_is_not_asked_about_money() -> None:
    text = "status: done\nbudget: {total: 10, lines: {racks: {planned: 20, owner: ana}}}\ntasks: {}\n"
    head = len(HEAD.splitlines())
    assert said(text, also=("budget",)) == []
    assert said(text.replace("done", "active"), also=("budget",)) == [
        ("missing-contingency", head + 2),
        ("budget-exceeded", head + 2),
        ("missing-currency", head + 2),
    ]
