"""Checks of references and texts: what nothing refers to, what is still a placeholder."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planlint.builder import REFERENCES
from planlint.checks.items import Hit
from planlint.diagnostics import Finding, Path, Place
from planlint.facts import CLOSED, data_of
from planlint.model import Plan, Task
from planlint.rule import KINDS, Context, check
from planlint.schema import closest

_MOST_GUESSES = 100
_NO_PROSE = frozenset(
    {*REFERENCES, "email", "id", "include", "kind", "link", "links", "runbook", "status", "tags"}
)
"""Keys whose texts are ids, words of a list or addresses: `todo` is no placeholder there."""
_JOINED = "-_`'\"/"
"""Next to one of these a word is quoted, or part of another."""


def _ids(value: Any) -> Iterator[str]:
    """Yield the ids under a key that refers to something, in whichever form it is written."""
    for entry in value if isinstance(value, list | dict) else (value,):
        text = entry.get("id") if isinstance(entry, dict) else entry
        if isinstance(text, str | int) and not isinstance(text, bool):
            yield str(text)


def _meant(named: set[str], known: set[str]) -> set[str]:
    """Return `named` with what its misspelt ids probably mean: a slip of the pen is one diagnostic."""
    unknown = sorted(named - known)[:_MOST_GUESSES] if known - named else ()
    return named | {near for text in unknown if (near := closest(text, sorted(known - named)))}


@check(by={"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}})
def unreferenced(
    context: Context, *, hits: Sequence[Hit], by: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """Yield the chosen items that nothing names: `by` maps kinds of items to the keys that refer.

    What is cancelled or rejected names nothing any more. Who names a summary names its sub-tasks.
    """
    named = {
        name
        for kind, keys in by.items()
        for item in KINDS[kind](context.plan)
        if getattr(item, "status", None) not in _VOID
        for key in keys
        for name in _ids(data_of(context, item).get(key))
    }
    plan = context.plan
    named.update([task.id for task in plan.tasks.values() if _ancestors(plan, task) & named])
    named = _meant(named, {hit.subject.id for hit in hits})
    for hit in hits:
        if hit.subject.id not in named:
            yield Finding(Place(hit.subject.path, "key"), hit.subject.view)


def _ancestors(plan: Plan, task: Task) -> set[str]:
    found = set()
    while task.parent is not None:
        found.add(task.parent)
        task = plan.tasks[task.parent]
    return found


_VOID = CLOSED & {"cancelled", "rejected", "superseded", "dropped"}


@check()
def unused(context: Context, *, hits: Sequence[Hit]) -> Iterator[Finding]:
    """Yield the chosen items whose id stands nowhere in the plan.

    Items of included files are left out: other plans may use them.
    """
    named: set[str] = set()
    for document in (context.sources.main, *context.sources.fragments):
        _mentions(document.data, named)
    named = _meant(named, {hit.subject.id for hit in hits})
    for hit in hits:
        path = hit.subject.path
        if hit.subject.id not in named and context.sources.document(path) is context.sources.main:
            yield Finding(Place(path, "key"), hit.subject.view)


def _mentions(value: Any, named: set[str]) -> None:
    if isinstance(value, dict):
        for key, part in value.items():
            if key in REFERENCES:
                named.update(_ids(part))
            if isinstance(part, dict | list):
                _mentions(part, named)
    elif isinstance(value, list):
        for part in value:
            _mentions(part, named)


@check(words={"type": "array", "items": {"type": "string"}})
def placeholder(context: Context, *, words: Sequence[str]) -> Iterator[Finding]:
    """Yield the texts that hold one of `words`.

    A word in capitals stands for itself; any other, and one that is the whole text, in whichever case.
    """
    for document in (context.sources.main, *context.sources.fragments):
        whole = document.text.casefold()
        there = [word for word in words if word.casefold() in whole]
        for path, text in _prose(document.data, (), context.plan.broken) if there else ():
            word = next((word for word in there if _holds(text, word)), None)
            if word:
                yield Finding(Place(path, file=document.file), {"word": word, "key": path[-1]})


def _prose(value: Any, path: Path, broken: frozenset[Path]) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _prose(part, (*path, number), broken)
    elif isinstance(value, dict):
        for key, part in value.items():
            section = isinstance(part, dict)  # under `tasks`, `deliverables` … stand items, not ids
            if key.startswith("x-") or (key in _NO_PROSE and not section) or key == "links":
                continue
            if path not in broken or key == "tasks":
                yield from _prose(part, (*path, key), broken)


def _holds(text: str, word: str) -> bool:
    if not word.isupper():
        text, word = text.casefold(), word.casefold()
    elif text.strip(" .:!").upper() == word:
        return True
    at = text.find(word)
    while at >= 0:
        sides = f"{text[at - 1 : at]}{text[at + len(word) : at + len(word) + 1]}"
        if not word.isupper() or not any(side.isalnum() or side in _JOINED for side in sides):
            return True
        at = text.find(word, at + 1)
    return False
