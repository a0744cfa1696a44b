"""What the sections say beyond the plan's own words: one function a section, plain data for its template."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from posixpath import relpath
from typing import Any, NamedTuple

from planlint.diagnostics import Diagnostic, Severity
from planlint.model import Item, Plan, Task
from planlint.render import load, mermaid, risk
from planlint.render.escaping import Safe, link, markdown
from planlint.render.load import working_days
from planlint.render.outlook import LIKELY, expected, outlook, progress_of
from planlint.render.report import Page, Report, Snapshot
from planlint.render.rows import Row, due, name, numbered, rows
from planlint.render.words import Language
from planlint.schedule.calendar import calendars
from planlint.schedule.result import Deadline, Repair

AHEAD = timedelta(28)
MOST_FINDINGS = 200
MOST_ROWS = 3500
MOST_RACI = 500
MOST_RACI_PEOPLE = 12
MOST_MOVES = 10
MOST_LINKS = 40
MOST_LINES = 200

_OPEN = {"todo", "doing", "open", "in-progress", "planned", "approved"}


class Line(NamedTuple):
    """One line of a list of things to look at: what it is, whose, when, and the details."""

    kind: Safe
    title: str
    who: str
    when: date | None
    detail: Safe = Safe("")
    late: bool = False


class Move(NamedTuple):
    """How the finish of an item moved, in working days; later is positive."""

    id: str
    title: str
    before: date
    after: date
    days: float


def changed(page: Page) -> dict[str, Any]:
    """Compare with the baseline: the finish, what moved, what was added and is gone."""
    report, before = page.report, page.report.baseline
    if before is None:
        return {}
    new, old = report.plan, before.plan
    past = before.schedule.items if before.schedule else {}

    def moved(identifier: str, then: date, now: date) -> Move:
        return Move(identifier, page.title(identifier), then, now, working_days(new, then, now))

    moves = [
        moved(item.id, past[item.id].finish, item.finish)
        for item in report.items.values()
        if item.id in past and item.kind != "summary" and past[item.id].finish != item.finish
    ]
    moves.sort(key=lambda move: -abs(move.days))
    tasks = [move for move in moves if move.id in new.tasks]
    return {
        "label": before.label,
        "finish": moved("", before.schedule.finish, report.schedule.finish)
        if before.schedule and report.schedule
        else None,
        "deadline": (old.deadline, new.deadline) if old.deadline != new.deadline else None,
        "moves": [*(move for move in moves if move.id in new.milestones), *tasks[:MOST_MOVES]],
        "more": max(0, len(tasks) - MOST_MOVES),
        "added": _only(new.tasks, old.tasks),
        "gone": _only(old.tasks, new.tasks),
        "risks": _only(new.risks, old.risks),
    }


def _only(here: Mapping[str, Item], there: Mapping[str, Item]) -> list[str]:
    """Return the titles of what stands here only."""
    return [one.title or one.id for one in here.values() if one.id not in there]


def coming(page: Page) -> dict[str, Any]:
    """List what was finished since the last report, what is overdue, and the next four weeks, by person."""
    report, plan = page.report, page.report.plan
    as_of, before = report.as_of, report.baseline
    reviewed = plan.review.last if plan.review else None
    since = min((before.plan.status_date if before else None) or reviewed or as_of, as_of - timedelta(14))
    done = [
        _line(page, page.language.say("done"), task, task.actual.finish)._replace(late=False)
        for task in plan.leaves()
        if not task.open and task.actual.finish and since < task.actual.finish <= as_of
    ]
    lines = [*_tasks_due(page), *_dated(page)]
    overdue = [line for line in lines if line.late]
    ahead = [line for line in lines if line.when and as_of <= line.when <= as_of + AHEAD]
    found = {"done": done, "overdue": overdue, "ahead": ahead}
    by_person = {
        key: sorted(lines[:MOST_LINES], key=lambda line: (line.who, line.when))
        for key, lines in found.items()
    }
    more = sum(max(0, len(lines) - MOST_LINES) for lines in found.values())
    return {"since": since, "until": as_of + AHEAD, "more": more, **by_person}


def _line(page: Page, kind: Safe, item: Item, when: date | None, detail: Safe | None = None) -> Line:
    late = when is not None and when < page.report.as_of
    who = name(page.plan, item.owner)
    return Line(kind, item.title or item.id, who, when, detail or Safe(""), late)


def _tasks_due(page: Page) -> Iterator[Line]:
    """Yield the open tasks at the date to look at: that they are overdue since, their start, their finish."""
    report, say = page.report, page.language.say
    for task in page.plan.leaves():
        found = report.items.get(task.id)
        if not task.open:
            continue
        status, until = page.language.word(task.status), due(task)
        if until and until < report.as_of:
            yield _line(page, say("task"), task, until, status)
        elif found and task.status == "todo":
            yield _line(page, say("starts"), task, found.start, say("until {day}", day=found.finish))
        elif found:
            yield _line(page, say("should finish"), task, found.finish, status)


def _dated(page: Page) -> Iterator[Line]:
    """Yield what is due beside tasks and still open."""
    plan, say = page.plan, page.language.say
    kinds: tuple[tuple[Mapping[str, Any], Safe], ...] = (
        (plan.milestones, say("milestone")),
        (plan.deliverables, say("deliverable")),
        (plan.external, say("delivery from outside")),
        (plan.issues, say("issue")),
        (plan.training, say("training")),
        (plan.improvements, say("improvement")),
        (plan.changes, say("change")),
    )
    for items, kind in kinds:
        for item in items.values():
            window = getattr(item, "window", None)
            when = window.start.date() if window else getattr(item, "due", None)
            if when and item.status in _OPEN:
                yield _line(page, kind, item, when)


def decisions(page: Page) -> dict[str, Any]:
    """List what somebody must decide, unblock, confirm or find out."""
    return {"lines": list(_asked(page))}


def _asked(page: Page) -> Iterator[Line]:
    """Yield what to do, with what, until when, and the details."""
    plan, say, items = page.plan, page.language.say, page.report.items
    for decision in plan.decisions.values():
        if decision.status == "proposed":
            options = markdown(" / ".join(decision.options))
            yield _line(page, say("decide"), decision, decision.date, options)
    for task in plan.leaves():
        if task.status == "blocked":
            start = items[task.id].start if task.id in items else None
            yield _line(page, say("unblock"), task, start, markdown(page.title(task.blocked_by or "")))
    for external in plan.external.values():
        if external.status == "open" and not external.confirmed:
            yield _line(page, say("confirm"), external, external.due, markdown(external.provider))
    for assumption in plan.assumptions.values():
        if assumption.status == "open":
            yield _line(page, say("find out"), assumption, assumption.validate_by)


def timeline(page: Page) -> dict[str, Any]:
    """Draw the Mermaid gantt, and say what was left out of it."""
    drawn = mermaid.timeline(page.report, page.language, page.options.flavor)
    if drawn is None:
        return {}
    return {"mermaid": mermaid.fence(drawn[0]), "left_out": drawn[1], "svg": f"{page.plan.id}.svg"}


def dependencies(page: Page) -> dict[str, Any]:
    """Draw the Mermaid flowchart."""
    text = mermaid.flowchart(page.report, page.language)
    return {"mermaid": mermaid.fence(text)} if text else {}


class Due(NamedTuple):
    """A milestone or deliverable against its date, with its chance in percent points where one is known.

    `buffer` is in working days; `moves` are the earlier forecasts.
    """

    item: Any
    who: str
    forecast: date | None
    buffer: float | None
    late: bool
    verdict: Deadline | None
    odds: float | None
    criteria: tuple[str, ...]
    moves: tuple[date | None, ...]


def milestones(page: Page) -> dict[str, Any]:
    """Compare due dates with forecasts; with a baseline, what was forecast there."""
    report, plan = page.report, page.report.plan
    earlier = [report.baseline] if report.baseline else []
    verdicts = {(d.kind, d.item): d for d in report.deadlines}

    def judged(item: Any, kind: Any, criteria: tuple[str, ...]) -> Due:
        verdict = verdicts.get((kind, item.id))
        forecast = expected(_forecast(report, item), verdict)
        missed = verdict is not None and verdict.verdict == "infeasible"
        buffer = working_days(plan, forecast, item.due) if forecast and item.due else None
        moves = tuple(_forecast(snapshot, item) for snapshot in earlier)
        late = missed or (buffer or 0) < 0
        found = report.chance.deadlines.get((*item.path, "due")) if report.chance else None
        odds = found.percent if found else None
        return Due(item, name(plan, item.owner), forecast, buffer, late, verdict, odds, criteria, moves)

    shown = {
        "milestones": [judged(m, "milestone", m.gate) for m in _kept(plan.milestones)],
        "deliverables": [judged(d, "deliverable", d.acceptance) for d in _kept(plan.deliverables)],
    }
    return {**shown, "earlier": [snapshot.label for snapshot in earlier], "likely": LIKELY}


def _kept(items: Mapping[str, Any]) -> list[Any]:
    return [item for item in items.values() if item.status != "cancelled"]


def _forecast(then: Report | Snapshot, item: Any) -> date | None:
    """Return when a milestone is reached or a deliverable's last task is finished."""
    items = then.schedule.items if then.schedule else {}
    if item.id in then.plan.milestones:
        return item.actual_finish or (items[item.id].finish if item.id in items else None)
    makers = [t.id for t in then.plan.leaves() if item.id in t.deliverables and t.id in items]
    return max((items[maker].finish for maker in makers), default=None)


def work(page: Page) -> dict[str, Any]:
    """Return the rows of the work table."""
    return table([row for row in rows(page.report) if isinstance(row.item, Task)])


def table(
    shown: Sequence[Row], parts: Sequence[tuple[str, str]] = (), *, alone: bool = False
) -> dict[str, Any]:
    """Return rows for the work table; `parts` are pages with the others, `alone` is such a page itself."""
    return {"rows": shown[:MOST_ROWS], "more": max(0, len(shown) - MOST_ROWS), "parts": parts, "alone": alone}


class Link(NamedTuple):
    """One task of the critical path, and what sets its start."""

    row: Row
    after: Safe


def critical(page: Page) -> dict[str, Any]:
    """Return the unfinished critical tasks in order, what drives each, and the cost of a day."""
    report, plan = page.report, page.report.plan
    if report.schedule is None:
        return {}
    by_id = {row.id: row for row in rows(report)}
    chain = [by_id[i] for i in report.schedule.critical if i in by_id and by_id[i].item.status != "done"]
    costs = [_cost_a_day(plan, row.item) for row in chain if isinstance(row.item, Task)]
    return {
        "links": [Link(row, _waits_for(page, row)) for row in chain[:MOST_LINKS]],
        "more": max(0, len(chain) - MOST_LINKS),
        "cost": max(costs, default=0.0),
        "buffer": outlook(page).buffer,
    }


def _waits_for(page: Page, row: Row) -> Safe:
    """Say what sets a start: a predecessor, or a date of the item's own."""
    earliest = getattr(row.item, "not_before", None)
    if row.dates and row.dates.driver:
        return markdown(page.title(row.dates.driver))
    if row.dates and earliest == row.dates.start:
        return page.language.say("not before {day}", day=earliest)
    return Safe("")


def _cost_a_day(plan: Plan, task: Task) -> float:
    """Return what the people on a task cost a working day, where their rates are known."""
    hours, cost = calendars(plan).default.hours_per_day, 0.0
    for who, share in plan.assignments(task).items():
        person = plan.people.get(who)
        if person and person.cost_rate:
            cost += person.cost_rate * hours * person.share * share / 10_000
    return cost


def people(page: Page) -> dict[str, Any]:
    """Compare work with capacity, a person and week each; list the roster."""
    weeks = load.weeks_from(page.report.as_of)
    table = load.table(page.report, page.report.portfolio.values())
    conflicts = [
        (person, weeks[n], cell) for person, cells in table for n, cell in enumerate(cells) if cell.over
    ]
    return {
        "weeks": weeks,
        "load": table,
        "conflicts": conflicts,
        "roster": list(page.plan.people.values()),
    }


def raci(page: Page) -> dict[str, Any]:
    """Return tasks by people; owners and assignees stand in where no task has a RACI of its own."""
    plan = page.plan
    found, seen = [], dict[str, None]()
    explicit = any(task.raci for task in plan.tasks.values())
    for task, wbs in numbered(plan):
        owner = (task.owner,) if task.owner else ()
        roles: tuple[tuple[str, ...], ...] = ()
        if task.raci:
            roles = task.raci.responsible, task.raci.accountable, task.raci.consulted, task.raci.informed
        elif not explicit and not task.is_summary:
            roles = tuple(plan.assignments(task)) or owner, owner
        letters: dict[str, str] = {}
        for letter, group in zip("RACI", roles, strict=False):
            for who in group:
                letters[who] = letters.get(who, "") + letter
        if letters:
            seen.update(dict.fromkeys(letters))
            found.append((wbs, task, letters))
    matrix = len(seen) <= MOST_RACI_PEOPLE
    return {"table": found[:MOST_RACI], "who": [(who, name(plan, who)) for who in seen] if matrix else []}


def risks(page: Page) -> dict[str, Any]:
    """Return heat map, register by exposure, closed risks, and those to look at again."""
    plan, until = page.plan, page.report.as_of + AHEAD
    register = risk.rated(plan)
    places = Counter((one.likelihood, one.impact) for one in register)
    levels = range(1, 6)
    heat = [
        (risk.WORDS[row - 1], [(places[row, column], risk.level(row * column)) for column in levels])
        for row in reversed(levels)
    ]
    return {
        "heat": heat if register else [],
        "impacts": risk.WORDS,
        "register": register,
        "closed": [one for one in plan.risks.values() if not one.open],
        "due": [one for one in plan.risks.values() if one.open and one.review_by and one.review_by <= until],
    }


def budget(page: Page) -> dict[str, Any]:
    """Add up the budget's lines."""
    money = page.plan.budget
    lines = list(money.lines.values()) if money else []
    sums = {key: sum(getattr(line, key) or 0 for line in lines) for key in ("planned", "actual", "committed")}
    kept = money.contingency if money else None
    return {"budget": money, "lines": lines, "sums": sums, "earned": page.report.earned, "contingency": kept}


def stakeholders(page: Page) -> dict[str, Any]:
    """Return when each communication is next."""
    plan, as_of = page.plan, page.report.as_of
    following = {c.id: c.every.after(c.last) for c in plan.communications.values() if c.every and c.last}
    return {"next": following, "late": [one for one, day in following.items() if day < as_of]}


class Found(NamedTuple):
    """A diagnostic and where it stands, as a link where there is something to link to."""

    severity: str
    message: Safe
    rule: str
    where: Safe


def findings(page: Page) -> dict[str, Any]:
    """Return the diagnostics, worst first, with links to their lines."""
    worst_first = sorted(page.report.diagnostics, key=lambda d: -d.severity)
    found = [
        Found(d.severity.word, _said(page, d), d.rule, where(page, d)) for d in worst_first[:MOST_FINDINGS]
    ]
    return {"found": found, "more": len(worst_first) - len(found)}


def _said(page: Page, diagnostic: Diagnostic) -> Safe:
    """Return the message; where the catalogue translates its rule, the item and what the rule asks for.

    A diagnostic has no values to put into a translated message, and a rule of a team's own has one language.
    """
    summary = page.report.rules.get(diagnostic.rule, "")
    translated = page.language.plain(summary) if summary else ""
    if translated == summary:
        return markdown(diagnostic.message)
    if diagnostic.item is None:
        return markdown(translated)
    return Safe(f"**{markdown(page.title(diagnostic.item))}:** {markdown(translated)}")


def where(page: Page, diagnostic: Diagnostic) -> Safe:
    """Return the place of a diagnostic; away from the repository a link only where the plan names it."""
    path, line = diagnostic.location.path, diagnostic.location.span.start.line
    shown = markdown(f"{path.rpartition('/')[2]}:{line}")
    options, repository = page.options, page.plan.links.get("repo")
    if not options.wiki and options.flavor != "plain":
        return link(shown, f"{relpath(path, options.out)}#L{line}")
    middle = "-/blob" if options.flavor == "gitlab" else "blob"
    return link(shown, f"{repository.rstrip('/')}/{middle}/HEAD/{path}#L{line}" if repository else None)


def counts(diagnostics: Sequence[Diagnostic], language: Language) -> list[Safe]:
    """Count diagnostics by severity, in words."""
    found = Counter(d.severity for d in diagnostics)
    said = {
        Severity.ERROR: language.count("{n} error", "{n} errors", found[Severity.ERROR]),
        Severity.WARNING: language.count("{n} warning", "{n} warnings", found[Severity.WARNING]),
        Severity.INFO: language.count("{n} hint", "{n} hints", found[Severity.INFO]),
    }
    return [text for severity, text in said.items() if found[severity]]


def summary(page: Page) -> dict[str, Any]:
    """Answer "will it hold?"."""
    report, money = page.report, page.plan.budget
    lines = money.lines.values() if money else ()
    repairs = report.deadline.repairs if report.deadline else ()
    return {
        "outlook": outlook(page),
        "progress": progress_of(report),
        "spent": sum((line.actual or 0) + (line.committed or 0) for line in lines) if money else None,
        "high": sum(one.score >= risk.HIGH for one in risk.rated(report.plan)),
        "counts": counts(report.diagnostics, page.language),
        "repairs": [(one.size_days, _repair(page, one)) for one in repairs],
        "chance": report.chance,
    }


def _repair(page: Page, repair: Repair) -> Safe:
    """Say what would make a deadline fit, with the names that people know."""
    language, values = page.language, dict(repair.values)
    for key in {"task", "predecessor", "person"} & values.keys():
        values[key] = page.title(values[key])
    match repair.kind:
        case "postpone":
            return language.say("move the date to {day}", **values)
        case "shorten":
            return language.count(
                "take {n} day out of **{task}** ({left} instead of {now})",
                "take {n} days out of **{task}** ({left} instead of {now})",
                values.pop("days"),
                **values,
            )
        case "free":
            values |= {key: language.percent(values[key]) for key in ("left", "now")}
            return language.say(
                "give **{person}** less day-to-day operations ({left} instead of {now})", **values
            )
        case "overlap":
            return language.count(
                "begin **{task}** {n} day before **{predecessor}** is finished",
                "begin **{task}** {n} days before **{predecessor}** is finished",
                values.pop("days"),
                **values,
            )
    return markdown(repair.text)


def portfolio(pages: Sequence[Page]) -> dict[str, Any]:
    """Return every plan with its light, and the weeks of the people whom several plans want."""
    reports = [page.report for page in pages]
    lines, lights = [], dict[tuple[str, Safe], list[str]]()
    for page in pages:
        plan, line = page.plan, summary(page)
        lines.append({**line, "plan": plan, "as_of": page.report.as_of, "manager": name(plan, plan.manager)})
        lights.setdefault((line["outlook"].shape, line["outlook"].word), []).append(plan.title or plan.id)
    as_of = max((report.as_of for report in reports), default=None)
    return {
        "lines": lines,
        "lights": [(*light, titles) for light, titles in lights.items()],
        "weeks": load.weeks_from(as_of) if as_of else [],
        "shared": load.shared(reports, as_of) if as_of else [],
    }


DATA: Mapping[str, Callable[[Page], dict[str, Any]]] = {
    "summary": summary,
    "changed": changed,
    "next": coming,
    "decisions": decisions,
    "timeline": timeline,
    "milestones": milestones,
    "work": work,
    "critical-path": critical,
    "dependencies": dependencies,
    "people": people,
    "raci": raci,
    "risks": risks,
    "budget": budget,
    "stakeholders": stakeholders,
    "findings": findings,
}
"""What each section's template gets as `data`; the others print the plan alone."""
