"""The plans in `examples/`, checked by the real command: what is expected of them, and nothing else, is said.

A comment `# expect: rule, rule` pins the diagnostics of its line. Sound plans have none. What is said of the
plans without such comments of their own (they are somebody else's) is pinned in `SAID`.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
TODAY = "2026-02-16"
RULES = {  # name → category
    file.stem: file.parent.name for file in (ROOT / "rules").glob("*/*.yaml") if file.parent.name != "packs"
}
EXPECT = re.compile(r"# expect: (.+)$")

RUNS = {
    **{str(file.relative_to(EXAMPLES)): [file] for file in sorted(EXAMPLES.rglob("*.plan.yaml"))},
    "portfolio": sorted((EXAMPLES / "portfolio").glob("*.plan.yaml")),
}
del RUNS["portfolio/billing-upgrade.plan.yaml"]  # waits for a task of the other plan: they are one run
del RUNS["portfolio/platform-migration.plan.yaml"]

Said = set[tuple[str, int, str]]
"""File (relative to `examples/`), line and rule of each diagnostic."""

SAID: Said = {
    ("minimal/minimal.plan.yaml", 1, "missing-start"),
    ("minimal/minimal.plan.yaml", 1, "plan-without-manager"),
    ("minimal/minimal.plan.yaml", 1, "plan-without-sponsor"),
    ("portfolio/billing-upgrade.plan.yaml", 21, "critical-work-without-risk"),
    ("portfolio/billing-upgrade.plan.yaml", 28, "critical-work-without-risk"),
    ("portfolio/platform-migration.plan.yaml", 40, "critical-work-without-risk"),
    ("portfolio/platform-migration.plan.yaml", 62, "critical-work-without-risk"),
    ("portfolio/team.yaml", 6, "cross-plan-conflict"),
    ("portfolio/team.yaml", 7, "cross-plan-conflict"),
    ("warehouse-move/warehouse-move.plan.yaml", 40, "objective-without-measure"),
    ("warehouse-move/warehouse-move.plan.yaml", 50, "unlikely-deadline"),
    ("warehouse-move/warehouse-move.plan.yaml", 109, "redundant-dependency"),
}

# Rules of the catalogue that flawed examples already show and that are not written yet.
PENDING = {
    "metric-off-target",
    "overdue-review",
    "stale-metric",
    "training-after-change",
    "unconfirmed-external",
}


def check(*paths: Path) -> dict[str, Any]:
    """Run `planlint check` and return its JSON report."""
    done = subprocess.run(
        [sys.executable, "-m", "planlint", "check", "--format", "json", "--today", TODAY, *map(str, paths)],
        cwd=EXAMPLES,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def said(report: dict[str, Any]) -> Said:
    """Return where which rule spoke."""
    return {(one["path"], one["start"]["line"], one["rule"]) for one in report["diagnostics"]}


def pinned(*paths: Path) -> Said:
    """Return what the comments of the files and `SAID` ask for."""
    found: Said = set()
    for path in paths:
        name = path.relative_to(EXAMPLES).as_posix()
        found |= {one for one in SAID if Path(one[0]).parent == Path(name).parent}  # with what it includes
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if match := EXPECT.search(line):
                found |= {(name, number, rule.strip()) for rule in match[1].split(",")}
    return found


def expected(*paths: Path) -> Said:
    """Return what of it the rules that are written can say."""
    return {one for one in pinned(*paths) if one[2] not in PENDING}


def lines(these: Said) -> str:
    """Write diagnostics for a person who compares."""
    return "\n".join(f"{path}:{line}: {rule}" for path, line, rule in sorted(these))


@pytest.mark.parametrize("run", RUNS)
def test_what_is_said_is_what_is_expected(run: str) -> None:
    files = RUNS[run]
    assert lines(said(check(*files))) == lines(expected(*files))


def test_all_examples_in_one_run_say_the_same() -> None:
    everything = sorted(EXAMPLES.rglob("*.plan.yaml"))
    assert lines(said(check(EXAMPLES))) == lines(expected(*everything))


@pytest.mark.parametrize("run", [run for run in RUNS if "flawed" not in run])
def test_a_sound_plan_has_no_error(run: str) -> None:
    report = check(*RUNS[run])
    assert [one for one in report["diagnostics"] if one["severity"] == "error"] == []
    assert {plan["verdict"] for plan in report["plans"]} <= {"feasible", "none"}


def test_flawed_plans_show_rules_that_exist_or_are_known_to_be_missing() -> None:
    shown = {rule for _, _, rule in expected(*EXAMPLES.rglob("flawed/*.plan.yaml"))}
    assert shown <= RULES.keys()
    assert not PENDING & RULES.keys(), "written now: take them out of PENDING"


@pytest.mark.parametrize("name", ["erp-rollout", "data-centre-move", "product-launch"])
def test_every_flawed_plan_has_many_kinds_of_mistakes(name: str) -> None:
    flawed = EXAMPLES / name / "flawed" / f"{name}.plan.yaml"
    assert len({rule for _, _, rule in pinned(flawed)}) >= 15
