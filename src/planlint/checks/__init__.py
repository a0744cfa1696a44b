"""The checks that manifests name: `module.function` here, or an installed package's entry point."""

from importlib import import_module
from importlib.util import find_spec
from typing import cast

from planlint.rule import CheckFunction

BUILT_IN = frozenset({"schema", "expression", "stage"})
"""`schema` is run for all items at once (`items.py`), an `expression` item by item; a `stage` reports what it
finds while it reads."""


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
        return cast("CheckFunction", entry.load())
    return None
