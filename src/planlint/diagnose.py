"""A finding and its rule's manifest become a diagnostic: level, words, place in the file, fingerprint."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from planlint.diagnostics import Diagnostic, Finding, Path, Related
from planlint.digests import blake2b
from planlint.document import Sources
from planlint.model import Plan
from planlint.rulesets import ActiveRule

_FIELD = re.compile(r"\{([a-z_][a-z0-9_.-]*)(?:\|([a-z ]+))?\}")
_SHOWN = 12


def words(template: str, values: Mapping[str, Any], written: Mapping[str, Any]) -> str:
    """Fill `{name}` and `{name.part}` from a finding's values, else from the rule's options as written.

    `{count|day}` writes a number with its noun: 1 day, 2 days. Nothing else is interpreted, so that a
    manifest cannot make a message run code or grow without bound.
    """

    def field(match: re.Match[str]) -> str:
        value: Any = values
        for part in match[1].split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            value = written.get(match[1])
        text = shown(value)
        return f"{text} {match[2]}{'' if text == '1' else 's'}" if match[2] else text

    return " ".join(_FIELD.sub(field, template).split())


def shown(value: Any) -> str:
    """Write a value as people read it: lists with commas (the first dozen), numbers without `.0`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{round(value, 2):.10g}"
    if isinstance(value, list | tuple | set | frozenset):
        parts = [shown(part) for part in value]
        more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
        return ", ".join(parts[:_SHOWN]) + more
    return "nothing" if value is None else str(value)


def item_of(path: Path) -> str | None:
    """Return the id of the item that a path leads to or into, None for the plan's own keys."""
    match path:
        case ("tasks", str(), *_):
            depth = 0
            while len(path) > depth + 3 and path[depth + 2] == "tasks":
                depth += 2
            return str(path[depth + 1])
        case ("budget", "lines", str(line), *_):
            return line
        case (str(section), str(item), *_) if section in _SECTIONS:
            return item
    return None


_SECTIONS = frozenset(Plan.__struct_fields__) - {"review", "links", "budget"}


def diagnose(
    active: ActiveRule, findings: Iterable[Finding], sources: Sources, plan: str | None
) -> Iterator[Diagnostic]:
    """Yield the diagnostics of one rule's findings; `plan` is the id of the plan they are about."""
    rule = active.rule
    for finding in findings:
        place = finding.place
        yield Diagnostic(
            rule=rule.name,
            category=rule.category,
            severity=active.severity,
            message=words(rule.message, finding.values, active.written),
            location=sources.locate(place),
            path=place.path,
            plan=plan,
            item=item_of(place.path),
            related=tuple(Related(text, sources.locate(other)) for text, other in finding.related),
            help=f"planlint explain {rule.name}",
        )


def _stable(path: Path, value: Any) -> str:
    """Write a path so that it survives moved and added siblings: a list's element by what it says."""
    parts = []
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            value = None
        parts.append(str(part) if isinstance(part, str) else f"={value}"[:200])
    return "\x1f".join(parts)


def fingerprints(diagnostics: Iterable[Diagnostic], data_of: Callable[[str], Any]) -> Iterator[Diagnostic]:
    """Give every diagnostic a fingerprint of rule, plan and item that does not depend on lines or wording.

    Two that would share one (the same rule twice at one place) are told apart by their order.
    """
    seen: dict[str, int] = {}
    for diagnostic in diagnostics:
        file = diagnostic.location.path
        where = _stable(diagnostic.path, data_of(file)) if diagnostic.path else file
        key = "\x1e".join((diagnostic.rule, diagnostic.plan or file, where))
        seen[key] = seen.get(key, 0) + 1
        digest = blake2b(f"{key}\x1e{seen[key]}".encode(), digest_size=10).hexdigest()
        yield replace(diagnostic, fingerprint=digest)
