"""`planlint init`: what it writes passes, and what is there stays."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from planlint.cli.check import check
from planlint.cli.init import first_plan, init
from planlint.reader import read

WRITTEN = [
    "plans/our-first-plan.plan.yaml",
    ".planlint.yaml",
    ".pre-commit-config.yaml",
    ".github/workflows/plans.yml",
]


def run(*arguments: str, **values: str) -> str:
    done = CliRunner().invoke(init, [*arguments, "--today", "2026-02-16"], standalone_mode=False, **values)  # type: ignore[arg-type]
    if done.exception:
        raise done.exception
    return done.output


def test_the_first_plan_passes_the_recommended_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for day in ("2026-02-16", "2026-02-18", "2026-02-22"):
        run("--yes", "--title", f"Plan of {day}", "--manager", 'Zoë "Z" O\'Hara')
        arguments = ["--fail-on", "info", "--today", day, "--format", "text", "--no-cache"]
        done = CliRunner().invoke(check, arguments, standalone_mode=False)
        assert done.exception is None
        assert done.return_value == 0, done.output
    assert "nothing to report" in done.output


def test_nothing_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in WRITTEN:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("mine\n")
    output = run("--yes")
    assert output.count("kept ") == 4
    assert all((tmp_path / name).read_text() == "mine\n" for name in WRITTEN)


def test_it_asks_two_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    output = run(input="New office\nAna Ruiz\n")
    assert output.count("?") + output.count("]:") == 2
    plan = yaml.safe_load((tmp_path / "plans" / "new-office.plan.yaml").read_text())
    assert (plan["title"], plan["manager"], plan["people"]["ana-ruiz"]["name"]) == (
        "New office",
        "ana-ruiz",
        "Ana Ruiz",
    )


def test_without_a_hook_or_workflow_of_ones_own_both_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("--yes")
    assert [name for name in WRITTEN if not (tmp_path / name).is_file()] == []
    for name in WRITTEN[1:]:
        assert yaml.safe_load((tmp_path / name).read_text())


@settings(deadline=None, max_examples=100)
@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
)
def test_any_title_and_name_make_a_plan_that_can_be_read(title: str, manager: str, today: date) -> None:
    document, found = read("a.plan.yaml", first_plan(title, manager, today).encode())
    assert found == ()
    assert document is not None
    if title.isprintable():
        assert document.data["title"] == " ".join(title.split())
    start = date.fromisoformat(document.data["start"])
    assert start.weekday() == 0
    assert today <= start < today + timedelta(days=7)
    assert date.fromisoformat(document.data["deadline"]).weekday() == 4
