"""Configuration: what wins over what, and which words explain a mistake."""

from pathlib import Path

import pytest

from planlint.config import Config, ConfigError, load, nearest
from planlint.rulesets import Choice, Setting, activate, selection
from planlint.rulesets import load as load_catalogue

CATALOGUE = load_catalogue()
DEFAULT = Choice()


def read(folder: Path, text: str) -> Config:
    file = folder / ".planlint.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return load(file, folder, CATALOGUE, lambda path: path.relative_to(folder).as_posix())


def wrong(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return [str(finding.values["reason"]) for finding in caught.value.findings]


def levels(config: Config, choice: Choice = DEFAULT) -> dict[str, str]:
    active = selection(config.catalogue, config.packs, config.settings, choice)
    return {one.rule.name: one.severity.word for one in active}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "\n\n", "{}\n"])
def test_an_empty_configuration_chooses_the_recommended_rules(text: str, tmp_path: Path) -> None:
    config = read(tmp_path, text)
    assert levels(config) == levels(Config(catalogue=CATALOGUE))
    assert "task-without-owner" in levels(config)
    assert "vague-title" not in levels(config)


def test_later_wins(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("rules: {lead: error, long-lag: {max: 9d}}\n", encoding="utf-8")
    config = read(tmp_path, "extends: [strict, ./base.yaml]\nrules: {lead: info, task-without-owner: off}\n")
    found = levels(config)
    assert found["lead"] == "info"
    assert "task-without-owner" not in found
    assert found["vague-title"] == "warning"
    active = {
        one.rule.name: one for one in selection(config.catalogue, config.packs, config.settings, Choice())
    }
    assert active["long-lag"].written == {"max": "9d"}


def test_the_command_line_wins_over_all(tmp_path: Path) -> None:
    config = read(tmp_path, "rules: {lead: off, task-without-owner: info}\n")
    found = levels(config, Choice(select=("lead", "ownership"), ignore=("raci-without-accountable",)))
    assert found["task-without-owner"] == "info"
    assert found["lead"] == "warning"
    assert "raci-without-accountable" not in found
    assert "syntax-error" in found  # a file that cannot be read is never clean
    assert "budget-exceeded" not in found
    assert levels(config, Choice(severities=(("lead", "error"),)))["lead"] == "error"
    assert "vague-title" in levels(config, Choice(extend_select=("structure/*",)))


def test_options_reach_a_check_as_numbers() -> None:
    rule = CATALOGUE.rules["long-lag"]
    active = activate(rule, Setting("long-lag", None, {"max": "2w"}))
    assert "10.0" in str((active.params, active.where))  # two weeks of five working days
    assert active.written == {"max": "2w"}


def test_overrides_are_for_the_plans_that_match(tmp_path: Path) -> None:
    config = read(
        tmp_path, "overrides: [{paths: ['research/**', '*.draft.plan.yaml'], rules: {lead: off}}]\n"
    )
    inside = [str(tmp_path / name) for name in ("research/a/b.plan.yaml", "x/y.draft.plan.yaml")]
    assert [config.overrides_for(file) for file in inside] == [(0,), (0,)]
    assert config.overrides_for(str(tmp_path / "other/research.plan.yaml")) == ()


def test_sizes_and_times(tmp_path: Path) -> None:
    config = read(tmp_path, "limits: {file_size: 2MB, depth: 9}\nsolver: {time_limit: 500ms}\n")
    assert (config.limits.file_size, config.limits.depth, config.limits.nodes) == (2_000_000, 9, 1_000_000)
    assert config.solver_seconds == 0.5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("extends: [strickt]\n", "did you mean 'strict'?"),
        ("extends: ['../elsewhere']\n", "outside the repository"),
        ("extends: [./.planlint.yaml]\n", "extends itself"),
        ("rules: {long-lag: {max: soon}}\n", "a duration such as 15d or 3w is needed"),
        ("rules: {long-lag: {most: 3d}}\n", "has no parameter 'most'; it has: max"),
        ("rules: {overloaded-owner: {share: 3d}}\n", "a percentage such as 80% is needed"),
    ],
)
def test_a_mistake_is_explained(text: str, says: str, tmp_path: Path) -> None:
    reasons = wrong(tmp_path / "repository", text)
    assert len(reasons) == 1
    assert says in reasons[0]


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "rules").symlink_to(tmp_path / "secret")
    assert "outside the repository" in wrong(folder, "extends: [./rules]\n")[0]


def test_the_nearest_configuration_up_to_the_root_of_the_repository_holds(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".planlint.yaml").write_text("{}\n")
    assert nearest(inner, tmp_path) == tmp_path / ".planlint.yaml"
    assert nearest(inner, tmp_path / "a") is None
    assert nearest(inner, None) is None
    (inner / ".planlint.yaml").write_text("{}\n")
    assert nearest(inner, tmp_path) == inner / ".planlint.yaml"
