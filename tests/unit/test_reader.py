"""Reading: data, positions, and every diagnostic at its exact place, with both parsers."""

import json
import math
import subprocess
import sys
import time
from typing import Any

import pytest

from planlint import reader as module
from planlint.diagnostics import Finding, Path, Place, Position, Span
from planlint.document import Document, Sources
from planlint.reader import Limits, read


@pytest.fixture(params=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with PyYAML's C parser and with the one that is used where it is missing."""
    if request.param == "pure":
        monkeypatch.setattr(module, "_events", module._pure_events)
    return str(request.param)


def good(text: str) -> Document:
    document, findings = read("plan.yaml", text.encode())
    assert findings == ()
    assert document is not None
    return document


def data(text: str) -> Any:
    return good(text).data


def slice_of(document: Document, path: Path, at: str = "value") -> str:
    span = document.span(path, at)  # type: ignore[arg-type]
    return document.text[document.offset(span.start) : document.offset(span.end)]


def where(place: Place) -> tuple[int, int, int, int]:
    assert place.span is not None
    start, end = place.span.start, place.span.end
    return start.line, start.column, end.line, end.column


def only(content: str | bytes, limits: Limits | None = None) -> tuple[Document | None, Finding]:
    content = content.encode() if isinstance(content, str) else content
    document, findings = read("plan.yaml", content, limits)
    assert len(findings) == 1, findings
    assert findings[0].place.file == "plan.yaml"
    return document, findings[0]


# --- values ---


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(
            (word, word)
            for word in ("no", "on", "yes", "y", "off", "12:30", "2026-01-05", "1_000", "0b1", "nan")
        ),
        *((word, word) for word in ("tRUE", "nULL", "+0x1", "0o8", "1e", ".", "..inf", "=", "<<", "1.2.3")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *((word, None) for word in ("", "~", "null", "Null", "NULL")),
        ("0", 0),
        ("-19", -19),
        ("+7", 7),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.", 1.0),
        (".5", 0.5),
        ("-12.5e+3", -12500.0),
        ("1e3", 1000.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("! 12", "12"),
        ("!!int '12'", 12),
        ("!!float 1", 1.0),
        ("!!bool 'true'", True),
        ("!!null ''", None),
        ("!!str", ""),
        ("!local 12", 12),
        ("!local '12'", "12"),
        ("!!binary aGFsbG8=", "aGFsbG8="),
        ("!!python/object/apply:os.system ['false']", ["false"]),
        ("!!map {a: 1}", {"a": 1}),
        ("!!set {a, b}", {"a": None, "b": None}),
        ('"\\ud83d\\ude00 \\\\ud83d\\\\ude00"', "\U0001f600 \\ud83d\\ude00"),
        ("'\\ud83d\\ude00'", "\\ud83d\\ude00"),
        ("a\x85b\u2028c\u2029d", "a\x85b\u2028c\u2029d"),
        ("|\n  a\u2028b\n  c", "a\u2028b\nc\n"),
    ],
)
@pytest.mark.usefixtures("parser")
def test_values_by_the_core_schema(text: str, value: object) -> None:
    found = data(f"a: {text}\n")["a"]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number() -> None:
    assert math.isnan(data("a: .NaN")["a"])


@pytest.mark.parametrize("number", ["9" * 5000, "-" + "9" * 10**6, "0x" + "f" * 5000, "1" * 5000 + ".0"])
def test_numbers_beyond_all_use_stay_text(number: str) -> None:
    assert data(f"a: {number}") == {"a": number}


@pytest.mark.usefixtures("parser")
def test_keys_are_their_text() -> None:
    assert data("007: a\ntrue: b\n1.0: c\n~: d\n'x y': e\n! z: f\n? |\n  long\n: g\n?\n: h") == {
        "007": "a",
        "true": "b",
        "1.0": "c",
        "~": "d",
        "x y": "e",
        "z": "f",
        "long\n": "g",
        "": "h",
    }


def test_json_is_yaml() -> None:
    value = {"title": "Fête \U0001f600 / \u2028", "n": [1, -2.5, None, True], "e": {}, "l": []}
    for text in (
        json.dumps(value),
        json.dumps(value, indent=2),
        json.dumps(value, indent="\t", ensure_ascii=False),
    ):
        assert data(text) == value


MERGED = """\
base: &base {owner: ana, effort: 3d}
other: &other
  effort: 5d
  tags: [x]
one:
  <<: *base
  effort: 1d
two:
  <<: [*base, *other]
  title: T
three: *other
names: [&k four]
*k : {<<: {inline: 1}}
"""


@pytest.mark.usefixtures("parser")
def test_anchors_aliases_and_merge_keys() -> None:
    document = good(MERGED)
    assert document.data["one"] == {"effort": "1d", "owner": "ana"}
    assert document.data["two"] == {"title": "T", "owner": "ana", "effort": "3d", "tags": ["x"]}
    assert document.data["three"] is document.data["other"]
    assert document.data["four"] == {"inline": 1}


@pytest.mark.usefixtures("parser")
def test_what_is_repeated_stands_where_its_text_is() -> None:
    document = good(MERGED)
    assert document.span(("one", "owner")) == document.span(("base", "owner"))
    assert document.span(("one", "owner"), "key").start == Position(1, 14)
    assert document.span(("one", "effort")).start == Position(7, 11)
    assert document.span(("two", "effort")).start == Position(1, 34)
    assert document.span(("two", "tags", 0)).start == Position(4, 10)
    assert document.span(("three",), "key").start == Position(11, 1)
    assert document.span(("three",)).start == Position(3, 3)
    assert document.span(("three", "tags")).start == Position(4, 9)
    assert document.span(("four",), "key").start == Position(13, 1)
    assert slice_of(document, ("four", "inline")) == "1"


def test_an_anchor_may_be_given_again() -> None:
    assert data("a: &x 1\nb: *x\nc: &x 2\nd: *x")["d"] == 2
    assert data("a: &x [&x 1, *x]\nb: *x") == {"a": [1, 1], "b": 1}


# --- positions ---


PLACES = """\
# head
planlint: 1
title: 'It''s "this"'
tasks:   # all of them
  build: &build !!map
    title: >-   # folded
      Build
      it

    tags: [a, "b c", {d: e}]
    depends_on:
    - x
    -  y SS+2d   # why
    empty:
  ship: {title: Ship, uses: {forklift: 2}}
end: 007
"""


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("planlint",), "planlint", "1"),
        (("title",), "title", "'It''s \"this\"'"),
        (("tasks", "build", "title"), "title", ">-   # folded\n      Build\n      it"),
        (("tasks", "build", "tags"), "tags", '[a, "b c", {d: e}]'),
        (("tasks", "build", "tags", 1), '"b c"', '"b c"'),
        (("tasks", "build", "tags", 2), "{d: e}", "{d: e}"),
        (("tasks", "build", "tags", 2, "d"), "d", "e"),
        (("tasks", "build", "depends_on"), "depends_on", "- x\n    -  y SS+2d"),
        (("tasks", "build", "depends_on", 1), "y SS+2d", "y SS+2d"),
        (("tasks", "build", "empty"), "empty", ""),
        (("tasks", "ship"), "ship", "{title: Ship, uses: {forklift: 2}}"),
        (("tasks", "ship", "uses", "forklift"), "forklift", "2"),
        (("end",), "end", "007"),
    ],
)
def test_positions_point_at_the_text(path: Path, key: str, value: str) -> None:
    document = good(PLACES)
    assert slice_of(document, path, "key") == key
    assert slice_of(document, path) == value


@pytest.mark.usefixtures("parser")
def test_collections_end_with_their_last_value() -> None:
    document = good(PLACES)
    assert slice_of(document, ("tasks", "build")).startswith("title: >-")
    assert slice_of(document, ("tasks", "build")).endswith("empty:")
    assert slice_of(document, ("tasks",)).endswith("forklift: 2}}")
    assert slice_of(document, ()).startswith("planlint: 1")
    assert slice_of(document, ()).endswith("007")


@pytest.mark.parametrize(
    ("path", "stands_at"),
    [
        (("tasks", "build", "owner"), "build"),
        (("tasks", "ship", "uses", "crane", "deeper", 3), "uses"),
        (("tasks", "build", "tags", 9), "tags"),
        (("tasks", "build", "tags", 2, "x"), "{d: e}"),
        (("tasks", "build", "tags", "name"), "tags"),
        (("deadline",), "planlint"),
        ((0,), "planlint"),
    ],
)
def test_a_path_that_does_not_exist_stands_at_its_nearest_ancestor(path: Path, stands_at: str) -> None:
    document = good(PLACES)
    assert slice_of(document, path) == stands_at
    assert slice_of(document, path, "key") == stands_at


@pytest.mark.usefixtures("parser")
def test_a_value_that_is_not_there_stands_behind_its_key() -> None:
    document = good("m:\n  ? sky\n  :5 me: S\ne: # why\nq:\n- \n-   # what\n- x\n? last\n")
    assert document.data == {
        "m": {"sky": None, ":5 me": "S"},
        "e": None,
        "q": [None, None, "x"],
        "last": None,
    }
    starts = [document.span(path).start for path in (("m", "sky"), ("e",), ("q", 0), ("q", 1), ("last",))]
    assert starts == [Position(2, 8), Position(4, 3), Position(6, 2), Position(7, 2), Position(9, 7)]


def test_the_key_of_a_whole_document() -> None:
    assert slice_of(good("title: T\nplanlint: 1"), (), "key") == "planlint"
    assert slice_of(good("people: {}\nteams: {}"), (), "key") == "people"
    assert slice_of(good("- a\n- b"), (), "key") == "- a\n- b"


def test_the_text_of_a_scalar_before_it_has_a_type() -> None:
    document = good("a: 007\nb: '1'\nc: [0x1F, ~, 1.50, yes]\nd: &x !!int '08'\ne: *x\nf:\n")
    found = [
        document.text_of(path)
        for path in (("a",), ("b",), ("c", 0), ("c", 1), ("c", 2), ("c", 3), ("d",), ("e",))
    ]
    assert found == ["007", "1", "0x1F", "~", "1.50", "yes", "08", "08"]
    assert document.text_of(("f",)) == ""
    assert document.text_of(("c",)) is None
    assert document.text_of(("nowhere", 1)) is None


@pytest.mark.usefixtures("parser")
def test_only_lf_crlf_and_cr_end_a_line() -> None:
    document = good("a: x\x85y\u2028z\r\nb: 1\rc: é\U0001f600é  # é\u2029é\n\nd: 2")
    assert document.data == {"a": "x\x85y\u2028z", "b": 1, "c": "é\U0001f600é", "d": 2}
    assert document.span(("a",)) == Span(Position(1, 4), Position(1, 9))
    assert document.span(("b",)).start == Position(2, 4)
    assert document.span(("c",)) == Span(Position(3, 4), Position(3, 7))
    assert document.span(("d",), "key").start == Position(5, 1)
    assert document.lines() == ["a: x\x85y\u2028z", "b: 1", "c: é\U0001f600é  # é\u2029é", "", "d: 2"]
    assert document.line(6) == document.line(0) == ""
    assert document.offset(Position(5, 4)) == document.text.index("2", -1)


@pytest.mark.usefixtures("parser")
def test_a_byte_order_mark_is_no_column() -> None:
    document = good("\ufeffa: 1\n")
    assert document.bom
    assert document.data == {"a": 1}
    assert document.span(("a",), "key") == Span(Position(1, 1), Position(1, 2))


# --- diagnostics ---


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("a:\n\tb: 1\n", (2, 1, 2, 2), "a tab stands here where the text is indented"),
        ("a: |\n\tb\n", (2, 1, 2, 2), "a tab stands here"),
        ("a: @ana\n", (1, 4, 1, 5), "cannot start with `@`"),
        ("a: `x`\n", (1, 4, 1, 5), "cannot start with ```"),
        ("a: %x\n", (1, 4, 1, 5), "cannot start with `%`"),
        ("a: b: c\n", (1, 5, 1, 6), "a `:` cannot stand here"),
        ("a: b\n  c: d\n", (2, 4, 2, 5), "a `:` cannot stand here"),
        ("a: 1\nb\nc: 2\n", (3, 1, 3, 2), "the line that starts at line 2, column 1 has no `:`"),
        (
            "x: 1\na: 'b\nc: 1\n",
            (3, 5, 3, 5),
            "the quoted text that opens at line 2, column 4 is never closed",
        ),
        ('a: "b\n', (1, 6, 1, 6), "is never closed"),
        (
            "a: [1, 2\nb: 3\n",
            (2, 2, 2, 3),
            "the list that opens at line 1, column 4 goes on here without `,` or `]`",
        ),
        (
            "a: {b: 1\nc: 2\n",
            (2, 2, 2, 3),
            "the mapping that opens at line 1, column 4 goes on here without `,` or `}`",
        ),
        ("a:\n  b: 1\n c: 2\n", (3, 2, 3, 3), "does not fit the mapping that starts at line 1, column 1"),
        ("a: 'it's'\n", (1, 8, 1, 9), "does not fit the mapping"),
        ("- a\nb: 1\n", (2, 1, 2, 2), "does not fit the list that starts at line 1, column 1"),
        ("a: - b\n", (1, 4, 1, 5), "a list cannot start here"),
        ("a: ,\n", (1, 4, 1, 5), "a value is missing before this sign"),
        ("{a: 1}}\n", (1, 7, 1, 8), "behind the end of the document"),
        ("a: !e!x 1\n", (1, 4, 1, 5), "no %TAG line declares"),
        ("a: & b\n", (1, 5, 1, 6), "a name of letters and digits"),
        ("a: *b\n", (1, 4, 1, 6), "no text before this has the anchor `&b`"),
        ("a: |x\n", (1, 5, 1, 6), "after `|` or `>`"),
        ("%YAML 3.0\n---\na: 1\n", (1, 1, 1, 2), "only version 1 of YAML"),
        ('a: "\\x4"\n', (1, 7, 1, 8), "starts an escape"),
    ],
)
def test_syntax_errors(text: str, place: tuple[int, ...], reason: str) -> None:
    document, finding = only(text)
    assert document is None
    assert finding.rule == "syntax-error"
    assert where(finding.place) == place
    assert reason in str(finding.values["reason"])


def test_what_was_opened_is_related() -> None:
    _, finding = only("a: [1, 2\nb: 3\n")
    assert [(message, where(place)) for message, place in finding.related] == [
        ("it starts here", (1, 4, 1, 5))
    ]


@pytest.mark.parametrize("escape", ["\\q", "\\ud83d", "\\ude00\\ud83d", "\\uXYZ0"])
@pytest.mark.usefixtures("parser")
def test_broken_escapes(escape: str) -> None:
    document, finding = only(f'a: "{escape}"\n')
    assert document is None
    assert finding.rule == "syntax-error"
    assert finding.place.span is not None
    assert finding.place.span.start.line == 1
    assert "starts an escape" in str(finding.values["reason"])


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b"a: 1\nb: \xc3\xa9\xff\n", (2, 5, 2, 6), "the byte 0xFF is not UTF-8"),
        (b"\xef\xbb\xbfa: \xe9\n", (1, 4, 1, 5), "the byte 0xE9 is not UTF-8"),
        ("a: 1\n".encode("utf-16"), (1, 1, 1, 2), "in UTF-16"),
        ("a: 1\n".encode("utf-16-le"), (1, 2, 1, 3), "UTF-16"),
        (b"a: 1\r\nb: \x07\n", (2, 4, 2, 5), "control character U+0007"),
        ("a: é\x9fx".encode(), (1, 5, 1, 6), "control character U+009F"),
        ("\ufeffa: \ufffe".encode(), (1, 4, 1, 5), "U+FFFE"),
        (b"a: \x7f", (1, 4, 1, 5), "U+007F"),
    ],
)
def test_encoding_errors(content: bytes, place: tuple[int, ...], reason: str) -> None:
    document, finding = only(content)
    assert document is None
    assert finding.rule == "encoding-error"
    assert where(finding.place) == place
    assert reason in str(finding.values["reason"])


@pytest.mark.usefixtures("parser")
def test_a_key_given_twice_is_reported_and_the_first_counts() -> None:
    document, finding = only("tasks:\n  a: {x: 1}\n  b: 2\n  a: {y: [1, {z: 2}]}\n  c: 3\n")
    assert document is not None
    assert document.data == {"tasks": {"a": {"x": 1}, "b": 2, "c": 3}}
    assert finding.rule == "duplicate-key"
    assert finding.place.path == ("tasks", "a")
    assert where(finding.place) == (4, 3, 4, 4)
    assert [where(place) for _, place in finding.related] == [(2, 3, 2, 4)]
    assert slice_of(document, ("tasks", "c")) == "3"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1: a\n'1': b\n", (2, 1, 2, 4)),
        ("l: [{a: 1, a: 2}]\n", (1, 12, 1, 13)),
        ("x: &x {}\ny: {<<: *x, <<: *x}\n", (2, 13, 2, 15)),
        ("k: &k v\nv: 1\n*k : 2\n", (3, 1, 3, 3)),
    ],
)
def test_more_keys_given_twice(text: str, place: tuple[int, ...]) -> None:
    document, finding = only(text)
    assert document is not None
    assert finding.rule == "duplicate-key"
    assert where(finding.place) == place


def test_own_keys_and_merged_ones_are_no_duplicates() -> None:
    assert data('a: &a {x: 1}\nb: {x: 2, <<: *a}\n"<<": 3\n')["b"] == {"x": 2}


@pytest.mark.parametrize(
    ("text", "data_of_it", "place", "reason"),
    [
        ("? [a, b]\n: 1\nc: 2\n", {"c": 2}, (1, 3, 1, 9), "a key must be one text"),
        ("x: &x [1]\n*x : 2\n", {"x": [1]}, (2, 1, 2, 3), "a key must be one text"),
        ("a: {<<: 1, b: 2}\n", {"a": {"b": 2}}, (1, 9, 1, 10), "`<<` takes a mapping"),
        ("a: {<<: [{c: 1}, 2], b: 2}\n", {"a": {"b": 2, "c": 1}}, (1, 9, 1, 20), "`<<` takes a mapping"),
        ("a: !!int x\n", {"a": "x"}, (1, 10, 1, 11), "the tag !!int asks for an integer"),
        ("a: [1, !!bool yes]\n", {"a": [1, "yes"]}, (1, 15, 1, 18), "!!bool asks for true or false"),
    ],
)
def test_what_is_yaml_and_no_plan(text: str, data_of_it: object, place: tuple[int, ...], reason: str) -> None:
    document, finding = only(text)
    assert document is not None
    assert document.data == data_of_it
    assert finding.rule == "invalid-value"
    assert where(finding.place) == place
    assert reason in str(finding.values["reason"])


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\n---\nb: 2\n", (2, 1, 2, 4)),
        ("---\na: 1\n--- # next\nb: [\n", (3, 1, 3, 11)),
        ("a: 1\n...\n# end\n\nb: 2\n", (5, 1, 5, 5)),
        ("a: 1\n...\n---\n", (3, 1, 3, 4)),
    ],
)
def test_more_than_one_document(text: str, place: tuple[int, ...]) -> None:
    document, finding = only(text)
    assert document is not None
    assert document.data == {"a": 1}
    assert finding.rule == "multiple-documents"
    assert where(finding.place) == place


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ["a: 1\n...\n", "---\na: 1\n...\n# over\n...\n\n", "%YAML 1.2\n---\na: 1"])
def test_one_document_with_its_marks(text: str) -> None:
    assert data(text) == {"a": 1}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "---\n", "--- # x\n...\n", "\ufeff"])
def test_an_empty_file(text: str) -> None:
    document, finding = only(text)
    assert document is None
    assert finding.rule == "invalid-value"
    assert finding.place.span is not None
    assert finding.place.span.start == Position(1, 1)


def test_a_null_or_a_list_at_the_top_is_data() -> None:
    assert data("~") is None
    assert data("- a\n- b") == ["a", "b"]


# --- limits ---


AT_ONCE = 8  # seconds: two on a quiet machine; what is not in proportion takes minutes


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
)


HOSTILE = {
    "10,000 levels": ("[" * 10_000, 1),
    "flow lists": ("[" * 4_000_000, 1),
    "flow mappings": ("{a: " * 100_000, 1),
    "lists on one line": ("- " * 100_000, 1),
    "explicit keys": ("? " * 100_000, 1),
    "indented keys": ("\n".join(" " * n + "a:" for n in range(3000)), 65),
    "anchored lists": ("&a " + "[" * 10_000, 1),
    "a billion laughs": (BOMB, 7),
    "merged mappings": (
        "a: &a {b: 1}\n" + "".join(f"c{n}: {{<<: [{','.join(['*a'] * 1000)}]}}\n" for n in range(400)),
        334,
    ),
    "short values": ("[" + "x," * 3_900_000 + "]", 1),
    "short keys": ("".join(f"{n:x}:\n" for n in range(1_000_000)), 500_000),
    "a list in itself": ("a: &a [*a]\n", 1),
    "a mapping merged into itself": ("x: 1\na: &a\n  b: {<<: *a}\n", 3),
    "too many bytes": ("x" * 8_000_001, 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_stop_at_once(name: str) -> None:
    text, line = HOSTILE[name]
    content = text.encode()
    begin = time.process_time()
    document, finding = only(content)
    assert time.process_time() - begin < AT_ONCE
    assert document is None
    assert finding.rule == "limit-exceeded"
    assert finding.place.span is not None
    assert finding.place.span.start.line == line


LONG = {
    "one key again and again": "a: 1\n" * 160_000,
    "wrong tags": "[" + "!!int x," * 100_000 + "]",
    "quotes": "a: '" + "'' " * 1_000_000 + "'",
    "words": "a: " + "x " * 3_000_000,
    "a block": "a: |\n" + "  x\n" * 1_000_000,
    "a comment": "#" * 7_000_000,
    "comments to planlint": "# planlint:" * 700_000 + "\na: 1",
    "an anchor": "&a" + "a" * 1_000_000 + " b: 1",
    "a tag": "a: " + "!" * 1_000_000,
    "surrogate pairs": 'a: "' + "\\ud83d\\ude00" * 200_000 + '"',
    "backslashes": "a: " + "\\" * 3_000_000 + "\\ud83d",
    "separators": "a: " + "\u2028" * 2_000_000,
    "blanks": "a:" + " " * 7_000_000 + "1",
    "empty lines": "\n" * 7_000_000 + "a: 1",
    "an open quote": "'" + "\n" * 3_000_000,
    "comments at the end": "a: 1\n..." + "\n# x" * 1_000_000,
}


@pytest.mark.parametrize("name", LONG)
def test_long_files_take_time_in_proportion(name: str) -> None:
    content = LONG[name].encode()
    begin = time.process_time()
    document, findings = read("plan.yaml", content)
    assert len(findings) <= 100
    if document is not None:
        document.comments()
    assert time.process_time() - begin < AT_ONCE


def test_limits_are_exact() -> None:
    deep = "[" * 64 + "]" * 64
    assert good(deep).data
    _, finding = only(f"[{deep}]")
    assert where(finding.place)[:2] == (1, 65)
    document, _ = only("a: [[1]]\n", Limits(depth=2))
    assert document is None
    five_nodes = b"a: [1, 2]\n"  # mapping, key, list, two values
    assert read("f", five_nodes, Limits(nodes=5))[1] == ()
    assert read("f", five_nodes, Limits(nodes=4))[1][0].rule == "limit-exceeded"
    aliased = b"a: &a [1, 2]\nb: *a\n"  # the same, key, and the list again
    assert read("f", aliased, Limits(nodes=9))[1] == ()
    assert read("f", aliased, Limits(nodes=8))[1][0].rule == "limit-exceeded"
    assert read("f", b"a: 1\n", Limits(file_size=5))[1] == ()
    assert read("f", b"a: 1\n", Limits(file_size=4))[1][0].rule == "limit-exceeded"


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_memory_at_the_limit() -> None:
    code = (
        "from pathlib import Path; from planlint.reader import read\n"
        "text = ''.join(f'{n:x}: 1\\n' for n in range(499_000)).encode()\n"
        "document, findings = read('plan.yaml', text)\n"
        "assert document is not None and not findings\n"
        "print(Path('/proc/self/status').read_text(encoding='utf-8').split('VmHWM:')[1].split()[0])"
    )
    kilobytes = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
    assert kilobytes < 200_000


# --- sources and comments ---


def test_sources_say_which_file_an_item_stands_in() -> None:
    main = good("planlint: 1\ntasks: {a: {}}\n")
    fragment, _ = read("team.yaml", b"people:\n  kim: {name: Kim}\n")
    assert fragment is not None
    sources = Sources(main, (fragment,), {("people", "kim"): fragment})
    assert sources.document(("people", "kim", "name")) is fragment
    assert sources.document(("people", "ana")) is main
    assert sources.document(()) is main
    location = sources.locate(Place(("people", "kim", "name")))
    assert (location.path, location.span.start) == ("team.yaml", Position(2, 15))
    assert sources.locate(Place(("people",), "key", file="team.yaml")).span.start == Position(1, 1)
    span = Span(Position(3, 1), Position(3, 2))
    assert sources.locate(Place(file="team.yaml", span=span)).path == "team.yaml"
    assert sources.locate(Place(span=span)).path == "plan.yaml"


@pytest.mark.usefixtures("parser")
def test_comments_are_found_and_text_is_not() -> None:
    document = good(
        "# planlint: one\n"
        "a: '# planlint: no'\n"
        "b: |  # planlint: two\n"
        "  # planlint: no\n"
        "c: [1, # planlint: three\n"
        "  2]\n"
        "'# planlint: no': x  #  planlint: four\n"
        "# other\n"
    )
    assert [comment.text.split()[-1] for comment in document.comments()] == ["one", "two", "three", "four"]
    assert all(document.text[c.start : c.end] == c.text for c in document.comments())
