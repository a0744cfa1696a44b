"""The checks that manifests name: `module.function` here, or an installed package's entry point."""

from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import cast

from planlint.rule import CheckFunction

BUILT_IN = frozenset({"schema", "expression", "stage"})
"""`schema` is run for all items at once (`items.py`), an `expression` item by item; a `stage` reports what it
finds while it reads."""


@cache
def names() -> list[str]:
    """Return the names of planlint's own checks, for hints."""
    from pkgutil import iter_modules  # noqa: PLC0415 - only for a rule that names no check

    found = [*BUILT_IN]
    for module in iter_modules(__path__):
        members = vars(import_module(f"{__name__}.{module.name}"))
        found += [f"{module.name}.{name}" for name, value in members.items() if hasattr(value, "schema")]
    return found


@cache
def lookup(name: str) -> CheckFunction | None:
    """Return the check of this name, or None when there is none.

    Only installed code is found: planlint's own modules and the entry points `planlint.checks` of packages.
    """
    module, _, function = name.partition(".")
    if module.isidentifier() and function.isidentifier():
        address = f"{__name__}.{module}"
        if find_spec(address) is not None:
            found = getattr(import_module(address), function, None)
            return cast("CheckFunction", found) if hasattr(found, "schema") else None
    from importlib.metadata import entry_points  # noqa: PLC0415 - only for a team's own checks

    for entry in entry_points(group="planlint.checks", name=name):
        try:
            found = entry.load()
        except (ImportError, AttributeError):
            continue  # its package is not whole: the same as no check
        if hasattr(found, "schema"):
            return cast("CheckFunction", found)
    return None
