"""A team's rules: what the guide shows works; what is wrong with a pack is said at its line and stops nothing."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from planlint.checks.expression import _specimen_context
from planlint.facts import subjects
from planlint.manifests import conditions
from planlint.rule import KINDS
from planlint.rulesets import Choice, load, selection

pytest.importorskip("cel_expr_python", reason="expressions are an extra")

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "rules.md").read_text("utf-8")
SECONDS = 5.0

PLAN = """\
planlint: 1
title: Example
tasks:
  build: {title: Build it, owner: ana, acceptance: [Reviewed, Deployed]}
people: {ana: {name: Ana Ruiz}}
"""
RULE = """\
summary: A rule of ours.
rationale: Because we say so.
severity: warning
since: "1.0"
given: task
check: schema
params: {schema: {required: [description]}}
message: "'{id}' has no description"
examples:
  valid: ["tasks: {}", "title: None"]
  invalid: ["tasks: {a: {title: A}}", "tasks: {b: {title: B}}"]
"""
NESTED = "true"
for name in "abcdefg":
    NESTED = f"[0,1,2,3,4,5,6,7,8,9].all({name}, {NESTED} || {name} > 9)"


def planlint(folder: Path, *arguments: str, path: Path | None = None) -> tuple[int, str, str]:
    env = {**os.environ, "PLANLINT_TODAY": "2026-02-16", "GITHUB_ACTIONS": "", "PYTHONPATH": str(path or "")}
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-m", "planlint", *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert time.perf_counter() - start < SECONDS
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, run.stdout, run.stderr


def team(folder: Path, rule: str, plan: str = PLAN, name: str = "ours/documented.yaml") -> Path:
    (folder / ".git").mkdir()
    (folder / ".planlint.yaml").write_text("extends: [minimal, ./team-rules]\n", "utf-8")
    file = folder / "team-rules" / name
    file.parent.mkdir(parents=True)
    file.write_text(rule, "utf-8")
    (folder / "a.plan.yaml").write_text(plan, "utf-8")
    return file


def checked(folder: Path, *arguments: str, path: Path | None = None) -> tuple[int, list[dict[str, Any]]]:
    extra = ("--extend-select", "ours", *arguments)
    code, out, err = planlint(folder, "check", "--format", "json", *extra, path=path)
    assert out, err
    found: list[dict[str, Any]] = json.loads(out)["diagnostics"]
    return code, found


def test_a_rule_of_a_team_runs(tmp_path: Path) -> None:
    team(tmp_path, RULE)
    code, found = checked(tmp_path)
    assert (code, [(one["rule"], one["message"], one["start"]["line"]) for one in found]) == (
        0,
        [("documented", "'build' has no description", 4)],
    )


WRONG = {
    "unknown check": (
        {"check: schema": "check: structure.unreferrenced"},
        6,
        "no check is called 'structure.unreferrenced'; did you mean 'structure.unreferenced'?",
    ),
    "wrong parameter": (
        {
            "check: schema": "check: ownership.overloaded",
            "{schema: {required: [description]}}": "{most: many, share: 1}",
        },
        7,
        "cannot take this",
    ),
    "missing parameter": (
        {"check: schema": "check: ownership.overloaded", "{schema: {required: [description]}}": "{most: 1}"},
        7,
        "cannot take this",
    ),
    "no such kind": ({"given: task": "given: tsk"}, 5, "no items are called 'tsk'; did you mean 'task'?"),
    "unknown condition": ({"check: schema": "where: opne\ncheck: schema"}, 6, "did you mean 'open'?"),
    "no schema": ({"{required: [description]}": "{required: description}"}, 7, "no JSON Schema"),
    "look-around": (
        {"{required: [description]}": '{properties: {title: {pattern: "(?=a)a"}}}'},
        7,
        "no JSON Schema",
    ),
    "outside": ({"{required: [description]}": '{$ref: "https://example.org/x.json"}'}, 7, "no JSON Schema"),
    "syntax": (
        {
            "check: schema": "check: expression",
            "{schema: {required: [description]}}": "{expression: 'item.id >'}",
        },
        7,
        "column 10",
    ),
    "unknown key": (
        {
            "check: schema": "check: expression",
            "{schema: {required: [description]}}": "{expression: 'item.onwer == 1'}",
        },
        7,
        "no such item has",
    ),
    "types": (
        {
            "check: schema": "check: expression",
            "{schema: {required: [description]}}": "{expression: 'item.id + 1 == 2'}",
        },
        7,
        "No matching overloads",
    ),
    "no condition": (
        {
            "check: schema": "check: expression",
            "{schema: {required: [description]}}": "{expression: 'item.title'}",
        },
        7,
        "true or false",
    ),
    "endless": (
        {
            "check: schema": "check: expression",
            "{schema: {required: [description]}}": f"{{expression: '{NESTED}'}}",
        },
        7,
        "budget",
    ),
    "deep": (
        {
            "check: schema": "check: expression",
            "{schema: {required: [description]}}": f"{{expression: '{'(' * 500}true{')' * 500}'}}",
        },
        7,
        "recursion",
    ),
    "long": (
        {
            "check: schema": "check: expression",
            "{schema: {required: [description]}}": f"{{expression: '{'true && ' * 999}true'}}",
        },
        7,
        "2,000 characters",
    ),
    "doubling": (
        {
            "check: schema": "check: expression",
            "{schema: {required: [description]}}": f"{{expression: '[item.id]{'.map(x, x + x)' * 4} != []'}}",
        },
        7,
        "`map` at most 3 times",
    ),
    "two parameters": (
        {
            "check: schema": "check: expression",
            "{schema: {required: [description]}}": "{expression: 'true', most: 1}",
        },
        7,
        "takes one parameter",
    ),
    "nothing given": ({"check: schema": "check: expression", "given: task\n": ""}, 5, "needs `given`"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_rule_is_said_at_its_line(name: str, tmp_path: Path) -> None:
    changes, line, words = WRONG[name]
    text = RULE
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    team(tmp_path, text)
    code, found = checked(tmp_path)
    assert code == 2
    assert [(one["rule"], one["path"]) for one in found] == [
        ("invalid-value", "team-rules/ours/documented.yaml")
    ]
    assert found[0]["start"]["line"] == line
    assert words in found[0]["message"]


def test_a_name_that_exists_is_refused(tmp_path: Path) -> None:
    team(tmp_path, RULE, name="ours/long-lag.yaml")
    code, found = checked(tmp_path)
    assert code == 2
    assert [(one["rule"], one["path"], one["start"]["line"]) for one in found] == [
        ("invalid-value", "team-rules/ours/long-lag.yaml", 1)
    ]
    assert "a rule named 'long-lag' exists already" in found[0]["message"]


def test_a_catastrophic_pattern_takes_no_time(tmp_path: Path) -> None:
    rule = RULE.replace("{required: [description]}", '{properties: {title: {pattern: "^(a+)+$"}}}')
    team(tmp_path, rule, PLAN.replace("Build it", "a" * 5_000 + "b"))
    _, found = checked(tmp_path)
    assert [one["rule"] for one in found] == ["documented"]


def test_an_expression_that_becomes_endless_on_a_plan_is_said_in_its_manifest(tmp_path: Path) -> None:
    nested = "true"
    for name in "abcd":
        nested = f"item.acceptance.all({name}, {nested} || {name} == '')"
    rule = RULE.replace("check: schema", "check: expression")
    plan = PLAN.replace("[Reviewed, Deployed]", str([f"step {n}" for n in range(40)]))
    team(
        tmp_path,
        rule.replace("{schema: {required: [description]}}", f'{{expression: "{nested}"}}'),
        plan.replace("tasks:\n", "tasks:\n  test: {title: Test it, owner: anna}\n"),
    )
    code, found = checked(tmp_path)
    assert code == 1
    assert [(one["path"], one["rule"], one["start"]["line"]) for one in found] == [
        ("a.plan.yaml", "unknown-reference", 4),
        ("team-rules/ours/documented.yaml", "invalid-value", 7),
    ]
    assert "budget" in found[1]["message"]


def test_values_that_do_not_fit_an_expression_are_said_in_its_manifest(tmp_path: Path) -> None:
    rule = RULE.replace("check: schema", "check: expression").replace(
        "{schema: {required: [description]}}", "{expression: 'item.acceptance[1] != \"\"'}"
    )
    team(tmp_path, rule.replace("item.acceptance[1]", "item.acceptance[0]"))
    assert checked(tmp_path) == (0, [])
    (tmp_path / "a.plan.yaml").write_text(PLAN.replace("[Reviewed, Deployed]", "[]"), "utf-8")
    code, found = checked(tmp_path)
    assert (code, [(one["path"], one["rule"], one["start"]["line"]) for one in found]) == (
        1,
        [("team-rules/ours/documented.yaml", "invalid-value", 7)],
    )
    assert "a.plan.yaml" in found[0]["message"]


def test_without_the_extra_its_name_is_said(tmp_path: Path) -> None:
    (tmp_path / "path" / "cel_expr_python").mkdir(parents=True)
    (tmp_path / "path" / "cel_expr_python" / "__init__.py").write_text("raise ImportError('none')\n", "utf-8")
    repository = tmp_path / "repository"
    repository.mkdir()
    rule = RULE.replace("check: schema", "check: expression")
    team(repository, rule.replace("{schema: {required: [description]}}", "{expression: 'true'}"))
    code, found = checked(repository, path=tmp_path / "path")
    assert code == 2
    assert found[0]["start"]["line"] == 7
    assert "planlint[cel]" in found[0]["message"]


def distribution(folder: Path, code: str, points: str) -> Path:
    """Write an installed package: a module and its metadata."""
    info = folder / "acme_plans-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-plans\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(points, "utf-8")
    (folder / "acme_plans.py").write_text(code, "utf-8")
    return folder


def test_an_installed_package_brings_checks(tmp_path: Path) -> None:
    blocks = re.findall(r"```(?:python|toml)\n(.*?)```", GUIDE, re.DOTALL)
    code = next(block for block in blocks if "def few_words" in block)
    points = next(block for block in blocks if "acme.few-words" in block)
    entry = re.search(r'"(acme\.few-words)" = "(.+)"', points)
    assert entry
    package = distribution(tmp_path / "path", code, f"[planlint.checks]\n{entry[1]} = {entry[2]}\n")
    repository = tmp_path / "repository"
    repository.mkdir()
    rule = RULE.replace("check: schema", "check: acme.few-words")
    team(repository, rule.replace("{schema: {required: [description]}}", "{most: 1}"))
    code_, found = checked(repository, path=package)
    assert (code_, [(one["rule"], one["start"]["column"]) for one in found]) == (0, [("documented", 11)])
    (repository / "team-rules/ours/documented.yaml").write_text(
        rule.replace("{schema: {required: [description]}}", "{most: some}"), "utf-8"
    )
    code_, found = checked(repository, path=package)
    assert (code_, [(one["rule"], one["start"]["line"]) for one in found]) == (2, [("invalid-value", 7)])


def test_a_broken_package_is_no_check(tmp_path: Path) -> None:
    package = distribution(
        tmp_path / "path",
        "raise ImportError('no')\n",
        "[planlint.checks]\nacme.few-words = acme_plans:few_words\n",
    )
    repository = tmp_path / "repository"
    repository.mkdir()
    team(repository, RULE.replace("check: schema", "check: acme.few-words"))
    code, found = checked(repository, path=package)
    assert (code, found[0]["start"]["line"]) == (2, 6)
    assert "no check is called 'acme.few-words'" in found[0]["message"]


def test_an_installed_package_brings_a_pack(tmp_path: Path) -> None:
    package = distribution(
        tmp_path / "path",
        "from pathlib import Path\n\nRULES = Path(__file__).parent / 'rules'\n",
        "[planlint.packs]\nacme = acme_plans:RULES\n",
    )
    (package / "rules" / "ours").mkdir(parents=True)
    (package / "rules" / "ours" / "documented.yaml").write_text(RULE, "utf-8")
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (repository / ".planlint.yaml").write_text("extends: [minimal, acme]\n", "utf-8")
    (repository / "a.plan.yaml").write_text(PLAN, "utf-8")
    code, found = checked(repository, path=package)
    assert (code, [one["rule"] for one in found]) == (0, ["documented"])


def test_the_rules_of_the_guide_work(tmp_path: Path) -> None:
    written = re.findall(r"```yaml\n# (team-rules/\S+)\n(.*?)```", GUIDE, re.DOTALL)
    assert len(written) == 6
    for name, text in written:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    code, out, err = planlint(tmp_path, "test-rules", "team-rules")
    assert (code, out) == (0, "24 examples of 6 rules, 0 failed\n"), err


def test_explain_and_rules_know_a_rule_of_a_team(tmp_path: Path) -> None:
    team(tmp_path, RULE)
    code, out, _ = planlint(tmp_path, "explain", "documented")
    assert code == 0
    assert "Because we say so." in out
    code, out, _ = planlint(tmp_path, "rules")
    assert "documented" in out
    assert "team-rules/ours/documented.yaml" in out


def test_a_scaffold_passes_its_own_examples(tmp_path: Path) -> None:
    assert planlint(tmp_path, "new-rule", "ours/fresh")[0] == 0
    code, out, err = planlint(tmp_path, "test-rules", "team-rules")
    assert (code, out.endswith("0 failed\n")) == (0, True), out + err


def facts_of_the_guide() -> set[tuple[str, str]]:
    table = GUIDE.partition("| kind | fact")[2].partition("\n\n")[0]
    found = set()
    for row in table.splitlines()[2:]:
        kinds, names, _ = (part.strip() for part in row.strip("|").split("|", 2))
        all_kinds = {"plan", "dependency", *KINDS}
        meant = {
            "every kind": all_kinds,
            "every kind but plan": all_kinds - {"plan"},
            "with dates": {kind for kind, names in facts().items() if "days_until" in names},
        }.get(kinds, set(kinds.split(", ")))
        found |= {(kind, name) for kind in meant for name in re.findall(r"`(\w+)`", names)}
    return found


def facts() -> dict[str, set[str]]:
    context = _specimen_context()
    return {
        kind: {name for one in subjects(context, kind) for name in one.view["computed"]}
        for kind in ("plan", "dependency", *KINDS)
    }


def test_the_guide_has_every_fact_and_no_other() -> None:
    real = {(kind, name) for kind, names in facts().items() for name in names}
    said = facts_of_the_guide()
    assert sorted(real - said) == []
    assert sorted(one for one in said - real if one[0] != "summary") == []  # tasks have more to say


def test_the_guide_has_every_kind_and_condition() -> None:
    for kind in ("plan", "dependency", *KINDS):
        assert f"`{kind}`" in GUIDE
    assert {"open", "critical", "scheduled"} <= set(conditions())


def test_the_specimen_has_every_key() -> None:
    schema = json.loads((ROOT / "schemas" / "plan.schema.json").read_text("utf-8"))
    context = _specimen_context()
    named = {"external": "external-item", "training": "training-item"}
    for kind in KINDS:
        if kind == "summary":
            continue  # a task with sub-tasks
        definition = schema["$defs"][named.get(kind, kind)]
        keys = {key for one in subjects(context, kind) for key in one.view}
        assert set(definition["properties"]) - {"tasks"} <= keys, kind
    assert set(schema["properties"]) <= set(context.sources.main.data)


def levels(pack: str) -> dict[str, str]:
    return {one.rule.name: one.severity.word for one in selection(load(), (), (), Choice(profile=pack))}


def test_itsm_makes_errors_of_operations() -> None:
    operations = {rule.name for rule in load().rules.values() if rule.category == "operations"}
    found = levels("itsm")
    assert {name: found[name] for name in operations} == dict.fromkeys(operations, "error")
    assert found["change-without-window"] == found["unapproved-change"] == "error"


def test_agile_asks_for_small_steps() -> None:
    found = levels("agile")
    wanted = {
        "large-task",
        "rare-review",
        "task-without-acceptance",
        "too-much-in-progress",
        "hard-constraint",
    }
    assert wanted <= set(found)
    active = {one.rule.name: one for one in selection(load(), (), (), Choice(profile="agile"))}
    assert list(active["too-much-in-progress"].written.values()) == [2]


def test_strict_has_every_rule_but_those_of_packs() -> None:
    rules = load().rules.values()
    assert set(levels("strict")) == {
        rule.name for rule in rules if rule.category not in {"dcma", "agile", "itsm"}
    }


@pytest.mark.parametrize("pack", sorted(load().packs))
def test_every_pack_names_rules_that_exist(pack: str) -> None:
    assert levels(pack)


def test_three_of_five_rules_are_declarative() -> None:
    from planlint.manifests import is_declarative  # noqa: PLC0415

    rules = load().rules.values()
    assert sum(map(is_declarative, rules)) >= 0.6 * len(rules)
