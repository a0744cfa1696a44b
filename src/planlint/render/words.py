"""Languages: fixed words from a gettext catalogue, dates, numbers and money from one table of patterns.

The patterns are planlint's own, so that a page has the same bytes whatever locale data a machine has.
Another language is one catalogue in `locale/` and one entry in `PATTERNS`.
"""

import datetime as dt
from collections.abc import Mapping
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from planlint.model import Cadence, Duration, Estimate
from planlint.render.escaping import Safe, markdown

LOCALE = Path(__file__).parent / "locale"
NBSP = "\N{NO-BREAK SPACE}"
MINUS, DASH = "\N{MINUS SIGN}", "\N{EN DASH}"
NNBSP = "\N{NARROW NO-BREAK SPACE}"


class Pattern(Struct, frozen=True, kw_only=True):
    """How a language writes: `dates` are format strings over `d`, `m`, `y`, `yy` (its end) and `month`."""

    dates: Mapping[str, str]
    axis: str
    thousands: str
    decimal: str
    percent: str
    money: str


PATTERNS = {
    "en": Pattern(
        dates={"full": "{d} {month} {y}", "short": "{d} {month}", "compact": "{d} {month} {yy:02}"},
        axis="%m-%d",
        thousands=",",
        decimal=".",
        percent="{}%",
        money="{currency}" + NBSP + "{amount}",
    ),
    "de": Pattern(
        dates={"full": "{d:02}.{m:02}.{y}", "short": "{d:02}.{m:02}.", "compact": "{d:02}.{m:02}.{yy:02}"},
        axis="%d.%m.",
        thousands=".",
        decimal=",",
        percent="{}" + NBSP + "%",
        money="{amount}" + NBSP + "{currency}",
    ),
}

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_WORDS = (
    "todo doing blocked done cancelled accepted proposed active on-hold open mitigating occurred closed "
    "confirmed false in-progress resolved rejected superseded delivered planned approved failed dropped "
    "very-low low medium high very-high avoid mitigate transfer accept escalate "
    "technical security resource schedule budget vendor operational organizational legal other "
    "resistant neutral supportive leading waterfall agile scrum kanban hybrid up down "
    "error warning info feasible infeasible undecided"
)
WORDS = frozenset(_WORDS.split())
"""The words of the plan format that pages translate; the catalogues have them under these very names."""

_ENGLISH = {
    "todo": "to do",
    "doing": "in progress",
    "feasible": "holds",
    "infeasible": "cannot hold",
    "undecided": "not decided",
    "up": "higher is better",
    "down": "lower is better",
}


@cache
def language(tag: str) -> "Language":
    """Return the language of `tag`: `en` or one with a catalogue."""
    return Language(tag)


class Language:
    """One language: `say` and `count` translate, the others write values; all of it is ready for Markdown.

    Only what `plain` returns is not escaped.
    """

    def __init__(self, tag: str) -> None:
        """Load the catalogue of `tag`; English needs none."""
        self.tag = tag
        self.pattern = PATTERNS[tag]
        self._catalogue = NullTranslations()
        if tag != "en":
            with (LOCALE / f"{tag}.mo").open("rb") as file:
                self._catalogue = GNUTranslations(file)

    def say(self, text: str, **values: Any) -> Safe:
        """Translate a fixed sentence and put in `{name}` values, each written and escaped."""
        return self._fill(self._catalogue.gettext(text), values)

    def count(self, one: str, many: str, n: float, **values: Any) -> Safe:
        """Translate a sentence about `{n}` things."""
        number = int(n) if n == int(n) else 2  # a fraction is written like several
        return self._fill(self._catalogue.ngettext(one, many, number), {"n": n, **values})

    def _fill(self, text: str, values: dict[str, Any]) -> Safe:
        return Safe(text.format_map({name: self.text(value) for name, value in values.items()}))

    def plain(self, text: str) -> str:
        """Translate fixed words for a place that is not Markdown."""
        return self._catalogue.gettext(text)

    def word(self, value: str | None) -> Safe:
        """Write a word of the plan format; one of a team's own as it is."""
        if value not in WORDS:
            return markdown(value or "")
        translated = self._catalogue.gettext(value)
        return Safe(_ENGLISH.get(value, value.replace("-", " ")) if translated == value else translated)

    def text(self, value: object) -> Safe:  # noqa: PLR0911 - one line a type
        """Write a text, number, date or duration for Markdown; anything else in a template is a mistake."""
        match value:
            case Safe():
                return value
            case None:
                return Safe("")
            case str():
                return markdown(value)
            case bool():
                return self.say("yes") if value else self.say("no")
            case int() | float():
                return self.number(value)
            case dt.datetime():
                return Safe(f"{self.date(value)}, {value:%H:%M}")
            case dt.date():
                return self.date(value)
            case Duration() | Estimate():
                return self.duration(value)
            case Cadence():
                return self.cadence(value)
        raise TypeError(f"a template cannot print a {type(value).__name__}: print one of its fields")

    def date(self, day: dt.date, style: Literal["full", "short", "compact"] = "full") -> Safe:
        """Write a date; `short` without its year, `compact` with the last two digits of it."""
        parts = {"d": day.day, "m": day.month, "y": day.year, "yy": day.year % 100, "month": self.month(day)}
        return Safe(self.pattern.dates[style].format_map(parts).replace(" ", NBSP))

    def month(self, day: dt.date) -> str:
        """Write the short name of a date's month."""
        return self.plain(MONTHS[day.month - 1])

    def week(self, day: dt.date) -> Safe:
        """Write the ISO week of a date."""
        return Safe(self.plain("W{week}").format(week=day.isocalendar().week))

    def number(self, value: float, digits: int = 2) -> Safe:
        """Write a number with at most `digits` decimals."""
        whole, _, fraction = f"{abs(value):,.{digits}f}".partition(".")
        fraction = fraction.rstrip("0")
        point = self.pattern.decimal if fraction else ""
        text = whole.replace(",", self.pattern.thousands) + point + fraction
        return Safe(MINUS + text if value < 0 and text.strip("0.,") else text)

    def percent(self, value: float) -> Safe:
        """Write percent points."""
        return Safe(self.pattern.percent.format(self.number(value, 1)))

    def money(self, value: float, currency: str | None) -> Safe:
        """Write an amount, in whole units: nobody decides by cents."""
        amount = self.number(value, 0)
        return Safe(self.pattern.money.format(amount=amount, currency=currency)) if currency else amount

    def days(self, value: float) -> Safe:
        """Write a number of working days."""
        return Safe(self.count("{n} day", "{n} days", round(value, 1)).replace(" ", NBSP))

    def signed_days(self, value: float) -> Safe:
        """Write by how many working days something moved."""
        later = self.count("{n} day later", "{n} days later", round(value, 1))
        return later if value > 0 else self.count("{n} day earlier", "{n} days earlier", round(-value, 1))

    def duration(self, value: Duration | Estimate) -> Safe:
        """Write a length of time; three points as likely and range."""
        if isinstance(value, Estimate):
            likely = self.duration(value.likely)
            if value.optimistic is None or value.pessimistic is None:
                return likely
            between = f"{self.duration(value.optimistic)}{DASH}{self.duration(value.pessimistic)}"
            return Safe(f"{likely} ({between})")
        unit = {"h": self.plain("h"), "d": self.plain("d"), "w": self.plain("wk")}[value.unit]
        return Safe(f"{self.number(value.amount)}{NNBSP}{unit}")

    def cadence(self, value: Cadence) -> Safe:
        """Write how often something recurs."""
        n = value.count
        match value.unit:
            case "d":
                return self.count("daily", "every {n} days", n)
            case "w":
                return self.count("weekly", "every {n} weeks", n)
            case "mo":
                return self.count("monthly", "every {n} months", n)
            case "q":
                return self.count("quarterly", "every {n} quarters", n)
