"""Suppressions: which rules a comment silences, and for which part of the text."""

import time

import pytest

from planlint.diagnostics import Position, Span
from planlint.document import Document
from planlint.reader import read
from planlint.suppressions import Suppression, find


def document(text: str) -> Document:
    read_document, findings = read("plan.yaml", text.encode())
    assert read_document is not None
    assert findings == ()
    return read_document


def slice_of(of: Document, span: Span) -> str:
    return of.text[of.offset(span.start) : of.offset(span.end)]


def one(text: str) -> tuple[Document, Suppression]:
    of = document(text)
    found, malformed = find(of)
    assert malformed == ()
    assert len(found) == 1
    return of, found[0]


PLAN = """\
planlint: 1
tasks:
  build:  # planlint: ignore[long-task, high-float]  agreed with Ana
    title: Build  # not for planlint
    owner: ben
  ship:
    title: Ship
"""


def test_at_the_end_of_a_line_it_covers_the_item_that_starts_there() -> None:
    of, suppression = one(PLAN)
    assert [name for name, _ in suppression.names] == ["long-task", "high-float"]
    assert [slice_of(of, span) for _, span in suppression.names] == ["long-task", "high-float"]
    assert suppression.reason == "agreed with Ana"
    assert slice_of(of, suppression.comment).endswith("agreed with Ana")
    assert suppression.comment.start == Position(3, 11)
    assert suppression.covers is not None
    assert slice_of(of, suppression.covers).startswith("build:")
    assert slice_of(of, suppression.covers).endswith("owner: ben")


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("a: 1  # planlint: ignore[x]\nb: 2\n", "a: 1"),
        ("# planlint: ignore[x]\na: 1\nb: 2\n", "a: 1"),
        ("a: 1\n  # planlint: ignore[x]\n\n# another\nb: [2,\n 3]\nc: 4", "b: [2,\n 3]"),
        ("a: {b: {c: 1}, d: 2}  # planlint: ignore[x]", "a: {b: {c: 1}, d: 2}"),
        ("a:\n  {b: {c: 1}, d: 2}  # planlint: ignore[x]", "b: {c: 1}, d: 2"),
        ("a:\n- b: 1\n- c: 2  # planlint: ignore[x]\n  d: 3\n- e", "c: 2  # planlint: ignore[x]\n  d: 3"),
        ("- b\n# planlint: ignore[x]\n- - c\n  - d\n", "- c\n  - d"),
        ("a: >  # planlint: ignore[x]\n  text\n  more\nb: 1", "a: >  # planlint: ignore[x]\n  text\n  more"),
        ("a:\n  text  # planlint: ignore[x]\nb: 1", "text"),
        ("a: &a  # planlint: ignore[x]\n  b: 1\nc: *a", "a: &a  # planlint: ignore[x]\n  b: 1"),
        ("a: &a {b: 1}\nc: *a  # planlint: ignore[x]", "c: *a"),
        ("a: &a\n  b: 1\nc:\n  <<: *a\n  d: 1  # planlint: ignore[x]", "d: 1"),
        ("a: 1  # see below # planlint: ignore[x] because", "a: 1"),
        ("a: 1\r\n#planlint:ignore [ x ]\r\nb: 2\r\n", "b: 2"),
    ],
)
def test_the_item_covered(text: str, covered: str) -> None:
    of, suppression = one(text)
    assert [name for name, _ in suppression.names] == ["x"]
    assert suppression.covers is not None
    assert slice_of(of, suppression.covers) == covered


def test_a_head_comment_covers_the_file() -> None:
    _, suppression = one("# A plan\n\n# planlint: ignore-file[no-risks]: a small one\n---\nplanlint: 1\n")
    assert suppression.covers is None
    assert suppression.reason == "a small one"


@pytest.mark.parametrize(
    "text",
    [
        'a: "# planlint: ignore[x]"',
        "a: '\n # planlint: ignore[x]\n '",
        "a: |\n  text # planlint: ignore[x]\n  # planlint: ignore[x]\nb: 1",
        "a: b#planlint:ignore[x]",
        "'# planlint: ignore[x]': 1",
        "a: 1\n# planlint: 1\n",
        "a: 1  # see planlint: ignore[x] is how\n",
        "# planlint: https://example.org/\na: 1",
        "planlint: 1",
    ],
)
def test_what_is_no_comment_to_planlint(text: str) -> None:
    assert find(document(text)) == ((), ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1  # planlint: ignore", "names no rule"),
        ("a: 1  # planlint: ignore long-task", "names no rule"),
        ("a: 1  # planlint: ignore[x", "names no rule"),
        ("a: 1  # planlint: ignore[ , ]", "brackets are empty"),
        ("a: 1  # planlint: disable[x]", "has no `disable` comment"),
        ("a: 1  # planlint: ignore-next-line[x]", "has no `ignore-next-line` comment"),
        ("# planlint: ignore-file\na: 1", "ignore-file[rule-name]"),
        ("a: 1\n# planlint: ignore-file[x]\nb: 1", "above the first line"),
        ("a: [1,\n 2\n ]  # planlint: ignore[x]", "nothing starts on the line"),
        ("a: 1\n# planlint: ignore[x]\n", "nothing starts on the line"),
    ],
)
def test_a_comment_that_silences_nothing_is_reported(text: str, reason: str) -> None:
    of = document(text)
    found, malformed = find(of)
    assert found == ()
    assert [finding.rule for finding in malformed] == ["unused-suppression"]
    assert reason in str(malformed[0].values["reason"])
    span = malformed[0].place.span
    assert span is not None
    assert slice_of(of, span).startswith("# planlint:")


def test_a_key_given_twice_can_be_silenced_at_its_line() -> None:
    of, _ = read("plan.yaml", b"a: 1\na: 2  # planlint: ignore[duplicate-key] later\n")
    assert of is not None
    found, _ = find(of)
    assert found[0].covers is not None
    assert slice_of(of, found[0].covers) == "a: 2"


@pytest.mark.parametrize(
    "text",
    [
        "# planlint: ignore[x] " * 20_000 + "\na: 1\n",
        "a: |\n" + "  # planlint: ignore[x]\n" * 20_000,
        "a: '" + "# planlint: ignore[x] " * 20_000 + "'\n",
        "".join(f"k{n}: [[], []]  # planlint: ignore[x]\n" for n in range(10_000)),
    ],
)
def test_many_comments_take_time_in_proportion(text: str) -> None:
    of = document(text)
    begin = time.perf_counter()
    find(of)
    assert time.perf_counter() - begin < 1.5
