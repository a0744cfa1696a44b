"""YAML text to plain data, with the place of every key and value beside it.

One loop over libyaml's events (ruamel.yaml's where PyYAML was built without it) makes the data and notes the
start and end of each node as character offsets. Lines and columns are worked out only for what is reported.
"""

import gc
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from planlint.diagnostics import Finding, Location, Path, Place, Position, Span


class Limits(Struct, frozen=True):
    """What one file may cost: bytes, levels of nesting, and nodes with every alias counted in full."""

    file_size: int = 8_000_000
    depth: int = 64
    nodes: int = 1_000_000


class Comment(Struct, frozen=True):
    """A comment from its `#` to the end of its line; offsets count code points from 0."""

    start: int
    end: int
    text: str


class _Nodes(Struct, frozen=True, eq=False):
    """Where the nodes of a document stand, numbered in the order in which they start.

    `offsets[2 * n]` and `offsets[2 * n + 1]` are start and end of node n. `children` has the keys or the
    elements of each collection: in a mapping, each key's own node (its value is the next node), in a list the
    elements'. `targets` leads from the node of an alias to the node that it repeats.
    """

    offsets: "array[int]"
    children: dict[int, dict[str, int] | list[int]]
    targets: dict[int, int]
    end: int  # of the document

    def children_of(self, node: int) -> dict[str, int] | list[int]:
        return self.children.get(self.targets.get(node, node), [])

    def child(self, node: int, part: str | int) -> tuple[int, int] | None:
        """Return the nodes of the key and of the value (the same in a list) of one part of a path."""
        children = self.children_of(node)
        if isinstance(children, dict):
            key = children.get(part) if isinstance(part, str) else None
            return None if key is None else (key, key + 1)
        if isinstance(part, int) and 0 <= part < len(children):
            return children[part], children[part]
        return None


class Document(Struct, frozen=True, eq=False):
    """One file that could be read.

    `file` is its path as shown to the user. `text` is its text without a byte-order mark (`bom` says whether
    there was one). `data` is dict, list, str, int, float, bool and None; every key is a string: its text.
    Aliases share data: nobody may change it.
    """

    file: str
    text: str
    data: Any
    nodes: _Nodes
    bom: bool = False
    _starts: list[int] = []  # of the lines; filled when first asked

    def span(self, path: Path, at: Literal["key", "value"] = "value") -> Span:
        """Return where `path` stands: its key (in a list, the element) or its value.

        When the path does not exist, that is the key of its nearest ancestor that does. The key of the
        whole document is its `planlint` key, else its first. What an alias or a merge key repeats stands
        where its text is.
        """
        node = key = 0
        for part in path:
            pair = self.nodes.child(node, part)
            if pair is None:
                at = "key"
                break
            key, node = pair
        if at == "key" and node == 0:
            children = self.nodes.children_of(0)
            if isinstance(children, dict) and children:
                key = children.get("planlint", next(iter(children.values())))
        return self._span(key if at == "key" else self.nodes.targets.get(node, node))

    def _span(self, node: int) -> Span:
        start, end = self.nodes.offsets[2 * node : 2 * node + 2]
        return Span(self.position(start), self.position(end))

    def text_of(self, path: Path) -> str | None:
        """Return the text of the scalar at `path` as it is before YAML gives it a type: `007`, not 7.

        None when there is no such path or it leads to a collection.
        """
        value, node = self.data, 0
        for part in path:
            pair = self.nodes.child(node, part)
            if pair is None:
                return None
            node, value = pair[1], value[part]
        if isinstance(value, str):
            return value
        if isinstance(value, dict | list):
            return None
        node = self.nodes.targets.get(node, node)
        start, end = self.nodes.offsets[2 * node : 2 * node + 2]
        return self.text[start:end].strip("'\"")

    def _line_starts(self) -> list[int]:
        if not self._starts:
            self._starts.extend((0, *(end.end() for end in re.finditer(r"\r\n?|\n", self.text))))
        return self._starts

    def position(self, offset: int) -> Position:
        """Return the line and column of a character offset."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return Position(line, offset - starts[line - 1] + 1)

    def offset(self, position: Position) -> int:
        """Return the character offset of a line and column."""
        return self._line_starts()[position.line - 1] + position.column - 1

    def line(self, number: int) -> str:
        """Return the text of line `number` (from 1) without its end; empty when there is no such line."""
        starts = self._line_starts()
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def lines(self) -> list[str]:
        """Return every line without its end."""
        return [self.line(number) for number in range(1, len(self._line_starts()) + 1)]

    def comments(self) -> tuple[Comment, ...]:
        """Return the comments to planlint, `# planlint: ...`, in order; never text inside a scalar."""
        words = list(_TO_PLANLINT.finditer(self.text))
        if not words:
            return ()
        offsets = self.nodes.offsets
        scalars = [node for node in range(len(offsets) // 2) if node not in self.nodes.children]
        starts = [offsets[2 * node] for node in scalars]
        comments = []
        done = 0  # up to here, text is known to be a comment or a scalar
        for word in words:
            begin = word.start()
            if begin < done or begin >= self.nodes.end:
                continue
            before = bisect_right(starts, begin) - 1
            if before >= 0 and begin < offsets[2 * scalars[before] + 1]:
                start = starts[before]
                if self.text[start] not in "|>" or begin > self._line_end(start):  # else behind a block's header
                    done = offsets[2 * scalars[before] + 1]
                    continue
            done = self._line_end(begin)
            comments.append(Comment(begin, done, self.text[begin:done]))
        return tuple(comments)

    def _line_end(self, offset: int) -> int:
        end = _LINE_END.search(self.text, offset)
        return end.start() if end else len(self.text)


_TO_PLANLINT = re.compile(r"(?<![^ \t\r\n])#[ \t]*planlint:")
_LINE_END = re.compile(r"[\r\n]")


def unread(file: str, content: bytes) -> Document:
    """Return a document without data for a file that could not be read, so that its lines can be shown."""
    return Document(file, content.decode(errors="replace").removeprefix("\ufeff"), None, _Nodes(array("I"), {}, {}, 0))


class Sources(Struct, frozen=True, eq=False):
    """The files of one plan, and which of them an item comes from: `origin` maps (section, id) to it."""

    main: Document
    fragments: tuple[Document, ...] = ()
    origin: Mapping[tuple[str, str], Document] = {}

    def document(self, path: Path) -> Document:
        """Return the file in which `path` stands."""
        match path:
            case (str(section), str(item), *_):
                return self.origin.get((section, item), self.main)
        return self.main

    def locate(self, place: Place) -> Location:
        """Return the file and the span of `place`."""
        document = self.document(place.path)
        if place.file is not None:
            document = next((one for one in (self.main, *self.fragments) if one.file == place.file), document)
        if place.span is not None:
            return Location(place.file or document.file, place.span)
        return Location(document.file, document.span(place.path, place.at))


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


class _Note(NamedTuple):
    """A finding before it has lines: the rule, the sentence, and start and end as offsets."""

    rule: str
    reason: str
    start: int
    end: int
    path: Path = ()
    related: tuple[tuple[str, int, int], ...] = ()


class _StopError(Exception):
    """Reading cannot go on."""

    def __init__(self, note: _Note) -> None:
        super().__init__(note.reason)
        self.note = note


def _read(file: str, content: bytes, limits: Limits) -> tuple[Document | None, tuple[Finding, ...]]:
    text, bad = _decode(content, limits)
    bom = text.startswith("\ufeff")
    text = text[bom:]
    notes: list[_Note] = []
    document = None
    try:
        if bad:
            raise _StopError(bad)
        data, nodes = _build(text, limits, notes)
        document = Document(file, text, data, nodes, bom)
    except _StopError as stop:
        notes.append(stop.note)
    plain = document or Document(file, text, None, _Nodes(array("I"), {}, {}, 0))
    return document, tuple(_finding(plain, note) for note in notes)


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
            f"The file has {len(content):,} bytes, and the limit is {limits.file_size:,}; split the plan with "
            "`include` or raise `limits: file_size`."
        )
        return "", _Note("limit-exceeded", reason, 0, 0)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        text = content[: error.start].decode()
        start = len(text) - text.startswith("\ufeff")
        reason = f"The byte 0x{content[error.start]:02X} is not UTF-8; save the file as UTF-8."
        if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            reason = "The file is in UTF-16; save it as UTF-8."
        return text, _Note("encoding-error", reason, start, start + 1)
    forbidden = _FORBIDDEN.search(text)
    if forbidden is None:
        return text, None
    start = forbidden.start() - text.startswith("\ufeff")
    code = ord(forbidden.group())
    reason = f"YAML does not allow the control character U+{code:04X}; delete it."
    if not code:
        reason = "A zero byte stands here: the file is UTF-16 or not a text; save it as UTF-8."
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


def _tagged(text: str, tag: str, plain: bool) -> tuple[Any, str | None]:  # noqa: FBT001 - a fact about the text
    """Give a scalar the type that its tag names; unknown tags mean nothing. Also say what is wrong with it."""
    if tag in {"!", "tag:yaml.org,2002:str"}:
        return text, None
    if tag not in _CORE_TAGS:
        return (_resolve(text) if plain else text), None
    wanted, words = _CORE_TAGS[tag]
    value = _resolve(text)
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        return text, f"The tag !!{tag[18:]} asks for {words}, and '{text[:40]}' is none."
    return value, None


_PROPERTIES = re.compile(r"(?:!<[^>\s]*>|[&!][^\s,\[\]{}]*|[ \t\r\n]+|#[^\r\n]*)*")
"""Anchors and tags before a node, with what may stand between and after them."""


class _Anchor(Struct):
    """What an anchor names; `text` of a scalar, `size` in nodes with aliases in full, 0 while it is being read."""

    node: int
    data: Any = None
    text: str | None = None
    size: int = 0


def _events(text: str) -> tuple[Callable[[], Any], Any, type[Exception]]:
    """Return a function for the next parser event, the module of the event classes, and the error it raises."""
    import yaml  # noqa: PLC0415 - 10 ms; a run answered from the cache reads nothing

    if yaml.__with_libyaml__:
        return yaml.cyaml.CParser(text).get_event, yaml.events, yaml.YAMLError
    return _pure_events(text)


def _pure_events(text: str) -> tuple[Callable[[], Any], Any, type[Exception]]:
    from ruamel.yaml import YAML, events  # noqa: PLC0415 - only where PyYAML has no libyaml
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    return YAML(typ="safe", pure=True).parse(text).__next__, events, YAMLError


_QUOTES_AND_BLOCKS = frozenset("\"'|>")
_MARKER = re.compile(r"(?:---)?")
_COMPLEX_KEY = "A key must be one text, and this is a list or a mapping."
_MERGE = object()
_DROPPED = object()


def _build(text: str, limits: Limits, notes: list[_Note]) -> tuple[Any, _Nodes]:
    """Turn the parser's events into data and positions; what is wrong but not fatal goes to `notes`."""
    next_event, kinds, parser_error = _events(text)
    try:
        return _loop(next_event, kinds, text, limits, notes)
    except parser_error as error:
        raise _StopError(_explain(error, text)) from None


def _loop(  # noqa: C901, PLR0912, PLR0915 - one loop on purpose: a call for each event costs as much as the event
    next_event: Callable[[], Any], kinds: Any, text: str, limits: Limits, notes: list[_Note]
) -> tuple[Any, _Nodes]:
    scalar_event, alias_event, mapping_start = kinds.ScalarEvent, kinds.AliasEvent, kinds.MappingStartEvent
    collection_starts = (mapping_start, kinds.SequenceStartEvent)
    collection_ends = (kinds.MappingEndEvent, kinds.SequenceEndEvent)

    offsets = array("I")
    place = offsets.append
    children: dict[int, Any] = {}
    targets: dict[int, int] = {}
    anchors: dict[str, _Anchor] = {}
    unfinished: dict[int, tuple[_Anchor, int]] = {}  # anchored collections being read, with the count before
    merges: dict[int, tuple[Any, int]] = {}  # by mapping: the value of `<<` and its node

    # the collection being read: its data, positions, node and style, and in a mapping the key that waits
    data: Any = []
    inside: Any = []
    me, in_mapping, flow = -1, False, False
    key: Any = None
    key_node = 0
    stack: list[tuple[Any, Any, int, bool, bool, Any, int]] = []

    count = 0  # nodes so far, hence the number of the next
    room = limits.nodes  # less what aliases repeat
    last = 0  # end of the last node
    document_end = len(text)

    while True:
        event = next_event()
        kind = event.__class__
        if kind is scalar_event:
            start = event.start_mark.index
            end = event.end_mark.index
            value = event.value
            first = text[start] if start < end else ""
            tag = anchor = None
            if first == "&" or first == "!":  # noqa: PLR1714 - twice as fast as a set
                start = _PROPERTIES.match(text, start, end).end()  # type: ignore[union-attr] # matches nothing
                first = text[start] if start < end else ""
                tag = event.tag
                if event.anchor is not None:
                    anchors[event.anchor] = anchor = _Anchor(count, value, value, 1)
            if first == "|" or first == ">":  # noqa: PLR1714
                end = start + len(text[start:end].rstrip(" \t\r\n"))
            elif start == end and text[start - 1 : start].isspace():
                start = end = last
            last = end
            node = count
            count += 1
            place(start)
            place(end)
            if in_mapping and key is None:
                if value == "<<" and first == "<":
                    key = _MERGE
                    if me in merges:
                        reason = "`<<` stands twice in this mapping; give it one list: `<<: [*a, *b]`."
                        notes.append(_Note("duplicate-key", reason, start, end, _path(stack)))
                        key = _DROPPED
                elif value in data:
                    notes.append(_duplicate(value, start, end, inside[value], offsets, _path(stack)))
                    key = _DROPPED
                else:
                    key = value
                    key_node = node
                continue
            if tag is not None:
                value, wrong = _tagged(value, tag, first not in _QUOTES_AND_BLOCKS)
                if wrong:
                    notes.append(
                        _Note(
                            "invalid-value",
                            wrong,
                            start,
                            end,
                            _path(stack, len(data) if key is None else key),
                        )
                    )
            elif first in _STARTS_TYPED:
                value = _resolve(value)
            if anchor is not None:
                anchor.data = value
        elif kind in collection_starts:
            start = event.start_mark.index
            anchor = None
            if event.anchor is not None or event.tag is not None:
                start = _PROPERTIES.match(text, start, event.end_mark.index).end()  # type: ignore[union-attr]
            stack.append((data, inside, me, in_mapping, flow, key, key_node))
            if len(stack) > limits.depth:
                reason = f"This is nested more than {limits.depth} levels deep, and that is the limit."
                raise _StopError(_Note("limit-exceeded", reason, start, start + 1))
            me = count
            if event.anchor is not None:
                anchors[event.anchor] = anchor = _Anchor(me)
                unfinished[me] = anchor, count - room
            count += 1
            place(start)
            place(start)
            flow = event.flow_style
            key = None
            in_mapping = kind is mapping_start
            data, inside = ({}, {}) if in_mapping else ([], [])
            continue
        elif kind in collection_ends:
            if flow and event.end_mark.index > event.start_mark.index:
                last = event.end_mark.index
            offsets[2 * me + 1] = last
            children[me] = inside
            value, node = data, me
            if me in merges and not _merge(data, inside, *merges[me], children, targets):
                start = offsets[2 * merges[me][1]]
                reason = "`<<` takes a mapping, an alias of one, or a list of these."
                notes.append(
                    _Note("invalid-value", reason, start, offsets[2 * merges[me][1] + 1], _path(stack))
                )
            if me in unfinished:
                anchor, before = unfinished.pop(me)
                anchor.data, anchor.size = data, count - room - before
            data, inside, me, in_mapping, flow, key, key_node = stack.pop()
            if in_mapping and key is None:
                notes.append(_Note("invalid-value", _COMPLEX_KEY, offsets[2 * node], last, _path(stack)))
                key = _DROPPED
                continue
        elif kind is alias_event:
            start, last = event.start_mark.index, event.end_mark.index
            anchor = anchors.get(event.anchor)
            if anchor is None:
                reason = f"No text before this has the anchor `&{event.anchor}`, so `*{event.anchor}` repeats nothing."
                raise _StopError(_Note("syntax-error", reason, start, last))
            if not anchor.size:
                reason = f"`*{event.anchor}` stands inside the text that it repeats, which would never end."
                raise _StopError(_Note("limit-exceeded", reason, start, last))
            node = count
            count += 1
            room -= anchor.size - 1
            place(start)
            place(last)
            targets[node] = anchor.node
            value = anchor.data
            if in_mapping and key is None:
                if anchor.text is None:
                    notes.append(_Note("invalid-value", _COMPLEX_KEY, start, last, _path(stack)))
                    key = _DROPPED
                elif anchor.text in data:
                    notes.append(
                        _duplicate(anchor.text, start, last, inside[anchor.text], offsets, _path(stack))
                    )
                    key = _DROPPED
                else:
                    key = anchor.text
                    key_node = node
                continue
        elif kind is kinds.DocumentStartEvent:
            if data:
                reason = "A second document starts here; keep each plan in a file of its own."
                end = event.start_mark.index + len(_MARKER.match(text, event.start_mark.index).group())
                notes.append(_Note("multiple-documents", reason, event.start_mark.index, end))
                break
            continue
        elif kind is kinds.DocumentEndEvent:
            document_end = event.start_mark.index
            continue
        elif kind is kinds.StreamEndEvent:
            break
        else:
            continue
        if count > room:
            reason = f"With every alias counted in full there are more than {limits.nodes:,} values; that is the limit."
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
        reason = "The file has nothing in it but comments." if text.strip() else "The file is empty."
        raise _StopError(_Note("invalid-value", reason, 0, len(text.splitlines()[0]) if text else 0))
    return data[0], _Nodes(offsets, children, targets, document_end)


def _path(stack: list[Any], *more: str | int) -> Path:
    """Return the path of the collection being read."""
    parts = [frame[5] if frame[3] else len(frame[0]) for frame in stack[1:]]
    return tuple(part for part in (*parts, *more) if isinstance(part, str | int))


def _duplicate(key: str, start: int, end: int, first: int, offsets: "array[int]", path: Path) -> _Note:
    related = (("the first one", offsets[2 * first], offsets[2 * first + 1]),)
    reason = f"The key '{key[:80]}' stands twice in this mapping; the first one counts. Rename or remove one."
    return _Note("duplicate-key", reason, start, end, (*path, key), related)


def _merge(
    data: dict[str, Any],
    inside: dict[str, int],
    value: Any,
    node: int,
    children: dict[int, Any],
    targets: dict[int, int],
) -> bool:
    """Add the entries that `<<` brings and the mapping does not have itself."""
    sources = [(value, node)] if isinstance(value, dict) else []
    if isinstance(value, list):
        sources = list(zip(value, children[targets.get(node, node)], strict=True))
    for source, source_node in sources:
        if not isinstance(source, dict):
            return False
        keys = children[targets.get(source_node, source_node)]
        for key, merged in source.items():
            if key not in data:
                data[key] = merged
                inside[key] = keys[key]
    return isinstance(value, dict | list)


_PLAIN_WORDS = (  # in the order of looking: what the parser says, what it means
    ("found unexpected end of stream", "The quoted text that starts at {context} is never closed."),
)


def _explain(error: Exception, text: str) -> _Note:
    """Say the parser's reason in plain words, with what usually causes it."""
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    start = min(mark.index, len(text)) if mark is not None else 0
    return _Note("syntax-error", f"This is not YAML: {problem or error}.", start, start + (start < len(text)))
