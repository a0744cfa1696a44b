"""What changed in meaning: by item, by date, by verdict; and how a comment says it."""

import json as stdlib_json
import re
import time
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planlint.builder import build
from planlint.diagnostics import Diagnostic, Location, Path, Position, Severity, Span
from planlint.history.changes import Difference, FieldChange, PlanChange, State, _renamed, compare
from planlint.model import Plan
from planlint.reader import read
from planlint.report import changes
from planlint.schedule.critical_path import schedule
from planlint.schedule.result import Deadline

TODAY = date(2026, 2, 16)
BASE = """
planlint: 1
id: login
title: Ship the new login
start: 2026-02-16
deadline: 2026-03-13
people:
  ana: {name: Ana}
  ben: {name: Ben}
milestones:
  live: {title: Live, depends_on: [build]}
tasks:
  design: {title: Design it, owner: ana, duration: 5d}
  build: {title: Build it, owner: ben, duration: 10d, depends_on: [design]}
  docs: {title: Write it down, owner: ben, duration: 2d}
risks:
  vendor: {title: The vendor is late, owner: ana, probability: high, impact: high}
budget: {total: 1000, lines: {work: {title: Work, planned: 800}}}
"""


def state(text: str, *diagnostics: Diagnostic, file: str = "login.plan.yaml") -> State:
    document, found = read(file, text.encode())
    assert document is not None
    built = build(document, (), found)
    assert built.findings == ()
    plan = built.plan
    dates = schedule(plan, today=TODAY)
    due = plan.deadline
    deadlines = due and Deadline(
        item=None,
        kind="plan",
        path=("deadline",),
        date=due,
        finish=dates.finish,
        verdict="feasible" if dates.finish <= due else "infeasible",
        certificate={},
    )
    return State(
        file=file,
        plan=plan,
        schedule=dates,
        deadlines=(deadlines,) if deadlines else (),
        diagnostics=diagnostics,
    )


def said(rule: str, path: Path, **values: Any) -> Diagnostic:
    place = Location("login.plan.yaml", Span(Position(1, 1), Position(1, 2)))
    fields: dict[str, Any] = {"fingerprint": f"{rule}{path}", "severity": Severity.WARNING} | values
    return Diagnostic(
        rule=rule, category="c", message=f"about {path[-1]}", location=place, path=path, **fields
    )


def change(new: str, old: str = BASE) -> PlanChange:
    [found] = compare([state(old)], [state(new)])
    return found


def items(found: PlanChange) -> list[tuple[str, str, str]]:
    return [(i.kind, i.id, "+".join(i.what)) for i in found.items]


def swap(*pairs: tuple[str, str], text: str = BASE) -> str:
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    return text


def test_the_same_meaning_written_differently_is_no_change() -> None:
    flow = "design: {title: Design it, owner: ana, duration: 5d}"
    block = "design:  # first\n    duration: 5d\n    owner: ana\n    title: 'Design it'\n"
    assert compare([state(BASE)], [state(swap((flow, block)))]) == ()
    assert compare([state(BASE)], [state("# moved\n\n\n" + BASE)]) == ()


def test_added_and_removed_items() -> None:
    new = swap(
        (
            "  docs: {title: Write it down, owner: ben, duration: 2d}\n",
            "  test: {title: Test it, owner: ana}\n",
        ),
    )
    assert items(change(new)) == [("task", "test", "added"), ("task", "docs", "removed")]


def test_owner_estimate_dependency_and_dates() -> None:
    new = swap(
        (
            "owner: ben, duration: 10d, depends_on: [design]",
            "owner: ana, duration: 12d, depends_on: [design FF+2d]",
        ),
        ("docs: {title: Write it down,", "docs: {title: Write it down, not_before: 2026-02-20,"),
    )
    build_it, docs = change(new).items
    assert build_it.fields == (
        FieldChange("owner", "ben", "ana"),
        FieldChange("duration", "10d", "12d"),
        FieldChange("depends on", "design", "design FF+2d"),
    )
    assert docs.fields == (FieldChange("not before", "none", "2026-02-20"),)


def test_a_renamed_task_is_one_change_and_who_depends_on_it_is_none() -> None:
    new = swap(("  design:", "  sketch:"), ("[design]", "[sketch]"))
    [renamed] = change(new).items
    assert (renamed.id, renamed.old_id, renamed.what) == ("sketch", "design", ("renamed",))


def test_a_chain_of_renames_is_followed() -> None:
    new = swap(
        ("  design:", "  sketch:"), ("[design]", "[sketch]"), ("  build:", "  make:"), ("[build]", "[make]")
    )
    assert items(change(new)) == [("task", "sketch", "renamed"), ("task", "make", "renamed")]


def test_a_task_moved_under_a_summary() -> None:
    flat = "  docs: {title: Write it down, owner: ben, duration: 2d}\n"
    deep = f"  end:\n    title: The end\n    tasks:\n    {flat}"
    found = change(swap((flat, deep)))
    assert items(found) == [("task", "end", "added"), ("task", "docs", "moved")]
    assert found.items[1].fields == (FieldChange("part of", "the plan", "end"),)


def test_a_risk_that_is_closed_and_one_whose_score_changes() -> None:
    found = change(swap(("impact: high}", "impact: low, status: closed}")))
    assert found.items[0].fields == (
        FieldChange("impact", "level 4", "level 2"),
        FieldChange("status", "open", "closed"),
        FieldChange("score", "2.8", "1.4"),
    )


def test_budget_and_settings_of_the_plan() -> None:
    found = change(
        swap(
            ("total: 1000", "total: 1200"),
            ("planned: 800", "planned: 900"),
            ("id: login", "id: login\nmanager: ana"),
        )
    )
    assert found.settings == (
        FieldChange("manager", "none", "ana"),
        FieldChange("budget total", "1000", "1200"),
    )
    assert items(found) == [("budget line", "work", "changed")]


def test_dates_verdicts_and_the_critical_path() -> None:
    found = change(
        swap(
            (
                "docs: {title: Write it down, owner: ben, duration: 2d",
                "docs: {title: Write it down, owner: ben, duration: 25d",
            )
        )
    )
    assert (found.finish.before, found.finish.after) == (date(2026, 3, 6), date(2026, 3, 20))
    assert found.verdict == ("feasible", "infeasible")
    assert [(f.kind, f.before, f.after) for f in found.flips] == [("plan", "feasible", "infeasible")]
    assert found.newly_infeasible
    assert found.critical == ("docs",)
    assert found.no_longer_critical == ("design", "build")
    assert found.milestones == ()


def test_a_milestone_that_slips() -> None:
    found = change(swap(("duration: 10d", "duration: 11d")))
    assert [(m.item, m.before, m.after) for m in found.milestones] == [
        ("live", date(2026, 3, 6), date(2026, 3, 9)),
    ]


def test_new_and_gone_diagnostics_follow_renames() -> None:
    old = state(BASE, said("a", ("tasks", "design")), said("b", ("tasks", "docs")))
    sound = swap(("  design:", "  sketch:"), ("[design]", "[sketch]"))
    new = state(
        sound, said("a", ("tasks", "sketch")), said("overallocated-person", ("people", "ben"), item="ben")
    )
    [found] = compare([old], [new])
    assert [d.rule for d in found.new] == ["overallocated-person"]
    assert [d.rule for d in found.gone] == ["b"]
    assert found.over_capacity == ("ben",)


def test_plans_are_paired_by_file_by_rename_and_by_id() -> None:
    old = [state(BASE, file="a.plan.yaml")]
    assert compare(old, [state(BASE, file="b.plan.yaml")])[0].old_file == "a.plan.yaml"
    other = BASE.replace("id: login", "id: other")
    assert (
        compare(old, [state(other, file="b.plan.yaml")], {"b.plan.yaml": "a.plan.yaml"})[0].what == "changed"
    )
    assert [c.what for c in compare(old, [state(other, file="b.plan.yaml")])] == ["added", "removed"]


def test_a_side_that_cannot_be_read() -> None:
    broken = State(file="login.plan.yaml", plan=None, diagnostics=(said("syntax-error", ("x",)),))
    [found] = compare([state(BASE)], [broken])
    assert (found.what, found.unreadable, found.title) == ("changed", ("after",), "Ship the new login")
    assert [d.rule for d in found.new] == ["syntax-error"]
    assert (found.gone, compare([broken], [broken])) == ((), ())
    [found] = compare([broken], [state(BASE)])
    assert ([d.rule for d in found.gone], found.unreadable) == (["syntax-error"], ("before",))


# How it is told


def difference(*plans: PlanChange, unchanged: int = 0) -> Difference:
    return Difference(old="main", new="the working tree", plans=plans, unchanged=unchanged)


REVIEWED = swap(
    ("owner: ben, duration: 10d, depends_on: [design]", "owner: ana, duration: 10d, depends_on: [design]"),
    ("depends_on: [build]}", "depends_on: [review]}"),
    ("  docs:", "  review: {title: Security review, owner: ben, duration: 8d, depends_on: [build]}\n  docs:"),
    ("impact: high}", "impact: high, status: closed}"),
)


def test_text() -> None:
    assert changes.text(difference(change(REVIEWED))) == (
        "Ship the new login (login.plan.yaml)\n"
        "  finish 2026-03-06 → 2026-03-18 (12 days later), deadline 2026-03-13: feasible → infeasible\n"
        "  milestone live 'Live': 2026-03-06 → 2026-03-18 (12 days later)\n"
        "  ~ task build 'Build it': owner ben → ana\n"
        "  + task review 'Security review'\n"
        "  ~ milestone live 'Live': depends on build → review\n"
        "  ~ risk vendor 'The vendor is late': status open → closed\n"
        "  critical now: review\n"
        "\n"
        "Ship the new login finishes 2026-03-18 instead of 2026-03-06 (12 days later); "
        "deadline 2026-03-13: feasible → infeasible.\n"
    )
    assert changes.text(difference()) == "No plan changed in meaning.\n"


def test_json() -> None:
    data = stdlib_json.loads(changes.json(difference(change(REVIEWED))))
    [plan] = data["plans"]
    assert plan["finish"] == {"item": None, "title": "", "before": "2026-03-06", "after": "2026-03-18"}
    assert plan["flips"][0]["due"] == "2026-03-13"
    assert plan["verdict"] == ["feasible", "infeasible"]
    assert plan["items"][0]["fields"] == [{"name": "owner", "before": "ben", "after": "ana"}]
    assert [item["id"] for item in plan["items"]] == ["build", "review", "live", "vendor"]


def test_comment() -> None:
    assert changes.markdown(difference(change(REVIEWED)), "Plans / check").splitlines() == [
        "<!-- planlint:comment Plans / check -->",
        (
            "**Ship the new login finishes 2026-03-18 instead of 2026-03-06 (12 days later); "
            "deadline 2026-03-13: feasible → infeasible.**"
        ),
        "",
        "### Verdicts that flipped",
        "",
        "| Plan | Deadline of | Date | Verdict | Finish |",
        "| --- | --- | --- | --- | --- |",
        "| Ship the new login | plan | 2026-03-13 | feasible → infeasible | 2026-03-18 |",
        "",
        "### Changed plans",
        "",
        "| Plan | Finish | Deadline | Items |",
        "| --- | --- | --- | --- |",
        (
            "| Ship the new login | 2026-03-06 → 2026-03-18 (12 days later) "
            "| 2026-03-13: feasible → infeasible | 1 added, 3 changed |"
        ),
        "",
        "<details>",
        "<summary>Milestones (1)</summary>",
        "",
        "| Plan | Milestone | Finish |",
        "| --- | --- | --- |",
        "| Ship the new login | live 'Live' | 2026-03-06 → 2026-03-18 (12 days later) |",
        "",
        "</details>",
        "",
        "<details>",
        "<summary>Ship the new login: items (4)</summary>",
        "",
        "| What | Item | Change |",
        "| --- | --- | --- |",
        "| task, changed | build 'Build it' | owner ben → ana |",
        "| task, added | review 'Security review' |  |",
        "| milestone, changed | live 'Live' | depends on build → review |",
        "| risk, changed | vendor 'The vendor is late' | status open → closed |",
        "",
        "</details>",
        "",
        "<details>",
        "<summary>Ship the new login: critical path (1)</summary>",
        "",
        "|  | Item |",
        "| --- | --- |",
        "| critical now | review |",
        "",
        "</details>",
    ]


def test_no_change_still_has_the_mark() -> None:
    assert (
        changes.markdown(difference(), "k")
        == "<!-- planlint:comment k -->\n**No plan changed in meaning.**\n"
    )


@pytest.mark.parametrize("key", ["a --> b", "x\n<b>", "--", "ü", ""])
def test_a_key_cannot_leave_its_comment(key: str) -> None:
    first = changes.markdown(difference(), key).splitlines()[0]
    assert re.fullmatch(r"<!-- planlint:comment [A-Za-z0-9 _./-]* -->", first)
    assert "--" not in first[4:-3]


def hundred(suffix: str = "") -> list[PlanChange]:
    plans: list[PlanChange] = []
    for i in range(100):
        found = compare(
            [state(BASE, file=f"{i}.plan.yaml")],
            [state(REVIEWED.replace("Ship the new login", f"Plan {i}{suffix}"), file=f"{i}.plan.yaml")],
        )
        plans.extend(found)
    return plans


def test_a_hundred_changed_plans_fit_into_one_comment() -> None:
    plans = hundred()
    comment = changes.markdown(difference(*plans))
    assert len(comment.encode()) <= changes.COMMENT
    for i in range(100):
        assert f"| Plan {i} |" in comment
    assert comment.splitlines()[1] == (
        "**Plans: 100 changed, 100 finishing later, 100 with a deadline that can no longer be met.**"
    )
    assert comment.count("<details>") == comment.count("</details>")
    assert "Left out to keep this short: Plan " in comment.splitlines()[-1]


def test_sections_are_left_out_from_the_end_and_named() -> None:
    large, small = change(REVIEWED), change(swap(("duration: 2d", "duration: 3d")))
    comment = changes.markdown(difference(large, small), limit=2_100)
    assert len(comment.encode()) <= 2_100
    assert "Milestones (1)" in comment
    assert "items" not in comment.replace("Left out", "\n").splitlines()[-2]
    assert comment.splitlines()[-1] == (
        "Left out to keep this short: Ship the new login: items (4), Ship the new login: critical path (1), "
        "Ship the new login: items (1). `planlint diff` shows everything."
    )
    assert comment.count("<details>") == 1


def test_a_long_table_says_how_many_rows_it_leaves_out() -> None:
    comment = changes.markdown(difference(*[change(REVIEWED)] * 250))
    assert "\nand 50 more\n" in comment


NASTY = st.text(st.one_of(st.characters(), st.sampled_from("@#|<>`*_[]-~\n\r设")), min_size=1, max_size=200)


@settings(deadline=None, max_examples=40)
@given(NASTY, st.integers(1, 12))
def test_nothing_in_a_plan_breaks_the_comment(title: str, count: int) -> None:
    [plan] = [change(REVIEWED)]
    item = type(plan.items[0])(
        kind="task", id="x", title=title, what=("changed",), fields=(FieldChange("title", title, "b"),)
    )
    fields = {name: getattr(plan, name) for name in plan.__struct_fields__} | {
        "title": title,
        "items": (item,) * count * 30,
        "new": (said("r", (title,)),) * count * 30,
    }
    nasty = PlanChange(**fields)
    comment = changes.markdown(difference(*[nasty] * count))
    assert len(comment.encode()) <= changes.COMMENT
    assert comment.count("<details>") == comment.count("</details>") == comment.count("<summary>")
    assert not re.search(r"[@#](?=\w)", re.sub(r"&#\d+;", "", comment).replace("### ", ""))
    for line in comment.splitlines():
        assert line.startswith("|") == line.endswith("|")
    tables = [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", comment, re.MULTILINE)]
    for table in tables:
        assert len({line.count("|") for line in table}) == 1
    changes.text(difference(nasty)).encode()
    stdlib_json.loads(changes.json(difference(nasty)))


def test_a_plan_whose_items_are_all_renumbered_is_compared_at_once() -> None:
    def numbered(letter: str, title: str) -> Plan:
        tasks = "".join(
            f"  {letter}{n}: {{title: {title}{n}, depends_on: [{letter}{n + 1}]}}\n" for n in range(400)
        )
        text = f"planlint: 1\ntitle: t\ntasks:\n{tasks}  {letter}400: {{title: last}}\n"
        found = state(text).plan
        assert found is not None
        return found

    start = time.monotonic()
    assert len(_renamed(numbered("a", "A"), numbered("b", "A"))) == 401
    assert len(_renamed(numbered("a", "A"), numbered("b", "B"))) == 1
    assert time.monotonic() - start < 5
