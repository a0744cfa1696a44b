"""Rules and what their checks get: manifest data, the context of a plan, items as JSON Schema sees them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from planlint.diagnostics import Finding, Path, Severity

Need = Literal["document", "plan", "schedule", "verdicts", "chance", "baseline", "portfolio"]


class Option(Struct, frozen=True):
    """A parameter of a rule that the configuration may set."""

    type: Literal["number", "days", "percent", "texts"]
    default: Any
    description: str


class Rule(Struct, frozen=True, kw_only=True):
    """One manifest: what is checked, why, how bad it is, in which words it is said."""

    name: str
    category: str
    summary: str
    rationale: str
    severity: Severity
    recommended: bool = True
    since: str
    given: tuple[str, ...] = ()
    where: tuple[Any, ...] = ()
    check: str
    params: Mapping[str, Any] = {}
    options: Mapping[str, Option] = {}
    at: tuple[str, ...] = ("key",)
    message: str = ""
    active_only: bool = False
    origin: str = ""
