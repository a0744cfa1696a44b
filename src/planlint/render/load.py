"""Work against capacity: what the computed dates ask of each person, week by week."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from planlint.model import MINUTES_A_DAY, Person, Plan
from planlint.render.report import Report, Snapshot
from planlint.schedule.calendar import FIRST_DAY, FULL, LAST_DAY, HorizonError, Worktime, calendars, instant
from planlint.schedule.result import Schedule

WEEKS = 8
BLOCKS = 5
_WEEK = timedelta(7)


class Cell(NamedTuple):
    """A person's week: all work over capacity in percent, None when away; hours here and in other plans."""

    percent: float | None
    here: float
    elsewhere: float
    capacity: float

    @property
    def over(self) -> bool:
        """Whether it is more than there is time for; a minute of rounding does not count."""
        return self.here + self.elsewhere > self.capacity * 1.005 + 0.02


def bar(percent: float) -> str:
    """Draw a share as five blocks."""
    full = max(0, min(BLOCKS, round(percent * BLOCKS / 100)))
    return "█" * full + "░" * (BLOCKS - full)


def working_days(plan: Plan, earlier: date, later: date) -> float:
    """Return the plan's working days from the end of one day to the end of another; negative backwards.

    Days beyond the years that calendars know all count.
    """
    worktime = calendars(plan).default
    try:
        minutes = worktime.between(instant(earlier) + MINUTES_A_DAY, instant(later) + MINUTES_A_DAY)
    except HorizonError:
        return float((later - earlier).days)
    return worktime.in_days(minutes)


def weeks_from(day: date) -> list[date]:
    """Return the Mondays of the weeks to show."""
    monday = day - timedelta(day.weekday())
    return [monday + n * _WEEK for n in range(WEEKS)]


def loads(plan: Plan, schedule: Schedule | None, since: date) -> dict[str, list[float]]:
    """Return each person's hours of planned work a week, from `since` on."""
    found: dict[str, list[float]] = {}
    if not FIRST_DAY + WEEKS * 7 < since.toordinal() < LAST_DAY - WEEKS * 7:
        return found
    worktimes, weeks = calendars(plan), weeks_from(since)
    for task in plan.leaves():
        dates = schedule.items.get(task.id) if schedule else None
        if dates is None or not task.open:
            continue
        for who, share in plan.assignments(task).items():
            hours = found.setdefault(who, [0.0] * WEEKS)
            for n, week in enumerate(weeks):
                start = max(dates.start_minute, instant(max(week, since)))
                finish = min(dates.finish_minute, instant(week + _WEEK))
                if start < finish:
                    hours[n] += _hours(worktimes.people({who: share}), start, finish)
    return found


def _hours(worktime: Worktime, begin: int, end: int) -> float:
    """Return the hours of work between two instants, none once a plan has used up the days it may ask for."""
    try:
        return worktime.between(begin, end) / FULL / 60
    except HorizonError:
        return 0.0


def cells(plan: Plan, who: str, since: date, here: Sequence[float], elsewhere: Sequence[float]) -> list[Cell]:
    """Compare a person's hours with their capacity in `plan`."""
    worktime, found = calendars(plan).person(who), []
    for week, mine, other in zip(weeks_from(since), here, elsewhere, strict=True):
        capacity = _hours(worktime, instant(max(week, since)), instant(week + _WEEK))
        percent = (mine + other) * 100 / capacity if capacity > 0 else None
        found.append(Cell(percent, mine, other, max(0.0, capacity)))
    return found


def table(report: Report, others: Iterable[Snapshot]) -> list[tuple[Person, list[Cell]]]:
    """Return the people who work on a plan in the weeks to come, with what the other plans want of them."""
    plan, since = report.plan, report.as_of
    mine = loads(plan, report.schedule, since)
    beside = [
        loads(s.plan, s.schedule, since)
        for s in others
        if s.plan.id != plan.id and mine.keys() & s.plan.people.keys()
    ]
    return [
        (person, cells(plan, person.id, since, mine[person.id], _together(beside, person.id)))
        for person in plan.people.values()
        if any(mine.get(person.id, ()))
    ]


def shared(reports: Sequence[Report], since: date) -> list[tuple[Person, list[Cell]]]:
    """Return the people whom several plans want, with the sum of their hours."""
    found = [(report.plan, loads(report.plan, report.schedule, since)) for report in reports]
    rows = []
    for who in dict.fromkeys(who for _, hours in found for who in hours):
        plans = [plan for plan, hours in found if who in hours and who in plan.people]
        if len(plans) > 1:
            sums = _together([hours for _, hours in found], who)
            rows.append((plans[0].people[who], cells(plans[0], who, since, sums, [0.0] * WEEKS)))
    return rows


def _together(loads: Sequence[Mapping[str, Sequence[float]]], who: str) -> list[float]:
    """Return the hours a week that several loads ask of a person."""
    return [sum(hours[who][n] for hours in loads if who in hours) for n in range(WEEKS)]
