"""Bytes to plans: every choice is a byte, so that a coverage-guided fuzzer steers what the plan says.

The choices follow the schema of plans; now and then one breaks it. Text is written by hand, a line for each
item, so that comments can stand between the lines.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from functools import cache
from typing import Any

from planlint import schema

IDS = ("a", "b", "c", "d", "e", "kim", "lee", "default", "other", "x-note", "101")
DAYS = (
    "2026-02-16",
    "2026-01-05",
    "2026-03-02",
    "2026-02-30",
    "2025-12-24",
    "2027-06-30",
    "1900-01-01",
    "2999-12-31",
    "2026-2-1",
    "20260216",
)
SPANS = ("1d", "5d", "2w", "4h", "0d", "3ed", "0.001h", "99999w", "99999.999ed", "10ew", "-1d", "+2d", "1.5d")
WORDS = (
    "Build it",
    "",
    "TBD",
    "=cmd()",
    "<script>alert(1)</script>",
    "a | b\n```\n# c",
    "\u202eevil\u2028",
    "{{ 7 * 7 }}",
    "@all [x](javascript:y)",
    "é" * 300,
    "planlint: ignore",
    "null",
)
NUMBERS = (0, 1, 2, 8, 100, 0.5, 12_500.5, 10**15, -1, 10**16, 1e308, 3)
WILD: tuple[object, ...] = (
    None,
    True,
    False,
    -1,
    1e400,
    [],
    {},
    "",
    [[]],
    {"a": {"b": []}},
    "\ud83d\ude00",
    2**70,
    ["a", 1, None],
)
COMMENTS = (
    "# planlint: ignore[task-without-owner] agreed",
    "# planlint: ignore[all]",
    "# planlint: ignore-file[lead, high-float]",
    "# planlint:ignore[]",
    "# planlint: ignore[x",
    "# planlint: disable",
)


class Draw:
    """A stream of choices; when the bytes are used up, the first of everything."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def below(self, count: int) -> int:
        if self._at >= len(self._data):
            return 0
        self._at += 1
        return self._data[self._at - 1] % count

    def of(self, choices: Any) -> Any:
        return choices[self.below(len(choices))]

    @property
    def left(self) -> bool:
        return self._at < len(self._data)


POOLS: dict[str, Callable[[Draw], Any]] = {
    "id": lambda draw: draw.of(IDS),
    "ref": lambda draw: draw.of((*IDS, "other/a", "nowhere", 101, "missing/x")),
    "text": lambda draw: draw.of(WORDS),
    "name-or-number": lambda draw: draw.of((*WORDS, *NUMBERS)),
    "date": lambda draw: draw.of(DAYS),
    "time": lambda draw: f"{draw.of(DAYS)} {draw.of(('06:00', '23:59', '24:00'))}",
    "duration": lambda draw: draw.of(SPANS),
    "lag": lambda draw: draw.of(SPANS),
    "percent": lambda draw: draw.of(("0%", "50%", "100%", "33.333%", "101%", "50")),
    "money": lambda draw: draw.of(NUMBERS),
    "number": lambda draw: draw.of(NUMBERS),
    "count": lambda draw: draw.of((1, 2, 3, 1_000_000, 0, 1.5)),
    "cadence": lambda draw: draw.of(("1d", "2w", "1mo", "1q", "999q", "0d")),
    "dependency": lambda draw: draw.of(
        (
            draw.of(IDS),
            f"{draw.of(IDS)} {draw.of(('FS', 'SS', 'FF', 'SF'))}{draw.of(('', '+2d', '-1d', '+3ed', '-99999w'))}",
            {"id": draw.of(IDS), "type": draw.of(("FS", "SS", "XX")), "lag": draw.of(SPANS)},
            f"other/{draw.of(IDS)}",
        )
    ),
}


@cache
def _plan_schema() -> dict[str, Any]:
    return schema.load("plan")


def value(draw: Draw, wanted: Any, name: str = "", depth: int = 0) -> Any:
    """Return a value of a schema, or sometimes one that is not."""
    if draw.below(48) == 47 or not isinstance(wanted, dict):
        return deepcopy(draw.of(WILD))
    if "$ref" in wanted:
        name = wanted["$ref"].rpartition("/")[2]
        wanted = _plan_schema()["$defs"][name]
    if name in POOLS:
        return POOLS[name](draw)
    if "enum" in wanted:
        return draw.of(wanted["enum"])
    if "const" in wanted:
        return wanted["const"]
    for branches in ("anyOf", "oneOf"):
        if branches in wanted:
            return value(draw, draw.of(wanted[branches]), "", depth)
    return _of_type(draw, wanted, depth)


def _of_type(draw: Draw, wanted: dict[str, Any], depth: int) -> Any:
    kind = wanted.get("type")
    kind = draw.of(kind) if isinstance(kind, list) else kind
    if kind == "array":
        return [value(draw, wanted.get("items", {}), "", depth + 1) for _ in range(draw.below(4))]
    if kind == "object":
        return _mapping(draw, wanted, depth)
    if kind in {"number", "integer"}:
        return draw.of(NUMBERS)
    if kind == "boolean":
        return bool(draw.below(2))
    return draw.of(WORDS)


def _mapping(draw: Draw, wanted: dict[str, Any], depth: int) -> dict[str, Any]:
    known = wanted.get("properties", {})
    found = {key: value(draw, known.get(key), "", depth + 1) for key in wanted.get("required", ())}
    if known and draw.left:
        for _ in range(draw.below(6)):
            key = draw.of(list(known))
            if key != "tasks" or depth < 6:
                found[key] = value(draw, known[key], "", depth + 1)
    more = wanted.get("additionalProperties")
    if isinstance(more, dict) and not known:
        for _ in range(draw.below(5)):
            found[draw.of(IDS)] = value(draw, more, "", depth + 1)
    return found


def plan(data: bytes) -> bytes:
    """Return the text of a plan."""
    draw = Draw(data)
    known = _plan_schema()["properties"]
    lines = ["planlint: 1", f"title: {json.dumps(draw.of(WORDS))}"]
    sections = ["tasks"]
    sections += [draw.of(list(known)) for _ in range(draw.below(12))]
    for section in dict.fromkeys(sections):
        if section in {"planlint", "title", "include", "baseline"}:
            continue
        found = value(draw, known[section], "", 0)
        if section == "tasks" and isinstance(found, dict):  # a plan without work shows nothing
            for name in IDS[: draw.below(8)]:
                found[name] = value(draw, {"$ref": "#/$defs/task"}, "", 1)
        if not isinstance(found, dict) or not found:
            lines.append(f"{section}: {json.dumps(found)}")
            continue
        lines.append(f"{section}:")
        for key, inner in found.items():
            if draw.below(24) == 23:
                lines.append("  " + draw.of(COMMENTS))
            lines.append(f"  {json.dumps(key)}: {json.dumps(inner)}")
    return ("\n".join(lines) + "\n").encode(errors="surrogatepass")
