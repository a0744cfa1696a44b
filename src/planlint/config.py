"""`.planlint.yaml`: which packs, rules, limits and folders a team has chosen, diagnosed like a plan."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from planlint.diagnostics import Finding, Path, Place
from planlint.discovery import listed, parse_patterns
from planlint.document import Document
from planlint.errors import UsageError
from planlint.reader import Limits, read
from planlint.rulesets import Catalogue, Setting, option_value, setting_of
from planlint.schema import closest, validate

NAME = ".planlint.yaml"
_MAX_EXTENDS = 16
_SIZES = {"kB": 1_000, "KB": 1_000, "MB": 1_000_000}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}

Read = Callable[[FilePath], bytes]


class Override(Struct, frozen=True):
    """Settings for the plans whose path, relative to the configuration's folder, matches a pattern."""

    patterns: tuple[str, ...]
    settings: tuple[Setting, ...]


class Config(Struct, frozen=True, kw_only=True):
    """One configuration with all that it extends.

    `findings` are warnings (a rule that does not exist); errors raise `ConfigError` instead. `documents`
    are the files it was read from, by the path shown.
    """

    catalogue: Catalogue
    folder: FilePath | None = None
    packs: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    overrides: tuple[Override, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limits: Limits = Limits()
    solver_seconds: float = 10.0
    render: Mapping[str, Any] = {}
    findings: tuple[Finding, ...] = ()
    documents: Mapping[str, Document] = {}

    def overrides_for(self, file: str) -> tuple[int, ...]:
        """Return which of `overrides` match a plan file, by number; paths count from the configuration."""
        if not self.overrides:
            return ()
        path = os.path.relpath(file, self.folder).replace(os.sep, "/")
        return tuple(
            number
            for number, override in enumerate(self.overrides)
            if listed(parse_patterns(override.patterns), path)
        )


class ConfigError(UsageError):
    """A configuration or a rule of a team's pack is wrong: its findings, and the files they stand in."""

    def __init__(self, findings: tuple[Finding, ...], documents: Mapping[str, Document]) -> None:
        """Keep what is to be shown; every finding names its file."""
        super().__init__("the configuration has errors; nothing was checked")
        self.findings = findings
        self.documents = documents


def nearest(folder: FilePath, root: FilePath | None) -> FilePath | None:
    """Return the configuration that holds in `folder`: the first one upwards, up to the repository's root.

    Without a repository only the folder itself is looked at.
    """
    for candidate in (folder, *folder.parents):
        file = candidate / NAME
        if file.is_file():
            return file
        if root is None or candidate == root:
            return None
    return None


def load(
    file: FilePath, root: FilePath | None, catalogue: Catalogue, show: Callable[[FilePath], str]
) -> Config:
    """Read a configuration and everything that it extends.

    Raises:
        ConfigError: it, or a manifest of a team's rules, is wrong.
        UsageError: it is a link that leads out of the repository.
    """
    if not file.resolve().is_relative_to((root or file.parent).resolve()):
        raise UsageError(f"{show(file)} is a link that leads out of the repository; nothing was checked")
    loader = _Loader(root or file.parent, catalogue, show)
    config = loader.file(file, ())
    errors = tuple(finding for finding in loader.findings if finding.rule != "unknown-rule")
    if errors:
        raise ConfigError(errors, loader.documents)
    return replace(
        config,
        catalogue=loader.catalogue,
        folder=file.parent,
        findings=tuple(loader.findings),
        documents=loader.documents,
    )


class _Loader:
    """One walk over a configuration and its bases, collecting findings, documents and a team's rules."""

    def __init__(self, root: FilePath, catalogue: Catalogue, show: Callable[[FilePath], str]) -> None:
        self.root = root.resolve()
        self.catalogue = catalogue
        self.show = show
        self.findings: list[Finding] = []
        self.documents: dict[str, Document] = {}
        self.count = 0

    def file(self, file: FilePath, above: tuple[FilePath, ...]) -> Config:
        """Return what one file says, its bases laid under it."""
        shown = self.show(file)
        content = file.read_bytes()
        if all(not line.strip() or line.lstrip().startswith(b"#") for line in content.splitlines()):
            return Config(catalogue=self.catalogue)  # nothing is chosen yet
        document, found = read(shown, content, Limits())
        if document is None:
            self.findings.extend(replace(f, place=replace(f.place, file=shown)) for f in found)
            return Config(catalogue=self.catalogue)
        self.documents[shown] = document
        data = document.data
        doubts = [*found, *validate(data, "config")]
        if doubts:
            self.findings.extend(replace(f, place=replace(f.place, file=shown)) for f in doubts)
            return Config(catalogue=self.catalogue)
        base = Config(catalogue=self.catalogue)
        extends = data.get("extends", [])
        for index, name in enumerate([extends] if isinstance(extends, str) else extends):
            at = Place(("extends", index) if isinstance(extends, list) else ("extends",), file=shown)
            base = _over(base, self.base(name, at, file, above))
        rules = data.get("rules", {})
        overrides = []
        for index, override in enumerate(data.get("overrides", [])):
            settings = tuple(self.settings(override["rules"], ("overrides", index, "rules"), shown))
            overrides.append(Override(tuple(override["paths"]), settings))
        limits = data.get("limits", {})
        return _over(
            base,
            Config(
                catalogue=self.catalogue,
                settings=tuple(self.settings(rules, ("rules",), shown)),
                overrides=tuple(overrides),
                include=tuple(data.get("include", ())),
                exclude=tuple(data.get("exclude", ())),
                limits=Limits(**{key: _amount(value, _SIZES) for key, value in limits.items()}),
                solver_seconds=_amount(data.get("solver", {}).get("time_limit", "10s"), _SECONDS),
                render=data.get("render", {}),
            ),
        )

    def base(self, name: str, at: Place, file: FilePath, above: tuple[FilePath, ...]) -> Config:
        """Return what one entry of `extends` brings: a pack, another configuration, a folder of rules."""
        nothing = Config(catalogue=self.catalogue)
        self.count += 1
        if name == "recommended" or name in self.catalogue.packs:
            return replace(nothing, packs=(name,))
        target = (file.parent / name).resolve()
        if target in above or self.count > _MAX_EXTENDS:
            return self.wrong(at, f"'{name}' extends itself, or more than {_MAX_EXTENDS} bases")
        if not target.is_relative_to(self.root):
            return self.wrong(at, f"'{name}' is outside the repository; nothing there is read")
        if target.is_file():
            return self.file(target, (*above, file.resolve()))
        folder = target if target.is_dir() else _installed_pack(name)
        if folder is not None:
            self.team(folder)
            return nothing
        near = closest(name, ["recommended", *self.catalogue.packs])
        hint = f"did you mean '{near}'?" if near else "a pack, a file or a folder is needed"
        return self.wrong(at, f"'{name}' is no pack, and there is no such file or folder; {hint}")

    def wrong(self, at: Place, reason: str) -> Config:
        """Note what is wrong and go on without it."""
        self.findings.append(Finding(at, {"reason": reason}, rule="invalid-value"))
        return Config(catalogue=self.catalogue)

    def team(self, folder: FilePath) -> None:
        """Add a folder of manifests, `<category>/<name>.yaml`, to the catalogue."""
        from planlint.manifests import conditions, read_manifest  # noqa: PLC0415 - only for a team's rules

        known = conditions()
        rules = []
        for manifest_file in sorted(folder.glob("*/*.yaml")):
            if not manifest_file.resolve().is_relative_to(folder):
                continue
            shown, name = self.show(manifest_file), manifest_file.stem
            manifest = read_manifest(
                shown, name, manifest_file.parent.name, manifest_file.read_bytes(), known
            )
            if manifest.document is not None:
                self.documents[shown] = manifest.document
            self.findings.extend(manifest.findings)
            if name in self.catalogue.rules:
                at = Place(("summary",), at="key", file=shown)
                self.wrong(at, f"a rule named '{name}' exists already; rename this file")
            elif manifest.rule is not None:
                rules.append(manifest.rule)
        self.catalogue = self.catalogue.with_rules(rules)

    def settings(self, rules: Mapping[str, Any], path: Path, shown: str) -> Iterator[Setting]:
        """Yield the settings of a `rules` mapping whose rule exists and whose values fit."""
        for name, value in rules.items():
            if name.startswith("x-"):
                continue
            rule = self.catalogue.rules.get(name)
            if rule is None:
                near = closest(name, list(self.catalogue.rules))
                hint = f"did you mean '{near}'?" if near else "`planlint rules` lists them"
                at = Place((*path, name), at="key", file=shown)
                values = {"name": name, "hint": hint, "suggestion": near}
                self.findings.append(Finding(at, values, rule="unknown-rule"))
                continue
            setting = setting_of(name, value)
            sound = True
            for option, written in setting.options.items():
                at = Place((*path, name, option), at="key", file=shown)
                if option not in rule.options:
                    known = ", ".join(rule.options) or "none"
                    self.wrong(at, f"'{name}' has no parameter '{option}'; it has: {known}")
                    sound = False
                    continue
                try:
                    option_value(rule.options[option], written)
                except ValueError as error:
                    self.wrong(replace(at, at="value"), f"{name}: {option} is {written!r}, but {error}")
                    sound = False
            if sound:
                yield setting


def _over(base: Config, later: Config) -> Config:
    """Lay a later configuration over an earlier one."""
    return replace(
        later,
        packs=(*base.packs, *later.packs),
        settings=(*base.settings, *later.settings),
        overrides=(*base.overrides, *later.overrides),
        include=later.include or base.include,
        exclude=later.exclude or base.exclude,
        limits=later.limits if later.limits != Limits() else base.limits,
        render={**base.render, **later.render},
    )


def _amount(written: Any, units: Mapping[str, float]) -> Any:
    """Return a number for `8MB`, `10s` or a plain number; the schema has checked the form."""
    if not isinstance(written, str):
        return written
    for unit, factor in units.items():
        if written.endswith(unit):
            value = float(written.removesuffix(unit)) * factor
            return int(value) if factor >= 1_000 else value  # noqa: PLR2004 - bytes are whole
    return float(written)


def _installed_pack(name: str) -> FilePath | None:
    """Return the folder of manifests that an installed package offers under this name."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - only for packs of packages

    for entry in entry_points(group="planlint.packs", name=name):
        return FilePath(str(entry.load())).resolve()
    return None
