"""YAML text to plain data, with the place of every key and value beside it.

One loop over libyaml's events (ruamel.yaml's where PyYAML was built without it) makes the data and notes the
start and end of each node as character offsets.
"""

import gc
import re
import sys
from array import array
from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import Struct

from planlint.diagnostics import Finding, Path, Place, Span
from planlint.document import Document, Nodes, line_end, without_data


class Limits(Struct, frozen=True):
    """What one file may cost: bytes, levels of nesting, and nodes with every alias counted in full."""

    file_size: int = 8_000_000
    depth: int = 64
    nodes: int = 1_000_000


def read(
    file: str, content: bytes, limits: Limits | None = None
) -> tuple[Document | None, tuple[Finding, ...]]:
    """Read one YAML file; nothing in it is ever executed or constructed.

    Args:
        file: its path as shown to the user.
        content: its bytes.
        limits: what it may cost.

    Returns:
        The document, or None when nothing can be said about the data, and what is wrong with the text.
    """
    collecting = gc.isenabled()
    gc.disable()  # to count the live objects again and again costs more than to make them
    try:
        return _read(file, content, limits or Limits())
    finally:
        if collecting:
            gc.enable()


_Related = tuple[tuple[str, int, int], ...]


class _Note(NamedTuple):
    """A finding before it has lines: the rule, the sentence, and start and end as offsets."""

    rule: str
    reason: str
    start: int
    end: int
    path: Path = ()
    related: _Related = ()


class _StopError(Exception):
    """Reading cannot go on."""

    def __init__(self, note: _Note) -> None:
        super().__init__(note.reason)
        self.note = note


def _read(file: str, content: bytes, limits: Limits) -> tuple[Document | None, tuple[Finding, ...]]:
    text, bad = _decode(content, limits)
    bom = text.startswith("\ufeff")
    text = text[bom:]
    if bad:
        return None, (_finding(without_data(file, text), bad),)
    try:
        data, nodes, notes = _build(text, limits)
    except _StopError as stop:
        return None, (_finding(without_data(file, text), stop.note),)
    document = Document(file, text, data, nodes, bom)
    return document, tuple(_finding(document, note) for note in notes)


def _finding(document: Document, note: _Note) -> Finding:
    def place(start: int, end: int) -> Place:
        span = Span(document.position(start), document.position(end))
        return Place(note.path, file=document.file, span=span)

    return Finding(
        place(note.start, note.end),
        {"reason": note.reason},
        tuple((message, place(start, end)) for message, start, end in note.related),
        note.rule,
    )


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")


def _decode(content: bytes, limits: Limits) -> tuple[str, _Note | None]:
    """Return the text, or as much of it as leads to what is wrong with its bytes."""
    if len(content) > limits.file_size:
        reason = (
            f"the file has {len(content):,} bytes, and the limit is {limits.file_size:,}; split the "
            "plan with `include`, or raise `file_size` in the configuration's `limits`"
        )
        return "", _Note("limit-exceeded", reason, 0, 0)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        text = content[: error.start].decode()
        start = len(text) - text.startswith("\ufeff")
        reason = f"the byte 0x{content[error.start]:02X} is not UTF-8; save the file as UTF-8"
        if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            reason = "the file is in UTF-16; save it as UTF-8"
        return text, _Note("encoding-error", reason, start, start + 1)
    forbidden = _FORBIDDEN.search(text)
    if forbidden is None:
        return text, None
    start = forbidden.start() - text.startswith("\ufeff")
    code = ord(forbidden.group())
    reason = f"YAML does not allow the control character U+{code:04X}; delete it"
    if not code:
        reason = "a zero byte stands here: the file is in UTF-16 or no text at all; save it as UTF-8"
    return text, _Note("encoding-error", reason, start, start + 1)


_NUMBER = re.compile(
    r"(?P<int>[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)"
    r"|(?P<float>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<special>[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))"
)
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_STARTS_TYPED = frozenset(["", *"-+.0123456789~nNtTfF"])
_LONGEST_NUMBER = 500  # digits; Python refuses to print very long integers, and no plan means one


def _resolve(text: str) -> Any:
    """Give a plain scalar its type by the core schema (YAML 1.2.2, section 10.3.2)."""
    if text in _WORDS:
        return _WORDS[text]
    number = _NUMBER.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    if number is None:
        return text
    if number.lastgroup == "int":
        return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10))
    return float(text.replace(".", "") if number.lastgroup == "special" else text)


_CORE_TAGS: dict[str, tuple[type, str]] = {
    "tag:yaml.org,2002:int": (int, "an integer"),
    "tag:yaml.org,2002:float": (float, "a number"),
    "tag:yaml.org,2002:bool": (bool, "true or false"),
    "tag:yaml.org,2002:null": (type(None), "null"),
}


def _tagged(text: str, tag: str, *, plain: bool) -> tuple[Any, str | None]:
    """Give a scalar the type that its tag names (unknown tags mean nothing); also say what is wrong."""
    if tag in {"!", "tag:yaml.org,2002:str"}:
        return text, None
    if tag not in _CORE_TAGS:
        return (_resolve(text) if plain else text), None
    wanted, words = _CORE_TAGS[tag]
    value = _resolve(text)
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        return text, f"the tag !!{tag[18:]} asks for {words}, and '{text[:40]}' is none"
    return value, None


def _events(text: str) -> tuple[Callable[[], Any], Any, type[Exception]]:
    """Return a function for the next parser event, the module of event classes, and the error it raises."""
    import yaml  # noqa: PLC0415 - 10 ms; a run answered from the cache reads nothing

    if not yaml.__with_libyaml__:
        return _pure_events(text)
    from yaml._yaml import CParser  # noqa: PLC0415

    return CParser(text).get_event, yaml.events, yaml.YAMLError


def _pure_events(text: str) -> tuple[Callable[[], Any], Any, type[Exception]]:
    from ruamel.yaml import YAML, events  # noqa: PLC0415 - only where PyYAML has no libyaml
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    parsed = YAML(typ="safe", pure=True).parse(text)

    def next_event() -> Any:
        event = next(parsed)
        if event.__class__ is events.ScalarEvent and re.search("[\ud800-\udfff]", event.value):
            raise MarkedYAMLError(problem="an escape without a character", problem_mark=event.start_mark)
        return event

    return next_event, events, YAMLError


_PAIR = re.compile(r"(?<!\\)((?:\\\\)*)\\(u[dD][89abAB][0-9a-fA-F]{2})\\(u[dD][c-fC-F][0-9a-fA-F]{2})")


def _disguise(text: str) -> tuple[str, Callable[[str, str], str] | None]:
    """Hide what libyaml takes otherwise than YAML 1.2; also return what undoes it (value, its first sign).

    libyaml ends lines at U+0085, U+2028 and U+2029, and refuses the surrogate pairs of JSON. Characters of
    private use that the text does not have stand for them, one for one, so that every offset stays.
    """
    breaks = [] if text.isascii() else [sign for sign in "\x85\u2028\u2029" if sign in text]
    pairs = "\\u" in text and _PAIR.search(text) is not None
    if not breaks and not pairs:
        return text, None
    free = (chr(code) for code in range(0xF0000, 0xFFFFE) if chr(code) not in text)
    stands_for = {sign: next(free) for sign in (*breaks, "\\")}
    slash = stands_for["\\"]
    text = _PAIR.sub(rf"\1{slash}\2{slash}\3", text)
    text = text.translate({ord(sign): stands_for[sign] for sign in breaks})
    hidden = re.compile(f"{slash}u(....){slash}u(....)")
    undone = {ord(sign): original for original, sign in stands_for.items()}

    def reveal(value: str, first: str) -> str:
        if first == '"':
            value = hidden.sub(
                lambda pair: chr(0x10000 + ((int(pair[1], 16) & 0x3FF) << 10) + (int(pair[2], 16) & 0x3FF)),
                value,
            )
        return value.translate(undone)

    return text, reveal


def _matched(pattern: re.Pattern[str], text: str, start: int, end: int = sys.maxsize) -> int:
    match = pattern.match(text, start, end)
    return match.end() if match else start


_PROPERTIES = re.compile(r"(?:!<[^> \t\r\n]*>|[&!][^ \t\r\n,\[\]{}]*|[ \t\r\n]+|#[^\r\n]*)*")
"""Anchors and tags before a node, with what may stand between and after them."""
_COLON = re.compile(r"[ \t\r\n]*:")
_NOTHING = re.compile(r"\.\.\.(?:[ \t\r\n]+|#[^\r\n]*|(?<=[\r\n])\.\.\.(?=[ \t\r\n]|$))*")
"""The end of a document and all that is no other document."""
_QUOTES_AND_BLOCKS = frozenset("\"'|>")
_SECOND = "a second document starts here; keep each plan in a file of its own"
_COMPLEX_KEY = "a key must be one text, and this is a list or a mapping"
_MOST_NOTES = 100
_MERGE = object()
_DROPPED = object()


class _Anchor(Struct):
    """What an anchor names; `text` of a scalar, `size` in nodes, aliases in full, 0 while it is read."""

    node: int
    data: Any = None
    text: str | None = None
    size: int = 0


def _build(text: str, limits: Limits) -> tuple[Any, Nodes, list[_Note]]:
    """Turn the parser's events into data and positions; also return what is wrong but not fatal.

    Raises:
        _StopError: nothing can be said about the data.
    """
    source, reveal = _disguise(text)
    next_event, kinds, parser_error = _events(source)
    try:
        return _loop(next_event, kinds, text, reveal, limits)
    except parser_error as error:
        raise _StopError(_explain(error, text)) from None


def _loop(  # noqa: C901, PLR0912, PLR0915 - one loop on purpose: a call for each event costs as much as the event
    next_event: Callable[[], Any],
    kinds: Any,
    text: str,
    reveal: Callable[[str, str], str] | None,
    limits: Limits,
) -> tuple[Any, Nodes, list[_Note]]:
    scalar_event, alias_event, mapping_start = kinds.ScalarEvent, kinds.AliasEvent, kinds.MappingStartEvent
    collection_starts = (mapping_start, kinds.SequenceStartEvent)
    collection_ends = (kinds.MappingEndEvent, kinds.SequenceEndEvent)

    nodes = Nodes(array("I"), {}, {}, len(text))
    offsets = nodes.offsets
    place = offsets.append
    anchors: dict[str, _Anchor] = {}
    unfinished: dict[int, tuple[_Anchor, int]] = {}  # anchored collections being read, with the count before
    merges: dict[int, tuple[Any, int]] = {}  # by mapping: the value of `<<` and its node
    notes: list[_Note] = []

    # The collection being read: its data, the nodes of its keys or elements, its own node, and in a mapping
    # the key that waits for its value. The root is the one element of a list.
    data: Any = []
    inside: Any = []
    me, in_mapping = -1, False
    key: Any = None
    key_node = 0
    stack: list[tuple[Any, Any, int, bool, Any, int]] = []

    count = 0  # nodes so far, hence the number of the next
    room = limits.nodes  # less what aliases repeat
    last = 0  # end of the last node

    def note(rule: str, reason: str, start: int, end: int, *more: str | int, related: _Related = ()) -> None:
        if len(notes) < _MOST_NOTES:  # a file of nothing but mistakes must not cost more than another
            path = [frame[4] if frame[3] else len(frame[0]) for frame in stack[1:]]
            parts = tuple(part for part in (*path, *more) if isinstance(part, str | int))
            notes.append(_Note(rule, reason, start, end, parts, related))

    while True:
        event = next_event()
        kind = event.__class__
        if kind is scalar_event:
            start = event.start_mark.index
            end = event.end_mark.index
            text_as_key = value = event.value
            first = text[start] if start < end else ""
            tag = anchor = None
            if first == "&" or first == "!":  # noqa: PLR1714 - twice as fast as a set
                start = _matched(_PROPERTIES, text, start, end)
                first = text[start] if start < end else ""
                tag = event.tag
                if event.anchor is not None:
                    anchors[event.anchor] = anchor = _Anchor(count, size=1)
            if first == "|" or first == ">":  # noqa: PLR1714
                end = start + len(text[start:end].rstrip(" \t\r\n"))
            elif start == end and anchor is tag is None:  # parsers differ in where nothing stands
                if in_mapping and key is not None:
                    colon = _matched(_COLON, text, last)
                    start = end = colon if colon <= start else last  # else it starts the next key
                elif text[start - 1 : start].isspace():
                    start = end = last
            if reveal is not None:
                text_as_key = value = reveal(value, first)
            if anchor is not None:
                anchor.data = anchor.text = value
            last = end
            place(start)
            place(end)
            node = count
            count += 1
        elif kind in collection_starts:
            start = event.start_mark.index
            if event.anchor is not None or event.tag is not None:
                start = _matched(_PROPERTIES, text, start, event.end_mark.index)
            stack.append((data, inside, me, in_mapping, key, key_node))
            if len(stack) > limits.depth:
                reason = f"this is nested more than {limits.depth} levels deep, which is the limit"
                raise _StopError(_Note("limit-exceeded", reason, start, start + 1))
            me = count
            if event.anchor is not None:
                anchors[event.anchor] = anchor = _Anchor(me)
                unfinished[me] = anchor, count - room
            place(start)
            place(start)
            count += 1
            key = None
            in_mapping = kind is mapping_start
            data, inside = ({}, {}) if in_mapping else ([], [])
            continue
        elif kind in collection_ends:
            if event.end_mark.index > event.start_mark.index:  # a bracket
                last = event.end_mark.index
            offsets[2 * me + 1] = last
            nodes.children[me] = inside
            if me in merges and not _merge(data, inside, *merges[me], nodes):
                start, end = nodes.reach(merges[me][1])
                note("invalid-value", "`<<` takes a mapping, an alias of one, or a list of these", start, end)
            if me in unfinished:
                anchor, before = unfinished.pop(me)
                anchor.data, anchor.size = data, count - room - before
            value, node, tag, first, text_as_key = data, me, None, "[", None
            data, inside, me, in_mapping, key, key_node = stack.pop()
        elif kind is alias_event:
            start, last = event.start_mark.index, event.end_mark.index
            name = event.anchor
            anchor = anchors.get(name)
            if anchor is None:
                reason = (
                    f"no text before this has the anchor `&{name}`; a text that starts with `*` needs quotes"
                )
                raise _StopError(_Note("syntax-error", reason, start, last))
            if not anchor.size:
                reason = f"`*{name}` stands inside the very text that it repeats, which would never end"
                raise _StopError(_Note("limit-exceeded", reason, start, last))
            place(start)
            place(last)
            nodes.targets[count] = anchor.node
            node = count
            count += 1
            room -= anchor.size - 1
            value, tag, first, text_as_key = anchor.data, None, "*", anchor.text
        elif kind is kinds.DocumentStartEvent:
            if not data:
                continue
            start = event.start_mark.index
            note("multiple-documents", _SECOND, start, line_end(text, start))
            break
        elif kind is kinds.DocumentEndEvent:
            nodes.end = start = event.start_mark.index
            if not text.startswith("...", start):
                continue
            start = _matched(_NOTHING, text, start)
            if start < len(text):
                note("multiple-documents", _SECOND, start, line_end(text, start))
            break
        elif kind is kinds.StreamEndEvent:
            break
        else:
            continue

        if in_mapping and key is None:
            key = _DROPPED
            if text_as_key is None:
                note("invalid-value", _COMPLEX_KEY, offsets[2 * node], last)
            elif text_as_key == "<<" and first == "<":
                if me not in merges:
                    key = _MERGE
                    merges[me] = None, node
                else:
                    reason = "`<<` is given twice in this mapping; write one with a list, `<<: [*a, *b]`"
                    note("duplicate-key", reason, start, last)
            elif text_as_key in data:
                reason = (
                    f"the key '{text_as_key[:80]}' is given twice in this mapping, and the first one counts"
                )
                related = (("the first one", *nodes.reach(inside[text_as_key])),)
                note(
                    "duplicate-key",
                    f"{reason}; rename or remove one",
                    start,
                    last,
                    text_as_key,
                    related=related,
                )
            else:
                key = text_as_key
                key_node = node
            continue
        if tag is not None:
            value, wrong = _tagged(value, tag, plain=first not in _QUOTES_AND_BLOCKS)
            if wrong:
                note("invalid-value", wrong, start, end, len(data) if key is None else key)
            if anchor is not None:
                anchor.data = value
        elif first in _STARTS_TYPED:
            value = _resolve(value)
            if anchor is not None:
                anchor.data = value
        if count > room:
            reason = (
                f"with aliases written out there are more than {limits.nodes:,} values, which is the limit"
            )
            raise _StopError(_Note("limit-exceeded", reason, offsets[2 * node], last))
        if not in_mapping:
            data.append(value)
            inside.append(node)
        elif key is _MERGE:
            merges[me] = value, node
        elif key is not _DROPPED:
            data[key] = value
            inside[key] = key_node
        key = None

    if not data or (count == 1 and data[0] is None and offsets[0] == offsets[1]):
        reason = "the file has nothing in it but comments" if text.strip() else "the file is empty"
        raise _StopError(_Note("invalid-value", reason, 0, line_end(text, 0)))
    return data[0], nodes, notes


def _merge(data: dict[str, Any], inside: dict[str, int], value: Any, node: int, nodes: Nodes) -> bool:
    """Add the entries that `<<` brings and the mapping does not have itself; say whether it can bring any."""
    sources: list[tuple[Any, int]] = [(value, node)]
    if isinstance(value, list):
        sources = list(zip(value, nodes.children_of(node), strict=True))
    for source, source_node in sources:
        if not isinstance(source, dict):
            return False
        keys = nodes.children_of(source_node)
        for key, merged in source.items():
            if key not in data:
                data[key] = merged
                inside[key] = keys[key]
    return True


_QUOTED = "a text with signs of YAML in it needs quotes"
_REASONS: tuple[tuple[str, str], ...] = (
    ("quoted scalar.*unexpected", "the quoted text that opens at {opened} is never closed"),
    ("flow sequence", "the list that opens at {opened} goes on here without `,` or `]`"),
    ("flow mapping", "the mapping that opens at {opened} goes on here without `,` or `}}`"),
    (
        "mapping values are not allowed",
        "a `:` cannot stand here; {quoted}, and a key a line of its own, indented like its neighbours",
    ),
    ("sequence entries are not allowed", "a list cannot start here; put its first `- ` on a line of its own"),
    ("mapping keys are not allowed", "a `? ` cannot stand here; {quoted}"),
    (
        "expected ':'",
        "the line that starts at {opened} has no `:`; write `key: value`, or put a long text in quotes",
    ),
    (
        "block mapping",
        "this does not fit the mapping that starts at {opened}; indent keys alike, quote texts as a whole",
    ),
    ("block collection", "this does not fit the list that starts at {opened}: indent its `- ` signs alike"),
    ("node content", "a value is missing before this sign; {quoted}"),
    (
        "<document start>",
        "this stands behind the end of the document; look for a bracket too many or lost indentation",
    ),
    (
        "escape|hexdec",
        "a `\\` in double quotes starts an escape, and this is none; double it, or use single quotes",
    ),
    ("cannot start any token", "a text cannot start with this sign here; put it in quotes"),
    ("undefined tag handle", "this tag starts with a handle that no %TAG line declares; leave the tag out"),
    ("incompatible YAML", "only version 1 of YAML can be read; leave the %YAML line out"),
    ("directive", "a line that starts with `%` is a directive, and this is none; {quoted}"),
    ("alphabetic or numeric", "a name of letters and digits must follow `&` or `*`; {quoted}"),
    (
        "block scalar",
        "after `|` or `>` only `+`, `-`, a digit from 1 to 9 or a comment can follow on the line",
    ),
    ("tag", "`!` starts a tag, and this is none; {quoted}"),
)
_FOR_THE_SIGN = {
    "\t": "a tab stands here where the text is indented; YAML is indented with spaces only",
    **{sign: f"a text cannot start with `{sign}`; put it in quotes" for sign in "@`%"},
}


def _explain(error: Exception, text: str) -> _Note:
    """Say the parser's reason in plain words, at the place it names, and point at what it follows from."""
    problem, context = (str(getattr(error, name, None) or "") for name in ("problem", "context"))
    marks = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    start, opened = (min(mark.index, len(text)) if mark else None for mark in marks)
    start = start or 0
    if start == len(text):  # nobody looks behind the last line
        start = len(text.rstrip())
    sign = text[start : start + 1].strip("\r\n")
    end = start + len(sign)
    if sign in _FOR_THE_SIGN and re.search(r"cannot start any token|\btab\b", problem):
        return _Note("syntax-error", _FOR_THE_SIGN[sign], start, end)
    said = f"{context} {problem}"
    reason = next(
        (words for found, words in _REASONS if re.search(found, said)),
        f"this is not YAML: {problem or error}",
    )
    related: _Related = ()
    if opened is not None and "{opened}" in reason:
        related = (("it starts here", opened, opened + 1),)
    where = without_data("", text).position(opened or 0)
    reason = reason.format(opened=f"line {where.line}, column {where.column}", quoted=_QUOTED)
    return _Note("syntax-error", reason, start, end, related=related)
