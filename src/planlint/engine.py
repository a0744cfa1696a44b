"""The pipeline: read, validate, build, analyse, check; every command goes through here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from time import perf_counter

from msgspec import Struct
from msgspec.structs import replace

from planlint import checks
from planlint.builder import Built, cross_references
from planlint.builder import build as build_plan
from planlint.checks import expression, items
from planlint.config import Config, ConfigError
from planlint.diagnose import diagnose, fingerprints
from planlint.diagnostics import Diagnostic, Finding, Place, PlanSummary, Position, Result, Span
from planlint.document import Document, Sources, unread
from planlint.errors import ManifestError, RuleError, UsageError
from planlint.includes import fragments
from planlint.model import Plan
from planlint.reader import read
from planlint.rule import Context
from planlint.rulesets import ActiveRule, Catalogue, Choice, selection
from planlint.schedule import critical_path
from planlint.schedule.calendar import HorizonError
from planlint.schedule.feasibility import decide
from planlint.schedule.network import Span as Dates
from planlint.schedule.network import build
from planlint.schedule.repair import repaired
from planlint.schedule.search import Limits
from planlint.schema import closest, validate
from planlint.suppressions import Suppression, find
from planlint.world import World

ALWAYS = frozenset({"source", "structure", "network", "ownership", "suppressions"})
"""The categories that also look at plans which are not active."""
_PASSES = 4
"""How often plans that wait for each other in a circle are scheduled; without a circle once is enough."""
_MOST_SECONDS = 60.0
"""What a configuration can give the solver at most: it may come from a stranger."""
_TOP = Span(Position(1, 1), Position(1, 2))


class Loaded(Struct, frozen=True):
    """A plan file as far as it got: `built` is None when it could not be read."""

    file: str
    config: Config
    sources: Sources
    built: Built | None
    findings: tuple[Finding, ...]

    @property
    def id(self) -> str | None:
        """The plan's id, when it was built."""
        return self.built.plan.id if self.built else None

    def runs(self, active: ActiveRule) -> bool:
        """Whether a rule looks at this plan: without a plan only the reader has spoken."""
        if self.built is None:
            return active.rule.category == "source"
        return self.built.plan.status == "active" or active.rule.category in ALWAYS


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
    if not isinstance(document.data, dict):
        return Loaded(file, config, Sources(document), None, (*found, *validate(document.data, "plan")))
    included, missing = fragments(document, world.expand, world.content, config.limits)
    structure = list(validate(document.data, "plan"))
    for fragment in included:
        structure += validate(fragment.data, "plan", "fragment", fragment.file)
    built = build_plan(document, included, structure, complete=not missing)
    return Loaded(file, config, built.sources, built, (*found, *missing, *structure, *built.findings))


def analyse(built: Mapping[str, Built], today: date, solver: Mapping[str, float] = {}) -> dict[str, Context]:
    """Schedule plans (by file), each with what it waits for in the others; contexts by file.

    `solver` has the time limits of the solver for the files that do not take the default.
    """
    portfolio: dict[str, Context] = {}
    contexts: dict[str, Context] = {}
    used: dict[str, Mapping[str, Dates]] = {}
    for _ in range(_PASSES):
        settled = True
        for file in _predecessors_first(built):
            plan = built[file].plan
            outside = _outside(plan, portfolio)
            if used.get(file) == outside:
                continue
            settled, used[file] = False, outside
            network = build(plan, today=today, externals=outside)
            contexts[file] = portfolio[plan.id] = Context(
                plan=plan,
                sources=built[file].sources,
                today=today,
                network=network,
                schedule=critical_path.analyse(network),
                portfolio=portfolio,
            )
        if settled:
            break
    for file, context in contexts.items():
        contexts[file] = portfolio[context.plan.id] = _judged(context, solver.get(file))
    return contexts


def _judged(context: Context, seconds: float | None) -> Context:
    """Add the verdict on every deadline, where the dates allow one."""
    if context.schedule is None or context.network is None:
        return context
    try:
        limits = Limits() if seconds is None else Limits(solver=min(seconds, _MOST_SECONDS))
        network = context.network.without(context.schedule.unsound)
        deadlines = decide(context.schedule, network, limits=limits)
        return replace(context, deadlines=repaired(network, deadlines))
    except HorizonError:  # a date to try lies beyond all calendars
        return context


def baseline(plan: Plan, world: World, today: date) -> tuple[Context | None, str]:
    """Return a plan as it stood at the revision that it calls its baseline, or why that cannot be had."""
    if plan.baseline_ref is None or world.at is None:
        return None, ""
    try:
        then = load(plan.file, world.at(plan.file, plan.baseline_ref))
    except UsageError as error:
        return None, f"the baseline cannot be read: {error}"
    if then.built is None:
        why = then.findings[0].values["reason"]
        return None, f"the plan cannot be read at its baseline '{plan.baseline_ref}': {why}"
    return analyse({plan.file: then.built}, today)[plan.file], ""


def _outside(plan: Plan, portfolio: Mapping[str, Context]) -> dict[str, Dates]:
    """Return the dates of what a plan waits for in other plans, as far as they are known."""
    found: dict[str, Dates] = {}
    for other, name in _foreign(plan):
        context = portfolio.get(other)
        scheduled = context and context.schedule and context.schedule.items.get(name)
        if scheduled:
            found[f"{other}/{name}"] = scheduled.start_minute, scheduled.finish_minute
    return found


def _foreign(plan: Plan) -> Iterator[tuple[str, str]]:
    """Yield plan and item of every predecessor in another plan."""
    for item in plan.waiting():
        for dependency in item.depends_on:
            other, slash, name = dependency.predecessor.partition("/")
            if slash:
                yield other, name


def _predecessors_first(built: Mapping[str, Built]) -> list[str]:
    """Order files so that a plan stands after those it waits for, as far as there is no circle."""
    by_id = {one.plan.id: file for file, one in built.items()}
    ordered: dict[str, None] = {}
    seen: set[str] = set()
    for first in built:
        stack = [first]
        while stack:
            file = stack[-1]
            before = (
                []
                if file in seen
                else [by_id[other] for other, _ in _foreign(built[file].plan) if other in by_id]
            )
            seen.add(file)
            waiting = [other for other in before if other not in seen]
            if waiting:
                stack += waiting
            else:
                ordered[stack.pop()] = None
    return list(ordered)


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
        except ManifestError as error:
            reason = f"this cannot be run on {context.plan.file}: {error}"
            place = Place(("params",), "key", file=rule.origin)
            yield one, (Finding(place, {"reason": reason}, rule="invalid-value"),)
        except Exception as error:
            raise RuleError(name, f"crashed on {context.plan.file}: {error!r}") from error
        clock.lap(f"rule {name}")


def _findings(context: Context, one: ActiveRule, hits: Sequence[items.Hit]) -> Iterable[Finding]:
    if one.rule.check == "schema":
        return items.findings(one.rule, hits)
    if one.rule.check == "expression":
        return items.findings(one.rule, tuple(expression.broken(one.params["expression"], hits)))
    function = checks.lookup(one.rule.check)
    if function is None:
        raise LookupError(f"no check is called '{one.rule.check}'")
    if one.rule.given:
        return function(context, hits=hits, **one.params)
    return function(context, **one.params)


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
            settings = list(config.settings)
            for index in matching:
                settings += config.overrides[index].settings
            self._cache[key] = Ruleset.of(selection(config.catalogue, config.packs, settings, self.choice))
        return self._cache[key]


def lint(
    files: Sequence[str],
    world: World,
    *,
    choice: Choice,
    today: date,
    clock: Clock | None = None,
    rulesets: Rulesets | None = None,
) -> Result:
    """Check plan files and return every diagnostic, ordered by path, position and rule.

    `rulesets` are those of an earlier call with the same `choice`, so that they are worked out once.

    Raises:
        UsageError: a name in `choice` or a configuration is wrong.
        RuleError: a check crashed.
    """
    examined = examine(files, world, choice=choice, today=today, clock=clock, rulesets=rulesets)
    for context in examined.contexts.values():
        if isinstance(context.portfolio, dict):
            context.portfolio.clear()  # contexts know each other; now their memory is free without a search
    return examined.result


def _undated(context: Context) -> Iterator[Finding]:
    """Yield what keeps the schedule from being right: unknown public holidays, dates beyond all calendars."""
    if context.network is None or context.schedule is None:
        return
    yield from context.network.calendars.findings()
    plan = context.plan
    items = {item.id: item for item in plan.waiting()}
    for name in sorted(context.schedule.beyond):
        people = plan.assignments(plan.tasks[name]) if name in plan.tasks else ()
        if any(who in plan.people and plan.people[who].share <= 0 for who in people):
            continue  # `no-capacity` says it at the person
        reason = (
            f"'{name}' has no dates: its calendar or people have too little working time before the year 2100"
        )
        yield Finding(Place(items[name].path, "key"), {"reason": reason}, rule="invalid-value")


class Examined(Struct, frozen=True):
    """A run with all that was computed on the way: contexts, by file, of the plans that could be built."""

    result: Result
    contexts: Mapping[str, Context]


def examine(
    files: Sequence[str],
    world: World,
    *,
    choice: Choice,
    today: date,
    clock: Clock | None = None,
    rulesets: Rulesets | None = None,
) -> Examined:
    """Do what `lint` does, for commands that also need the plans and their schedules.

    Raises:
        UsageError: a name in `choice` or a configuration is wrong.
        RuleError: a check crashed.
    """
    clock = clock or Clock()
    loaded = [load(file, world) for file in files]
    clock.lap("read")
    built = {one.file: one.built for one in loaded if one.built}
    contexts = analyse(built, today, {one.file: one.config.solver_seconds for one in loaded})
    crossed = cross_references(built)
    for file, context in contexts.items():
        crossed[file] = (*crossed.get(file, ()), *_undated(context))
        then, why = baseline(context.plan, world, today)
        contexts[file] = replace(context, baseline=then)
        if why:
            finding = Finding(Place(("baseline", "ref")), {"reason": why}, rule="unknown-reference")
            crossed[file] = (*crossed.get(file, ()), finding)
    clock.lap("schedule")
    rulesets = rulesets or Rulesets(choice)
    found: list[Diagnostic] = []
    for one in loaded:
        rules = rulesets.of(one.config, one.file)
        found += _staged(rules, (*one.findings, *crossed.get(one.file, ())), one.sources, one.id)
        if one.file in contexts:
            for active, findings in run(contexts[one.file], rules, clock):
                found += diagnose(active, [f for f in findings if not f.rule], one.sources, one.id)
                found += _manifest(one, rules, [f for f in findings if f.rule])
        for finding in one.config.findings:
            sources = Sources(one.config.documents[finding.place.file or ""])
            found += _staged(rules, (finding,), sources, None)
    kept, suppressed = _suppress(_once(found), loaded, rulesets)
    clock.lap("suppressions")
    return Examined(_result(kept, suppressed, loaded, contexts, today), contexts)


def _manifest(one: Loaded, rules: Ruleset, findings: Iterable[Finding]) -> Iterator[Diagnostic]:
    """Yield what is wrong with a team's rule where it was run: it stands in the rule's manifest.

    Raises:
        RuleError: nobody would see it, since `invalid-value` is off.
    """
    for finding in findings:
        document = one.config.documents.get(finding.place.file or "")
        if document is None or finding.rule not in rules.active:
            raise RuleError(finding.place.file or "", str(finding.values["reason"]))
        yield from _staged(rules, (finding,), Sources(document), None)


def _staged(
    rules: Ruleset, findings: Iterable[Finding], sources: Sources, plan: str | None
) -> Iterator[Diagnostic]:
    """Yield the diagnostics of the stages before the checks; their findings name their rule."""
    for finding in findings:
        if finding.rule in rules.active:
            yield from diagnose(rules.active[finding.rule], (finding,), sources, plan)


def _once(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Drop what several plans say of a file that they share."""
    return list({(d.location, d.rule, d.message): d for d in reversed(list(diagnostics))}.values())


def _suppress(
    diagnostics: Sequence[Diagnostic], loaded: Sequence[Loaded], rulesets: Rulesets
) -> tuple[list[Diagnostic], int]:
    """Take out what comments silence, and add what is wrong with the comments; also count the silenced."""
    kept = list(diagnostics)
    seen: set[str] = set()
    for one in loaded:
        rules = rulesets.of(one.config, one.file)
        for document in (one.sources.main, *one.sources.fragments):
            if document.file in seen:
                continue
            seen.add(document.file)
            found, malformed = find(document)
            if not found and not malformed:
                continue
            used: set[tuple[int, str]] = set()
            kept = [d for d in kept if not _silenced(d, document, found, used)]
            ran = {name for name, active in rules.active.items() if one.runs(active)}
            findings = (*malformed, *_unused(document, found, used, ran, one))
            kept += _staged(rules, findings, one.sources, one.id)
    return kept, len(diagnostics) - sum(d.category != "suppressions" for d in kept)


def _silenced(
    diagnostic: Diagnostic, document: Document, found: Sequence[Suppression], used: set[tuple[int, str]]
) -> bool:
    if diagnostic.location.path != document.file:
        return False
    silenced = False
    for number, suppression in enumerate(found):
        covers = suppression.covers
        if covers is not None and not covers.start <= diagnostic.location.span.start < covers.end:
            continue
        if any(name == diagnostic.rule for name, _ in suppression.names):
            used.add((number, diagnostic.rule))
            silenced = True
    return silenced


def _unused(
    document: Document, found: Sequence[Suppression], used: set[tuple[int, str]], ran: set[str], one: Loaded
) -> Iterator[Finding]:
    known = one.config.catalogue.rules
    for number, suppression in enumerate(found):
        for name, span in suppression.names:
            if name not in known:
                near = closest(name, known)
                hint = f"did you mean '{near}'?" if near else "`planlint rules` lists them"
                values: dict[str, object] = {"name": name, "hint": hint, "suggestion": near}
                yield Finding(Place(file=document.file, span=span), values, rule="unknown-rule")
            elif name in ran and (number, name) not in used:
                reason = f"'{name}' is silenced here, but has nothing to report; remove it from this comment"
                yield Finding(
                    Place(file=document.file, span=suppression.comment),
                    {"reason": reason},
                    rule="unused-suppression",
                )
        if not suppression.reason:
            values = {"names": [name for name, _ in suppression.names]}
            yield Finding(
                Place(file=document.file, span=suppression.comment), values, rule="suppression-without-reason"
            )


def _result(
    kept: Sequence[Diagnostic],
    suppressed: int,
    loaded: Sequence[Loaded],
    contexts: Mapping[str, Context],
    today: date,
) -> Result:
    documents = {
        document.file: document
        for one in loaded
        for document in (one.sources.main, *one.sources.fragments, *one.config.documents.values())
    }
    ordered = sorted(kept, key=lambda d: (d.location, d.rule, d.message))
    diagnostics = tuple(fingerprints(ordered, lambda file: documents[file].data))
    return Result(
        today=today,
        plans=tuple(_summary(contexts[one.file]) for one in loaded if one.file in contexts),
        diagnostics=diagnostics,
        files=len(loaded),
        suppressed=suppressed,
    )


def _summary(context: Context) -> PlanSummary:
    plan = context.plan
    own = next((one for one in context.deadlines or () if one.kind == "plan"), None)
    return PlanSummary(
        id=plan.id,
        path=plan.file,
        title=plan.title,
        finish=context.schedule.finish if context.schedule else None,
        deadline=plan.deadline,
        verdict=own.verdict if own else "none",
    )


def configuration_result(error: ConfigError, catalogue: Catalogue, today: date) -> Result:
    """Return what is wrong with a configuration as a result of its own."""
    rules = Ruleset.of(selection(catalogue, (), (), Choice(extend_select=("source", "structure"))))
    found: list[Diagnostic] = []
    for finding in error.findings:
        file = finding.place.file or ""
        found += _staged(rules, (finding,), Sources(error.documents.get(file) or unread(file, b"")), None)
    ordered = sorted(_once(found), key=lambda d: (d.location, d.rule, d.message))
    known = error.documents
    diagnostics = tuple(fingerprints(ordered, lambda file: known[file].data if file in known else None))
    return Result(today=today, diagnostics=diagnostics)
