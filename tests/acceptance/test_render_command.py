"""`planlint render` as people run it: exit codes, what it writes, and that the examples are current."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from planlint.render.escaping import clean, gantt, inline, label, markdown

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TODAY = "2026-02-16"
PLAN = """\
planlint: 1
title: Ship it
start: 2026-02-02
status_date: 2026-02-16
deadline: 2026-04-30
tasks:
  build: {title: Build it, owner: ana, effort: 5d}
  test: {title: Test it, owner: ana, effort: 2d, depends_on: [build]}
people: {ana: {name: Ana Ruiz}}
"""


def planlint(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "PLANLINT_TODAY"}
    return subprocess.run(
        [sys.executable, "-m", "planlint", "render", *map(str, arguments)],
        cwd=cwd,
        env={**clean, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "ship.plan.yaml").write_text(PLAN, "utf-8")
    return tmp_path


def pages(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_it_writes_pages_twice_the_same_and_check_agrees(work: Path) -> None:
    done = planlint("--out", "docs", cwd=work)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    first = pages(work / "docs")
    assert set(first) == {"index.md", "ship.md", "ship.svg"}
    assert planlint("--out", "docs", cwd=work).returncode == 0
    assert pages(work / "docs") == first
    assert planlint("--out", "docs", "--check", cwd=work).returncode == 0


def test_check_shows_what_is_stale_and_writes_nothing(work: Path) -> None:
    planlint("--out", "docs", cwd=work)
    before = pages(work / "docs")
    (work / "ship.plan.yaml").write_text(PLAN.replace("Build it", "Build it well"), "utf-8")
    done = planlint("--out", "docs", "--check", cwd=work)
    assert done.returncode == 1
    assert "--- a/docs/ship.md" in done.stdout
    assert "Build it well" in done.stdout
    assert pages(work / "docs") == before


def test_findings_do_not_fail_the_run_but_a_plan_that_cannot_be_built_does(work: Path) -> None:
    (work / "bad.plan.yaml").write_text("planlint: 1\ntitle: [\n", "utf-8")
    (work / "odd.plan.yaml").write_text(PLAN + "stauts: active\n", "utf-8")
    done = planlint("--out", "docs", cwd=work)
    assert done.returncode == 1
    assert "bad.plan.yaml:" in done.stderr
    assert "[syntax-error]" in done.stderr
    assert set(pages(work / "docs")) == {"index.md", "odd.md", "odd.svg", "ship.md", "ship.svg"}
    text = (work / "docs" / "odd.md").read_text("utf-8")
    assert text.index("stauts") < text.index("Will it hold?")
    assert "[odd.plan.yaml:10](../odd.plan.yaml#L10)" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "nowhere"),
        (["--section", "nonsense"], "nonsense"),
        (["--lang", "fr"], "fr"),
        (["--template", "nowhere"], "does not exist"),
        (["--since", "no-such-revision"], "no-such-revision"),
        (["--stdout", "--check"], "--stdout"),
        (["--inject", "nothing.md"], "nothing.md"),
        (["--out", "ship.plan.yaml"], "not a folder"),
    ],
)
def test_wrong_use_exits_with_2_and_writes_nothing(work: Path, arguments: list[str], said: str) -> None:
    before = pages(work)
    done = planlint(*arguments, cwd=work)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert pages(work) == before


def test_stdout_shows_one_section(work: Path) -> None:
    done = planlint("ship.plan.yaml", "--stdout", "--section", "summary", cwd=work)
    assert done.returncode == 0
    assert "On track" in done.stdout
    assert "## Work" not in done.stdout
    assert not (work / "report").exists()


def test_injection_fills_the_readme_and_nothing_else(work: Path) -> None:
    readme = work / "README.md"
    readme.write_text(
        "# Mine\n<!-- planlint:begin summary ship -->\n<!-- planlint:end -->\nmine too\n", "utf-8"
    )
    assert planlint("ship.plan.yaml", "--inject", "README.md", "--check", cwd=work).returncode == 1
    assert planlint("ship.plan.yaml", "--inject", "README.md", cwd=work).returncode == 0
    text = readme.read_text("utf-8")
    assert "On track" in text
    assert text.startswith("# Mine\n")
    assert text.endswith("<!-- planlint:end -->\nmine too\n")
    assert set(pages(work)) == {"README.md", "ship.plan.yaml"}
    assert planlint("ship.plan.yaml", "--inject", "README.md", "--check", cwd=work).returncode == 0
    readme.write_text(text.replace("summary ship", "summary other"), "utf-8")
    done = planlint("ship.plan.yaml", "--inject", "README.md", cwd=work)
    assert done.returncode == 2
    assert "README.md:2: there is no plan 'other'" in done.stderr


def test_a_template_of_ones_own_replaces_one_section(work: Path) -> None:
    (work / "mine").mkdir()
    template = work / "mine" / "work.md.j2"
    template.write_text(
        "## Mine\n\n{% for row in data.rows %}\n- **{{ row.wbs }}** {{ row.title }}\n{% endfor %}", "utf-8"
    )
    assert planlint("--out", "docs", "--template", "mine", cwd=work).returncode == 0
    text = (work / "docs" / "ship.md").read_text("utf-8")
    assert "## Mine\n\n- **1** Build it\n- **2** Test it\n" in text
    assert "## Will it hold?" in text
    before = pages(work / "docs")
    template.write_text("one\n{% for x in range(9) %}\n{{ plan.__class__ }}{% endfor %}", "utf-8")
    done = planlint("--out", "docs", "--template", "mine", cwd=work)
    assert done.returncode == 2
    assert re.search(r"mine/work\.md\.j2:3: ", done.stderr)
    assert pages(work / "docs") == before


def test_the_configuration_names_the_folder_but_not_one_outside(work: Path) -> None:
    inner = work / "repo"
    (inner / ".git").mkdir(parents=True)
    shutil.move(work / "ship.plan.yaml", inner)
    config = inner / ".planlint.yaml"
    config.write_text("render: {out: docs/plans}\n", "utf-8")
    assert planlint(cwd=inner).returncode == 0
    assert (inner / "docs" / "plans" / "ship.md").exists()
    config.write_text("render: {out: ../../elsewhere}\n", "utf-8")
    done = planlint(cwd=inner)
    assert done.returncode == 2
    assert "leads out of the repository" in done.stderr


def test_the_status_date_is_today_unless_said_otherwise(work: Path) -> None:
    undated = PLAN.replace("status_date: 2026-02-16\n", "")
    (work / "ship.plan.yaml").write_text(undated, "utf-8")
    done = planlint("ship.plan.yaml", "--stdout", "--today", "2026-03-02", cwd=work)
    assert "status as of 2\N{NO-BREAK SPACE}Mar\N{NO-BREAK SPACE}2026" in done.stdout


def test_since_compares_with_a_revision(work: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=work, check=True, capture_output=True)

    git("init", "-q")
    git("add", "ship.plan.yaml")
    git("commit", "-qm", "plan")
    (work / "ship.plan.yaml").write_text(PLAN.replace("effort: 5d", "effort: 8d"), "utf-8")
    done = planlint("ship.plan.yaml", "--stdout", "--since", "HEAD", cwd=work)
    assert done.returncode == 0, done.stderr
    assert "↘ 3 days later than in HEAD" in done.stdout


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.iterdir() if any(p.glob("*.plan.yaml"))))
def test_the_rendered_examples_are_current(name: str) -> None:
    plans = sorted(str(p.relative_to(ROOT)) for p in (EXAMPLES / name).glob("*.plan.yaml"))
    arguments = [*plans, "--out", f"examples/{name}/report", "--today", TODAY]
    done = planlint(*arguments, "--check", cwd=ROOT)
    assert done.returncode == 0, (
        f"run: planlint render {' '.join(arguments)}\n{done.stdout[:3000]}{done.stderr}"
    )


_WORDS = (
    "the and or of with without until day days week weeks hour hours due owner finish start yes no "
    "task tasks done open high medium low away by for to is are at risks since earlier later deadline buffer "
    "that this which what who has have not nothing every all more than from into be can cannot before after on "
    "only would make fit found error errors warning warnings"
)
ENGLISH = frozenset(_WORDS.split())


def texts(data: object) -> Iterator[str]:
    """Yield every text in a plan's data, keys included, also line by line."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from texts(key)
            yield from texts(value)
    elif isinstance(data, list):
        for value in data:
            yield from texts(value)
    elif isinstance(data, str):
        yield from (data, *data.splitlines())


@pytest.mark.parametrize(
    "folder", ["warehouse-move", "erp-rollout", "erp-rollout/flawed", "data-centre-move/flawed", "minimal"]
)
def test_a_german_page_has_no_english_outside_the_plans_own_text(folder: str, tmp_path: Path) -> None:
    plans = sorted(str(p.relative_to(ROOT)) for p in (EXAMPLES / folder).glob("*.plan.yaml"))
    assert planlint(*plans, "--out", tmp_path, "--lang", "de", "--today", TODAY, cwd=ROOT).returncode == 0
    own = {
        written
        for file in (EXAMPLES / folder).rglob("*.yaml")
        for text in texts(yaml.load(file.read_text("utf-8"), yaml.BaseLoader))
        for written in (
            markdown(text),
            inline(text),
            gantt(text, 70),
            gantt(text, 40),
            label(text, 60),
            clean(text),
        )
        if written and text.lower() not in ENGLISH
    }
    longest_first = "|".join(re.escape(text) for text in sorted(own, key=len, reverse=True))
    plan_text = re.compile(rf"(?<!\w)(?:{longest_first})(?!\w)")
    shown = re.compile(
        r"<!--.*?-->|<[^>]*>|`[^`\n]*`|\]\([^)]*\)|\S+\.plan\.yaml|:(?:crit|active|done|milestone|vert).*"
        r"|(?<=\|) [\d.,]+ \w+ (?=\|)"  # a metric and its unit; planlint's own units stand behind a no-break space
    )
    syntax = re.compile(
        r"^ *(?:acc\w+|date\w+|axis\w+|today\w+ off|classDef.*|class .*|section|end|flowchart.*)",
        re.MULTILINE,
    )
    for page in tmp_path.glob("*.md"):
        text = plan_text.sub(" ", syntax.sub(" ", shown.sub(" ", page.read_text("utf-8"))))
        left = sorted(ENGLISH & set(re.findall(r"\w+", text.lower())))
        assert left == [], [
            line for line in text.splitlines() if set(left) & set(re.findall(r"\w+", line.lower()))
        ]


def test_chromium_draws_every_diagram_of_the_examples(tmp_path: Path) -> None:
    chromium, modules = shutil.which("chromium"), os.environ.get("PLANLINT_NODE_MODULES")
    if not chromium or not modules:
        pytest.skip("needs chromium on PATH and Mermaid in PLANLINT_NODE_MODULES")
    blocks = [
        block
        for page in sorted(EXAMPLES.glob("*/report/*.md"))
        for block in re.findall(r"```mermaid\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    ]
    assert len(blocks) > 5
    escaped = [block.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for block in blocks]
    drawn = "".join(f'<pre class="mermaid">{block}</pre>' for block in escaped)
    script = Path(modules, "mermaid", "dist", "mermaid.min.js").as_uri()
    page = tmp_path / "page.html"
    page.write_text(
        f'<meta charset="utf-8">{drawn}<script src="{script}"></script>'
        "<script>mermaid.initialize({startOnLoad: true})</script>",
        "utf-8",
    )
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
    ]
    options += ["--disable-component-update", "--disable-sync", "--allow-file-access-from-files"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [chromium, *options, profile, "--virtual-time-budget=60000", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
        timeout=180,
    )
    assert done.stdout.count("<svg") >= len(blocks)
    assert 'aria-roledescription="error"' not in done.stdout
    assert "Maximum text size" not in done.stdout
    assert "Syntax error" not in done.stdout
