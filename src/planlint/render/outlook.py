"""Will it hold? The status light of a plan, with the reasons in the words of whoever pays for it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from msgspec import Struct

from planlint.diagnostics import Severity
from planlint.model import Item
from planlint.render.escaping import Safe
from planlint.render.load import table, working_days
from planlint.render.report import Page, Report
from planlint.render.rows import due, mean, name, progress
from planlint.schedule.result import Deadline

Light = Literal["green", "amber", "red", "none"]

SHAPES = {"green": "🟢", "amber": "🔶", "red": "🟥", "none": "⬜"}
"""A shape of its own for each light: circle, diamond, square, empty square."""

TIGHT = 0.05
LIKELY, UNLIKELY = 80.0, 50.0
BEHIND = 0.9
JUDGED_FROM = 0.2
"""The share of all work from which its indices mean something."""
SOON = timedelta(28)
MOST_REASONS = 6
FEW, WORKDAYS = 3, 5
MOST_CHAIN = 5
BROKEN = frozenset({"source", "structure", "network"})
"""The categories of errors that make dates doubtful."""


class Outlook(Struct, frozen=True):
    """The light and why. `buffer` is in working days, negative when late; `trend` compares finishes."""

    light: Light
    word: Safe
    reasons: tuple[Safe, ...]
    finish: date | None
    buffer: float | None
    trend: Safe | None

    @property
    def shape(self) -> str:
        """The light as a shape."""
        return SHAPES[self.light]


def doubtful(report: Report) -> int:
    """Return how many errors of the plan's structure make its dates doubtful."""
    return sum(d.severity is Severity.ERROR and d.category in BROKEN for d in report.diagnostics)


def progress_of(report: Report) -> float | None:
    """Return how far the plan is, in percent points, its tasks weighted by their length."""
    leaves, items = list(report.plan.leaves()), report.items
    done = progress(report.plan, items)
    weighted = [(items[t.id].length_days if t.id in items else 0.0, done[t.id]) for t in leaves]
    return mean(weighted) if weighted else None


def outlook(page: Page) -> Outlook:
    """Judge a plan.

    Red: its deadline is proven not to hold, or the chance is under one half. Amber: something else that is
    due cannot hold, is not decided or close, or the plan itself cannot be trusted. Green: none of these.
    """
    plan, verdict, say, count = page.plan, page.report.deadline, page.language.say, page.language.count
    finish = expected(page.report.schedule.finish if page.report.schedule else None, verdict)
    buffer = working_days(plan, finish, plan.deadline) if finish and plan.deadline else None
    light: Light = "none"
    if plan.status in {"done", "cancelled", "on-hold", "proposed"}:
        word = page.language.word(plan.status)
        word, reasons = Safe(word[:1].upper() + word[1:]), list[Safe]()
    else:
        red, amber = list(_red(page, buffer)), list(_amber(page, buffer))
        if finish is None and not red:
            amber.insert(0, say("No schedule could be computed: the findings say why"))
        light, word = _light(page, finish, red=bool(red), amber=bool(amber))
        reasons = [*red, *amber]
        if not red and verdict and verdict.verdict == "feasible" and buffer is not None:
            holds = count(
                "All work fits before the deadline, with {n} working day to spare",
                "All work fits before the deadline, with {n} working days to spare",
                round(buffer, 1),
            )
            reasons.insert(0, holds)
    if len(reasons) > MOST_REASONS:
        more = len(reasons) - MOST_REASONS + 1
        reasons[MOST_REASONS - 1 :] = [count("and {n} more reason below", "and {n} more reasons below", more)]
    return Outlook(light, word, tuple(reasons), finish, buffer, _trend(page))


def _light(page: Page, finish: date | None, *, red: bool, amber: bool) -> tuple[Light, Safe]:
    say = page.language.say
    if red:
        return "red", say("Will not hold")
    if finish is None:
        return "none", say("Cannot be said")
    if amber:
        return "amber", say("At risk")
    if page.plan.deadline is None:
        return "none", say("No deadline")
    return "green", say("On track")


def expected(computed: date | None, verdict: Deadline | None) -> date | None:
    """Return the finish to expect: computed, or later where capacity is proven to ask for more."""
    if computed and verdict and verdict.verdict == "infeasible" and verdict.possible:
        return max(computed, verdict.possible)
    return computed


def _trend(page: Page) -> Safe | None:
    before, now = page.report.baseline, page.report.schedule
    say, count = page.language.say, page.language.count
    if before is None or before.schedule is None or now is None:
        return None
    days = working_days(page.plan, before.schedule.finish, now.finish)
    if not days:
        return say("→ finish unchanged since {label}", label=before.label)
    if days > 0:
        return count(
            "↘ {n} day later than in {label}", "↘ {n} days later than in {label}", days, label=before.label
        )
    return count(
        "↗ {n} day earlier than in {label}", "↗ {n} days earlier than in {label}", -days, label=before.label
    )


def _red(page: Page, buffer: float | None) -> Iterator[Safe]:
    verdict, chance, language = page.report.deadline, page.report.chance, page.language
    say, count = language.say, language.count
    if verdict and verdict.verdict == "infeasible":
        yield _infeasible(page, verdict)
    if verdict is None and buffer is not None and buffer < 0:
        yield count(
            "The computed finish is {n} working day after the deadline",
            "The computed finish is {n} working days after the deadline",
            round(-buffer, 1),
        )
    if chance and chance.deadline is not None and chance.deadline < UNLIKELY:
        percent = language.percent(round(chance.deadline))
        yield say("The chance to meet the deadline is only {chance}", chance=percent)


def _infeasible(page: Page, verdict: Deadline) -> Safe:
    """Say by how much a deadline is missed and what proves it."""
    say, count = page.language.say, page.language.count
    what = say("**{title}**", title=page.title(verdict.item)) if verdict.item else say("The deadline")
    possible = verdict.possible or verdict.finish
    late = verdict.late_days or working_days(page.plan, verdict.date, possible)
    values = {"what": what, "day": verdict.date, "possible": possible}
    if late >= 1:
        said = count(
            "{what} on {day} cannot be met: {possible} at the earliest, {n} working day late",
            "{what} on {day} cannot be met: {possible} at the earliest, {n} working days late",
            round(late, 1),
            **values,
        )
    else:
        said = say("{what} on {day} cannot be met: {possible} at the earliest", **values)
    why = _proof(page, verdict.certificate)
    return Safe(f"{said} ({why})") if why else said


def _proof(page: Page, certificate: Mapping[str, Any]) -> Safe | None:
    say, title = page.language.say, page.title
    match certificate.get("kind"):
        case "chain":
            chain = [title(one) for one in certificate["items"]]
            if len(chain) == 1:
                return say("{task} cannot finish sooner", task=chain[0])
            shown = chain if len(chain) <= MOST_CHAIN else [*chain[:2], "…", *chain[-2:]]
            return say("this order of work takes that long: {chain}", chain=" → ".join(shown))
        case "window":
            return say(
                "{who} has {capacity} hours from {start} to {finish} for {demand} hours of work",
                who=title(certificate.get("person") or certificate["resource"]),
                capacity=certificate["capacity_hours"],
                demand=certificate["demand_hours"],
                start=date.fromisoformat(certificate["from"]),
                finish=date.fromisoformat(certificate["to"]),
            )
        case "core":
            shared = [name(page.plan, who) for who in certificate["people"]]
            shared += [title(one) for one in certificate["resources"]]
            return say(
                "{tasks} do not fit together for {people}",
                tasks=", ".join(title(one) for one in certificate["tasks"][:6]),
                people=", ".join(shared) or "…",
            )
    return None


def _amber(page: Page, buffer: float | None) -> Iterator[Safe]:
    errors = doubtful(page.report)
    if errors:
        yield page.language.count(
            "{n} error in the plan: the dates may be wrong",
            "{n} errors in the plan: the dates may be wrong",
            errors,
        )
    for other in page.report.deadlines:
        if other.kind != "plan" and other.verdict == "infeasible":
            yield _infeasible(page, other)
    yield from _close(page, buffer)
    yield from _stuck(page)
    yield from _shared(page, buffer)
    yield from _costly(page)


def _close(page: Page, buffer: float | None) -> Iterator[Safe]:
    """Say that the deadline is not decided, not likely or not far away."""
    report, plan, language = page.report, page.plan, page.language
    verdict, chance, say, count = report.deadline, report.chance, language.say, language.count
    if plan.deadline is None or report.schedule is None or (verdict and verdict.verdict == "infeasible"):
        return
    if verdict is None or verdict.verdict == "undecided":
        yield say("It is not decided whether the people's time is enough for the deadline")
    if chance and chance.deadline is not None and UNLIKELY <= chance.deadline < LIKELY:
        percent = language.percent(round(chance.deadline))
        yield say("The chance to meet the deadline is {chance}", chance=percent)
    if buffer is not None and 0 <= buffer < max(1.0, TIGHT * working_days(plan, report.as_of, plan.deadline)):
        yield count(
            "Only {n} day of buffer before the deadline",
            "Only {n} days of buffer before the deadline",
            round(buffer, 1),
        )


def _stuck(page: Page) -> Iterator[Safe]:
    """Say what is overdue, blocked or not confirmed."""
    plan, as_of, say, count = page.plan, page.report.as_of, page.language.say, page.language.count
    late: list[Item] = [task for task in plan.leaves() if (due(task) or as_of) < as_of]
    late += [m for m in plan.milestones.values() if m.status == "todo" and m.due and m.due < as_of]
    if late:
        yield count(
            "{n} item is overdue: {titles}", "{n} items are overdue: {titles}", len(late), titles=_few(late)
        )
    blocked = [task for task in plan.leaves() if task.status == "blocked"]
    if blocked:
        titles = _few(blocked)
        yield count(
            "{n} task is blocked: {titles}", "{n} tasks are blocked: {titles}", len(blocked), titles=titles
        )
    for one in plan.external.values():
        if one.status != "open" or not one.due:
            continue
        values = {"title": one.title or one.id, "provider": one.provider, "day": one.due}
        if one.due < as_of:
            yield say("**{title}** by {provider} was due on {day}", **values)
        elif not one.confirmed and one.due <= as_of + SOON:
            yield say("Not confirmed: **{title}** by {provider} on {day}", **values)


def _shared(page: Page, buffer: float | None) -> Iterator[Safe]:
    """Say whom several plans want for longer than the buffer can take."""
    report, language = page.report, page.language
    for person, weeks in table(report, report.portfolio.values()):
        excess = sum(max(0.0, w.here + w.elsewhere - w.capacity) for w in weeks if w.elsewhere)
        a_day = max(week.capacity for week in weeks) / WORKDAYS
        if a_day and excess / a_day > max(buffer or 0.0, 1.0):
            yield language.say(
                "Several plans want **{who}** for {days} more than there is time for",
                who=person.title or person.id,
                days=language.days(excess / a_day),
            )


def _costly(page: Page) -> Iterator[Safe]:
    """Say that work is slower or dearer than planned."""
    plan, earned, money, language = page.plan, page.report.earned, page.plan.budget, page.language
    say = language.say
    if earned and earned.ev < JUDGED_FROM * earned.bac:
        earned = None
    if earned and earned.spi is not None and earned.spi < BEHIND:
        yield say("Work is behind its plan (SPI {n})", n=round(earned.spi, 2))
    if earned and earned.cpi is not None and earned.cpi < BEHIND:
        yield say("Work costs more than planned (CPI {n})", n=round(earned.cpi, 2))
    planned = sum(line.planned or 0 for line in money.lines.values()) if money else 0
    if money and money.total is not None and planned > money.total:
        yield say(
            "The budget's lines add up to {sum}, more than the total of {total}",
            sum=language.money(planned, plan.currency),
            total=language.money(money.total, plan.currency),
        )


def _few(items: Sequence[Item]) -> str:
    shown = [item.title or item.id for item in items[:FEW]]
    return ", ".join(shown) + (" …" if len(items) > FEW else "")
