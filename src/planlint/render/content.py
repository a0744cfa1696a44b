"""What the sections say beyond the plan's own words: one function a section, plain data for its template."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from posixpath import relpath
from typing import Any, NamedTuple

from planlint.diagnostics import Diagnostic, Severity
from planlint.model import LEVELS, MINUTES_A_DAY, Impact, Item, Plan, Risk, Task
from planlint.render import mermaid
from planlint.render.escaping import Safe, code, link, markdown
from planlint.render.outlook import Outlook, outlook, progress_of, working_days
from planlint.render.report import Options, Report, Snapshot
from planlint.render.rows import Row, name, numbered, rows
from planlint.render.words import Language
from planlint.schedule.calendar import FULL, calendars, instant
from planlint.schedule.result import Deadline, Scheduled

AHEAD = timedelta(28)
WEEKS = 8
MOST_FINDINGS = 200
MOST_ROWS = 3500
MOST_RACI_PEOPLE = 12
BLOCKS = 5
HIGH = 10
"""The score from which a risk is high."""


class Page(NamedTuple):
    """A report, the language and the options it is shown with."""

    report: Report
    language: Language
    options: Options

    def title(self, identifier: str) -> str:
        """Return the title of whatever has this id, also in another plan of the run."""
        plan, _, local = identifier.rpartition("/")
        other = self.report.portfolio.get(plan)
        return title(other.plan if other else self.report.plan, local) or identifier


def title(plan: Plan, identifier: str) -> str:
    """Return the title of an item that can be named elsewhere; empty for an unknown id."""
    sections: tuple[Mapping[str, Item], ...] = (
        plan.tasks,
        plan.milestones,
        plan.external,
        plan.deliverables,
        plan.objectives,
        plan.risks,
        plan.issues,
        plan.decisions,
        plan.changes,
        plan.services,
        plan.people,
        plan.teams,
        plan.stakeholders,
    )
    return next((s[identifier].title or identifier for s in sections if identifier in s), "")


class Line(NamedTuple):
    """One line of a list of things to look at: what it is, whose, when, and the details."""

    kind: Safe
    title: str
    who: str
    when: date | None
    detail: Safe = Safe("")
    late: bool = False


def changed(page: Page) -> dict[str, Any]:
    """Compare with the baseline: the finish, milestones that moved, tasks added, gone and slipped."""
    before = page.report.baseline
    if before is None:
        return {}
    new, old = page.report.plan, before.plan
    now = page.report.schedule.items if page.report.schedule else {}
    then = before.schedule.items if before.schedule else {}
    moved = [
        (
            Move(
                item.id,
                page.title(item.id),
                then[item.id].finish,
                item.finish,
                working_days(new, then[item.id].finish, item.finish),
            )
        )
        for item in now.values()
        if item.id in then and item.finish != then[item.id].finish and item.kind != "summary"
    ]
    moved.sort(key=lambda move: -abs(move.days))
    return {
        "label": before.label,
        "finish": (before.schedule.finish, page.report.schedule.finish)
        if before.schedule and page.report.schedule
        else None,
        "days": working_days(new, before.schedule.finish, page.report.schedule.finish)
        if before.schedule and page.report.schedule
        else 0,
        "deadline": (old.deadline, new.deadline) if old.deadline != new.deadline else None,
        "milestones": [move for move in moved if move.id in new.milestones],
        "tasks": [move for move in moved if move.id in new.tasks][:10],
        "more": max(0, sum(move.id in new.tasks for move in moved) - 10),
        "added": [task.title or task.id for task in new.tasks.values() if task.id not in old.tasks],
        "gone": [task.title or task.id for task in old.tasks.values() if task.id not in new.tasks],
        "risks": [risk.title for risk in new.risks.values() if risk.id not in old.risks],
    }


class Move(NamedTuple):
    """How the finish of an item moved, in working days; later is positive."""

    id: str
    title: str
    before: date
    after: date
    days: float


def coming(page: Page) -> dict[str, Any]:
    """List what was finished since the last report, what is overdue, and the next four weeks, by person."""
    report, plan, say = page.report, page.report.plan, page.language.say
    as_of = report.as_of
    last = report.baseline.plan.status_date if report.baseline else None
    since = last or (plan.review.last if plan.review else None) or as_of - timedelta(14)
    if since > as_of - timedelta(7):
        since = as_of - timedelta(14)
    done, overdue, ahead = [], [], []
    items = report.schedule.items if report.schedule else {}
    for task in plan.leaves():
        who = name(plan, task.owner)
        finished = task.actual.finish
        if not task.open:
            if finished and since < finished <= as_of:
                done.append(Line(say("done"), task.title or task.id, who, finished))
            continue
        due = min((day for day in (task.finish, task.deadline, task.must_finish) if day), default=None)
        if due and due < as_of:
            overdue.append(
                Line(say("overdue"), task.title or task.id, who, due, page.language.word(task.status), True)
            )
            continue
        found = items.get(task.id)
        if found is None:
            continue
        if as_of <= found.start <= as_of + AHEAD and task.status == "todo":
            ahead.append(
                Line(
                    say("starts"),
                    task.title or task.id,
                    who,
                    found.start,
                    say("until {day}", day=found.finish),
                )
            )
        elif as_of <= found.finish <= as_of + AHEAD:
            ahead.append(
                Line(
                    say("should finish"),
                    task.title or task.id,
                    who,
                    found.finish,
                    page.language.word(task.status),
                )
            )
    for item, due, kind in _dated(page):
        line = Line(kind, item.title or item.id, name(plan, item.owner), due)
        if due < as_of:
            overdue.append(line._replace(late=True))
        elif due <= as_of + AHEAD:
            ahead.append(line)
    return {
        "since": since,
        "until": as_of + AHEAD,
        "done": sorted(done, key=lambda line: (line.who, line.when)),
        "overdue": sorted(overdue, key=lambda line: (line.who, line.when)),
        "ahead": sorted(ahead, key=lambda line: (line.who, line.when)),
    }


def _dated(page: Page) -> Iterator[tuple[Item, date, Safe]]:
    """Yield what is due beside tasks and still open."""
    plan, say = page.report.plan, page.language.say
    for milestone in plan.milestones.values():
        if milestone.due and milestone.status == "todo":
            yield milestone, milestone.due, say("milestone")
    for deliverable in plan.deliverables.values():
        if deliverable.due and deliverable.status in {"todo", "doing"}:
            yield deliverable, deliverable.due, say("deliverable")
    for external in plan.external.values():
        if external.due and external.status == "open":
            yield external, external.due, say("delivery from outside")
    for issue in plan.issues.values():
        if issue.due and issue.status in {"open", "in-progress"}:
            yield issue, issue.due, say("issue")
    for training in plan.training.values():
        if training.due and training.status == "planned":
            yield training, training.due, say("training")
    for improvement in plan.improvements.values():
        if improvement.due and improvement.status == "open":
            yield improvement, improvement.due, say("improvement")
    for change in plan.changes.values():
        if change.window and change.status in {"planned", "approved"}:
            yield change, change.window.start.date(), say("change")


def decisions(page: Page) -> dict[str, Any]:
    """List what somebody must decide, unblock, confirm or find out."""
    plan, say, as_of = page.report.plan, page.language.say, page.report.as_of
    items = page.report.schedule.items if page.report.schedule else {}
    lines = []
    for decision in plan.decisions.values():
        if decision.status == "proposed":
            detail = page.language.text(" / ".join(decision.options))
            lines.append(
                Line(say("decide"), decision.title, name(plan, decision.owner), decision.date, detail)
            )
    for task in plan.leaves():
        if task.status == "blocked":
            found = items.get(task.id)
            why = markdown(title(plan, task.blocked_by) or task.blocked_by) if task.blocked_by else Safe("")
            lines.append(
                Line(say("unblock"), task.title, name(plan, task.owner), found.start if found else None, why)
            )
    for external in plan.external.values():
        if external.status == "open" and not external.confirmed:
            lines.append(
                Line(
                    say("confirm"),
                    external.title,
                    name(plan, external.owner),
                    external.due,
                    markdown(external.provider),
                )
            )
    for assumption in plan.assumptions.values():
        if assumption.status == "open":
            lines.append(
                Line(say("find out"), assumption.title, name(plan, assumption.owner), assumption.validate_by)
            )
    return {"lines": [line._replace(late=bool(line.when and line.when < as_of)) for line in lines]}


def timeline(page: Page) -> dict[str, Any]:
    """Draw the Mermaid gantt, and say what was left out of it."""
    drawn = mermaid.timeline(page.report, page.language, page.options.flavor)
    if drawn is None:
        return {}
    return {"mermaid": mermaid.fence(drawn[0]), "left_out": drawn[1], "svg": f"{page.report.plan.id}.svg"}


def dependencies(page: Page) -> dict[str, Any]:
    """Draw the Mermaid flowchart."""
    text = mermaid.flowchart(page.report, page.language)
    return {"mermaid": mermaid.fence(text)} if text else {}


class Due(NamedTuple):
    """A milestone or deliverable against its date. `buffer` is in working days; `moves` oldest first."""

    item: Any
    who: str
    forecast: date | None
    buffer: float | None
    late: bool
    verdict: Deadline | None
    criteria: tuple[str, ...]
    moves: tuple[date | None, ...]


def milestones(page: Page) -> dict[str, Any]:
    """Compare due dates with forecasts; with history, how each forecast moved."""
    report, plan = page.report, page.report.plan
    earlier = (*report.history, *((report.baseline,) if report.baseline else ()))[:6]
    verdicts = {(d.kind, d.item): d for d in report.deadlines}

    def due(item: Any, kind: Any, criteria: tuple[str, ...]) -> Due:
        forecast, verdict = _forecast(report.schedule, plan, item), verdicts.get((kind, item.id))
        if verdict and verdict.possible and forecast and item.status not in {"done", "accepted"}:
            forecast = max(forecast, verdict.possible) if verdict.verdict == "infeasible" else forecast
        buffer = working_days(plan, forecast, item.due) if forecast and item.due else None
        late = bool((verdict and verdict.verdict == "infeasible") or (buffer is not None and buffer < 0))
        moves = tuple(_forecast(s.schedule, s.plan, item) for s in earlier)
        return Due(item, name(plan, item.owner), forecast, buffer, late, verdict, criteria, moves)

    return {
        "milestones": [
            due(m, "milestone", m.gate) for m in plan.milestones.values() if m.status != "cancelled"
        ],
        "deliverables": [
            due(d, "deliverable", d.acceptance) for d in plan.deliverables.values() if d.status != "cancelled"
        ],
        "earlier": [snapshot.label for snapshot in earlier],
    }


def _forecast(schedule: Any, plan: Plan, item: Any) -> date | None:
    """Return when a milestone is reached or a deliverable's last task is finished."""
    if schedule is None:
        return None
    if item.id in plan.milestones:
        found = schedule.items.get(item.id)
        return item.actual_finish or (found.finish if found else None)
    makers = [t.id for t in plan.leaves() if item.id in t.deliverables and t.id in schedule.items]
    return max((schedule.items[maker].finish for maker in makers), default=None)


def work(page: Page, within: str | None = None) -> dict[str, Any]:
    """Return the rows of the work table; `within` keeps those of one outermost summary."""
    shown = [row for row in rows(page.report) if isinstance(row.item, Task)]
    if within is not None:
        number = next(row.wbs for row in shown if row.id == within)
        shown = [row for row in shown if row.wbs == number or row.wbs.startswith(f"{number}.")]
    return {"rows": shown[:MOST_ROWS], "more": max(0, len(shown) - MOST_ROWS), "parts": []}


class Link(NamedTuple):
    """One task of the critical path; `cost` is what its people cost a day."""

    row: Row
    after: Safe
    cost: float | None


def critical(page: Page) -> dict[str, Any]:
    """Return the unfinished critical tasks in order, what drives each, and the cost of a day."""
    report, plan = page.report, page.report.plan
    if report.schedule is None:
        return {}
    by_id = {row.id: row for row in rows(report)}
    chain = [by_id[i] for i in report.schedule.critical if i in by_id and by_id[i].item.status != "done"]
    links = []
    for row in chain:
        links.append(Link(row, _waits_for(page, row), _cost_a_day(plan, row)))
    costs = [link.cost for link in links if link.cost]
    return {
        "links": links[:40],
        "more": max(0, len(links) - 40),
        "cost": max(costs, default=None),
        "buffer": outlook(report, page.language).buffer,
    }


def _waits_for(page: Page, row: Row) -> Safe:
    """Say what sets a start: a predecessor, or a date of the item's own."""
    dates, earliest = row.dates, getattr(row.item, "not_before", None)
    if dates and dates.driver:
        return markdown(page.title(dates.driver))
    if dates and earliest == dates.start:
        return page.language.say("not before {day}", day=earliest)
    return Safe("")


def _cost_a_day(plan: Plan, row: Row) -> float | None:
    """Return what the people on a task cost a working day, where their rates are known."""
    if not isinstance(row.item, Task):
        return None
    hours, cost = calendars(plan).default.hours_per_day, 0.0
    for who, share in plan.assignments(row.item).items():
        person = plan.people.get(who)
        if person and person.cost_rate:
            cost += person.cost_rate * hours * person.share / 100 * share / 100
    return cost or None


class Cell(NamedTuple):
    """A person's week: work over capacity in percent; None when away. `other` is what other plans take."""

    percent: float | None
    other: float
    bar: str


def people(page: Page) -> dict[str, Any]:
    """Compare work with capacity, a person and week each, over the next weeks; list the roster."""
    report, plan = page.report, page.report.plan
    weeks = _weeks(report.as_of)
    loads = _load(plan, report.schedule, weeks, report.as_of)
    others = [
        _load(s.plan, s.schedule, weeks, report.as_of)
        for s in report.portfolio.values()
        if s.plan.id != plan.id
    ]
    table, conflicts = [], []
    for person in plan.people.values():
        mine = loads.get(person.id)
        if mine is None:
            continue
        cells = []
        for n, week in enumerate(weeks):
            start = max(week, report.as_of)
            capacity = (
                calendars(plan).person(person.id).between(instant(start), instant(week + timedelta(7))) / FULL
            )
            elsewhere = sum(other[person.id][n] for other in others if person.id in other)
            cells.append(_cell(mine[n], elsewhere, capacity))
            if mine[n] + elsewhere > capacity * 1.005 + 1 and mine[n]:
                conflicts.append((person, week, cells[-1], mine[n] / 60, elsewhere / 60, capacity / 60))
        if any(cell.percent or cell.percent is None for cell in cells):
            table.append((person, cells))
    return {"weeks": weeks, "load": table, "conflicts": conflicts[:20], "roster": list(plan.people.values())}


def _weeks(as_of: date) -> list[date]:
    monday = as_of - timedelta(as_of.weekday())
    return [monday + timedelta(7 * n) for n in range(WEEKS)]


def _capacities(plan: Plan, who: str, weeks: list[date], since: date) -> list[float]:
    """Return a person's minutes for plans a week, from `since` on."""
    worktime = calendars(plan).person(who)
    ends = [(instant(max(week, since)), instant(week + timedelta(7))) for week in weeks]
    return [worktime.between(start, finish) / FULL for start, finish in ends]


def _load(plan: Plan, schedule: Any, weeks: list[date], since: date) -> dict[str, list[float]]:
    """Return each person's minutes of planned work a week from `since` on, as the computed dates have it."""
    loads: dict[str, list[float]] = {}
    if schedule is None:
        return loads
    worktimes = calendars(plan)
    for task in plan.leaves():
        dates = schedule.items.get(task.id)
        if dates is None or not task.open:
            continue
        for who, share in plan.assignments(task).items():
            load = loads.setdefault(who, [0.0] * len(weeks))
            for n, week in enumerate(weeks):
                start = max(dates.start_minute, instant(max(week, since)))
                finish = min(dates.finish_minute, instant(week) + 7 * MINUTES_A_DAY)
                if start < finish:
                    load[n] += worktimes.people({who: share}).between(start, finish) / FULL
    return loads


def _cell(mine: float, other: float, capacity: float) -> Cell:
    if capacity <= 0:
        return Cell(None, other, "")
    percent = (mine + other) * 100 / capacity
    return Cell(percent, other * 100 / capacity, bar(percent))


def bar(percent: float) -> str:
    """Draw a share as five blocks."""
    full = max(0, min(BLOCKS, round(percent * BLOCKS / 100)))
    return "█" * full + "░" * (BLOCKS - full)


def raci(page: Page) -> dict[str, Any]:
    """Return tasks by people; owners and assignees stand in where a task has no RACI of its own."""
    plan = page.report.plan
    table, seen = [], dict[str, None]()
    explicit = any(task.raci for task in plan.tasks.values())
    for task, wbs in numbered(plan):
        letters: dict[str, str] = {}
        if task.raci:
            roles = (task.raci.responsible, task.raci.accountable, task.raci.consulted, task.raci.informed)
        elif not explicit and not task.is_summary:
            roles = (
                tuple(plan.assignments(task)) or ((task.owner,) if task.owner else ()),
                (task.owner,) if task.owner else (),
                (),
                (),
            )
        else:
            continue
        for letter, who in zip("RACI", roles, strict=True):
            for one in who:
                letters[one] = letters.get(one, "") + letter
        seen.update(dict.fromkeys(letters))
        table.append((wbs, task, letters))
    if len(seen) > MOST_RACI_PEOPLE or len(table) > MOST_ROWS // 4:
        return {"table": table[: MOST_ROWS // 4], "who": []}
    return {"table": table, "who": [(who, name(plan, who)) for who in seen]}


def likelihood_level(percent: float) -> int:
    """Return a probability's row of the heat map, 1 to 5: the nearest of the likelihood words."""
    return 1 + sum(percent >= edge for edge in (17.5, 40, 60, 80))


def impact_level(plan: Plan, impact: Impact) -> int:
    """Return an impact's column of the heat map, 1 to 5.

    Time is measured against the working days from start to deadline, cost against the budget: up to 1, 5,
    10, 20 % and more; the larger of the two counts.
    """
    if impact.level is not None:
        return impact.level
    shares = [0.0]
    if impact.cost and plan.budget and plan.budget.total:
        shares.append(impact.cost * 100 / plan.budget.total)
    if impact.time and plan.start and plan.deadline:
        worktime = calendars(plan).default
        total = worktime.between(instant(plan.start), instant(plan.deadline + timedelta(1)))
        shares.append(worktime.minutes(impact.time) * 100 / total if total > 0 else 100.0)
    return 1 + sum(max(shares) > edge for edge in (1, 5, 10, 20))


def severity_word(score: int) -> str:
    """Return the level of probability × impact (1 to 25) as a word."""
    return "low" if score < 5 else "medium" if score < 10 else "high" if score < 15 else "very-high"  # noqa: PLR2004


class Rated(NamedTuple):
    """A risk with its place in the heat map; `score` is the product, `level` its word."""

    risk: Risk
    likelihood: int
    impact: int
    score: int
    level: str


def rated(plan: Plan) -> list[Rated]:
    """Return the open risks, the largest exposure first."""
    found = []
    for risk in plan.risks.values():
        if risk.open and risk.probability is not None and risk.impact is not None:
            row, column = likelihood_level(risk.probability), impact_level(plan, risk.impact)
            found.append(Rated(risk, row, column, row * column, severity_word(row * column)))
    return sorted(found, key=lambda rating: -rating.score)


def risks(page: Page) -> dict[str, Any]:
    """Return heat map, register by exposure, closed risks, and those to look at again."""
    plan, as_of = page.report.plan, page.report.as_of
    register = rated(plan)
    words = list(LEVELS)
    cells = {
        (r, c): sum(x.likelihood == r and x.impact == c for x in register)
        for r in range(1, 6)
        for c in range(1, 6)
    }
    heat = [
        (words[row - 1], [(cells[row, column], severity_word(row * column)) for column in range(1, 6)])
        for row in range(5, 0, -1)
    ]
    return {
        "heat": heat if register else [],
        "impacts": words,
        "register": register,
        "closed": [risk for risk in plan.risks.values() if not risk.open],
        "due": [
            risk
            for risk in plan.risks.values()
            if risk.open and risk.review_by and risk.review_by <= as_of + AHEAD
        ],
        "text": lambda entry: page.title(entry),
    }


def budget(page: Page) -> dict[str, Any]:
    """Add up the budget's lines."""
    money = page.report.plan.budget
    if money is None:
        return {"earned": page.report.earned}
    lines = list(money.lines.values())
    sums = {key: sum(getattr(line, key) or 0 for line in lines) for key in ("planned", "actual", "committed")}
    return {
        "budget": money,
        "lines": lines,
        "sums": sums,
        "earned": page.report.earned,
        "contingency": money.contingency,
    }


def stakeholders(page: Page) -> dict[str, Any]:
    """Return when each communication is next."""
    plan, as_of = page.report.plan, page.report.as_of
    following = {c.id: c.every.after(c.last) for c in plan.communications.values() if c.every and c.last}
    return {"next": following, "late": [i for i, day in following.items() if day < as_of]}


class Found(NamedTuple):
    """A diagnostic and where it stands, as a link where there is something to link to."""

    diagnostic: Diagnostic
    where: Safe


def findings(page: Page) -> dict[str, Any]:
    """Return the diagnostics, worst first, with links to their lines."""
    worst_first = sorted(page.report.diagnostics, key=lambda d: -d.severity)
    return {
        "found": [Found(d, where(page, d)) for d in worst_first[:MOST_FINDINGS]],
        "more": max(0, len(worst_first) - MOST_FINDINGS),
        "counts": [
            (s.word, sum(d.severity is s for d in worst_first)) for s in sorted(Severity, reverse=True)
        ],
    }


def _counts(diagnostics: Sequence[Diagnostic], language: Language) -> list[Safe]:
    errors, warnings, infos = (
        sum(d.severity is severity for d in diagnostics)
        for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)
    )
    said = [
        language.count("{n} error", "{n} errors", errors) if errors else None,
        language.count("{n} warning", "{n} warnings", warnings) if warnings else None,
        language.count("{n} hint", "{n} hints", infos) if infos else None,
    ]
    return [text for text in said if text]


def where(page: Page, diagnostic: Diagnostic) -> Safe:
    """Return the place of a diagnostic: in a wiki a link into the repository when the plan names one."""
    path, line = diagnostic.location.path, diagnostic.location.span.start.line
    shown = markdown(f"{path.rpartition('/')[2]}:{line}")
    options = page.options
    repository = page.report.plan.links.get("repo")
    if repository and (options.wiki or options.flavor == "plain"):
        middle = "-/blob" if options.flavor == "gitlab" else "blob"
        return link(shown, f"{repository.rstrip('/')}/{middle}/HEAD/{path}#L{line}")
    if options.wiki or options.flavor == "plain":
        return shown
    return link(shown, f"{relpath(path, options.out)}#L{line}")


def summary(page: Page) -> dict[str, Any]:
    """Answer "will it hold?"."""
    report, plan = page.report, page.report.plan
    seen = outlook(report, page.language)
    money = plan.budget
    spent = (
        sum((line.actual or 0) + (line.committed or 0) for line in money.lines.values()) if money else None
    )
    high = [entry for entry in rated(plan) if entry.score >= HIGH]
    return {
        "outlook": seen,
        "progress": progress_of(report),
        "spent": spent,
        "high": high,
        "counts": _counts(report.diagnostics, page.language),
        "repairs": report.deadline.repairs if report.deadline else (),
        "chance": report.chance,
    }


class Overview(NamedTuple):
    """One plan in the index."""

    plan: Plan
    outlook: Outlook
    progress: float | None
    high: int
    counts: list[Safe]
    manager: str
    as_of: date


def portfolio(reports: Sequence[Report], language: Language) -> dict[str, Any]:
    """Return every plan with its light, and the weeks of the people whom several plans want."""
    lines = [
        Overview(
            r.plan,
            outlook(r, language),
            progress_of(r),
            sum(entry.score >= HIGH for entry in rated(r.plan)),
            _counts(r.diagnostics, language),
            name(r.plan, r.plan.manager),
            r.as_of,
        )
        for r in reports
    ]
    groups: dict[tuple[Safe, str], list[str]] = {}
    for line in lines:
        groups.setdefault((line.outlook.word, line.outlook.shape), []).append(line.plan.title or line.plan.id)
    as_of = max((line.as_of for line in lines), default=date.min)
    weeks = _weeks(as_of)
    loads = [(r.plan, _load(r.plan, r.schedule, weeks, as_of)) for r in reports]
    shared = []
    for who in dict.fromkeys(who for _, load in loads for who in load):
        plans = [(plan, load[who]) for plan, load in loads if who in load]
        if len(plans) > 1 and who in plans[0][0].people:
            capacities = _capacities(plans[0][0], who, weeks, as_of)
            sums = [sum(load[n] for _, load in plans) for n in range(WEEKS)]
            cells = [_cell(mine, 0.0, capacity) for mine, capacity in zip(sums, capacities, strict=True)]
            shared.append((name(plans[0][0], who), cells))
    lights = [(word, shape, titles) for (word, shape), titles in groups.items()]
    return {"lines": lines, "lights": lights, "shared": shared, "weeks": weeks}


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
