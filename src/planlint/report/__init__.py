"""Diagnostics for people and machines: one module a format, each a pure function of the run's result."""

from collections.abc import Mapping
from importlib import import_module

from planlint.diagnostics import Result
from planlint.rule import Rule

FORMATS = ("text", "json", "sarif", "github", "gitlab", "junit", "rdjson", "markdown")
"""The values of `--format`; each names a module of this package with a function `render`."""


def render(format_: str, result: Result, *, rules: Mapping[str, Rule] | None = None) -> str:
    """Write `result` in one of `FORMATS`; only that format's module is imported.

    `rules` are the manifests by name, for formats that carry help. The text format has options of its own:
    call `planlint.report.text.render` for colour, `--quiet` and `--statistics`.
    """
    module = import_module(f"planlint.report.{format_}")
    text: str = module.render(result, rules or {}) if format_ == "sarif" else module.render(result)
    return text
