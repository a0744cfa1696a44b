"""Comments in a plan that silence rules: `# planlint: ignore[rule-name] reason`."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from msgspec import Struct

from planlint.diagnostics import Finding, Place, Position, Span
from planlint.document import Comment, Document


class Suppression(Struct, frozen=True):
    """One comment that silences rules.

    `names` has each rule's name with its own span. `covers` is the item concerned, from its key to the end of
    its value (in a list, the element); None stands for the whole file.
    """

    comment: Span
    names: tuple[tuple[str, Span], ...]
    reason: str
    covers: Span | None


_WORDING = re.compile(r"#[ \t]*planlint:[ \t]*(?P<verb>[a-zA-Z][\w-]*+)(?!://)(?P<rest>.*)")
_NAMES = re.compile(r"[ \t]*\[(?P<names>[^\]]*)\](?P<reason>.*)")
_NAME = re.compile(r"[^, \t]+(?:[ \t]+[^, \t]+)*")
_SHAPE = "write `# planlint: ignore[rule-name] reason`"


def find(document: Document) -> tuple[tuple[Suppression, ...], tuple[Finding, ...]]:
    """Return the suppressions of a file, and findings about comments that look like one and are none."""
    suppressions = []
    malformed = []
    comments = document.comments()
    items = _items(document, [_concerned(document, comment) for comment in comments])
    for comment, item in zip(comments, items, strict=True):
        wording = _WORDING.match(comment.text)
        if wording is None:
            continue  # `# planlint: 1`: a line of a plan, commented out
        span = Span(document.position(comment.start), document.position(comment.end))
        wrong, names, reason = _names(document, comment, wording)
        whole = wording["verb"] == "ignore-file"
        if not wrong and whole and comment.start > document.nodes.offsets[0]:
            wrong = "`ignore-file` works above the first line of content only; move this comment there"
        if not wrong and not whole and item is None:
            wrong = (
                "nothing starts on the line that this comment is for; put it on the line of an item, or above"
            )
        if wrong:
            place = Place(file=document.file, span=span)
            malformed.append(Finding(place, {"reason": wrong}, rule="unused-suppression"))
        else:
            suppressions.append(Suppression(span, names, reason, None if whole else item))
    return tuple(suppressions), tuple(malformed)


def _names(
    document: Document, comment: Comment, wording: re.Match[str]
) -> tuple[str, tuple[tuple[str, Span], ...], str]:
    """Return what is wrong with the wording, the rules that it names, and the reason that it gives."""
    verb = wording["verb"]
    if verb not in {"ignore", "ignore-file"}:
        return f"planlint has no `{verb[:40]}` comment; {_SHAPE}", (), ""
    listed = _NAMES.match(wording["rest"])
    if listed is None:
        return f"`{verb}` names no rule, so it silences nothing; {_SHAPE.replace('ignore', verb)}", (), ""
    begin = comment.start + wording.start("rest") + listed.start("names")
    names = tuple(
        (
            name.group(),
            Span(document.position(begin + name.start()), document.position(begin + name.end())),
        )
        for name in _NAME.finditer(listed["names"])
    )
    if not names:
        return f"the brackets are empty, so this silences nothing; {_SHAPE.replace('ignore', verb)}", (), ""
    return "", names, listed["reason"].strip(" \t:-")


def _concerned(document: Document, comment: Comment) -> int | None:
    """Return the number of the line that a comment is for: its own; when alone there, the next item's."""
    line = document.position(comment.start).line
    if not document.line(line).lstrip(" \t").startswith("#"):
        return line
    starts = document.nodes.offsets[::2]
    node = bisect_left(starts, comment.end)
    return document.position(starts[node]).line if node < len(starts) else None


def _items(document: Document, lines: list[int | None]) -> list[Span | None]:
    """Return for each line the items that start on it, keys with their values and elements of lists, or None.

    Where no item starts but a value does (on the line below its key), it is the value.
    """
    offsets = document.nodes.offsets
    keyed = (
        (key, key + isinstance(inside, dict))
        for inside in document.nodes.children.values()
        for key in (inside.values() if isinstance(inside, dict) else inside)
    )
    found = _reach(document, keyed, {line for line in lines if line is not None})
    missing = {line for line in lines if line is not None and line not in found}
    found |= _reach(document, ((node, node) for node in range(1, len(offsets) // 2)), missing)
    return [None if line is None else found.get(line) for line in lines]


def _reach(document: Document, nodes: Iterable[tuple[int, int]], lines: set[int]) -> dict[int, Span]:
    """Return for each of `lines` how far those of `nodes` (first, last) reach that start there."""
    if not lines:
        return {}
    offsets = document.nodes.offsets
    begins = sorted(document.offset(Position(line, 1)) for line in lines)
    ends = [begin + len(document.line(document.position(begin).line)) for begin in begins]
    found: dict[int, tuple[int, int]] = {}
    for first, last in nodes:
        start, end = offsets[2 * first], offsets[2 * last + 1]
        line = bisect_right(begins, start) - 1
        if line >= 0 and start <= ends[line]:
            low, high = found.get(line, (start, end))
            found[line] = min(low, start), max(high, end)
    spans = (Span(document.position(low), document.position(high)) for low, high in found.values())
    return {span.start.line: span for span in spans}
