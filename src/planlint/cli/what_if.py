"""`--what-if KEY=VALUE`: the same plan with one thing different, checked like the plan itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from planlint.builder import Built, build
from planlint.diagnostics import Finding, Path
from planlint.document import Document
from planlint.errors import UsageError
from planlint.reader import read
from planlint.schema import closest, validate


def vary(built: Built, changes: Sequence[str]) -> Built:
    """Return the plan with `changes` made one after the other, each `KEY=VALUE`.

    A key is a path such as `tasks.build.effort`, `people.ana.operations` or `deadline`; sub-tasks are named
    without their summaries. A value is written as in a plan.

    Raises:
        UsageError: A change names nothing that can be changed, or the plan would not be valid with it.
    """
    for change in changes:
        try:
            built = _varied(built, change)
        except UsageError as error:
            raise UsageError(f"--what-if {change}: {error}") from None
    return built


def _varied(built: Built, change: str) -> Built:
    key, equals, text = change.partition("=")
    if not equals or not all(key.split(".")):
        raise UsageError("write KEY=VALUE, such as tasks.build.effort=8d")
    document, found = read("--what-if", f"value: {text}\n".encode())
    if document is None or set(document.data) != {"value"}:
        raise UsageError(f"'{text}' is no value: {_reasons(found) or 'it must be one YAML value'}")
    path = _path(built, key.split("."))
    target = built.sources.document(path)
    before = [built.sources.main, *built.sources.fragments]
    value = _ids(document.data["value"])
    after = [replace(one, data=_put(one.data, path, value)) if one is target else one for one in before]
    structure = _structure(after)
    changed = build(after[0], after[1:], structure, complete=built.complete)
    known = {_said(finding) for finding in (*_structure(before), *built.findings)}
    new = [finding for finding in (*structure, *changed.findings) if _said(finding) not in known]
    if new:
        raise UsageError(_reasons(new))
    return changed


def _path(built: Built, parts: Sequence[str]) -> Path:
    """Return where the key stands; an item is found by its id, wherever it is nested."""
    section = getattr(built.plan, parts[0], None)
    if len(parts) == 1 or not isinstance(section, Mapping) or parts[0] == "links":
        return tuple(parts)
    item = section.get(parts[1])
    if item is not None:
        return (*item.path, *parts[2:])
    if parts[:2] == ["calendars", "default"]:  # every plan has one, whether it is written or not
        return tuple(parts)
    near = closest(parts[1], section)
    hint = f"; did you mean '{near}'?" if near else ""
    raise UsageError(f"there is no '{parts[1]}' under '{parts[0]}'{hint}")


def _put(data: Any, path: Sequence[str | int], value: Any) -> Any:
    """Return `data` with `value` at `path`; everything beside the way there is shared."""
    if not path:
        return value
    key, rest = path[0], path[1:]
    if isinstance(data, dict):
        return {**data, key: _put(data.get(key, {}), rest, value)}
    if isinstance(data, list) and str(key).isdecimal() and int(key) < len(data):
        position = int(key)
        return [*data[:position], _put(data[position], rest, value), *data[position + 1 :]]
    raise UsageError(f"'{key}' leads to nothing")


def _ids(value: Any) -> Any:
    """Return the value with numbers in a list as text: there they can only be ids."""
    return [str(one) if isinstance(one, int) else one for one in value] if isinstance(value, list) else value


def _structure(documents: Sequence[Document]) -> list[Finding]:
    found = list(validate(documents[0].data, "plan"))
    for one in documents[1:]:
        found += validate(one.data, "plan", "fragment", one.file)
    return found


def _said(finding: Finding) -> tuple[str, Path, str]:
    return finding.rule, finding.place.path, repr(finding.values)


def _reasons(findings: Sequence[Finding]) -> str:
    return "; ".join(str(finding.values.get("reason", finding.rule)) for finding in findings)
