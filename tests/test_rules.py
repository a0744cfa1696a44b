"""Every rule's own examples are its tests."""

from pathlib import Path

import pytest

from planlint import resources
from planlint.manifests import compile_catalogue, overview
from planlint.reader import read
from planlint.rule_examples import Example, doubts, examples
from planlint.rulesets import CATALOGUE, Catalogue, digest, load

MANIFESTS = sorted(file for file in resources.RULES.glob("*/*.yaml") if file.parent.name != "packs")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load()


def _examples(file: Path) -> list[Example]:
    document, _ = read(file.name, file.read_bytes())
    assert document is not None
    return list(examples(file.stem, document.data))


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
def test_a_rule_says_what_its_examples_say(file: Path, catalogue: Catalogue) -> None:
    found = _examples(file)
    assert sum(one.kind == "valid" for one in found) >= 2
    assert sum(one.kind == "invalid" for one in found) >= 2
    assert [f"{one.name}: {reason}" for one in found for reason in doubts(one, catalogue)] == []


def test_an_example_that_is_wrong_fails(catalogue: Catalogue) -> None:
    quiet = "tasks:\n  build: {title: Build it}\n"
    loud = "tasks:\n  build: {title: Build it, status: cancelled}  # expect: task-without-owner\n"
    manifest = {"examples": {"valid": [quiet], "invalid": [loud]}}
    reasons = [list(doubts(one, catalogue)) for one in examples("task-without-owner", manifest)]
    assert reasons == [
        ["line 2 of example.plan.yaml: reported, not expected"],
        ["line 2 of example.plan.yaml: expected, not reported"],
    ]


@pytest.mark.skipif(resources.PACKAGED, reason="a wheel has the catalogue only as it was built")
def test_the_compiled_catalogue_and_the_overview_are_current() -> None:
    assert load().digest == digest(resources.RULES), "run `make rules`"
    compiled = compile_catalogue(resources.RULES)
    assert load() == compiled
    assert (resources.RULES / "README.md").read_text(encoding="utf-8") == overview(compiled), (
        "run `make rules`"
    )
    assert (resources.RULES / CATALOGUE).exists()
