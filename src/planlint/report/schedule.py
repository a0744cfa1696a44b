"""What `planlint schedule` says: the dates, the verdicts, and what would make a deadline fit."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from planlint import __version__
from planlint.diagnostics import pointer
from planlint.model import Plan, Task
from planlint.report.characters import columns, plural, visible
from planlint.report.json import encode
from planlint.rule import Context
from planlint.schedule.result import Deadline, Schedule, Scheduled
from planlint.schedule.simulation import Chance, Odds


class Answer(NamedTuple):
    """A plan with its dates and verdicts, and how likely they are where something in it is uncertain."""

    context: Context
    chance: Chance | None = None

    def odds(self, deadline: Deadline) -> Odds | None:
        """Return the odds of a deadline."""
        return self.chance.deadlines.get(deadline.path) if self.chance else None


def json(now: Answer, changes: Sequence[str] = (), varied: Answer | None = None) -> str:
    """Write the stable format; with `changes`, what they lead to stands under `what_if`."""
    data = {
        "version": 1,
        "tool": {"name": "planlint", "version": __version__},
        "today": now.context.today.isoformat(),
        **_answer(now),
    }
    if varied is not None:
        data["what_if"] = {"changes": list(changes), **_answer(varied)}
    return encode(data)


def _answer(answer: Answer) -> dict[str, Any]:
    context = answer.context
    plan, schedule = context.plan, _schedule(context)
    return {
        "plan": {
            "id": plan.id,
            "path": plan.file,
            "title": plan.title,
            "start": schedule.start.isoformat(),
            "finish": schedule.finish.isoformat(),
            "deadline": plan.deadline and plan.deadline.isoformat(),
            "verdict": _verdict(context),
        },
        "tasks": {item.id: _item(item) for item in _ordered(context)},
        "deadlines": [
            {**_deadline(deadline), "chance": _odds(answer.odds(deadline))}
            for deadline in _deadlines(context)
        ],
        "chance": _chance(answer.chance),
    }


def _chance(chance: Chance | None) -> dict[str, Any] | None:
    """Write the distribution of the finish; percentages with one decimal, as far as they mean something."""
    if chance is None:
        return None
    return {
        **_quantiles((chance.p50, chance.p80, chance.p95)),
        "milestones": {name: _quantiles(days) for name, days in chance.milestones.items()},
        "criticality": {name: _number(round(share, 1)) for name, share in chance.criticality.items()},
        "iterations": chance.iterations,
        "analytic": chance.analytic,
    }


def _odds(odds: Odds | None) -> dict[str, Any] | None:
    if odds is None:
        return None
    return {"percent": _number(round(odds.percent, 1)), **_quantiles((odds.p50, odds.p80, odds.p95))}


def _quantiles(days: tuple[date, date, date]) -> dict[str, str]:
    return dict(zip(("p50", "p80", "p95"), map(date.isoformat, days), strict=True))


def _schedule(context: Context) -> Schedule:
    if context.schedule is None:
        raise ValueError("only a plan that was scheduled can be reported")
    return context.schedule


def _verdict(context: Context) -> str:
    own = next((one for one in context.deadlines or () if one.kind == "plan"), None)
    return own.verdict if own else "none"


def _ordered(context: Context) -> Iterator[Scheduled]:
    """Yield the items in the order of the file: milestones may stand before the tasks."""
    items = _schedule(context).items
    for section in _sections(context):
        for name in {"tasks": context.plan.tasks, "milestones": context.plan.milestones}.get(section, ()):
            if name in items:
                yield items[name]


def _deadlines(context: Context) -> list[Deadline]:
    """Return the verdicts in the order of the file."""
    order = {section: place for place, section in enumerate(_sections(context))}
    return sorted(context.deadlines or (), key=lambda one: order.get(str(one.path[0]), len(order)))


def _sections(context: Context) -> tuple[str, ...]:
    written = context.sources.main.data
    keys = tuple(written) if isinstance(written, dict) else ()
    return (*keys, *(section for section in ("milestones", "tasks") if section not in keys))


def _item(item: Scheduled) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "start": item.start.isoformat(),
        "finish": item.finish.isoformat(),
        "late_start": item.late_start.isoformat(),
        "late_finish": item.late_finish.isoformat(),
        "total_float_days": _number(item.total_float_days),
        "free_float_days": None if item.free_float_days is None else _number(item.free_float_days),
        "critical": item.critical,
    }


def _number(value: float) -> float:
    return int(value) if value == int(value) else value


def _deadline(deadline: Deadline) -> dict[str, Any]:
    return {
        "item": deadline.item,
        "kind": deadline.kind,
        "pointer": pointer(deadline.path),
        "date": deadline.date.isoformat(),
        "finish": deadline.finish.isoformat(),
        "verdict": deadline.verdict,
        "certificate": dict(deadline.certificate),
        "late_days": _number(deadline.late_days),
        "possible": deadline.possible and deadline.possible.isoformat(),
        "decided_by": deadline.decided_by,
        "repairs": [
            {"text": repair.text, "what_if": repair.what_if, "size_days": _number(repair.size_days)}
            for repair in deadline.repairs
        ],
    }


def text(now: Answer, changes: Sequence[str] = (), varied: Answer | None = None) -> str:
    """Write dates and verdicts for a terminal; with `changes`, what they lead to stands beside them."""
    context, then = now.context, varied.context if varied else None
    plan, schedule = context.plan, _schedule(context)
    lines = [f"{plan.id}: {visible(plan.title)}", _headline(context), *_likely(now.chance)]
    if varied is not None:
        heading = f"with {' and '.join(map(visible, changes))}:"
        lines += [heading, _headline(varied.context), *_likely(varied.chance)]
    lines += ["", *columns(_rows(context, then), right="float")]
    lines += _left_out(schedule)
    if context.deadlines:
        lines += ["", "Deadlines", *_verdicts(now, varied)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _headline(context: Context) -> str:
    plan, schedule = context.plan, _schedule(context)
    due = f", deadline {plan.deadline}" if plan.deadline else ", no deadline"
    verdict = _verdict(context)
    return f"{schedule.start} to {schedule.finish}{due}" + (f": {verdict}" if verdict != "none" else "")


def _likely(chance: Chance | None) -> Iterator[str]:
    """Say what estimates and risks make of the finish."""
    if chance is None:
        return
    how = "by a formula, without NumPy" if chance.analytic else f"in {chance.iterations:,} simulated runs"
    yield (
        f"finish with estimates and risks: half of the time by {chance.p50}, "
        f"four times out of five by {chance.p80}, 19 times out of 20 by {chance.p95} ({how})"
    )


def _rows(context: Context, varied: Context | None) -> Iterator[tuple[str, ...]]:
    then = _schedule(varied).items if varied is not None else None
    beside = ("start then", "finish then", "moves") if then is not None else ()
    yield ("", "start", "finish", *beside, "float", "critical", "who")
    plan = context.plan
    for item in _ordered(context):
        task = plan.tasks.get(item.id)
        yield (
            "  " * _depth(context, task) + item.id,
            str(item.start),
            str(item.finish),
            *(_beside(item, then.get(item.id)) if then is not None else ()),
            f"{_number(item.total_float_days)}d",
            "yes" if item.critical else "",
            _who(plan, item),
        )


def _depth(context: Context, task: Task | None) -> int:
    """Return how many summaries above a task have a row of their own."""
    items, depth = _schedule(context).items, 0
    while task is not None and task.parent is not None:
        depth, task = depth + (task.parent in items), context.plan.tasks.get(task.parent)
    return depth


def _beside(item: Scheduled, then: Scheduled | None) -> tuple[str, str, str]:
    if then is None:
        return ("-", "-", "")
    days = (then.finish - item.finish).days
    return (str(then.start), str(then.finish), f"{days:+d}d" if days else "")


def _who(plan: Plan, item: Scheduled) -> str:
    task = plan.tasks.get(item.id)
    if task is None:
        return plan.milestones[item.id].owner or ""
    shares = plan.assignments(task) or ({task.owner: 100.0} if task.owner else {})
    return ", ".join(who if share == 100 else f"{who} {share:g}%" for who, share in shares.items())  # noqa: PLR2004 - percent


def _left_out(schedule: Schedule) -> list[str]:
    lines = []
    beyond = sorted(schedule.beyond)
    if beyond:
        lines.append(
            f"No dates for {', '.join(beyond)}: there is not enough working time until the year 2100."
        )
    others = sorted(schedule.unsound - schedule.beyond)
    if others:
        lines.append(f"Not scheduled: {', '.join(others)}: in a loop, or behind something without dates.")
    return ["", *lines] if lines else []


def _verdicts(now: Answer, varied: Answer | None) -> Iterator[str]:
    after = {one.path: one for one in (varied.context.deadlines or ())} if varied is not None else {}
    for deadline in _deadlines(now.context):
        line = _line(deadline, now.odds(deadline))
        yield f"  {line}"
        then = after.get(deadline.path)
        if then is not None and varied is not None:
            changed = _line(then, varied.odds(then))
            yield f"    then: {changed}" if changed != line else "    then: the same"
        yield from (f"    {line}" for line in _why(deadline))


def _line(deadline: Deadline, odds: Odds | None) -> str:
    name = {"plan": "the plan", "must_finish": f"{deadline.item} (must finish)"}.get(
        deadline.kind, deadline.item
    )
    said = f"{name}: due {deadline.date}, earliest finish {deadline.finish}: {deadline.verdict}"
    late = f", {plural(_number(deadline.late_days), 'working day')} late" if deadline.late_days else ""
    possible = odds if deadline.verdict != "infeasible" else None  # odds know nothing of people's hours
    chance = (
        f", chance {possible.percent:.0f} % (four times out of five by {possible.p80})" if possible else ""
    )
    return f"{said}{late}{chance}"


def _why(deadline: Deadline) -> Iterator[str]:
    """Say why a deadline cannot hold, or is not known to, and what would help."""
    if deadline.verdict == "infeasible":
        yield _reason(deadline.certificate)
        if deadline.possible is not None:
            yield f"the earliest date that can be met is {deadline.possible}"
        for repair in deadline.repairs:
            yield f"it would fit: {visible(repair.text)}" + (
                f" (--what-if {visible(repair.what_if)})" if repair.what_if else ""
            )
    elif deadline.verdict == "undecided":
        lower, upper = deadline.certificate.get("lower"), deadline.certificate.get("upper")
        found = f", the earliest one found is {upper}" if upper else ", no schedule was found"
        yield f"a finish before {lower} is ruled out{found}" + (
            f" ({visible(deadline.decided_by)})" if deadline.decided_by else ""
        )


def _reason(certificate: Mapping[str, Any]) -> str:
    match certificate.get("kind"):
        case "chain":
            return f"{' → '.join(certificate['items'])} alone take until {certificate['finish']}"
        case "window":
            who = certificate.get("person") or certificate.get("resource")
            return (
                f"from {certificate['from']} to {certificate['to']} {who} has "
                f"{certificate['capacity_hours']:g} h for {certificate['demand_hours']:g} h of work: "
                f"{', '.join(certificate['tasks'])}"
            )
        case "core":
            parts = [
                f"{kind} {', '.join(certificate[kind])}"
                for kind in ("tasks", "people", "resources")
                if certificate.get(kind)
            ]
            return f"these cannot hold together with it: {'; '.join(parts)}"
    return "no schedule meets it"
