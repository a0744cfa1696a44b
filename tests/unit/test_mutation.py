"""The script that changes rules to see whether their examples notice: what it changes, what it catches."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from planlint import checks
from planlint.rulesets import Catalogue, load


def _script() -> Any:
    spec = importlib.util.spec_from_file_location(
        "mutate_rules", Path(__file__).resolve().parents[1] / "mutate_rules.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutate_rules"] = module
    spec.loader.exec_module(module)
    return module


mutate = _script()


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def test_every_condition_of_a_schema_is_changed() -> None:
    schema = {
        "required": ["a", "b"],
        "properties": {"a": {"minimum": 1}, "b": {"enum": [1, 2]}},
        "not": False,
    }
    assert dict(mutate.schema_mutants(schema)) == {
        "required a dropped": {**schema, "required": ["b"]},
        "required b dropped": {**schema, "required": ["a"]},
        "properties.a: minimum 1 dropped": {**schema, "properties": {"a": {}, "b": {"enum": [1, 2]}}},
        "properties.a: minimum 1 moved": {
            **schema,
            "properties": {"a": {"exclusiveMinimum": 1}, "b": {"enum": [1, 2]}},
        },
        "properties.b: enum 1 dropped": {**schema, "properties": {"a": {"minimum": 1}, "b": {"enum": [2]}}},
        "properties.b: enum 2 dropped": {**schema, "properties": {"a": {"minimum": 1}, "b": {"enum": [1]}}},
        "not: False turned round": {**schema, "not": True},
    }


def test_weak_examples_let_mutants_live(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = catalogue.rules["change-without-approver"]
    quiet = ["tasks: {}", "title: Nothing"]
    monkeypatch.setattr(mutate, "manifest", lambda _: {"examples": {"valid": quiet, "invalid": []}})
    count, survivors = mutate.run([rule], catalogue)
    assert count == len(survivors) > 0


def test_a_check_is_itself_again_afterwards(catalogue: Catalogue) -> None:
    rule = catalogue.rules["overlapping-changes"]
    before = checks.lookup(rule.check)
    assert mutate.run([rule], catalogue)[0] > 5
    assert checks.lookup(rule.check) is before


def test_examples_that_fail_anyway_prove_nothing(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = catalogue.rules["change-without-approver"]
    monkeypatch.setattr(mutate, "manifest", lambda _: {"examples": {"valid": [], "invalid": ["tasks: {}"]}})
    with pytest.raises(SystemExit, match="before anything is changed"):
        mutate.run([rule], catalogue)


def test_a_crash_counts_as_caught(catalogue: Catalogue) -> None:
    rule = catalogue.rules["overlapping-changes"]
    broken = msgspec.structs.replace(rule, check="operations.nothing")
    assert mutate.caught(broken, catalogue, mutate.manifest(rule))


@pytest.mark.parametrize("category", ["governance", "operations", "risks", "stakeholders"])
def test_examples_catch_what_is_changed(category: str, catalogue: Catalogue) -> None:
    rules = [rule for rule in catalogue.rules.values() if rule.category == category]
    count, survivors = mutate.run(rules, catalogue)
    assert len(survivors) <= (1 - mutate.ENOUGH) * count, survivors
