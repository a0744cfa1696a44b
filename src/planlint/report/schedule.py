"""What `planlint schedule` says: the dates, the verdicts, and what would make a deadline fit."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from planlint import __version__
from planlint.diagnostics import pointer
from planlint.model import Plan
from planlint.report.characters import columns, plural, visible
from planlint.report.json import encode
from planlint.rule import Context
from planlint.schedule.result import Deadline, Schedule, Scheduled
from planlint.schedule.simulation import Chance, Odds


class Answer(NamedTuple):
    """A plan with its dates and verdicts, and how likely they are where something in it is uncertain."""

    context: Context
    chance: Chance | None = None

    @property
    def schedule(self) -> Schedule:
        """The dates, without which there is nothing to report."""
        if self.context.schedule is None:
            raise ValueError("only a plan that was scheduled can be reported")
        return self.context.schedule

    @property
    def verdict(self) -> str:
        """The verdict on the plan's own deadline."""
        return next((one.verdict for one in self.context.deadlines or () if one.kind == "plan"), "none")

    @property
    def items(self) -> list[Scheduled]:
        """The dates in the order of the file, where milestones may stand before the tasks."""
        place = self._places()
        found = self.schedule.items.values()
        return sorted(found, key=lambda item: place["milestones" if item.kind == "milestone" else "tasks"])

    @property
    def deadlines(self) -> list[Deadline]:
        """The verdicts in the order of the file."""
        place = self._places()
        return sorted(self.context.deadlines or (), key=lambda one: place.get(str(one.path[0]), len(place)))

    def _places(self) -> dict[str, int]:
        """Return where each section stands in the file; `tasks` and `milestones` are always there."""
        written = self.context.sources.main.data
        sections = (*(written if isinstance(written, dict) else ()), "milestones", "tasks")
        return {section: place for place, section in enumerate(dict.fromkeys(sections))}

    def odds(self, deadline: Deadline) -> Odds | None:
        """Return the odds of a deadline."""
        return self.chance.deadlines.get(deadline.path) if self.chance else None


def json(now: Answer, changes: Sequence[str] = (), varied: Answer | None = None) -> str:
    """Write the stable format; with `changes`, what they lead to stands under `what_if`."""
    data = {
        "version": 1,
        "tool": {"name": "planlint", "version": __version__},
        "today": now.context.today,
        **_answer(now),
    }
    if varied is not None:
        data["what_if"] = {"changes": changes, **_answer(varied)}
    return encode(data)


def _answer(answer: Answer) -> dict[str, Any]:
    plan = answer.context.plan
    return {
        "plan": {
            "id": plan.id,
            "path": plan.file,
            "title": plan.title,
            "start": answer.schedule.start,
            "finish": answer.schedule.finish,
            "deadline": plan.deadline,
            "verdict": answer.verdict,
        },
        "tasks": {item.id: _item(item) for item in answer.items},
        "deadlines": [_deadline(deadline, answer.odds(deadline)) for deadline in answer.deadlines],
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


def _quantiles(days: tuple[date, date, date]) -> dict[str, date]:
    return dict(zip(("p50", "p80", "p95"), days, strict=True))


def _item(item: Scheduled) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "start": item.start,
        "finish": item.finish,
        "late_start": item.late_start,
        "late_finish": item.late_finish,
        "total_float_days": _number(item.total_float_days),
        "free_float_days": None if item.free_float_days is None else _number(item.free_float_days),
        "critical": item.critical,
    }


def _number(value: float) -> float:
    return int(value) if value == int(value) else value


def _deadline(deadline: Deadline, odds: Odds | None) -> dict[str, Any]:
    return {
        "item": deadline.item,
        "kind": deadline.kind,
        "pointer": pointer(deadline.path),
        "date": deadline.date,
        "finish": deadline.finish,
        "verdict": deadline.verdict,
        "certificate": dict(deadline.certificate),
        "late_days": _number(deadline.late_days),
        "possible": deadline.possible,
        "decided_by": deadline.decided_by,
        "repairs": [
            {"text": repair.text, "what_if": repair.what_if, "size_days": _number(repair.size_days)}
            for repair in deadline.repairs
        ],
        "chance": odds
        and {"percent": _number(round(odds.percent, 1)), **_quantiles((odds.p50, odds.p80, odds.p95))},
    }


def text(now: Answer, changes: Sequence[str] = (), varied: Answer | None = None) -> str:
    """Write dates and verdicts for a terminal; with `changes`, what they lead to stands beside them."""
    plan = now.context.plan
    lines = [f"{plan.id}: {visible(plan.title)}", *_summary(now)]
    if varied is not None:
        lines += [f"with {' and '.join(map(visible, changes))}:", *_summary(varied)]
    lines += ["", *columns(_rows(now, varied), right="float")]
    lines += _left_out(now.schedule)
    if now.context.deadlines:
        lines += ["", "Deadlines", *_verdicts(now, varied)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _summary(answer: Answer) -> Iterator[str]:
    """Say when the plan ends, and what estimates and risks make of it."""
    deadline, chance = answer.context.plan.deadline, answer.chance
    due = f", deadline {deadline}" if deadline else ", no deadline"
    verdict = f": {answer.verdict}" if answer.verdict != "none" else ""
    yield f"{answer.schedule.start} to {answer.schedule.finish}{due}{verdict}"
    if chance is not None:
        how = "by a formula, without NumPy" if chance.analytic else f"in {chance.iterations:,} simulated runs"
        yield (
            f"finish with estimates and risks: half of the time by {chance.p50}, "
            f"four times out of five by {chance.p80}, 19 times out of 20 by {chance.p95} ({how})"
        )


def _rows(now: Answer, varied: Answer | None) -> Iterator[tuple[str, ...]]:
    plan, shown = now.context.plan, now.schedule.items
    then = varied.schedule.items if varied is not None else None
    beside = ("start then", "finish then", "moves") if then is not None else ()
    yield ("", "start", "finish", *beside, "float", "critical", "who")
    for item in now.items:
        task, depth = plan.tasks.get(item.id), 0
        while task is not None and task.parent is not None:  # summaries above that have a row of their own
            depth, task = depth + (task.parent in shown), plan.tasks.get(task.parent)
        yield (
            "  " * depth + item.id,
            str(item.start),
            str(item.finish),
            *(_beside(item, then.get(item.id)) if then is not None else ()),
            f"{_number(item.total_float_days)}d",
            "yes" if item.critical else "",
            _who(plan, item),
        )


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
    if schedule.beyond:
        names = ", ".join(sorted(schedule.beyond))
        lines.append(f"No dates for {names}: there is not enough working time until the year 2100.")
    if others := sorted(schedule.unsound - schedule.beyond):
        lines.append(f"Not scheduled: {', '.join(others)}: in a loop, or behind something without dates.")
    return ["", *lines] if lines else []


def _verdicts(now: Answer, varied: Answer | None) -> Iterator[str]:
    after = {one.path: one for one in (varied.context.deadlines or ())} if varied is not None else {}
    for deadline in now.deadlines:
        line = _line(deadline, now.odds(deadline))
        yield f"  {line}"
        then = after.get(deadline.path)
        if then is not None and varied is not None:
            changed = _line(then, varied.odds(then))
            yield f"    then: {changed}" if changed != line else "    then: the same"
        yield from (f"    {line}" for line in _why(deadline))


def _line(deadline: Deadline, odds: Odds | None) -> str:
    names = {"plan": "the plan", "must_finish": f"{deadline.item} (must finish)"}
    name = names.get(deadline.kind, deadline.item)
    said = f"{name}: due {deadline.date}, earliest finish {deadline.finish}: {deadline.verdict}"
    late = f", {plural(_number(deadline.late_days), 'working day')} late" if deadline.late_days else ""
    if odds is None or deadline.verdict == "infeasible":  # odds know nothing of people's hours
        return said + late
    return f"{said}{late}, chance {odds.percent:.0f} % (four times out of five by {odds.p80})"


def _why(deadline: Deadline) -> Iterator[str]:
    """Say why a deadline cannot hold, or is not known to, and what would help."""
    if deadline.verdict == "infeasible":
        yield _reason(deadline.certificate)
        if deadline.possible is not None:
            yield f"the earliest date that can be met is {deadline.possible}"
        for repair in deadline.repairs:
            option = f" (--what-if {visible(repair.what_if)})" if repair.what_if else ""
            yield f"it would fit: {visible(repair.text)}{option}"
    elif deadline.verdict == "undecided":
        lower, upper = deadline.certificate.get("lower"), deadline.certificate.get("upper")
        found = f", the earliest one found is {upper}" if upper else ", no schedule was found"
        step = f" ({visible(deadline.decided_by)})" if deadline.decided_by else ""
        yield f"a finish before {lower} is ruled out{found}{step}"


def _reason(certificate: Mapping[str, Any]) -> str:
    match certificate.get("kind"):
        case "chain":
            items = certificate["items"]
            take = "take" if len(items) > 1 else "takes"
            return f"{' → '.join(items)} alone {take} until {certificate['finish']}"
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
