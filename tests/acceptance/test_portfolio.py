"""Several plans in one run: dates flow between them, and one table says how all of them stand."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "portfolio"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for file in EXAMPLE.glob("*.yaml"):
        shutil.copy(file, tmp_path)
    return tmp_path


def planlint(folder: Path, *arguments: str) -> str:
    env = {**os.environ, "PLANLINT_TODAY": "2026-02-16", "GITHUB_ACTIONS": "", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "planlint", *arguments]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False).stdout


def dates(folder: Path, plan: str) -> Any:
    return json.loads(planlint(folder, "schedule", f"{plan}.plan.yaml", "--format", "json"))["tasks"]


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_date_in_one_plan_moves_the_other(folder: Path) -> None:
    before = dates(folder, "billing-upgrade")["switch"]["start"]
    replace(
        folder / "platform-migration.plan.yaml",
        "effort: 2d\n    uses: {staging: 1}",
        "effort: 30d\n    uses: {staging: 1}",
    )
    after = dates(folder, "billing-upgrade")["switch"]["start"]
    drill = dates(folder, "platform-migration")["drill"]["finish"]
    assert before < drill <= after


def test_plans_that_wait_for_each_other_have_dates_and_end(folder: Path) -> None:
    replace(
        folder / "platform-migration.plan.yaml",
        "depends_on: [container, schema, drill]",
        "depends_on: [container, schema, billing-upgrade/rehearse]",
    )
    canary, rehearse = (
        dates(folder, "platform-migration")["load-test"],
        dates(folder, "billing-upgrade")["rehearse"],
    )
    assert rehearse["finish"] <= canary["start"]


def test_an_unknown_task_of_another_plan_is_said_at_its_line(folder: Path) -> None:
    replace(folder / "billing-upgrade.plan.yaml", "platform-migration/drill", "platform-migration/dril")
    out = planlint(folder, "check", "--select", "unknown-reference")
    assert "billing-upgrade.plan.yaml:40:" in out
    assert "did you mean 'platform-migration/drill'" in out or "did you mean 'drill'" in out


def test_the_portfolio_table(folder: Path) -> None:
    replace(folder / "billing-upgrade.plan.yaml", "deadline: 2026-04-30", "deadline: 2026-02-27")
    table = planlint(folder, "check", "--portfolio").split("Portfolio\n")[1].splitlines()
    assert table[0].split() == ["plan", "finish", "deadline", "verdict", "errors", "warnings"]
    assert table[1].split()[:4:3] == ["billing-upgrade", "infeasible"]
    assert table[2].split()[:4:3] == ["platform-migration", "feasible"]


def test_people_who_are_wanted_twice_are_named_with_the_plan_that_has_priority(folder: Path) -> None:
    table = planlint(folder, "check", "--portfolio").split("Conflicts between plans\n")[1]
    assert "Kim Osei" in table or "'kim'" in table
    assert "platform-migration" in table
