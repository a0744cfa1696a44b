"""What may leave planlint as text: a plan's own characters must not steer a terminal or break a line."""

import re
from collections.abc import Iterable, Iterator

_JOINERS = "\u200c\u200d"  # harmless, and parts of Persian words and of emoji
_NOTHING = "\u200b"
_COMMAND = re.compile(r"(#(?=#\w*\[)|^:(?=:))")
_BREAKS = {"\n", "\r", "\t", "\v", "\f", "\x85", "\u2028", "\u2029"}
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_DELETE = 0x7F


def visible(text: str) -> str:
    """Return `text` on one line, without characters that act instead of showing themselves.

    Line breaks and tabs become spaces, other C0 controls their pictures, everything else of that kind
    (escape sequences of C1, direction overrides, lone surrogates) the replacement character. What CI servers
    take for commands in a log (`::error::`, `##[group]`, `##vso[…]`) is broken by a space of no width.
    """
    shown = text if text.isprintable() else "".join(map(_visible, text))
    return _COMMAND.sub(f"\\1{_NOTHING}", shown) if "##" in shown or shown.startswith("::") else shown


def _visible(character: str) -> str:
    import unicodedata  # noqa: PLC0415 - only for texts that are not plain

    if character in _BREAKS:
        return " "
    if character in _JOINERS or unicodedata.category(character) not in _UNSAFE:
        return character
    code = ord(character)
    if code <= _DELETE:
        return "\u2421" if code == _DELETE else chr(0x2400 + code)
    return "\ufffd"


def width(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    import unicodedata  # noqa: PLC0415 - only for texts beyond ASCII

    total = 0
    for character in text:
        if character in _JOINERS + _NOTHING or unicodedata.category(character) in {"Mn", "Me"}:
            continue
        total += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return total


def plural(count: float, word: str) -> str:
    """Return a number of things in words: `1 day`, `2 days`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def counted(counts: Iterable[tuple[int, str]]) -> str:
    """Return what there is any of: `2 added, 1 changed`."""
    return ", ".join(f"{count} {what}" for count, what in counts if count)


def cut(text: str, most: int) -> str:
    """Return the beginning of a text that has more than `most` characters, the last one an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def columns(rows: Iterable[tuple[str, ...]], right: str = "") -> Iterator[str]:
    """Lay out rows of one length as lines, two spaces between the columns.

    The first row has the headings; the numbers in the column under `right` stand at its right edge.
    """
    table = list(rows)
    widths = [max(width(cell) for cell in column) for column in zip(*table, strict=True)]
    for row in table:
        cells = []
        for heading, cell, wide in zip(table[0], row, widths, strict=True):
            space = " " * (wide - width(cell))
            cells.append(space + cell if right and heading == right else cell + space)
        yield "  ".join(cells)
