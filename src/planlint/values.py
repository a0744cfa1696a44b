"""Values of the plan format as Python values; None, or nothing, for what is not one.

The schema has reported whatever is wrong before; here it only must not get into the model.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from planlint.model import LEVELS, LIKELIHOOD, Cadence, Duration, Estimate, Impact, Period, Window

Parse = Callable[[Any], Any]

DURATION = r"[0-9]{1,5}(?:\.[0-9]{1,3})?e?[hdw]"
_DURATION = re.compile(r"([0-9.]+)(e?)([hdw])")
_CADENCE = re.compile(r"([1-9][0-9]{0,2})(d|w|mo|q)")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?)%")
_MOST = 1e15


def text(value: object) -> str | None:
    """Read a text."""
    return value if isinstance(value, str) else None


def texts(value: object) -> tuple[str, ...]:
    """Read a list of texts."""
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()


def word(value: object) -> str | None:
    """Read a word of a list; `false`, a status, is YAML's false without quotes."""
    return "false" if value is False else text(value)


def flag(value: object) -> bool | None:
    """Read true or false."""
    return value if isinstance(value, bool) else None


def number(value: object) -> float | None:
    """Read a number that money can be counted with."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST:
        return None
    return float(value)


def number_or_text(value: object) -> float | str | None:
    """Read a number, or a text where a number does not say it."""
    return value if isinstance(value, str) else number(value)


def count(value: object) -> int | None:
    """Read a whole number; `3.0` is one."""
    found = number(value)
    return int(found) if found is not None else None


def percent(value: object) -> float | None:
    """Read `80%` as 80.0."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) if match else None


def likelihood(value: object) -> float | None:
    """Read a likelihood in percent points."""
    return LIKELIHOOD.get(value) or percent(value) if isinstance(value, str) else None


def impact(value: object) -> Impact | None:
    """Read an impact: a level, or time and money."""
    if isinstance(value, dict):
        return Impact(None, duration(value.get("time")), number(value.get("cost")))
    level = LEVELS.get(value) if isinstance(value, str) else None
    return Impact(level) if level else None


def day(value: object) -> date | None:
    """Read a date."""
    return _day(value) if isinstance(value, str) else None


def days(value: object) -> tuple[date, ...]:
    """Read a list of dates."""
    return tuple(found for one in value if (found := day(one))) if isinstance(value, list) else ()


@lru_cache(2048)
def _day(written: str) -> date | None:
    try:
        found = date.fromisoformat(written)
    except ValueError:
        return None
    return found if found.isoformat() == written else None  # not 20260105, nor 2026-W02-1


def duration(value: object) -> Duration | None:
    """Read a duration."""
    return _duration(value) if isinstance(value, str) else None


@lru_cache(2048)
def _duration(written: str) -> Duration | None:
    match = _DURATION.fullmatch(written)
    if match is None or not re.fullmatch(DURATION, written):
        return None
    return Duration(float(match[1]), match[3], bool(match[2]))  # type: ignore[arg-type] # as in the pattern


def lag(value: object) -> Duration | None:
    """Read a duration with an optional sign; a lead is negative."""
    found = _duration(value.lstrip("+-")) if isinstance(value, str) else None
    if found and str(value).startswith("-"):
        return Duration(-found.amount, found.unit, found.elapsed)
    return found


def estimate(value: object) -> Estimate | None:
    """Read a duration or three points."""
    if isinstance(value, dict):
        low, likely, high = (duration(value.get(key)) for key in ("optimistic", "likely", "pessimistic"))
        return Estimate(likely, low, high) if low and likely and high else None
    single = duration(value)
    return Estimate(single) if single else None


def cadence(value: object) -> Cadence | None:
    """Read how often something recurs."""
    match = _CADENCE.fullmatch(value) if isinstance(value, str) else None
    return Cadence(int(match[1]), match[2]) if match else None  # type: ignore[arg-type] # as in the pattern


def periods(value: object) -> tuple[Period, ...]:
    """Read a list of periods."""
    return tuple(
        Period(start, finish, text(one.get("reason")) or "", count(one.get("units")))
        for one in (value if isinstance(value, list) else ())
        if isinstance(one, dict) and (start := day(one.get("from"))) and (finish := day(one.get("to")))
    )


def window(value: object) -> Window | None:
    """Read a span of local time."""
    try:
        return Window(datetime.fromisoformat(value["from"]), datetime.fromisoformat(value["to"]))  # type: ignore[index] # or a TypeError
    except (KeyError, TypeError, ValueError):
        return None


def holidays(value: object) -> dict[date, str]:
    """Read a mapping of dates to reasons."""
    entries = value.items() if isinstance(value, dict) else ()
    return {found: str(reason) for key, reason in entries if (found := day(key))}


def links(value: object) -> dict[str, str]:
    """Read a mapping of any names to texts."""
    entries = value.items() if isinstance(value, dict) else ()
    return {key: link for key, link in entries if isinstance(link, str) and not key.startswith("x-")}


def by_name(table: Mapping[Any, str]) -> dict[str, Any]:
    """Turn a table of meanings and the names that have them into name → meaning."""
    return {name: meaning for meaning, names in table.items() for name in names.split()}


PARSERS: Mapping[str, Parse] = by_name(
    {
        cadence: "every",
        count: "priority units",
        day: "actual_finish as_of date deadline due finish last must_finish must_start not_before raised"
        " review_by start status_date validate_by",
        days: "workdays_extra",
        estimate: "duration effort remaining",
        flag: "accepted announced confirmed technical tested",
        holidays: "holidays",
        impact: "impact",
        likelihood: "probability",
        links: "links",
        number: "committed cost cost_rate hours_per_day planned target total",
        percent: "availability operations progress",
        periods: "freeze time_off unavailable",
        text: "attitude category channel contract country currency department description desired direction"
        " email format influence interest kind link methodology name provider purpose rationale response role"
        " rollback runbook severity source title trigger unit why",
        texts: "acceptance gate monitoring options skills tags workdays",
        window: "window",
        word: "status",
    }
)
"""How the value of a key is read: a key means the same in nearly every section."""

EXCEPTIONS: Mapping[tuple[str, str], Parse] = {
    ("actual", "effort"): duration,
    ("changes", "risk"): text,
    ("key_results", "actual"): number_or_text,
    ("key_results", "target"): number_or_text,
    ("lines", "actual"): number,
    ("metrics", "actual"): number,
}
"""By section or nested mapping, where a key means something else."""
