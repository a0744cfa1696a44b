"""JSON Schema: the verdict of jsonschema-rs, the explanation of jsonschema, as findings.

A valid document costs only the verdict. An invalid one is cut down to its invalid items, and these are
explained: one finding a cause, at the key or value that must change, in words from the schema itself
(`x-is`: what the value should be, `x-hint`: how to write it). No schema text, no pattern, no list of
branches reaches the user.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Protocol

from planlint.diagnostics import Finding, Path, Place
from planlint.resources import SCHEMAS

if TYPE_CHECKING:
    import jsonschema_rs


class _Error(Protocol):
    """What is used of an error of jsonschema, whose own types leave room for what never happens here."""

    validator: str
    validator_value: Any
    instance: Any
    schema: Mapping[str, Any]
    context: Sequence["_Error"]
    absolute_path: Iterable[str | int]
    relative_path: Collection[str | int]
    absolute_schema_path: Collection[str | int]
    relative_schema_path: Sequence[int]


_MOST_ERRORS = 1000
"""How many invalid places of one document are explained: enough to work on, and bounded."""

_LONGEST = 40
"""How many characters of a wrong value a message quotes."""

_PREFIX = 3
"""From how many letters on the beginning of a word means the word."""

_CANDIDATES = 2000
"""How many ids a misspelt one is compared with: difflib takes about 10 µs each."""

_TYPES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}


def validate(
    data: object, name: str = "plan", definition: str | None = None, file: str | None = None
) -> tuple[Finding, ...]:
    """Check `data` against a schema of planlint and say what is wrong with it.

    Args:
        data: Plain values: dict with string keys, list, str, int, float, bool, None.
        name: The schema: plan, config, rule or report.
        definition: One of the schema's `$defs` in place of its root, such as `fragment`.
        file: The file that the findings' places name, for documents that are not a plan's own.

    Returns:
        Nothing when it is valid. Otherwise findings of the rules unknown-key (at the key, with
        `suggestion` when a known key is close), missing-key (at the item's key) and invalid-value (at the
        value, or at the key for an id), in the order of the document, with a sentence in `reason`.
    """
    verdict = _verdict(name, definition)
    try:
        if verdict.is_valid(data):
            return ()
        paths = [tuple(error.instance_path) for error in islice(verdict.iter_errors(data), _MOST_ERRORS)]
    except ValueError:  # a lone surrogate, for one: no Rust string, but jsonschema can say more
        paths = []
    suspects = _prune(data, paths) if paths and name == "plan" else data
    explained = _explain(_explainer(name, definition), suspects)
    if not explained and paths:
        explained = [_invalid(paths[0], f"{_label(paths[0])}this value is not allowed")]  # they disagree
    if file is not None:
        explained = [
            Finding(Place(f.place.path, f.place.at, file), f.values, f.related, f.rule) for f in explained
        ]
    return tuple(explained)


def closest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that `word` was most likely meant to be, or None when none is close."""
    known = list(islice(candidates, _CANDIDATES))
    folded = _fold(word)
    for candidate in known:
        if _fold(candidate) == folded:
            return candidate
    longer = [candidate for candidate in known if len(folded) >= _PREFIX and candidate.startswith(folded)]
    if len(longer) == 1:
        return longer[0]
    from difflib import get_close_matches  # noqa: PLC0415 - only a misspelt word needs it

    near = get_close_matches(word, known, n=1)
    return near[0] if near else None


def load(name: str) -> dict[str, Any]:
    """Return one of planlint's own schemas: plan, config, rule or report."""
    import msgspec  # noqa: PLC0415 - its JSON decoder is quicker to have than the json module

    schema: dict[str, Any] = msgspec.json.decode((SCHEMAS / f"{name}.schema.json").read_bytes())
    return schema


def local_time(text: object) -> bool:
    """Whether `text`, when it is one, is a real day and time such as `2026-06-06 06:00`."""
    from datetime import datetime  # noqa: PLC0415 - schema.py is imported for every run, this is rare

    if not isinstance(text, str):
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_day(text: str) -> bool:
    from datetime import date  # noqa: PLC0415 - as above

    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _fold(word: str) -> str:
    """Return `word` without what people vary: case, and how its parts are joined."""
    return word.strip().lower().replace(" ", "-").replace("_", "-")


@cache
def _schema(name: str, definition: str | None) -> dict[str, Any]:
    schema = load(name)
    if definition is None:
        return schema
    return {"$schema": schema["$schema"], "$ref": f"#/$defs/{definition}", "$defs": schema["$defs"]}


@cache
def _verdict(name: str, definition: str | None) -> "jsonschema_rs.Draft202012Validator":
    import jsonschema_rs  # noqa: PLC0415 - 10 ms that `rules` and `explain` need not pay

    return jsonschema_rs.Draft202012Validator(
        _schema(name, definition),
        validate_formats=True,
        formats={"local-time": local_time},
        pattern_options=jsonschema_rs.RegexOptions(),
    )


@cache
def _explainer(name: str, definition: str | None) -> Any:
    """Return a jsonschema validator that agrees with jsonschema-rs.

    Three things differ out of the box: `$` also matches before a last line feed, infinity and NaN are
    numbers, and dates may be written in the other forms of ISO 8601.
    """
    import re  # noqa: PLC0415

    from jsonschema import Draft202012Validator, FormatChecker, TypeChecker, validators  # noqa: PLC0415
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415

    def pattern(_: object, expected: str, text: object, __: object) -> Iterator[ValidationError]:
        if isinstance(text, str) and not re.search(expected.replace("$", r"\Z"), text):
            yield ValidationError("does not match")

    def number(_: TypeChecker, value: object) -> bool:
        return type(value) is int or (isinstance(value, float) and math.isfinite(value))

    def day(text: object) -> bool:
        return not isinstance(text, str) or _is_day(text)

    checker = FormatChecker(formats=())
    checker.checks("date")(day)
    checker.checks("local-time")(local_time)
    extend: Any = validators.extend  # untyped
    extended = extend(
        Draft202012Validator,
        {"pattern": pattern},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine("number", number),
    )
    return extended(_schema(name, definition), format_checker=checker)


def _prune(data: object, paths: Sequence[Path]) -> object:
    """Return a plan without its valid items; keys of what is left, and list indices, stay as they were."""
    if not isinstance(data, dict):
        return data
    invalid = _by_first(paths)
    return {
        key: _prune_items(value, invalid.get(key, [])) if isinstance(value, dict) else value
        for key, value in data.items()
    }


def _prune_items(items: dict[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    """Return a section, or a mapping of sub-tasks, without its valid items."""
    if () in paths:
        return items  # the mapping itself is wrong: a bad id, a missing key
    kept: dict[str, Any] = {}
    invalid = _by_first(paths)
    for key, value in items.items():
        below = invalid.get(key, [])
        if below or not isinstance(value, dict | list):
            kept[key] = value
            if isinstance(value, dict) and isinstance(value.get("tasks"), dict):
                inner = _by_first(below).get("tasks", [])
                kept[key] = {**value, "tasks": _prune_items(value["tasks"], inner)}
    return kept


def _by_first(paths: Sequence[Path]) -> dict[str, list[Path]]:
    """Return the rests of the paths by their first part; jsonschema-rs gives the key `101` as a number."""
    groups: dict[str, list[Path]] = {}
    for path in paths:
        if path:
            groups.setdefault(str(path[0]), []).append(path[1:])
    return groups


def _explain(validator: Any, data: object) -> list[Finding]:
    """Return the findings about `data`, one a cause, in the order of the document."""
    found: dict[tuple[object, ...], Finding] = {}
    for error in validator.iter_errors(data):
        for finding in _findings(error, tuple(error.absolute_path)):
            found.setdefault((finding.rule, finding.place.path, finding.values.get("key")), finding)
    renamed = {
        (finding.place.path[:-1], finding.values["suggestion"])
        for finding in found.values()
        if finding.rule == "unknown-key" and "suggestion" in finding.values
    }
    kept = {
        key: finding
        for key, finding in found.items()
        if finding.rule != "missing-key" or (finding.values["item"], finding.values["key"]) not in renamed
    }
    return sorted(kept.values(), key=lambda finding: _rank(data, finding.place.path))


def _rank(data: object, path: Path) -> tuple[int, ...]:
    """Return where `path` stands in the document, for sorting."""
    ranks = []
    for part in path:
        if isinstance(data, dict) and part in data:
            ranks.append(list(data).index(part))
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int):
            ranks.append(part)
            data = data[part]
    return tuple(ranks)


def _findings(error: _Error, path: Path) -> Iterator[Finding]:
    """Yield the findings that say what one error of jsonschema means."""
    keyword, value = error.validator, error.instance
    if "propertyNames" in error.absolute_schema_path:
        yield _invalid((*path, value), *_sentence(error, ""), at="key")
    elif keyword == "additionalProperties":
        known = list(error.schema["properties"])
        for key in value:
            if key not in known and not key.startswith("x-"):
                yield _unknown((*path, key), key, known, _a(error.schema))
    elif keyword == "required":
        for key in error.validator_value:
            if key not in value:
                yield _missing(path, key, value)
    elif keyword in {"anyOf", "oneOf"} and (branch := _branch(error)):
        for inner in branch:
            yield from _findings(inner, (*path, *inner.relative_path))
    else:
        yield _invalid(path, *_sentence(error, _label(path)), at="key" if value is None and path else "value")


def _branch(error: _Error) -> list[_Error]:
    """Return the errors of the branch that the value looks like, or nothing when it looks like none.

    A value looks like a branch when nothing is wrong with its own type: all that is wrong is inside.
    """
    branches: dict[int, list[_Error]] = {}
    for inner in error.context:
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    for errors in branches.values():
        if isinstance(error.instance, dict | list) and all(
            inner.relative_path or inner.validator not in {"type", "enum", "const", "anyOf"}
            for inner in errors
        ):
            return errors
    return []


def _sentence(error: _Error, label: str) -> tuple[str, str | None]:
    """Say what was found, what is allowed and how to write it; and which word is meant, if one is close."""
    schema, value = error.schema, error.instance
    words = _words(error)
    if error.validator == "enum" and not schema.get("x-is"):
        wanted, hint = "one of " + ", ".join(dict.fromkeys(words)), ""
    elif error.validator == "const" and not schema.get("x-is"):
        wanted, hint = _found(error.validator_value), ""
    else:
        wanted, hint = _a(schema), str(schema.get("x-hint", ""))
    if isinstance(value, int | float) and schema.get("type") == "string" and error.validator == "type":
        hint = hint if schema.keys() & {"pattern", "format"} else "put it in quotes"
    near = closest(value, words) if isinstance(value, str) and words else None
    if near:
        hint = f"did you mean '{near}'?"
    if value is None:
        label = label or "the file is empty: "
        return f"{label}there is no value; {hint or f'write {wanted}'}", None
    if error.validator in {"minItems", "minProperties"}:
        return f"{label}there is nothing in it; {hint or f'write {wanted}'}", None
    return f"{label}{_found(value)} is not {wanted}" + (f"; {hint}" if hint else ""), near


def _words(error: _Error) -> list[str]:
    """Return the words that an enumeration allows, one of the branches' included."""
    if error.validator == "enum":
        return [word for word in error.validator_value if isinstance(word, str)]
    return [word for inner in error.context for word in _words(inner) if not inner.relative_path]


def _a(schema: Mapping[str, Any]) -> str:
    """Return what the schema wants, with its article."""
    wanted = schema.get("x-is")
    types = schema.get("type", ())
    names = [types] if isinstance(types, str) else types
    return str(wanted or " or ".join(_TYPES[name] for name in names) or "allowed here")


def _found(value: object) -> str:
    """Return a wrong value as a message quotes it."""
    if isinstance(value, str):
        return repr(value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list) else str(value)[:_LONGEST]


def _label(path: Path) -> str:
    """Return the words that a sentence about `path` begins with: its key, and which entry of a list."""
    if not path:
        return ""
    if isinstance(path[-1], int):
        return f"{_label(path[:-1])[:-2] or 'the list'}, entry {path[-1] + 1}: "
    return f"{path[-1]}: "


def _invalid(
    path: Path, reason: str, near: str | None = None, at: Literal["key", "value"] = "value"
) -> Finding:
    values = {"reason": reason, **({"suggestion": near} if near else {})}
    return Finding(Place(path, at), values, rule="invalid-value")


def _unknown(path: Path, key: str, known: Collection[str], where: str) -> Finding:
    near = closest(key, known)
    if near is None:
        return Finding(
            Place(path, "key"),
            {"key": key, "reason": f"{_found(key)} is not a key of {where}; own keys start with x-"},
            rule="unknown-key",
        )
    reason = f"{_found(key)} is not a key of {where}; did you mean '{near}'?"
    return Finding(Place(path, "key"), {"key": key, "suggestion": near, "reason": reason}, rule="unknown-key")


def _missing(path: Path, key: str, value: Mapping[str, object]) -> Finding:
    """Return the finding about a key that is not there; the plan's own are missed at its first line."""
    values = {"key": key, "item": path, "reason": f"{_label(path)}the key '{key}' is missing"}
    if path:
        place = Place(path, "value" if isinstance(path[-1], int) else "key")
    else:
        place = Place(("planlint",), "key") if "planlint" in value else Place()
    return Finding(place, values, rule="missing-key")
