"""Which items a rule is about and which break a declarative one: jsonschema-rs decides."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import jsonschema_rs
from msgspec import Struct

from planlint.diagnostics import Finding, Path, Place
from planlint.facts import subjects
from planlint.rule import Context, Rule, Subject


class Screen:
    """The rules of one kind as few validators, each compiled when the first plan has such items.

    A verdict is quick and an error slow (jsonschema-rs: 0.3 µs against 25), so that items are asked for
    errors only where a declarative rule has found something. The other rules only choose: those with the
    same `where` share a validator, and without one every item is chosen.
    """

    def __init__(self, kind: str, verdicts: Sequence[tuple[str, Any]], chosen: Mapping[str, Any]) -> None:
        """Keep the schemas by rule: of declarative rules, and the `where` of the others."""
        self.kind = kind
        self.names = tuple(name for name, _ in verdicts)
        self._schema = {"allOf": [branch for _, branch in verdicts]}
        alike: dict[str, tuple[Any, list[str]]] = {}
        for name, where in chosen.items():
            alike.setdefault(repr(where), (where, []))[1].append(name)
        self._alike = tuple((where, tuple(names)) for where, names in alike.values())

    @cached_property
    def validator(self) -> Any:
        """The compiled declarative rules, None when there are none."""
        return _compiled(self._schema) if self.names else None

    @cached_property
    def choosers(self) -> tuple[tuple[Any, tuple[str, ...]], ...]:
        """For each `where` its validator, None where it lets everything through, and the rules' names."""
        return tuple((_compiled({"allOf": where}) if where else None, names) for where, names in self._alike)


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
        ValueError: it is no JSON Schema, a pattern needs look-around or back-references, or it is too large.
    """
    for key in _special(schema):
        if key not in _REFERRING:
            raise ValueError(f"'{key}' has no meaning in a rule; only '$ref' to '#/…' and '$defs' have")
    validator = _compiled(schema)
    try:
        _weigh(schema, schema, {})
    except RecursionError:
        raise ValueError("its '$ref' lead on and on") from None
    return validator


def _compiled(schema: Any) -> Any:
    return jsonschema_rs.Draft202012Validator(
        schema, retriever=refuse, pattern_options=jsonschema_rs.RegexOptions()
    )


_REFERRING = frozenset({"$ref", "$defs", "$comment"})
_MOST = 10_000
"""Parts of a schema with every `$ref` written out: what one look at an item may cost."""


def _weigh(schema: Any, root: Any, known: dict[int, int]) -> int:
    """Return how many parts a schema has with every `$ref` written out.

    Raises:
        ValueError: more than `_MOST`, or a `$ref` that leads back to itself.
    """
    if not isinstance(schema, Mapping | list | tuple):
        return 1
    if id(schema) in known:
        if not known[id(schema)]:
            raise ValueError("a '$ref' leads back to a schema that it stands in")
        return known[id(schema)]
    known[id(schema)] = 0
    parts = schema.values() if isinstance(schema, Mapping) else schema
    total = 1 + sum(_weigh(part, root, known) for part in parts)
    if isinstance(schema, Mapping) and isinstance(schema.get("$ref"), str):
        total += _weigh(_target(root, schema["$ref"]), root, known)
    if total > _MOST:
        raise ValueError(f"with every '$ref' written out it has more than {_MOST:,} parts")
    known[id(schema)] = total
    return total


def _target(root: Any, reference: str) -> Any:
    for part in reference.removeprefix("#").split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            root = root[int(key)] if isinstance(root, list | tuple) else root[key]
        except (LookupError, TypeError, ValueError):
            raise ValueError(
                f"'{reference}' leads nowhere; write the plain path, as in '#/$defs/name'"
            ) from None
    return root


def _special(schema: Any) -> Iterator[str]:
    """Yield the keywords of a schema that concern other schemas."""
    if isinstance(schema, Mapping):
        for key, part in schema.items():
            if key.startswith("$"):
                yield key
            yield from _special(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            yield from _special(part)


def _rooted(schema: Any, name: str) -> Any:
    """Let `#` in a schema mean itself, also where it stands among others."""
    if isinstance(schema, Mapping) and any(_special(schema)):
        return {**schema, "$id": f"urn:planlint:{name}"}
    return schema


def screens(rules: Iterable[tuple[Rule, Sequence[Any], Mapping[str, Any]]]) -> tuple[Screen, ...]:
    """Group rules (with their filled `where` and params) by the kinds that they are given.

    A rule of another check than `schema` only selects: every item that `where` lets through is a hit.
    """
    verdicts: dict[str, list[tuple[str, Any]]] = {}
    chosen: dict[str, dict[str, Any]] = {}
    for rule, conditions, params in rules:
        where = [_rooted(part, f"{rule.name}:{number}") for number, part in enumerate(conditions)]
        for kind in rule.given:
            verdicts.setdefault(kind, [])
            if rule.check == "schema":
                schema = _rooted(params["schema"], rule.name)
                branch = {"if": {"allOf": where}, "then": schema} if where else schema
                verdicts[kind].append((rule.name, branch))
            else:
                chosen.setdefault(kind, {})[rule.name] = where
    return tuple(Screen(kind, found, chosen.get(kind, {})) for kind, found in verdicts.items())


def run(context: Context, screen: Screen) -> dict[str, list[Hit]]:
    """Return the hits of each rule, an item once a rule, in the order of the file."""
    shown = subjects(context, screen.kind)
    if not shown:
        return {}
    hits: dict[str, list[Hit]] = {}
    if screen.validator is not None:
        for subject in shown:
            if screen.validator.is_valid(subject.view):
                continue
            tails: dict[str, Path] = {}
            for error in screen.validator.iter_errors(subject.view):
                tails.setdefault(screen.names[error.schema_path[1]], tuple(error.instance_path))
            for name, tail in tails.items():
                hits.setdefault(name, []).append(Hit(subject, tail))
    for chooser, names in screen.choosers:
        found = [Hit(one, ()) for one in shown if chooser is None or chooser.is_valid(one.view)]
        if found:
            hits.update(dict.fromkeys(names, found))
    return hits


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
        if not isinstance(view, dict) or part not in view:
            return False
        view = view[part]
    return True


def findings(rule: Rule, hits: Sequence[Hit]) -> Iterable[Finding]:
    """Turn the hits of a declarative rule into findings; the item's data are the values of its message."""
    for hit in hits:
        yield Finding(place(rule, hit), hit.subject.view)
