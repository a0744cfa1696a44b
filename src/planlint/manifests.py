"""Reading rule manifests: planlint's own into the compiled catalogue, a team's at run time."""

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

import msgspec
from msgspec import Struct

from planlint import checks, resources
from planlint.checks import expression
from planlint.checks.items import compile_schema
from planlint.diagnostics import Finding, Path, Place, Severity
from planlint.document import Document
from planlint.errors import UsageError
from planlint.reader import Limits, read
from planlint.rule import KINDS, Option, Rule
from planlint.rulesets import CATALOGUE, Catalogue, Pack, digest, fill, option_value
from planlint.schema import closest, validate

CONDITIONS = "conditions.yaml"
_KINDS = ("plan", "dependency", *KINDS)


class Manifest(Struct, frozen=True):
    """A manifest as read: the rule when it is sound, what is wrong with it otherwise."""

    document: Document | None
    rule: Rule | None
    findings: tuple[Finding, ...]


def read_manifest(
    shown: str, name: str, category: str, content: bytes, conditions: Mapping[str, Any]
) -> Manifest:
    """Read one manifest; `shown` is its path for people, name and category come from that path."""
    document, findings = read(shown, content, Limits())
    if document is None:
        return Manifest(None, None, findings)
    found = [*findings, *validate(document.data, "rule")]
    if not found:
        found.extend(_doubts(document.data, conditions))
    if found:
        located = tuple(
            msgspec.structs.replace(f, place=msgspec.structs.replace(f.place, file=shown)) for f in found
        )
        return Manifest(document, None, located)
    return Manifest(document, _rule(document.data, name, category, shown, conditions), ())


def _texts(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def _rule(
    data: Mapping[str, Any], name: str, category: str, origin: str, conditions: Mapping[str, Any]
) -> Rule:
    where = tuple(conditions[part] if isinstance(part, str) else part for part in _texts(data.get("where")))
    return Rule(
        name=name,
        category=category,
        summary=data["summary"],
        rationale=data["rationale"],
        severity=Severity.of(data["severity"]),
        recommended=data.get("recommended", True),
        since=str(data["since"]),
        given=_texts(data.get("given")),
        where=where,
        needs=data.get("needs", "plan"),
        check=data["check"],
        params=data.get("params", {}),
        options={key: msgspec.convert(part, Option) for key, part in data.get("options", {}).items()},
        at=_texts(data.get("at", "key")),
        message=data["message"],
        origin=origin,
        valid=len(data["examples"]["valid"]),
        invalid=len(data["examples"]["invalid"]),
    )


def _wrong(path: Path, reason: str) -> Finding:
    return Finding(Place(path), {"reason": reason}, rule="invalid-value")


def _did_you_mean(word: str, known: Any) -> str:
    near = closest(word, list(known))
    return f"; did you mean '{near}'?" if near else ""


def _doubts(data: Mapping[str, Any], conditions: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what the schema of manifests cannot say: unknown names, parameters that do not fit the check."""
    for kind in _texts(data.get("given")):
        if kind not in _KINDS:
            yield _wrong(("given",), f"no items are called '{kind}'{_did_you_mean(kind, _KINDS)}")
    options = {}
    for key, part in data.get("options", {}).items():
        try:
            options[key] = option_value(msgspec.convert(part, Option), part["default"])
        except ValueError as error:
            yield _wrong(("options", key, "default"), f"the default does not fit its type: {error}")
    for part in _texts(data.get("where")):
        yield from _condition_doubts(part, conditions, options)
    yield from _param_doubts(data, fill(data.get("params", {}), options))


def _param_doubts(data: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[Finding]:
    if data["check"] == "schema":
        if not data.get("given"):
            yield _wrong(("check",), "the check 'schema' needs `given`: the kind of items it looks at")
        if set(params) != {"schema"}:
            yield _wrong(("params",), "the check 'schema' takes one parameter, `schema`")
        else:
            yield from _schema_doubts(("params", "schema"), params["schema"])
    elif data["check"] == "expression":
        yield from _expression_doubts(data, params)
    elif data["check"] != "stage":
        yield from _check_doubts(data, params)


def _condition_doubts(
    part: Any, conditions: Mapping[str, Any], options: Mapping[str, Any]
) -> Iterator[Finding]:
    if not isinstance(part, str):
        yield from _schema_doubts(("where",), fill(part, options))
    elif part not in conditions:
        yield _wrong(("where",), f"no condition is called '{part}'{_did_you_mean(part, conditions)}")


def _schema_doubts(path: Path, schema: Any) -> Iterator[Finding]:
    try:
        compile_schema(schema)
    except ValueError as error:
        reason = str(error).splitlines()[0]
        yield _wrong(path, f"this is no JSON Schema that planlint can run: {reason}")


def _expression_doubts(data: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[Finding]:
    kinds = [kind for kind in _texts(data.get("given")) if kind in _KINDS]
    if not data.get("given"):
        yield _wrong(("check",), "the check 'expression' needs `given`: the kind of items it looks at")
    elif set(params) != {"expression"}:
        yield _wrong(("params",), "the check 'expression' takes one parameter, `expression`")
    elif reason := expression.doubt(params["expression"], kinds):
        yield _wrong(("params", "expression"), f"this expression does not work: {reason}")


def _check_doubts(data: Mapping[str, Any], params: Mapping[str, Any]) -> Iterator[Finding]:
    name = data["check"]
    function = checks.lookup(name)
    if function is None:
        yield _wrong(("check",), f"no check is called '{name}'{_did_you_mean(name, checks.names())}")
        return
    for error in compile_schema(function.schema).iter_errors(dict(params)):
        path = ("params", *error.instance_path) if "params" in data else ("check",)
        yield _wrong(path, f"the check '{name}' cannot take this: {error.message}")


def compile_catalogue(folder: FilePath) -> Catalogue:
    """Read every manifest of planlint's own.

    Raises:
        UsageError: one of them is wrong; it says which and where.
    """
    conditions = _data(folder / CONDITIONS)
    rules: dict[str, Rule] = {}
    for file in sorted(folder.glob("*/*.yaml")):
        if file.parent.name == "packs":
            continue
        shown = file.relative_to(folder).as_posix()
        manifest = read_manifest(shown, file.stem, file.parent.name, file.read_bytes(), conditions)
        if manifest.rule is None:
            reasons = "; ".join(str(finding.values.get("reason")) for finding in manifest.findings)
            raise UsageError(f"rules/{shown}: {reasons}")
        rules[file.stem] = manifest.rule
    packs = {
        file.stem: msgspec.convert({"name": file.stem, **_data(file)}, Pack)
        for file in sorted((folder / "packs").glob("*.yaml"))
    }
    return Catalogue(rules, packs, digest(folder))


def _data(file: FilePath) -> Any:
    document, findings = read(file.name, file.read_bytes(), Limits())
    if document is None or findings:
        raise UsageError(f"rules/{file.name}: {findings[0].values.get('reason')}")
    return document.data


def conditions() -> Mapping[str, Any]:
    """Return the named conditions that a manifest's `where` may use."""
    found: Mapping[str, Any] = _data(resources.RULES / CONDITIONS)
    return found


def write_catalogue(folder: FilePath) -> None:
    """Write the compiled catalogue and the overview beside the manifests."""
    catalogue = compile_catalogue(folder)
    encoded = msgspec.json.format(msgspec.json.encode(catalogue), indent=1)
    (folder / CATALOGUE).write_bytes(encoded + b"\n")
    (folder / "README.md").write_text(overview(catalogue), encoding="utf-8")


def overview(catalogue: Catalogue) -> str:
    """Write `rules/README.md`: every rule with its level, whether it is declarative, what it says."""
    lines = [
        "# The rules",
        "",
        "Written by `make rules` from the manifests beside this file; `planlint explain RULE` says more.",
        "",
    ]
    rules = sorted(catalogue.rules.values(), key=lambda rule: (rule.category, rule.name))
    declarative = sum(is_declarative(rule) for rule in rules)
    lines += [
        f"{len(rules)} rules, {declarative} of them declarative: a manifest over a shared check.",
        "",
        "Examples count the valid and the invalid ones; they stand in the manifest and are the rule's tests.",
        "",
        "| rule | category | level | how | examples | what it says |",
        "|---|---|---|---|---|---|",
    ]
    for rule in rules:
        pack = rule.category if rule.category in catalogue.packs else "strict"
        level = rule.severity.word if rule.recommended else f"off ({rule.severity.word} in `{pack}`)"
        how = "declarative" if is_declarative(rule) else f"`{rule.check}`"
        link = f"[{rule.name}]({rule.category}/{rule.name}.yaml)"
        examples = f"{rule.valid} + {rule.invalid}"
        summary = " ".join(rule.summary.split())
        lines.append(f"| {link} | {rule.category} | {level} | {how} | {examples} | {summary} |")
    lines += ["", "## Packs", "", "| pack | what it is |", "|---|---|"]
    lines += [f"| {pack.name} | {' '.join(pack.summary.split())} |" for pack in catalogue.packs.values()]
    return "\n".join(lines) + "\n"


def is_declarative(rule: Rule) -> bool:
    """Whether a rule has no Python of its own: the check takes parameters."""
    return rule.check != "stage" and bool(rule.params)


if __name__ == "__main__":
    write_catalogue(resources.RULES)
