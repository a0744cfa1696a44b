"""Charts: dates and names as computed, within the limits of who draws them, well-formed and complete."""

import json
import os
import re
import subprocess
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from planlint.model import Dependency, Duration, Estimate, External, Milestone, Person, Plan, Task
from planlint.render import mermaid
from planlint.render.report import Report, Snapshot
from planlint.render.svg import gantt_svg
from planlint.render.words import language
from planlint.schedule.critical_path import schedule

TODAY = date(2026, 2, 16)
SVG = "{http://www.w3.org/2000/svg}"


def plan_of(tasks: int) -> Plan:
    work: dict[str, Task] = {}
    for group in range(0, tasks, 10):
        names = tuple(f"t{n}" for n in range(group, min(group + 10, tasks)))
        work[f"g{group}"] = Task(
            id=f"g{group}", path=("tasks", f"g{group}"), title=f"Part {group}", children=names
        )
        for n, name in enumerate(names, group):
            before = (Dependency(f"t{n - 1}", "FS", None, ()),) if n % 10 else ()
            work[name] = Task(
                id=name,
                path=("tasks", name),
                title=f"Task {n}: build it",
                owner="ana",
                parent=f"g{group}",
                effort=Estimate(Duration(2, "d")),
                depends_on=before,
                progress=50.0 if n == 0 else None,
            )
    milestones = {
        "m": Milestone(
            id="m",
            path=("milestones", "m"),
            title="Ready",
            due=date(2026, 4, 1),
            depends_on=(Dependency(f"t{min(9, tasks - 1)}", "FS", Duration(1, "d"), ()),),
        )
    }
    return Plan(
        id="p",
        file="p.plan.yaml",
        title="A <plan> & more",
        tasks=work,
        milestones=milestones,
        people={"ana": Person(id="ana", path=("people", "ana"), title="Ana Ruiz", name="Ana Ruiz")},
        start=date(2026, 1, 5),
        deadline=date(2026, 7, 31),
        status_date=TODAY,
    )


def report_of(plan: Plan, **more: Any) -> Report:
    return Report(plan=plan, today=TODAY, schedule=schedule(plan, today=TODAY), **more)


def gantt(report: Report, flavor: Any = "github") -> str:
    found = mermaid.timeline(report, language("en"), flavor)
    assert found is not None
    return found[0]


def test_bars_have_computed_dates_and_end_the_day_after() -> None:
    report = report_of(plan_of(5))
    text = gantt(report)
    assert report.schedule is not None
    for name, found in report.schedule.items.items():
        if found.kind == "task":
            title = report.plan.tasks[name].title.replace(":", "#58;")
            assert re.search(
                rf"{title} :.*t\d+, {found.start}, {found.finish + timedelta(1)}$", text, re.MULTILINE
            )
    assert "todayMarker off" in text
    assert "Status date 16\N{NO-BREAK SPACE}Feb :vert, v1, 2026-02-16, 2026-02-17" in text
    assert "Deadline 31\N{NO-BREAK SPACE}Jul :vert, v2, 2026-08-01, 2026-08-02" in text
    for word in ("excludes", "after ", "until "):
        assert word not in text


def test_elsewhere_than_on_github_dates_are_milestones() -> None:
    text = gantt(report_of(plan_of(5)), "gitlab")
    assert "vert" not in text
    assert ":milestone, v2, 2026-07-31, 2026-08-01" in text


@pytest.mark.parametrize("tasks", [5, 50, 400])
def test_a_plan_that_fits_shows_every_task(tasks: int) -> None:
    found = mermaid.timeline(report_of(plan_of(tasks)), language("en"), "github")
    assert found is not None
    assert found[1] == 0
    assert len(re.findall(r"^    Task ", found[0], re.MULTILINE)) == tasks


@pytest.mark.parametrize("tasks", [1000, 30_000])
def test_a_larger_one_is_cut_and_says_so(tasks: int) -> None:
    found = mermaid.timeline(report_of(plan_of(tasks)), language("en"), "github")
    assert found is not None
    assert len(found[0].encode("utf-16-le")) // 2 <= mermaid.MOST_TEXT
    assert found[1] == tasks
    assert "Part 10 :" in found[0]


def test_the_flowchart_draws_what_is_linked_and_no_more_than_can_be_read() -> None:
    plan = plan_of(12)
    outside = {"x": External(id="x", path=("external", "x"), title="Racks", provider="Acme", due=TODAY)}
    inside = Dependency("g0", "FS", None, ())  # of its own summary: Mermaid could not draw that
    tasks = {
        **plan.tasks,
        "t3": Task(
            id="t3", path=(), title="T", parent="g0", depends_on=(inside, Dependency("x", "FS", None, ()))
        ),
    }
    plan = Plan(
        id="p", file="p", title="P", tasks=tasks, milestones=plan.milestones, external=outside, start=TODAY
    )
    text = mermaid.flowchart(report_of(plan), language("en"))
    assert text is not None
    assert text.count("subgraph") == text.count("\n    end") == 2
    assert '-->|"FS+1d"|' in text
    assert "Racks" in text
    assert mermaid.flowchart(report_of(plan_of(100)), language("en")) is None


def test_mermaid_itself_reads_the_same_names_and_dates(tmp_path: Path) -> None:
    modules = os.environ.get("PLANLINT_NODE_MODULES")
    if not modules:
        pytest.skip("PLANLINT_NODE_MODULES is not set: Mermaid and jsdom are not here")
    reports = [report_of(plan_of(5)), report_of(plan_of(50)), report_of(plan_of(500))]
    charts = [gantt(report, flavor) for report in reports for flavor in ("github", "gitlab")]
    charts += [text for text in (mermaid.flowchart(report, language("de")) for report in reports) if text]
    (tmp_path / "in.json").write_text(json.dumps(charts), "utf-8")
    (tmp_path / "run.mjs").write_text(NODE, "utf-8")
    done = subprocess.run(
        ["node", tmp_path / "run.mjs", tmp_path / "in.json"],
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    for n, tasks in enumerate(json.loads(done.stdout)[: len(reports) * 2]):
        report = reports[n // 2]
        assert report.schedule is not None
        drawn = {task["name"]: (task["start"][:10], task["end"][:10]) for task in tasks}
        if len(report.plan.tasks) > 100 and n // 2 == 2 and "Part 0" in drawn:
            continue
        for task in report.plan.leaves():
            found = report.schedule.items[task.id]
            assert drawn[task.title] == (str(found.start), str(found.finish + timedelta(1)))


NODE = """
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
const require = createRequire(process.env.PLANLINT_NODE_MODULES + '/x.js');
const { JSDOM } = require('jsdom');
const dom = new JSDOM('<body></body>');
globalThis.window = dom.window; globalThis.document = dom.window.document;
const core = process.env.PLANLINT_NODE_MODULES + '/mermaid/dist/mermaid.core.mjs';
const mermaid = (await import(pathToFileURL(core))).default;
const plain = s => s.replace(/ﬂ°°(\\d+)¶ß/g, (_, n) => String.fromCodePoint(+n)).trim();
const out = [];
for (const text of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  await mermaid.parse(text);
  const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
  out.push(!db.getTasks ? [] : db.getTasks().map(
    t => ({ name: plain(t.task), start: t.startTime.toISOString(), end: t.endTime.toISOString() })));
}
console.log(JSON.stringify(out));
"""


@pytest.mark.parametrize("tasks", [5, 50, 500])
def test_the_svg_has_everything_beside_its_bars(tasks: int) -> None:
    plan = plan_of(tasks)
    report = report_of(plan, baseline=Snapshot(plan=plan, schedule=schedule(plan, today=TODAY), label="v1"))
    text = gantt_svg(report, language("en"))
    assert text is not None
    tree = ET.fromstring(text)
    words = [element.text or "" for element in tree.iter(f"{SVG}text")]
    classes = [element.attrib.get("class", "") for element in tree.iter()]
    for name in (
        "WBS",
        "Task",
        "Owner",
        "Start",
        "Finish",
        "Ana Ruiz",
        "1.1",
        "milestone",
        "baseline",
        "not worked",
    ):
        assert name in words, name
    assert any(re.fullmatch(r"W\d+", word) for word in words)
    assert any(word.startswith("status date 16") for word in words)
    assert any(word.startswith("deadline 31") for word in words)
    for kind in (
        "bg",
        "off",
        "bar",
        "crit",
        "cdone",
        "sum",
        "mile",
        "due",
        "float",
        "base",
        "now",
        "dead",
        "dep",
    ):
        assert kind in classes, kind
    titles = {element.text for element in tree.iter(f"{SVG}title")}
    assert {task.title for task in plan.tasks.values()} <= titles
    assert "prefers-color-scheme:dark" in text
    assert len(text.encode()) < 500 * 1024


@pytest.mark.parametrize("tag", ["en", "de"])
def test_the_labels_of_weeks_do_not_touch(tag: str) -> None:
    text = gantt_svg(report_of(plan_of(50)), language(tag)) or ""
    label = language(tag).week(TODAY).split("8")[0]
    places = [float(x) for x in re.findall(rf'x="([\d.]+)" y="[\d.]+">{label}\d+<', text)]
    assert len(places) > 5
    room = 6.5 * len(f"{label}53")  # the widest of the fonts
    assert all(after - before > room for before, after in pairwise(places))
    assert places[-1] + room < 1000


def test_a_huge_svg_keeps_its_summaries_and_says_so() -> None:
    text = gantt_svg(report_of(plan_of(3000)), language("de"))
    assert text is not None
    ET.fromstring(text)
    assert "3.000 weitere Vorgänge sind nicht gezeichnet" in text
    assert "Part 2990" in text


def test_without_a_schedule_there_is_nothing_to_draw() -> None:
    report = Report(plan=plan_of(5), today=TODAY)
    assert gantt_svg(report, language("en")) is None
    assert mermaid.timeline(report, language("en"), "github") is None
