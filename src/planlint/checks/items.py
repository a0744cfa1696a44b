"""Which items a rule is about and which break a declarative one: one pass of jsonschema-rs a kind."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import jsonschema_rs
from msgspec import Struct

from planlint.diagnostics import Finding, Path, Place
from planlint.facts import subjects
from planlint.rule import Context, Rule, Subject


class Screen:
    """The rules of one kind as one validator, compiled when the first plan has such items.

    `names` has the rule of each branch.
    """

    def __init__(self, kind: str, branches: Sequence[tuple[str, Any]]) -> None:
        """Keep the branches: rule name and schema."""
        self.kind = kind
        self.names = tuple(name for name, _ in branches)
        self._schema = {"items": {"allOf": [branch for _, branch in branches]}}

    @cached_property
    def validator(self) -> Any:
        """The compiled branches."""
        return compile_schema(self._schema)


class Hit(Struct, frozen=True):
    """A subject that a rule chose (or that breaks it), and the path inside it where its schema failed."""

    subject: Subject
    tail: Path


def refuse(address: str) -> Any:
    """Stop a schema from reaching for another document.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"'{address}' is outside this rule; only '#/…' can be referred to")


def compile_schema(schema: Any) -> Any:
    """Return a validator that needs nothing outside `schema` and whose patterns run in linear time.

    Raises:
        ValueError: it is no JSON Schema, or a pattern needs look-around or back-references.
    """
    return jsonschema_rs.Draft202012Validator(
        schema, retriever=refuse, pattern_options=jsonschema_rs.RegexOptions()
    )


def screens(rules: Iterable[tuple[Rule, Sequence[Any], Mapping[str, Any]]]) -> tuple[Screen, ...]:
    """Group rules (with their filled `where` and params) by the kinds that they are given.

    A rule of another check than `schema` only selects: every item that `where` lets through is a hit.
    """
    branches: dict[str, list[tuple[str, Any]]] = {}
    for rule, where, params in rules:
        verdict = params["schema"] if rule.check == "schema" else False
        branch = {"if": {"allOf": list(where)}, "then": verdict} if where else verdict
        for kind in rule.given:
            branches.setdefault(kind, []).append((rule.name, branch))
    return tuple(Screen(kind, found) for kind, found in branches.items())


def run(context: Context, screen: Screen) -> dict[str, list[Hit]]:
    """Return the hits of each rule, an item once a rule, in the order of the file."""
    chosen = subjects(context, screen.kind)
    if not chosen:
        return {}
    hits: dict[str, dict[int, Path]] = {}
    for error in screen.validator.iter_errors([subject.view for subject in chosen]):
        number, *tail = error.instance_path
        name = screen.names[error.schema_path[2]]
        hits.setdefault(name, {}).setdefault(number, tuple(tail))
    return {
        name: [Hit(chosen[number], tail) for number, tail in sorted(found.items())]
        for name, found in hits.items()
    }


def place(rule: Rule, hit: Hit) -> Place:
    """Return where a finding about an item stands: the first key of `at` that is there, else the item's."""
    subject = hit.subject
    for key in rule.at:
        if key == "found":
            return Place(subject.path + hit.tail)
        at = tuple(key.split("."))
        if key != "key" and _has(subject.view, at):
            return Place((*subject.path, *at), at="key")
    return Place(subject.path or ("planlint",), at="key")


def _has(view: Any, path: Path) -> bool:
    for part in path:
        if not isinstance(view, Mapping) or part not in view:
            return False
        view = view[part]
    return True


def findings(rule: Rule, hits: Sequence[Hit]) -> Iterable[Finding]:
    """Turn the hits of a declarative rule into findings; the item's data are the values of its message."""
    for hit in hits:
        yield Finding(place(rule, hit), hit.subject.view)
