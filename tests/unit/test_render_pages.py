"""Pages: what a sponsor reads in ten seconds, and that every table, language and audience is whole."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from planlint import builder
from planlint.diagnostics import Diagnostic, Location, Position, Severity, Span
from planlint.errors import UsageError
from planlint.model import Dependency, Duration, Estimate, Impact, Milestone, Person, Plan, Risk, Task
from planlint.reader import read
from planlint.render.pages import MOST_BYTES, Renderer, check_names
from planlint.render.report import AUDIENCES, SECTIONS, Options, Report, Snapshot
from planlint.schedule.calendar import HorizonError
from planlint.schedule.critical_path import schedule
from planlint.schedule.result import Deadline

EXAMPLES = Path(__file__).parents[2] / "examples"
TODAY = date(2026, 2, 16)


def report_of(file: Path, **more: Any) -> Report:
    document, found = read(file.name, file.read_bytes())
    assert document is not None, found
    names = document.data.get("include", [])
    fragments = [read(name, (file.parent / name).read_bytes())[0] for name in names]
    plan = builder.build(document, [one for one in fragments if one], ()).plan
    return made(plan, **more)


def made(plan: Plan, **more: Any) -> Report:
    computed = schedule(plan, today=TODAY)
    deadlines = list(verdicts(plan, computed.finish))
    return Report(plan=plan, today=TODAY, schedule=computed, deadlines=tuple(deadlines), **more)


def verdicts(plan: Plan, finish: date) -> Iterator[Deadline]:
    if plan.deadline:
        verdict: Any = "feasible" if finish <= plan.deadline else "infeasible"
        yield Deadline(
            item=None,
            kind="plan",
            path=("deadline",),
            date=plan.deadline,
            finish=finish,
            verdict=verdict,
            certificate={"kind": "chain", "items": list(plan.tasks), "finish": finish.isoformat()},
            late_days=5,
            possible=finish,
        )


def large(tasks: int, **more: Any) -> Plan:
    people = {
        who: Person(id=who, path=("people", who), title=who.title(), name=who.title())
        for who in ("ana", "ben")
    }
    work: dict[str, Task] = {}
    for group in range(0, tasks, 10):
        names = [f"t{n}" for n in range(group, min(group + 10, tasks))]
        work[f"g{group}"] = Task(
            id=f"g{group}", path=("tasks", f"g{group}"), title=f"Part {group}", children=tuple(names)
        )
        for n in range(group, min(group + 10, tasks)):
            before = (Dependency(f"t{n - 1}", "FS", None, ()),) if n % 10 else ()
            work[f"t{n}"] = Task(
                id=f"t{n}",
                path=("tasks", f"t{n}"),
                title=f"Build and test component number {n} | with a pipe",
                owner="ana" if n % 2 else "ben",
                effort=Estimate(Duration(3, "d")),
                parent=f"g{group}",
                depends_on=before,
            )
    return Plan(
        id="large",
        file="large.plan.yaml",
        title="Large",
        people=people,
        tasks=work,
        start=date(2026, 1, 5),
        deadline=date(2026, 12, 18),
        status_date=TODAY,
        **more,
    )


def rows_of(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each table's header cells with every one of its rows."""
    header: list[str] | None = None
    fenced = False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if fenced or not line.startswith("|"):
            header = None
            continue
        cells = line[1:-1].split("|")
        header = header or cells
        yield header, cells


def check_tables(text: str) -> None:
    for header, cells in rows_of(text):
        assert len(cells) == len(header), cells


def diagnostic(severity: Severity = Severity.ERROR, category: str = "structure", **more: Any) -> Diagnostic:
    start = Position(12, 5)
    return Diagnostic(
        rule="unknown-key",
        category=category,
        severity=severity,
        message="'stauts' is not a key | x",
        location=Location("plans/a.plan.yaml", Span(start, start)),
        **more,
    )


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/*.plan.yaml")), ids=lambda file: file.stem)
@pytest.mark.parametrize("tag", ["en", "de"])
def test_every_table_has_equal_rows_and_every_line_ends_clean(file: Path, tag: str) -> None:
    report = report_of(file, diagnostics=(diagnostic(),))
    for name, text in Renderer(Options(language=tag)).page(report).items():
        if name.endswith(".md"):
            check_tables(text)
            assert not re.search(r"[ \t]\n", text)
            assert "\n\n\n" not in text
            assert "None" not in text


def test_two_renderings_are_the_same_bytes() -> None:
    report = report_of(EXAMPLES / "warehouse-move" / "warehouse-move.plan.yaml")
    first, second = (Renderer(Options()).page(report) for _ in range(2))
    assert first == second


def test_the_page_begins_with_its_marker_and_answers_first() -> None:
    report = report_of(EXAMPLES / "warehouse-move" / "warehouse-move.plan.yaml")
    text = Renderer(Options()).page(report)["warehouse-move.md"]
    assert text.startswith("<!-- planlint:page warehouse-move -->\n")
    headings = re.findall(r"^## (.*)", text, re.MULTILINE)
    assert headings[0] == "Will it hold?"
    assert text.index("On track") < text.index("Move the north warehouse")
    assert "26\N{NO-BREAK SPACE}Jun\N{NO-BREAK SPACE}2026" in text
    assert text.rstrip().endswith("planlint 0.1.0")


def test_a_missed_deadline_is_red_with_its_reason_date_and_chain() -> None:
    report = made(replace(large(30), deadline=date(2026, 2, 27)))
    text = Renderer(Options(sections=("summary",))).body(report)
    assert "🟥 Will not hold" in text
    assert re.search(
        r"The deadline on 27.Feb.2026 cannot be met: .* at the earliest, 5 working days late", text
    )
    assert "→" in text


@pytest.mark.parametrize(
    ("change", "light", "said"),
    [
        ({}, "🟢 On track", "to spare"),
        ({"deadline": None}, "⬜ No deadline", ""),
        ({"status": "done"}, "⬜ Done", ""),
        ({"deadline": "tight"}, "🔶 At risk", "Only 0 days of buffer"),
    ],
)
def test_the_light_says_why(change: dict[str, Any], light: str, said: str) -> None:
    plan = large(20)
    if change.get("deadline") == "tight":
        change = {"deadline": schedule(plan, today=TODAY).finish}
    text = Renderer(Options(sections=("summary",))).body(made(replace(plan, **change)))
    assert light in text
    assert said in text


def test_without_a_verdict_the_light_is_not_green() -> None:
    report = replace(made(large(20)), deadlines=())
    text = Renderer(Options(sections=("summary",))).body(report)
    assert "On track" not in text
    assert "not decided" in text


def test_a_plan_without_schedule_says_so() -> None:
    report = replace(made(large(20)), deadlines=(), schedule=None, diagnostics=(diagnostic(),))
    text = Renderer(Options()).body(report)
    assert "Cannot be said" in text
    check_tables(text)


def test_errors_of_structure_come_first_and_link_to_their_lines() -> None:
    report = made(large(20), diagnostics=(diagnostic(Severity.WARNING), diagnostic()))
    text = Renderer(Options(out="docs/plans")).body(report)
    assert text.index("## Findings") < text.index("## Will it hold?")
    assert "[a.plan.yaml:12](../../plans/a.plan.yaml#L12)" in text
    assert text.index("| error |") < text.index("| warning |")
    assert "1 error, 1 warning" in text


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"flavor": "github", "wiki": True}, "(https://git.example/o/r/blob/HEAD/plans/a.plan.yaml#L12)"),
        ({"flavor": "gitlab", "wiki": True}, "(https://git.example/o/r/-/blob/HEAD/plans/a.plan.yaml#L12)"),
        ({"flavor": "plain"}, "(https://git.example/o/r/blob/HEAD/plans/a.plan.yaml#L12)"),
    ],
)
def test_away_from_the_repository_lines_link_to_it(options: dict[str, Any], expected: str) -> None:
    report = made(large(20, links={"repo": "https://git.example/o/r/"}), diagnostics=(diagnostic(),))
    assert expected in Renderer(Options(**options)).section("findings", report)


def test_a_sponsor_reads_no_jargon() -> None:
    report = report_of(EXAMPLES / "warehouse-move" / "warehouse-move.plan.yaml")
    text = Renderer(Options(audience="sponsor")).body(report)
    assert "Float" not in text
    assert "RACI" not in text
    assert "## Work" not in text
    assert "## Budget" in text


@pytest.mark.parametrize("audience", [a for a in AUDIENCES if a])
def test_an_audience_orders_its_sections(audience: Any) -> None:
    report = report_of(EXAMPLES / "warehouse-move" / "warehouse-move.plan.yaml")
    renderer = Renderer(Options(audience=audience))
    body = renderer.body(report)
    places = [body.index(text) for name in AUDIENCES[audience] if (text := renderer.section(name, report))]
    assert places == sorted(places)
    assert set(AUDIENCES[audience]) <= set(SECTIONS)


def test_every_section_shows_something_of_the_full_example() -> None:
    report = report_of(EXAMPLES / "warehouse-move" / "warehouse-move.plan.yaml", diagnostics=(diagnostic(),))
    before = Snapshot(
        plan=replace(report.plan, deadline=date(2026, 6, 19)), schedule=report.schedule, label="v1"
    )
    plan = replace(
        report.plan, assumptions={k: replace(v, status="open") for k, v in report.plan.assumptions.items()}
    )
    full = replace(report, baseline=before, plan=plan)
    empty = [name for name in SECTIONS if not Renderer(Options()).section(name, full)]
    assert empty == []


ENGLISH = re.compile(
    r"\b(?:the|and|of|with|until|days?|weeks?|hours?|due|owner|finish|start|status|none|yes|task|done|open"
    r"|high|medium|low|planned|away|by|for|to|is|are|at|risk|since|earlier|later|deadline|buffer)\b",
    re.IGNORECASE,
)


def silent(value: Any) -> Any:
    """Return plan data with every text of people's own replaced, so that only fixed words are left."""
    if isinstance(value, Struct):
        kept = {
            "id",
            "path",
            "predecessor",
            "type",
            "unit",
            "kind",
            "file",
            "currency",
            "who",
            "status",
            "country",
        }
        words = {
            "response",
            "category",
            "probability",
            "severity",
            "interest",
            "influence",
            "attitude",
            "desired",
        }
        kept |= {
            *words,
            "methodology",
            "direction",
            "subdivision",
            "workdays",
            "calendar",
            "assignees",
            "members",
        }
        kept |= {
            "depends_on",
            "children",
            "parent",
            "owner",
            "deliverables",
            "affects",
            "supports",
            "to",
            "audience",
        }
        fields = {n: getattr(value, n) for n in value.__struct_fields__}
        return replace(
            value, **{n: v if n in kept and not isinstance(v, dict) else silent(v) for n, v in fields.items()}
        )
    if isinstance(value, dict):
        return {key: silent(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(silent(part) for part in value)
    return "Xx" if isinstance(value, str) else value


def test_a_german_page_has_no_english_left() -> None:
    report = report_of(EXAMPLES / "warehouse-move" / "warehouse-move.plan.yaml")
    plan = silent(report.plan)
    plan = replace(plan, tasks={k: replace(t, status="doing") for k, t in plan.tasks.items()})
    earlier = Snapshot(
        plan=replace(plan, deadline=date(2026, 6, 19)),
        schedule=schedule(plan, today=date(2026, 3, 2)),
        label="Xx",
    )
    german = replace(
        made(plan),
        baseline=earlier,
        portfolio={"other": Snapshot(plan=replace(plan, id="other"), schedule=report.schedule)},
    )
    renderer = Renderer(Options(language="de"))
    pages = {**renderer.page(german), **renderer.front([german])[0]}
    for name, text in pages.items():
        shown = re.sub(r"<style>.*</style>|<!--.*?-->|https?[^ |)]*|`[^`]*`|<[^>]*>", " ", text)
        shown = re.sub(
            r"^(?:gantt|flowchart|    (?:acc|date|axis|today|section|subgraph|class|end|[ntx]\d)).*",
            " ",
            shown,
            flags=re.MULTILINE,
        )
        shown = re.sub(
            r"\([^)]*\.svg\)|:(?:crit|active|done|milestone|vert).*|\S+\.plan\.yaml|planlint \S+", " ", shown
        )
        left = {word.lower() for word in ENGLISH.findall(shown)} - {"at"}
        assert left == set(), (name, left)
    assert re.search(r"\d{1,3}\.\d{3}\N{NO-BREAK SPACE}EUR", pages["warehouse-move.md"])
    assert not re.search(r"\d{4}-\d{2}-\d{2}(?![^`]*```)", pages["warehouse-move.md"].split("```")[0])


def test_500_tasks_take_under_two_seconds_and_stay_small() -> None:
    report = made(large(500))
    begin = perf_counter()
    pages = Renderer(Options()).page(report)
    assert perf_counter() - begin < 2
    assert all(len(text.encode()) < MOST_BYTES for text in pages.values())
    check_tables(pages["large.md"])


def test_a_huge_page_is_split_by_summary() -> None:
    report = made(large(6000))
    pages = Renderer(Options()).page(report)
    assert all(len(text.encode()) <= MOST_BYTES for name, text in pages.items() if name.endswith(".md"))
    assert "large--g10.md" in pages
    assert "](large--g10.md)" in pages["large.md"]
    assert "Build and test component number 15 " in pages["large--g10.md"]
    assert "](large.md)" in pages["large--g10.md"]
    for text in pages.values():
        assert "planlint:page large " in text[:80]


def test_a_plan_that_has_used_up_its_days_still_has_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    report = made(large(20))

    def refuse(*_: object) -> int:
        raise HorizonError

    monkeypatch.setattr("planlint.render.load.Worktime.between", refuse)
    assert "# " in Renderer(Options()).page(report)["large.md"]


@pytest.mark.parametrize("identifier", ["index", "home", "_sidebar", "Index"])
def test_pages_of_planlints_own_are_not_taken(identifier: str) -> None:
    with pytest.raises(UsageError, match="page of planlint's own"):
        check_names([made(replace(large(10), id=identifier))])


def test_two_plans_of_one_id_are_an_error() -> None:
    with pytest.raises(UsageError, match="also that of"):
        check_names([made(large(10)), made(large(20))])


def test_a_wiki_has_its_own_names_and_links() -> None:
    report = made(large(20))
    pages, shared = Renderer(Options(wiki=True)).front([report])
    assert pages == {}
    assert [one.name for one in shared] == ["Home.md", "_Sidebar.md"]
    assert all("](large)" in one.body for one in shared)
    gitlab = Renderer(Options(wiki=True, flavor="gitlab"))
    assert [one.name for one in gitlab.front([report])[1]] == ["home.md", "_sidebar.md"]
    assert gitlab.page(report)["large.md"].startswith(
        '---\ntitle: "Large"\n---\n<!-- planlint:page large -->'
    )
    timeline = Renderer(Options(wiki=True)).section("timeline", report)
    assert "![" not in timeline
    assert "(large.svg)" in timeline


def test_the_index_shows_people_whom_several_plans_want() -> None:
    first, second = made(large(20)), made(replace(large(20), id="other", title="Other"))
    text = Renderer(Options()).front([first, second])[0]["index.md"]
    check_tables(text)
    assert "People in several plans" in text
    assert "▲" in text
    assert "[Other](other.md)" in text


def test_what_changed_since_the_baseline() -> None:
    plan = large(30)
    slower = replace(
        plan, tasks={**plan.tasks, "t3": replace(plan.tasks["t3"], effort=Estimate(Duration(30, "d")))}
    )
    before = Snapshot(plan=plan, schedule=schedule(plan, today=TODAY), label="v1")
    text = Renderer(Options(sections=("summary", "changed"))).body(made(slower, baseline=before))
    assert "↘ 27 days later than in v1" in text
    assert "27 days later" in text
    check_tables(text)


def test_the_heat_map_counts_every_open_risk_once() -> None:
    risks = {
        f"r{p}{i}": Risk(
            id=f"r{p}{i}", path=("risks", f"r{p}{i}"), title="R", probability=p, impact=Impact(level=i)
        )
        for p in (5.0, 30.0, 50.0, 70.0, 90.0)
        for i in range(1, 6)
    }
    text = Renderer(Options()).section("risks", made(replace(large(10), risks=risks)))
    cells = [cell for _, row in rows_of(text.split("\n\n")[1]) for cell in row]
    assert sum("**1** · " in cell for cell in cells) == 25
    assert cells[-1] == " **1** · medium "
    assert "**1** · very high" in text


RENDERER = Renderer(Options())
HOSTILE = st.lists(
    st.sampled_from(
        [
            "|",
            "`",
            "<b>",
            "](javascript:x)",
            "\n",
            "%%{init}",
            "\u202e",
            "😀",
            "```",
            "<!--",
            "{{",
            "#",
            "-->",
            "$$",
            "[",
            "x",
            "end",
        ]
    ),
    min_size=1,
    max_size=8,
).map("".join)


@settings(deadline=None, max_examples=25)
@given(HOSTILE)
def test_hostile_titles_change_nothing_but_the_text(title: str) -> None:
    plain = hostile_page("Xx")
    shown = hostile_page(title)
    for name, text in shown.items():
        if name.endswith(".md"):
            check_tables(text)
            skeleton = [re.sub(r"\|.*|\*\*.*|# .*|    .*", "", line) for line in text.splitlines()]
            expected = [re.sub(r"\|.*|\*\*.*|# .*|    .*", "", line) for line in plain[name].splitlines()]
            assert skeleton == expected
            assert "<b>" not in text
            assert "](javascript:" not in text


def hostile_page(title: str) -> dict[str, str]:
    plan = large(12)
    plan = replace(
        plan,
        title=title,
        tasks={k: replace(t, title=title) for k, t in plan.tasks.items()},
        people={k: replace(p, title=title, role=title, department=title) for k, p in plan.people.items()},
        milestones={
            "m": Milestone(
                id="m", path=("milestones", "m"), title=title, due=TODAY + timedelta(9), gate=(title,)
            )
        },
        risks={
            "r": Risk(
                id="r",
                path=("risks", "r"),
                title=title,
                probability=50,
                impact=Impact(level=3),
                mitigation=(title,),
                contingency=(title,),
                trigger=title,
            )
        },
    )
    return RENDERER.page(made(plan))
