"""The examples inside a rule's manifest, run as its tests: what `planlint test-rules` does."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Literal

from msgspec import Struct

from planlint.config import Config
from planlint.diagnostics import Severity
from planlint.engine import lint
from planlint.rulesets import Catalogue, Choice, Setting
from planlint.world import World

TODAY = date(2026, 2, 16)
"""The day it is in an example that does not say."""
_MARK = "# expect:"
_SKELETON = {"planlint": "planlint: 1", "title": "title: Example", "tasks": "tasks: {}"}
_MAIN = "example.plan.yaml"

Lines = frozenset[tuple[str, int]]


class Example(Struct, frozen=True, kw_only=True):
    """One example: its files, the day it is, the rule's options, and the lines where the rule speaks."""

    rule: str
    kind: Literal["valid", "invalid"]
    number: int
    files: Mapping[str, str]
    expected: Lines
    baseline: Mapping[str, str] = {}
    today: date = TODAY
    options: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        """How a test run calls it."""
        return f"{self.rule}: {self.kind} example {self.number}"


def examples(rule: str, manifest: Mapping[str, Any]) -> Iterator[Example]:
    """Yield the examples of a manifest's data.

    A plain text is one plan; `planlint`, `title` and `tasks` are added at its end where they are missing.
    """
    for kind in ("valid", "invalid"):
        for number, written in enumerate(manifest["examples"][kind], start=1):
            if isinstance(written, str):
                files = {_MAIN: _completed(written)}
                extra: Mapping[str, Any] = {}
            else:
                files, extra = written["files"], written
            said = {(file, line) for file, lines in extra.get("expect", {}).items() for line in lines}
            yield Example(
                rule=rule,
                kind=kind,
                number=number,
                files=files,
                baseline=extra.get("baseline", {}),
                expected=frozenset(said | set(_marked(files, rule))),
                today=date.fromisoformat(extra["today"]) if "today" in extra else TODAY,
                options=extra.get("config", {}),
            )


def _completed(text: str) -> str:
    missing = [line for key, line in _SKELETON.items() if not f"\n{text}".count(f"\n{key}:")]
    return "\n".join([text.rstrip("\n"), *missing]) + "\n"


def _marked(files: Mapping[str, str], rule: str) -> Iterator[tuple[str, int]]:
    for file, text in files.items():
        for number, line in enumerate(text.splitlines(), start=1):
            _, mark, names = line.partition(_MARK)
            if mark and rule in names.replace(",", " ").split():
                yield file, number


def _world(files: Mapping[str, str], config: Config, then: World | None) -> World:
    """Return the edges of the pipeline over files in memory; `then` stands for every revision."""
    from fnmatch import fnmatch  # noqa: PLC0415 - only here

    def content(file: str) -> bytes:
        if file not in files:
            raise FileNotFoundError(2, "No such file", file)
        return files[file].encode()

    return World(
        content=content,
        expand=lambda _, pattern: sorted(file for file in files if fnmatch(file, pattern)),
        config=lambda _: config,
        at=None if then is None else lambda _, __: then,
    )


def doubts(example: Example, catalogue: Catalogue) -> Iterator[str]:
    """Run one example and yield a sentence for everything that is not as it says."""
    setting = Setting(example.rule, None, example.options)
    config = Config(catalogue=catalogue, settings=(setting,))
    world = _world(example.files, config, _world(example.baseline, config, None))
    plans = [file for file in example.files if file.endswith(("plan.yaml", "plan.yml", "plan.json"))]
    result = lint(plans, world, choice=Choice(extend_select=(example.rule,)), today=example.today)
    found: set[tuple[str, int]] = set()
    category = catalogue.rules[example.rule].category
    for diagnostic in result.diagnostics:
        at = (diagnostic.location.path, diagnostic.location.span.start.line)
        if diagnostic.rule == example.rule:
            found.add(at)
        elif (
            diagnostic.category in {"source", "structure"}
            and diagnostic.severity is Severity.ERROR
            and category not in {"source", "structure"}
        ):
            yield f"line {at[1]}: the example is no sound plan: {diagnostic.message} ({diagnostic.rule})"
    if example.kind == "invalid" and not example.expected:
        yield f"an invalid example says where: add `{_MARK} {example.rule}` to a line"
    if example.kind == "valid" and example.expected:
        yield "a valid example expects nothing"
    yield from (
        f"line {line} of {file}: expected, not reported" for file, line in sorted(example.expected - found)
    )
    yield from (
        f"line {line} of {file}: reported, not expected" for file, line in sorted(found - example.expected)
    )


def run(
    rules: Iterable[tuple[str, Mapping[str, Any]]], catalogue: Catalogue
) -> Iterator[tuple[Example, list[str]]]:
    """Run the examples of many manifests; each with what is not as it says."""
    for name, manifest in rules:
        for example in examples(name, manifest):
            yield example, list(doubts(example, catalogue))
