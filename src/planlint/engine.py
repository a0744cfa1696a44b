"""The pipeline: read, validate, build, analyse, check; every command goes through here."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from time import perf_counter
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from planlint import builder, checks, schedule
from planlint.checks import items
from planlint.config import Config
from planlint.diagnose import diagnose, fingerprints
from planlint.diagnostics import Diagnostic, Finding, Place, PlanSummary, Position, Result, Span
from planlint.document import Document, Sources, read, unread
from planlint.errors import RuleError
from planlint.rule import Context
from planlint.rulesets import ActiveRule, Catalogue, Choice, Setting, selection
from planlint.schema import closest, validate
from planlint.suppressions import Suppression, find

ALWAYS = frozenset({"source", "structure", "network", "ownership", "suppressions"})
"""The categories that also look at plans which are not active."""
_TOP = Span(Position(1, 1), Position(1, 2))


class World(Struct, frozen=True):
    """The edges of the pipeline, so that plans can come from disk, from Git or from a string.

    `content` returns a file's bytes or raises OSError; `expand` names the files that an `include` entry of a
    file stands for; `config` returns the configuration that holds for a file.
    """

    content: Callable[[str], bytes]
    expand: builder.Expand
    config: Callable[[str], Config]


class Loaded(Struct, frozen=True):
    """A plan file as far as it got: `built` is None when it could not be read."""

    file: str
    config: Config
    sources: Sources
    built: builder.Built | None
    findings: tuple[Finding, ...]


class Clock:
    """Seconds by stage and by rule, for `--verbose`."""

    def __init__(self) -> None:
        """Start with nothing measured."""
        self.seconds: dict[str, float] = {}
        self._last = perf_counter()

    def lap(self, name: str) -> None:
        """Count the time since the last lap for `name`."""
        now = perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


class Ruleset(Struct, frozen=True):
    """The rules that are on for a plan, by name, and the screens of the declarative ones."""

    active: Mapping[str, ActiveRule]
    screens: tuple[items.Screen, ...]
    quiet_screens: tuple[items.Screen, ...]

    @classmethod
    def of(cls, active: Iterable[ActiveRule]) -> "Ruleset":
        """Prepare rules for running."""
        chosen = {one.rule.name: one for one in active}
        given = [(one.rule, one.where, one.params) for one in chosen.values() if one.rule.given]
        quiet = [entry for entry in given if entry[0].category in ALWAYS]
        return cls(chosen, items.screens(given), items.screens(quiet))


def load(file: str, world: World) -> Loaded:
    """Read, validate and build one plan file with what it includes."""
    config = world.config(file)
    try:
        content = world.content(file)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or error}"
        finding = Finding(Place(span=_TOP, file=file), {"reason": reason}, rule="syntax-error")
        return Loaded(file, config, Sources(unread(file, b"")), None, (finding,))
    document, found = read(file, content, config.limits)
    if document is None:
        return Loaded(file, config, Sources(unread(file, content)), None, found)
    fragments, missing = builder.fragments(document, world.expand, world.content, config.limits)
    structure = list(validate(document.data, "plan"))
    for fragment in fragments:
        structure += (
            replace(finding, place=replace(finding.place, file=fragment.file))
            for finding in validate(fragment.data, "plan", "fragment")
        )
    built = builder.build(document, fragments, structure)
    return Loaded(file, config, built.sources, built, (*found, *missing, *structure, *built.findings))


def analyse(loaded: Sequence[Loaded], today: date) -> dict[str, Context]:
    """Schedule every plan that could be built, predecessors in other plans first; contexts by file."""
    built = [one for one in loaded if one.built]
    contexts: dict[str, Context] = {}
    portfolio: dict[str, Context] = {}
    for one in schedule.in_order(built):
        plan = one.built.plan
        network = schedule.network(plan, today=today, others=portfolio)
        context = Context(
            plan=plan,
            sources=one.sources,
            today=today,
            schedule=network.schedule,
            deadlines=schedule.decide(network),
            portfolio=portfolio,
        )
        contexts[one.file] = context
        portfolio.setdefault(plan.id, context)
    return contexts


def run(context: Context, rules: Ruleset, clock: Clock) -> Iterator[tuple[ActiveRule, Sequence[Finding]]]:
    """Run the rules that are on over one plan.

    Raises:
        RuleError: a check crashed; the run must not look clean.
    """
    active_plan = context.plan.status == "active"
    present = {"plan", "portfolio"}
    present |= {
        need
        for need, value in (
            ("schedule", context.schedule),
            ("verdicts", context.deadlines),
            ("baseline", context.baseline),
        )
        if value is not None
    }
    hits: dict[str, list[items.Hit]] = {}
    for screen in rules.screens if active_plan else rules.quiet_screens:
        for name, found in items.run(context, screen).items():
            hits.setdefault(name, []).extend(found)
    clock.lap("items")
    for name, one in rules.active.items():
        rule = one.rule
        if rule.check == "stage" or rule.needs not in present or not (active_plan or rule.category in ALWAYS):
            continue
        chosen = hits.get(name, ())
        if rule.given and not chosen:
            continue
        try:
            yield one, tuple(_findings(context, one, chosen))
        except Exception as error:
            raise RuleError(name, f"crashed on {context.plan.file}: {error!r}") from error
        clock.lap(f"rule {name}")


def _findings(context: Context, one: ActiveRule, hits: Sequence[items.Hit]) -> Iterable[Finding]:
    if one.rule.check == "schema":
        return items.findings(one.rule, hits)
    function = checks.lookup(one.rule.check)
    if function is None:
        raise LookupError(f"no check is called '{one.rule.check}'")
    if one.rule.given:
        return function(context, hits=hits, **one.params)
    return function(context, **one.params)


def lint(files: Sequence[str], world: World, *, choice: Choice, today: date, clock: Clock | None = None) -> Result:
    """Check plan files and return every diagnostic, ordered by path, position and rule.

    Raises:
        UsageError: a name in `choice` or a configuration is wrong.
        RuleError: a check crashed.
    """
    clock = clock or Clock()
    loaded = [load(file, world) for file in files]
    clock.lap("read")
    contexts = analyse(loaded, today)
    crossed = builder.cross_references({file: context.plan for file, context in contexts.items()})
    clock.lap("schedule")
    rulesets = Rulesets(choice)
    found: list[Diagnostic] = []
    for one in loaded:
        rules = rulesets.of(one.config, one.file)
        plan = one.built.plan.id if one.built else None
        staged: dict[str, list[Finding]] = {}
        for finding in (*one.findings, *crossed.get(one.file, ()), *one.config.findings):
            staged.setdefault(finding.rule, []).append(finding)
        for name, findings in staged.items():
            if name in rules.active:
                found.extend(diagnose(rules.active[name], findings, one.sources, plan))
        if one.file in contexts:
            for active, findings in run(contexts[one.file], rules, clock):
                found.extend(diagnose(active, findings, one.sources, plan))
    return _result(loaded, contexts, rulesets, found, today)


class Rulesets:
    """The rules for each configuration, worked out once."""

    def __init__(self, choice: Choice) -> None:
        """Keep what the command line says."""
        self.choice = choice
        self._cache: dict[tuple[int, tuple[int, ...]], Ruleset] = {}

    def of(self, config: Config, file: str) -> Ruleset:
        """Return the rules that are on for a file."""
        matching = config.overrides_for(file)
        key = (id(config), matching)
        if key not in self._cache:
            settings = [*config.settings]
            for index in matching:
                settings += config.overrides[index].settings
            active = selection(config.catalogue, config.packs, settings, self.choice)
            self._cache[key] = Ruleset.of(active)
        return self._cache[key]
