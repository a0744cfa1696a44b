"""The plans in `examples/` and `tests/corpus/`, checked by the real command: what is expected is said, and nothing else.

A comment `# expect: rule, rule` pins the diagnostics of its line. What is said of the plans without such
comments of their own (they are somebody else's) is pinned in `SAID`.
"""

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
CORPUS = ROOT / "tests" / "corpus"
TODAY = "2026-02-16"
RULES = {  # name → category
    file.stem: file.parent.name for file in (ROOT / "rules").glob("*/*.yaml") if file.parent.name != "packs"
}
EXPECT = re.compile(r"# expect: (.+)$")


def _runs() -> dict[str, list[Path]]:
    """Return what is checked in one run: each plan, but those of a portfolio together."""
    found: dict[str, list[Path]] = {}
    for file in (*sorted(EXAMPLES.rglob("*.plan.yaml")), *sorted(CORPUS.glob("*.plan.yaml"))):
        together = file.parent.name == "portfolio"
        found.setdefault((file.parent if together else file).relative_to(ROOT).as_posix(), []).append(file)
    return found


RUNS = _runs()

Said = set[tuple[str, int, str]]
"""File, line and rule of each diagnostic."""

SAID: Said = {
    ("examples/minimal/minimal.plan.yaml", 1, "missing-review-cadence"),
    ("examples/minimal/minimal.plan.yaml", 1, "missing-start"),
    ("examples/minimal/minimal.plan.yaml", 1, "plan-without-manager"),
    ("examples/minimal/minimal.plan.yaml", 1, "plan-without-sponsor"),
    ("examples/portfolio/billing-upgrade.plan.yaml", 28, "critical-work-without-risk"),
    ("examples/portfolio/platform-migration.plan.yaml", 62, "critical-work-without-risk"),
    ("examples/portfolio/platform-migration.plan.yaml", 126, "metric-off-target"),
    ("examples/portfolio/team.yaml", 6, "cross-plan-conflict"),
    ("examples/portfolio/team.yaml", 7, "cross-plan-conflict"),
    ("examples/warehouse-move/warehouse-move.plan.yaml", 40, "objective-without-measure"),
    ("examples/warehouse-move/warehouse-move.plan.yaml", 50, "unlikely-deadline"),
    ("examples/warehouse-move/warehouse-move.plan.yaml", 109, "redundant-dependency"),
    ("examples/warehouse-move/warehouse-move.plan.yaml", 204, "metric-off-target"),
}


def check(*paths: Path) -> dict[str, Any]:
    """Run `planlint check` and return its JSON report."""
    command = [sys.executable, "-m", "planlint", "check", "--no-cache", "--format", "json", "--today", TODAY]
    done = subprocess.run(
        [*command, *(str(path.relative_to(ROOT)) for path in paths)],
        cwd=ROOT,
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
    """Return what the comments of the files, and `SAID` for these and the files they include, ask for."""
    names = {path.relative_to(ROOT).as_posix() for path in paths}
    names |= {path.with_name("team.yaml").relative_to(ROOT).as_posix() for path in paths}
    found: Said = {one for one in SAID if one[0] in names}
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if match := EXPECT.search(line):
                name = path.relative_to(ROOT).as_posix()
                found |= {(name, number, rule.strip()) for rule in match[1].split(",")}
    return found


def lines(these: Said) -> str:
    """Write diagnostics for a person who compares."""
    return "\n".join(f"{path}:{line}: {rule}" for path, line, rule in sorted(these))


def message(path: Path, rule: str) -> str:
    """Return the one message of a rule for a plan."""
    found = [one["message"] for one in check(path)["diagnostics"] if one["rule"] == rule]
    assert len(found) == 1, found
    return str(found[0])


@pytest.mark.parametrize("run", RUNS)
def test_what_is_said_is_what_is_expected(run: str) -> None:
    files = RUNS[run]
    assert lines(said(check(*files))) == lines(pinned(*files))


def test_all_examples_in_one_run_say_the_same() -> None:
    everything = sorted(EXAMPLES.rglob("*.plan.yaml"))
    assert lines(said(check(EXAMPLES))) == lines(pinned(*everything))


@pytest.mark.parametrize("run", [run for run in RUNS if run.startswith("examples/") and "flawed" not in run])
def test_a_sound_plan_has_no_error(run: str) -> None:
    report = check(*RUNS[run])
    assert [one for one in report["diagnostics"] if one["severity"] == "error"] == []
    assert {plan["verdict"] for plan in report["plans"]} == {"feasible"}


@pytest.mark.parametrize("name", ["erp-rollout", "data-centre-move", "product-launch"])
def test_our_own_sound_plans_are_silent(name: str) -> None:
    assert check(EXAMPLES / name / f"{name}.plan.yaml")["diagnostics"] == []


def test_what_is_expected_are_rules_of_the_catalogue() -> None:
    everything = [file for files in RUNS.values() for file in files]
    assert {rule for _, _, rule in pinned(*everything)} <= RULES.keys()


@pytest.mark.parametrize("name", ["erp-rollout", "data-centre-move", "product-launch"])
def test_every_flawed_plan_has_many_kinds_of_mistakes(name: str) -> None:
    flawed = EXAMPLES / name / "flawed" / f"{name}.plan.yaml"
    assert len({rule for _, _, rule in pinned(flawed)}) >= 15


def test_a_deadline_missed_by_logic_names_the_chain_and_the_date() -> None:
    # By hand: the racks arrive on Friday 6 March. Seán mounts them from the 9th to the 18th (6.25 days, Saint
    # Patrick's Day off), Aoife begins two days after him and ends on the 26th, her links take 4.3 days more;
    # 8 days of replication over Easter, 3 days of fail-over, and the dry run needs a weekend: 25 April.
    # From Wednesday 15 April that is seven working days later.
    text = message(
        EXAMPLES / "data-centre-move" / "flawed" / "data-centre-move.plan.yaml", "infeasible-deadline"
    )
    assert "'site-ready' cannot be done by 2026-04-15" in text
    assert "'hardware' is there on 2026-03-06" in text
    chain = ["racks", "network", "links", "replicate", "failover-test", "dry-run"]
    assert [text.index(f"'{name}'") for name in chain] == sorted(text.index(f"'{name}'") for name in chain)
    assert "the earliest date that can be met is 2026-04-25, 7 working days late" in text


def test_a_deadline_missed_by_capacity_names_the_person_and_the_hours() -> None:
    # By hand: 11 workdays from 16 February to 2 March are 88 hours. Two tasks of 5.5 (expected) and 7 days are
    # 100 hours, or 12.5 days: done on 4 March.
    text = message(EXAMPLES / "erp-rollout" / "flawed" / "erp-rollout.plan.yaml", "infeasible-deadline")
    assert "from 2026-02-16 to 2026-03-02 'davor' can give 88 hours, but 'bank' and 'crm' need 100" in text
    assert "the earliest date that can be met is 2026-03-04, 2 working days late" in text


def test_work_without_dates_does_not_hide_what_is_proven_about_the_rest() -> None:
    report = check(CORPUS / "schedule.plan.yaml")  # one person has no time at all, so one task has no dates
    missed = {
        one["item"]: one["message"] for one in report["diagnostics"] if one["rule"] == "infeasible-deadline"
    }
    assert missed.keys() == {"proofs", "pictures"}
    assert "take 3 days out of 'translate'" in missed["proofs"]
    assert "take 1 day out of 'photos'" in missed["pictures"]


def test_what_the_readme_shows_is_what_is_said() -> None:
    shown = re.findall(
        r"```console\n\$ planlint ([^\n#]+)\n```\n```text\n(.*?)\n```",
        (ROOT / "README.md").read_text("utf-8"),
        re.DOTALL,
    )
    assert len(shown) == 2
    for command, text in shown:
        done = subprocess.run(
            [sys.executable, "-m", "planlint", *command.split(), "--today", TODAY],
            cwd=ROOT,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        for part in text.split("[…]"):
            assert part.strip() in done.stdout


def test_the_rule_of_the_contributing_guide_works(tmp_path: Path) -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    manifest = re.search(r"   ```yaml\n(.*?)   ```", guide, re.DOTALL)
    assert manifest is not None
    file = tmp_path / "scope" / "milestone-without-gate.yaml"
    file.parent.mkdir()
    file.write_text(textwrap.dedent(manifest[1]), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "planlint", "test-rules", str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "0 failed" in done.stdout + done.stderr) == (0, True)
