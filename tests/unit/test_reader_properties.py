"""Reading, for all inputs: what was written is read back, places point at it, both parsers agree."""

import json
import math
import re
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planlint import reader as module
from planlint.diagnostics import Finding, Path
from planlint.document import Document
from planlint.reader import Limits, read
from planlint.suppressions import find

# Words that look like other types, signs of YAML, and characters that libyaml takes for line ends.
TEXTS = st.one_of(
    st.text(
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), max_size=12
    ),
    st.text("ab:#-,[]{}&*!|>'\"%@` \n\\~?=<\x85\u2028\u2029é\U0001f600", max_size=8),
    st.sampled_from(
        ["true", "No", "null", "~", "", "12", "007", "1e3", ".inf", "2026-01-05", "12:30", "<<", "0o7", "="]
    ),
)


def data_with(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    scalars = st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts
    )
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
        max_leaves=20,
    )


DATA = data_with(TEXTS)
DUMPED = data_with(
    TEXTS.filter(lambda text: not set(text) & set("\x85\u2028\u2029"))
)  # PyYAML writes YAML 1.1


class Dumper(yaml.SafeDumper):
    """Writes the data of these tests; PyYAML's own resolver knows the types of YAML 1.1."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own name and shape


def quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Put a text that has a type in YAML 1.2 in quotes."""
    style = '"' if not isinstance(module._resolve(text), str) or text == "<<" else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def written(dumper: yaml.SafeDumper, value: object) -> yaml.ScalarNode:
    """Write what is no text plainly, as the core schema has it."""
    text = json.dumps(value)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="")


Dumper.add_representer(str, quoted)
for plain in (int, float, bool, type(None)):
    Dumper.add_representer(plain, written)


def same(left: object, right: object) -> bool:
    """Compare with types: True is not 1, and 1.0 is not 1."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return left == right


def paths(data: Any, path: Path = ()) -> list[Path]:
    """Return every path in `data`."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(deeper for part, value in inside for deeper in paths(value, (*path, part)))]


def slice_of(document: Document, path: Path, at: Any = "value") -> str:
    span = document.span(path, at)
    return document.text[document.offset(span.start) : document.offset(span.end)]


def as_text(data: Any) -> Any:
    """Return data with every scalar as it is written."""
    if isinstance(data, dict):
        return {key: as_text(value) for key, value in data.items()}
    if isinstance(data, list):
        return [as_text(value) for value in data]
    return data if isinstance(data, str) else json.dumps(data)


def dumped(data: Any, style: dict[str, Any]) -> str:
    """Write data as YAML; PyYAML folds some texts in double quotes wrongly, and those tell nothing."""
    text: str = yaml.dump({"data": data}, Dumper=Dumper, sort_keys=False, **style)
    assume(yaml.load(text, Loader=yaml.BaseLoader) == {"data": as_text(data)})
    return text


def words(text: str) -> list[str]:
    return re.findall(r"[^ \t\r\n]+", text)


def read_alone(text: str) -> Any:
    """Read a piece of a text as a document of its own."""
    document, _ = read("piece", text.encode(), Limits(depth=200))
    return None if document is None else document.data


def check_places(document: Document) -> None:
    """Each place, cut out of the text, reads as what stands there."""
    starts = list(document.nodes.offsets[::2])
    assert starts == sorted(starts), "nodes are numbered as they start; comments and suppressions rely on it"
    for path in paths(document.data):
        value: Any = document.data
        for part in path:
            value = value[part]
        piece = slice_of(document, path)
        if not isinstance(value, dict | list):
            if piece[:1] in {'"', "'"}:
                assert read_alone(piece) == value
            elif not piece.startswith(("|", ">")):
                # plain: of one line, or folded; what a tag made a text reads as something else without it
                one_line = not set(piece) & set("\r\n")
                assert (
                    value == piece
                    or (one_line and same(read_alone(piece), value))
                    or words(piece) == words(value)
                )
        elif not value:
            assert piece in {"[]", "{}"}
        elif piece[0] in "[{" and "*" not in piece:
            assert same(read_alone(piece), value), (path, piece)
        if path and isinstance(path[-1], str):
            key = slice_of(document, path, "key")
            if not key.startswith(("|", ">")):
                assert key[:1] in {'"', "'"} or key == path[-1]
                assert key[:1] not in {'"', "'"} or read_alone(key) == path[-1]


STYLES = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from([True, False, None]),
        "default_style": st.sampled_from([None, None, "'", '"', "|", ">"]),
        "indent": st.integers(2, 6),
        "width": st.sampled_from([20, 80, 1000]),
        "allow_unicode": st.booleans(),
        "line_break": st.sampled_from(["\n", "\r\n", "\r"]),
        "explicit_start": st.booleans(),
        "explicit_end": st.booleans(),
    }
)


@settings(deadline=None, max_examples=150)
@given(DATA, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_json_reads_back(data: Any, indent: Any, ascii_only: bool) -> None:  # noqa: FBT001
    text = json.dumps({"data": data}, indent=indent, ensure_ascii=ascii_only)
    if "\x7f" in text:
        return
    document, findings = read("plan.json", text.encode())
    assert findings == ()
    assert document is not None
    assert same(document.data, {"data": data})
    check_places(document)


@settings(deadline=None, max_examples=300)
@given(DUMPED, STYLES)
def test_yaml_reads_back_in_every_style(data: Any, style: dict[str, Any]) -> None:
    text = dumped(data, style)
    document, findings = read("plan.yaml", text.encode())
    assert findings == ()
    assert document is not None
    assert same(document.data, {"data": data})
    check_places(document)


def both(text: str) -> list[tuple[Document | None, tuple[Finding, ...]]]:
    """Read with the C parser and with the pure one."""
    results = [read("plan.yaml", text.encode())]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_events", module._pure_events)
        results.append(read("plan.yaml", text.encode()))
    return results


def check_agreement(text: str) -> None:
    (document, findings), (pure, pure_findings) = both(text)
    assert findings == pure_findings
    assert (document is None) is (pure is None)
    if document is not None and pure is not None:
        assert same(document.data, pure.data)
        assert list(document.nodes.offsets) == list(pure.nodes.offsets)
        assert document.nodes.children == pure.nodes.children
        assert document.nodes.targets == pure.nodes.targets
        assert find(document) == find(pure)


@settings(deadline=None, max_examples=150)
@given(DUMPED, STYLES)
def test_both_parsers_agree_on_what_is_sound(data: Any, style: dict[str, Any]) -> None:
    check_agreement(dumped(data, style))


LINES = st.lists(
    st.builds(
        lambda indent, start, text: " " * indent + start + text,
        st.integers(0, 4),
        st.sampled_from(
            [
                "",
                "- ",
                "a: ",
                "b: ",
                "&x ",
                "*x",
                "<<: *x",
                "!!str ",
                "c: &x ",
                "- &x ",
                "# ",
                "d: |",
                "e: [",
                "}",
            ]
        ),
        st.sampled_from(
            [
                "",
                "1",
                "x",
                "a: 1",
                "[1, {b: 2}]",
                "{c: *x}",
                "'q'",
                '"q" # planlint: ignore[x]',
                ">-",
                "]",
                "~",
            ]
        ),
    ),
    max_size=8,
)


@settings(deadline=None, max_examples=400)
@given(LINES)
def test_nothing_crashes_and_places_lie_in_the_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    document, findings = read("plan.yaml", text.encode())
    for finding in findings:
        for place in (finding.place, *(related for _, related in finding.related)):
            assert place.span is not None
            assert 1 <= place.span.start.line <= max(len(lines), 1)
            assert place.span.start <= place.span.end
    if document is not None:
        check_places(document)
        find(document)


@settings(deadline=None, max_examples=300)
@given(LINES)
def test_what_both_parsers_take_they_take_alike(lines: list[str]) -> None:
    text = "\n".join(lines)
    (document, _), (pure, _) = both(text)
    if document is not None and pure is not None and isinstance(document.data, dict | list):
        check_agreement(text)  # libyaml wants a block that is the whole document indented, the other does not


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=40))
def test_any_bytes(content: bytes) -> None:
    document, findings = read("plan.yaml", content)
    assert document is not None or len(findings) == 1
