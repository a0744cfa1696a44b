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

NAMES = (
    b"a.plan.yaml",
    b"plans/b.plan.yaml",
    b"people.yaml",
    b"-x.plan.yaml",
    b"\xff.plan.yaml",
    b"::error::.plan.yaml",
    b"a\nb\t.plan.yaml",
    b"\xe2\x80\xae [x](y).plan.yaml",
    b"node_modules/c.plan.yaml",
    b"*/[a.plan.yaml",
    b".x/...plan.yaml",
)
CEL = (
    "item.title", "item.id", "item.effort", "item.tags", "item.computed", "item", "x", "y", "1", "0", "-1", "2.5",
    "9223372036854775807", "'a'", "''", "b'a'", "null", "true", "[]", "[1, 'a']", "{'a': 1}", "duration('1h')",
    "timestamp('2026-02-16T00:00:00Z')", "1u", "type(1)", "item.nothing", "'(a*)*b'", "r'\\'", "'\\u00e9'",
)  # fmt: skip
CEL_SHAPES = (
    "({} == {})", "({} && {})", "({} || {})", "!({})", "({} + {})", "({} - {})", "({} / {})", "({} % {})",
    "({} * {})", "({} < {})", "({} in {})", "({} ? {} : {})", "{}.exists(x, {})", "{}.all(y, {})",
    "{}.map(x, {})", "{}.filter(x, {})", "{}.exists_one(y, {})", "{}.map(x, {}, {})", "size({})", "{}.size()",
    "{}.matches({})", "{}.contains({})", "{}.startsWith({})", "has(item.{})", "has({}.title)", "[{}, {}]",
    "{{{}: {}}}", "{}[{}]", "{}.a", "string({})", "int({})", "double({})", "bytes({})", "duration({})",
    "timestamp({})", "dyn({})", "type({})", "{}.getFullYear({})", "cel.bind(x, {}, {})", "{}.{}", "-{}", "{}({})",
)  # fmt: skip


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


def condition(data: bytes) -> str:
    """Return an expression, nested as deep as the bytes last."""
    draw = Draw(data)

    def part(depth: int) -> str:
        if not draw.left or depth == 0 or draw.below(4) == 0:
            return str(draw.of(CEL))
        shape = draw.of(CEL_SHAPES)
        return str(shape.format(*(part(depth - 1) for _ in range(shape.count("{}")))))

    return part(12)


def files(data: bytes) -> tuple[dict[bytes, bytes], dict[bytes, bytes]]:
    """Return the plans of two revisions by name: alike but for some bytes, names or whole files."""
    draw = Draw(data[:16])
    old: dict[bytes, bytes] = {}
    new: dict[bytes, bytes] = {}
    rest = data[16:]
    for half in (rest[: len(rest) // 2], rest[len(rest) // 2 :]):
        name = draw.of(NAMES)
        at, value = draw.below(len(half) + 1), draw.below(256)
        changed = half[:at] + bytes([value]) + half[at + 1 :]
        match draw.below(8):
            case 1:
                old[name] = plan(half)
            case 2:
                new[name] = plan(half)
            case 3:
                old[name], new[name] = plan(half), half
            case 4:
                old[name], new[draw.of(NAMES)] = plan(half), plan(changed)
            case 5:
                old[name], new[name] = (
                    plan(half),
                    plan(changed).replace(b'"a"', b'"a2"').replace(b'"kim"', b'"k"'),
                )
            case _:
                old[name], new[name] = plan(half), plan(changed)
    return old, new


WEEK = tuple(f"2026-02-{day}" for day in range(13, 26))
LENGTHS = ("1d", "2d", "4h", "12h", "3d", "1ed", "3ed", "0d", "1h", "7h")
LAGS = ("", "", " SS", " FF", " SF", " FS+1d", " SS+4h", " FF+1d", " FS-1d", " FS+1ed", " SS-4h", " FF-4h")
SHARES = ("100%", "50%", "60%", "33.333%", "10%")


def contended(data: bytes) -> bytes:
    """Return the text of a sound plan: a few tasks that want the same people and things in the same days."""
    draw = Draw(data)

    def maybe(odds: int, key: str, choices: Any) -> dict[str, Any]:
        return {key: draw.of(choices)} if draw.below(odds) == 1 else {}

    def periods(odds: int) -> list[dict[str, Any]]:
        ends = [sorted((draw.of(WEEK), draw.of(WEEK))) for _ in range(max(0, draw.below(odds) - odds + 3))]
        return [{"from": first, "to": last} for first, last in ends]

    tasks: dict[str, Any] = {}
    milestones: dict[str, Any] = {}
    for name in IDS[: 2 + draw.below(4)]:
        kind = draw.below(8)
        needs = [f"{one}{draw.of(LAGS)}" for one in (*tasks, *milestones) if draw.below(4) == 1]
        item: dict[str, Any] = {"title": name, "depends_on": needs}
        if kind == 1:
            milestones[name] = item | maybe(2, "due", WEEK)
            continue
        item |= {draw.of(("effort", "duration")): draw.of(LENGTHS)}
        who = draw.of((("kim",), ("lee",), ("kim", "lee"), ()))
        item |= {"assignees": {one: draw.of(SHARES) for one in who}}
        item |= maybe(3, "uses", ({"lift": 1}, {"lift": 2}, {"lift": 1, "room": 1}))
        for odds, key, choices in (
            (8, "calendar", ("long", "odd")),
            (3, "deadline", WEEK),
            (8, "must_finish", WEEK),
            (8, "must_start", WEEK),
            (8, "not_before", WEEK),
            (6, "priority", (1, 900)),
            (8, "status", ("doing", "done", "cancelled", "blocked")),
            (8, "actual", ({"start": "2026-02-12"}, {"start": "2026-02-09", "finish": "2026-02-13"})),
            (8, "remaining", LENGTHS),
            (8, "progress", ("50%", "0%", "100%")),
        ):
            item |= maybe(odds, key, choices)
        tasks[name] = item
    people = {
        one: {"name": one, "time_off": periods(5), **maybe(6, "calendar", ("long", "odd"))}
        | maybe(6, "availability", SHARES)
        | maybe(8, "operations", SHARES)
        for one in ("kim", "lee")
    }
    said = {
        "planlint": 1,
        "title": "Contended",
        "start": draw.of(("2026-02-16", "2026-02-14", "2026-02-09")),
        **maybe(3, "deadline", WEEK),
        "calendars": {
            "long": {
                "workdays": ["mon", "tue", "wed", "thu", "fri", "sat"],
                "hours_per_day": draw.of((10, 24, 7.5)),
            },
            "odd": {"workdays": ["tue", "sun"], "workdays_extra": [draw.of(WEEK)]},
        },
        "people": people,
        "resources": {
            "lift": {"title": "Lift", "units": 1 + draw.below(3), "unavailable": periods(5)}
            | maybe(8, "calendar", ("long", "odd")),
            "room": {"title": "Room"},
        },
        "milestones": milestones,
        "tasks": tasks,
    }
    return json.dumps(said).encode()
