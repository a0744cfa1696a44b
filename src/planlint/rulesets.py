"""Which rules there are and which are on: manifests, the compiled catalogue, packs, selection."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import msgspec
from msgspec import Struct

from planlint import resources
from planlint.diagnostics import Severity
from planlint.errors import UsageError
from planlint.rule import Option, Rule

CATALOGUE = "catalogue.json"
BASE = frozenset({"source"})
"""The categories that are part of every selection."""
_HOURS_A_DAY = 8
_DAYS_A_WEEK = 5


class Pack(Struct, frozen=True, forbid_unknown_fields=True):
    """A named set: the packs it builds on, the rules or categories it turns on, the settings it changes."""

    name: str
    summary: str
    extends: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    rules: Mapping[str, Any] = {}


class Catalogue(Struct, frozen=True):
    """All rules by name, all packs by name; `digest` tells whether it is that of the manifests beside it."""

    rules: Mapping[str, Rule]
    packs: Mapping[str, Pack]
    digest: str = ""

    def with_rules(self, rules: Iterable[Rule]) -> "Catalogue":
        """Return the catalogue with a team's rules added."""
        return Catalogue({**self.rules, **{rule.name: rule for rule in rules}}, self.packs)


class Setting(Struct, frozen=True):
    """What a configuration or pack says of one rule: `level` is a severity, `off`, or None to leave it."""

    rule: str
    level: str | None = None
    options: Mapping[str, Any] = {}


class ActiveRule(Struct, frozen=True):
    """A rule that is on: at this level, with its options and parameters filled in.

    `written` has the options as a message should show them.
    """

    rule: Rule
    severity: Severity
    params: Mapping[str, Any]
    where: tuple[Any, ...]
    written: Mapping[str, Any]


def load() -> Catalogue:
    """Return planlint's own catalogue: compiled, or from the manifests where a checkout has newer ones."""
    compiled = resources.RULES / CATALOGUE
    try:
        catalogue = msgspec.json.decode(compiled.read_bytes(), type=Catalogue)
    except (OSError, msgspec.DecodeError):
        catalogue = None
    if catalogue and (resources.PACKAGED or catalogue.digest == digest(resources.RULES)):
        return catalogue
    from planlint.manifests import compile_catalogue  # noqa: PLC0415 - only where rules are being written

    return compile_catalogue(resources.RULES)


def digest(folder: FilePath) -> str:
    """Return a checksum of every manifest, pack and condition in `folder`."""
    from zlib import crc32  # noqa: PLC0415 - only in a checkout

    total = 0
    for file in sorted(folder.rglob("*.yaml")):
        total = crc32(file.relative_to(folder).as_posix().encode() + file.read_bytes(), total)
    return f"{total:08x}"


def option_value(option: Option, written: Any) -> Any:
    """Return what a check gets for an option as written in a configuration.

    Raises:
        ValueError: with a sentence that says what is allowed.
    """
    number = isinstance(written, int | float) and not isinstance(written, bool)
    if option.type == "texts":
        if isinstance(written, list) and all(isinstance(text, str) for text in written):
            return written
        raise ValueError("a list of texts is needed")
    if option.type == "number":
        if number:
            return written
        raise ValueError("a number is needed")
    units = {"percent": ("%",), "days": ("h", "d", "w")}[option.type]
    text = written if isinstance(written, str) else ""
    try:
        amount = float(text[:-1]) if text.endswith(units) else None
    except ValueError:
        amount = None
    if amount is None or not 0 <= amount < float("inf"):
        example = "a percentage such as 80%" if option.type == "percent" else "a duration such as 15d or 3w"
        raise ValueError(f"{example} is needed")
    factor = {"h": 1 / _HOURS_A_DAY, "w": _DAYS_A_WEEK}.get(text[-1], 1)
    return amount * factor


def fill(value: Any, options: Mapping[str, Any]) -> Any:
    """Replace every text `$name` in a manifest's data by the option of that name."""
    if isinstance(value, str) and value.startswith("$") and value[1:] in options:
        return options[value[1:]]
    if isinstance(value, dict):
        return {key: fill(part, options) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [fill(part, options) for part in value]
    return value


def activate(rule: Rule, setting: Setting) -> ActiveRule:
    """Fill a rule's parameters and level from a setting whose values were checked before."""
    written = {name: option.default for name, option in rule.options.items()} | dict(setting.options)
    options = {name: option_value(rule.options[name], value) for name, value in written.items()}
    return ActiveRule(
        rule=rule,
        severity=Severity.of(setting.level) if setting.level else rule.severity,
        params=fill(rule.params, options) if options else rule.params,
        where=tuple(fill(rule.where, options)) if options else rule.where,
        written=written,
    )


def expand(catalogue: Catalogue, name: str) -> tuple[str, ...]:
    """Return the rules that a name in a selection stands for: a rule, a category, `category/*` or `all`.

    Raises:
        UsageError: no rule or category has this name.
    """
    if name in catalogue.rules:
        return (name,)
    if name == "all":
        return tuple(catalogue.rules)
    category = name.removesuffix("/*")
    found = tuple(rule.name for rule in catalogue.rules.values() if rule.category == category)
    if not found:
        from planlint.schema import closest  # noqa: PLC0415 - only to explain

        near = closest(name, [*catalogue.rules, *{rule.category for rule in catalogue.rules.values()}])
        hint = f"; did you mean '{near}'?" if near else "; `planlint rules` lists them"
        raise UsageError(f"no rule or category is named '{name}'{hint}")
    return found


def pack_settings(catalogue: Catalogue, name: str) -> dict[str, Setting]:
    """Return what a pack turns on, its bases first: rule → setting.

    Raises:
        UsageError: there is no such pack.
    """
    if name == "recommended":
        return {rule.name: Setting(rule.name) for rule in catalogue.rules.values() if rule.recommended}
    pack = catalogue.packs.get(name)
    if pack is None:
        from planlint.schema import closest  # noqa: PLC0415 - only to explain

        known = ["recommended", *catalogue.packs]
        near = closest(name, known)
        hint = f"did you mean '{near}'?" if near else f"there are {', '.join(known)}"
        raise UsageError(f"no profile or pack is named '{name}'; {hint}")
    settings: dict[str, Setting] = {}
    for base in pack.extends:
        settings |= pack_settings(catalogue, base)
    for chosen in pack.select:
        settings |= {rule: settings.get(rule, Setting(rule)) for rule in expand(catalogue, chosen)}
    for rule, value in pack.rules.items():
        merge(settings, setting_of(rule, value))
    return settings


def setting_of(rule: str, value: Any) -> Setting:
    """Return what `rule: value` in a configuration or pack says; `value` is a level or a mapping."""
    if isinstance(value, str):
        return Setting(rule, value)
    options = {key: part for key, part in value.items() if key != "severity"}
    return Setting(rule, value.get("severity"), options)


def merge(settings: dict[str, Setting], later: Setting) -> None:
    """Lay a later setting over an earlier one; `off` takes the rule out."""
    if later.level == "off":
        settings.pop(later.rule, None)
        return
    earlier = settings.get(later.rule, Setting(later.rule))
    settings[later.rule] = Setting(
        later.rule, later.level or earlier.level, {**earlier.options, **later.options}
    )


class Choice(Struct, frozen=True):
    """What the command line says about rules; it comes after the configuration."""

    profile: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    severities: tuple[tuple[str, str], ...] = ()


def selection(
    catalogue: Catalogue, packs: Sequence[str], configured: Iterable[Setting], choice: Choice
) -> tuple[ActiveRule, ...]:
    """Return the rules that are on, in the order of the catalogue.

    Packs first, then the configuration, then the command line. Rules of reading are on with every pack and
    selection unless they are turned off by name: a file that cannot be read is never clean.

    Raises:
        UsageError: a name on the command line or a pack's name is unknown.
    """
    settings = {rule.name: Setting(rule.name) for rule in catalogue.rules.values() if rule.category in BASE}
    for pack in (choice.profile,) if choice.profile else (packs or ("recommended",)):
        settings |= pack_settings(catalogue, pack)
    known = {rule.name: Setting(rule.name) for rule in catalogue.rules.values()}
    for setting in configured:
        merge(settings, setting)
        merge(known, setting)
    if choice.select:
        chosen = {rule for name in choice.select for rule in expand(catalogue, name)}
        chosen |= {rule.name for rule in catalogue.rules.values() if rule.category in BASE}
        settings = {rule: settings.get(rule) or known.get(rule) or Setting(rule) for rule in chosen}
    for name in choice.extend_select:
        for rule in expand(catalogue, name):
            settings[rule] = settings.get(rule) or known.get(rule) or Setting(rule)
    for name in choice.ignore:
        for rule in expand(catalogue, name):
            settings.pop(rule, None)
    for rule, level in choice.severities:
        expand(catalogue, rule)
        merge(settings, Setting(rule, level))
    return tuple(activate(rule, settings[name]) for name, rule in catalogue.rules.items() if name in settings)
