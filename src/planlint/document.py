"""The text of a file with its data, and the place of every key and value in it.

Places are kept as character offsets; lines and columns are worked out only for what is reported.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from planlint.diagnostics import Location, Path, Place, Position, Span


class Comment(Struct, frozen=True):
    """A comment from its `#` to the end of its line; offsets count code points from 0."""

    start: int
    end: int
    text: str


class Nodes(Struct, eq=False):
    """Where the nodes of a document stand, numbered in the order in which they start.

    `offsets[2 * n]` and `offsets[2 * n + 1]` are start and end of node n. `children` has the keys or the
    elements of each collection: in a mapping, each key's own node (its value is the next node), in a list the
    elements'. `targets` leads from the node of an alias to the node that it repeats.
    """

    offsets: "array[int]"
    children: dict[int, dict[str, int] | list[int]]
    targets: dict[int, int]
    end: int  # of the document

    def reach(self, node: int) -> tuple[int, int]:
        """Return start and end of a node."""
        return self.offsets[2 * node], self.offsets[2 * node + 1]

    def children_of(self, node: int) -> Any:
        """Return the keys or elements of a collection or an alias of one, else an empty list."""
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
    nodes: Nodes
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
        start, end = self.nodes.reach(node)
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
        start, end = self.nodes.reach(node)
        return self.text[start:end].strip("'\"")

    def _line_starts(self) -> list[int]:
        if not self._starts:
            self._starts.extend((0, *(end.end() for end in _LINES.finditer(self.text))))
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
        return _LINES.split(self.text)

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
                if self.text[start] not in "|>" or begin > line_end(
                    self.text, start
                ):  # else behind a block's header
                    done = offsets[2 * scalars[before] + 1]
                    continue
            done = line_end(self.text, begin)
            comments.append(Comment(begin, done, self.text[begin:done]))
        return tuple(comments)


_TO_PLANLINT = re.compile(r"(?<![^ \t\r\n])#[ \t]*planlint:")
_LINE_END = re.compile(r"[\r\n]")
_LINES = re.compile(r"\r\n?|\n")


def line_end(text: str, offset: int) -> int:
    """Return where the line ends that an offset is in."""
    end = _LINE_END.search(text, offset)
    return end.start() if end else len(text)


def unread(file: str, content: bytes) -> Document:
    """Return a document without data for a file that could not be read, so that its lines can be shown."""
    return without_data(file, content.decode(errors="replace").removeprefix("\ufeff"))


def without_data(file: str, text: str) -> Document:
    """Return a document of nothing but its text."""
    return Document(file, text, None, Nodes(array("I"), {}, {}, 0))


class Sources(Struct, frozen=True, eq=False):
    """The files of one plan, and which of them an item comes from: `origin` maps (section, id) to it."""

    main: Document
    fragments: tuple[Document, ...] = ()
    origin: Mapping[tuple[str, str], Document] = {}

    def document(self, path: Path) -> Document:
        """Return the file in which `path` stands."""
        # an index where a key should be is found nowhere
        return self.origin.get(path[:2], self.main) if self.origin else self.main  # type: ignore[arg-type]

    def locate(self, place: Place) -> Location:
        """Return the file and the span of `place`."""
        document = self.document(place.path)
        if place.file is not None:
            document = next((one for one in (self.main, *self.fragments) if one.file == place.file), document)
        if place.span is not None:
            return Location(place.file or document.file, place.span)
        return Location(document.file, document.span(place.path, place.at))
