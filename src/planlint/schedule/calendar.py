"""Working time: which minutes a calendar, a person or a group of people works, and arithmetic on them.

Instants are minutes since 0001-01-01 00:00 on the clock, `date.toordinal() * 1440 + minute of the day`.
A stretch of work is found by bisection in prefix sums over the working blocks, so that no operation walks
through days and a year costs the same as an afternoon.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import accumulate

from msgspec import Struct

from planlint.diagnostics import Finding, Place
from planlint.errors import PlanlintError
from planlint.model import MINUTES_A_DAY, WEEKDAYS, Calendar, Duration, Estimate, Period, Plan

FULL = 1_000_000
"""Units of work that one person at full capacity does in a minute: whole numbers keep sums exact."""

FIRST_DAY = date(1950, 1, 1).toordinal()
LAST_DAY = date(2100, 12, 31).toordinal()
"""The horizon: plans need no dates outside it, and calendars that never work end there."""

_MORNING = 8 * 60
_YEAR = 366
_STRETCH = 128

Segment = tuple[int, int, int]
"""An unbroken stretch of work: first instant, last instant (exclusive), units a minute."""


class HorizonError(PlanlintError):
    """The working time asked for does not exist between `FIRST_DAY` and `LAST_DAY`."""

    def __init__(self) -> None:
        """Say which years planlint knows."""
        first, last = date.fromordinal(FIRST_DAY).year, date.fromordinal(LAST_DAY).year
        super().__init__(f"there is not enough working time between the years {first} and {last}")


def instant(day: date) -> int:
    """Return the first instant of `day`."""
    return day.toordinal() * MINUTES_A_DAY


def start_day(at: int) -> date:
    """Return the day of an instant at which something starts: midnight belongs to the day it begins."""
    return date.fromordinal(at // MINUTES_A_DAY)


def finish_day(at: int) -> date:
    """Return the day of an instant at which something finishes: midnight belongs to the day it ends."""
    return date.fromordinal((at - 1) // MINUTES_A_DAY)


class PublicHolidays:
    """The public holidays of one country or subdivision, looked up year by year."""

    def __init__(self, country: str, subdivision: str | None) -> None:
        """Remember the place; `known` is False when the library does not have it."""
        import holidays  # noqa: PLC0415  (slow to load, and most plans name no country)

        subdivisions = holidays.list_supported_countries().get(country)
        self.known_country = subdivisions is not None
        self.known = subdivisions is not None and (subdivision is None or subdivision in subdivisions)
        self._table = holidays.country_holidays(country, subdiv=subdivision) if self.known else None
        self._years: dict[int, list[int]] = {}

    def between(self, first: int, last: int) -> Iterable[int]:
        """Yield the ordinals of the holidays in the years from the day `first` to the day `last`."""
        if self._table is None:
            return
        for year in range(date.fromordinal(first).year, date.fromordinal(last).year + 1):
            if year not in self._years:
                found = self._table[date(year, 1, 1) : date(year, 12, 31)]
                self._years[year] = [day.toordinal() for day in found]
            yield from self._years[year]


class Budget(Struct):
    """How many days the worktimes of one plan may compute in all, whatever stands in it."""

    left: int = 3_000_000

    def spend(self, days: int) -> None:
        """Take `days`, or refuse to go on."""
        if days > self.left:
            raise HorizonError
        self.left -= days


class WorkingDays:
    """A calendar with its inheritance resolved: which days are worked, and the block worked on them.

    `length` is in minutes; `weekdays` count from Monday = 0; `off` and `extra` are day ordinals, and
    `extra` wins. The block starts at 08:00, or so much earlier that it ends at midnight.
    """

    def __init__(
        self,
        weekdays: frozenset[int],
        length: int,
        *,
        off: Iterable[int] = (),
        extra: Iterable[int] = (),
        public: PublicHolidays | None = None,
    ) -> None:
        """Compute nothing yet."""
        self.weekdays = weekdays
        self.length = length
        self._extra = frozenset(extra)
        self._off = frozenset(off)
        self._public = public
        self._first, self._last = LAST_DAY, FIRST_DAY  # nothing yet: no day is between
        self._starts: list[int] = []
        self._ends: list[int] = []

    @property
    def idle(self) -> bool:
        """Whether no day is ever worked."""
        return not self.length or not (self.weekdays or self._extra)

    def blocks(self, first: int, last: int) -> tuple[list[int], list[int]]:
        """Return the instants at which the blocks from the day `first` to the day `last` start and end.

        The numbers are the same objects for all who ask: many people work on one calendar, for decades.
        """
        if first < self._first or last > self._last:
            self._first, self._last = min(first, self._first), max(last, self._last)
            self._starts = self._computed(self._first, self._last)
            self._ends = [start + self.length for start in self._starts]
        begin = bisect_left(self._starts, first * MINUTES_A_DAY)
        end = bisect_left(self._starts, (last + 1) * MINUTES_A_DAY)
        return self._starts[begin:end], self._ends[begin:end]

    def _computed(self, first: int, last: int) -> list[int]:
        off, extra = self._off, self._extra
        if self._public is not None:
            off = off.union(self._public.between(first, last))
        off -= extra
        worked = [(day + 6) % 7 in self.weekdays for day in range(7)]  # ordinal 1 was a Monday
        begin = min(_MORNING, MINUTES_A_DAY - self.length)
        return [
            day * MINUTES_A_DAY + begin
            for day in range(first, last + 1)
            if (worked[day % 7] or day in extra) and day not in off
        ]


class Shift(Struct, frozen=True, eq=False):
    """Somebody's or a plan's contribution to a worktime: `rate` units a minute on `days`, less `absent`."""

    days: WorkingDays
    rate: int = 1
    absent: tuple[Period, ...] = ()

    def blocks(self, first: int, last: int) -> tuple[list[int], list[int]]:
        """Return the instants at which the blocks from the day `first` to the day `last` start and end."""
        starts, ends = self.days.blocks(first, last)
        for period in self.absent:
            begin, end = instant(period.start), instant(period.finish) + MINUTES_A_DAY
            if begin < end:
                before, after = bisect_left(starts, begin), bisect_left(starts, end)
                del starts[before:after], ends[before:after]
        return starts, ends


def _merged(shifts: Iterable[Shift], first: int, last: int) -> list[Segment]:
    """Sum the work of several shifts, who may start and end at different minutes of a day."""
    change: dict[int, int] = {}
    for shift in shifts:
        rate = shift.rate
        for start, end in zip(*shift.blocks(first, last), strict=True):
            change[start] = change.get(start, 0) + rate
            change[end] = change.get(end, 0) - rate
    times = sorted(change)
    rates = accumulate(change[time] for time in times)
    spans = zip(times, times[1:], rates, strict=False)  # nothing is worked after the last change
    return [(begin, end, rate) for begin, end, rate in spans if rate]


class Worktime:
    """A timeline of working minutes: of a calendar, whose work counts in minutes, or of people.

    A person's work counts in minutes times `FULL`: a day of eight hours at 50 % is 240 * FULL.
    All operations take O(log n) in the days seen so far. They raise `HorizonError` where a calendar has
    no (more) working time between `FIRST_DAY` and `LAST_DAY`.
    """

    def __init__(
        self,
        shifts: tuple[Shift, ...],
        *,
        hours: float = 8,
        days: int = 5,
        budget: Budget | None = None,
    ) -> None:
        """Sum `shifts`; `hours` a day and `days` a week are what `d` and `w` mean here."""
        self._budget = budget or Budget()
        self.hours_per_day = hours
        self.days_per_week = days
        self.shifts = tuple(shift for shift in shifts if shift.rate > 0 and not shift.days.idle)
        self._first = self._last = 0  # days; nothing is computed before the first question
        self._low = self._high = 0  # the same as instants
        self._begin: list[int] = []
        self._end: list[int] = []
        self._rate: list[int] = []
        self._done: Sequence[int] = [0]  # work before each segment, and after the last

    def minutes(self, length: Duration | Estimate) -> int:
        """Return a duration's minutes: `d` and `w` as in this calendar, rounded up to a whole minute."""
        estimate = Estimate(length) if isinstance(length, Duration) else length
        return estimate.minutes(self.hours_per_day, self.days_per_week)

    def in_days(self, minutes: float) -> float:
        """Return working minutes in this calendar's days, rounded to two decimals."""
        days = minutes / (self.hours_per_day * 60) if self.hours_per_day else 0.0
        return round(days, 2) + 0.0  # no negative zero

    def forward(self, at: int, work: int) -> int:
        """Return the earliest instant at which `work` has been done since `at`."""
        if work <= 0:
            return at
        goal = self._position(at) + work
        while goal > self._done[-1]:
            self._cover(self._high)
        i = bisect_left(self._done, goal) - 1
        return self._begin[i] - (self._done[i] - goal) // self._rate[i]  # rounded up

    def backward(self, at: int, work: int) -> int:
        """Return the latest instant from which `work` can be done until `at`."""
        if work <= 0:
            return at
        while (goal := self._position(at) - work) < 0:
            self._cover(self._low - 1)
        i = bisect_right(self._done, goal) - 1
        return self._begin[i] + (goal - self._done[i]) // self._rate[i]

    def between(self, start: int, finish: int) -> int:
        """Return the work that can be done from `start` to `finish`; negative when they are reversed."""
        before = self._position(start)
        computed = self._first
        after = self._position(finish)
        return after - (before if self._first == computed else self._position(start))

    def start_at(self, at: int) -> int:
        """Return the first instant at or after `at` whose minute is worked."""
        if not self._low <= at < self._high:
            self._cover(at)
        while (i := bisect_right(self._end, at)) == len(self._begin):
            self._cover(self._high)
        return max(at, self._begin[i])

    def finish_at(self, at: int) -> int:
        """Return the last instant at or before `at` at which a worked minute ends."""
        if not self._low <= at < self._high:
            self._cover(at)
        while not (i := bisect_left(self._begin, at)):
            self._cover(self._low - 1)
        return min(at, self._end[i - 1])

    def last_start_at(self, at: int) -> int:
        """Return the last instant at or before `at` whose minute is worked."""
        if not self._low <= at < self._high:
            self._cover(at)
        while not (i := bisect_right(self._begin, at)):
            self._cover(self._low - 1)
        return min(at, self._end[i - 1] - 1)

    def segments(self, start: int, finish: int) -> list[Segment]:
        """Return the stretches of work from `start` to `finish`, cut at both ends."""
        self._position(start)
        self._position(finish)
        first, last = bisect_right(self._end, start), bisect_left(self._begin, finish)
        rows = zip(self._begin[first:last], self._end[first:last], self._rate[first:last], strict=True)
        return [(max(begin, start), min(end, finish), rate) for begin, end, rate in rows]

    def _position(self, at: int) -> int:
        """Return the work from the first day seen until `at`; not to be kept, since growing moves it."""
        if not self._low <= at < self._high:
            self._cover(at)
        i = bisect_right(self._begin, at) - 1
        if i < 0:
            return 0
        end = self._end[i]
        return self._done[i] + self._rate[i] * ((at if at < end else end) - self._begin[i])  # noqa: FURB136 - hot

    def _cover(self, at: int) -> None:
        """Compute the days up to that of `at` and more beyond it: those next to the known ones, to go on."""
        day = at // MINUTES_A_DAY
        if not FIRST_DAY <= day <= LAST_DAY:
            raise HorizonError
        if not self.shifts:
            self._compute(FIRST_DAY, LAST_DAY)  # nothing, at no cost
        elif not self._high:
            self._compute(day, day + 2 * _STRETCH)
        else:
            more = max(_YEAR, self._last - self._first)  # at least doubled: days are computed anew
            first = self._first if day >= self._first else day - more
            self._compute(first, self._last if day <= self._last else day + more)

    def _compute(self, first: int, last: int) -> None:
        # Whole stretches, so that the people on one calendar ask it for the same days.
        first = max(first // _STRETCH * _STRETCH, FIRST_DAY)
        last = min((last // _STRETCH + 1) * _STRETCH - 1, LAST_DAY)
        known = self._last - self._first if self._high else 0
        self._budget.spend((last - first - known) * len(self.shifts))
        self._first, self._last = first, last
        self._low, self._high = first * MINUTES_A_DAY, (last + 1) * MINUTES_A_DAY
        if len(self.shifts) == 1:  # every block holds the same work
            (shift,) = self.shifts
            rate = shift.rate
            self._begin, self._end = shift.blocks(first, last)
            self._rate = [rate] * len(self._begin)
            block = shift.days.length * rate
            self._done = range(0, len(self._begin) * block + 1, block)
            return
        segments = _merged(self.shifts, first, last)
        self._begin = [begin for begin, _, _ in segments]
        self._end = [end for _, end, _ in segments]
        self._rate = [rate for _, _, rate in segments]
        self._done = list(accumulate([(end - begin) * rate for begin, end, rate in segments], initial=0))


class Calendars:
    """All worktimes of a plan, each built once, when somebody asks.

    An unknown calendar or person counts as the plan's calendar: the builder reports the reference.
    """

    def __init__(self, plan: Plan) -> None:
        """Take the calendars and people of `plan`."""
        self._plan = plan
        self._days: dict[str, WorkingDays] = {}
        self._calendars: dict[str, Worktime] = {}
        self._people: dict[frozenset[tuple[str, float]], Worktime] = {}
        self._calendar_budget, self._people_budget = Budget(), Budget()

    @property
    def default(self) -> Worktime:
        """The plan's own calendar."""
        return self.calendar(None)

    def calendar(self, name: str | None) -> Worktime:
        """Return the worktime of a calendar in minutes; None and unknown names mean the plan's."""
        known = name if name is not None and name in self._plan.calendars else "default"
        if known not in self._calendars:
            days = self.working_days(known)
            self._calendars[known] = Worktime(
                (Shift(days),), hours=days.length / 60, days=len(days.weekdays), budget=self._calendar_budget
            )
        return self._calendars[known]

    def person(self, who: str) -> Worktime:
        """Return all that a person can give to plans, in units of `FULL` a minute."""
        return self.people({who: 100.0})

    def people(self, shares: Mapping[str, float]) -> Worktime:
        """Return what people give at these allocations (person → percent points), in units of `FULL`.

        Nobody at all stands for one full-time person on the plan's calendar.
        """
        key = frozenset(shares.items())
        if key not in self._people:
            default = self.default
            shifts = tuple(self._shift(who, share) for who, share in sorted(shares.items()))
            self._people[key] = Worktime(
                shifts or (Shift(self.working_days("default"), FULL),),
                hours=default.hours_per_day,
                days=default.days_per_week,
                budget=self._people_budget,
            )
        return self._people[key]

    def findings(self) -> tuple[Finding, ...]:
        """Return a finding for every calendar whose country or subdivision has no known holidays."""
        found = []
        for name, calendar in self._plan.calendars.items():
            if calendar.country is None:
                continue
            public = _holidays(calendar.country, calendar.subdivision)
            if public.known:
                continue
            if public.known_country:
                key = "subdivision"
                reason = f"{calendar.country} has no subdivision '{calendar.subdivision}'"
            else:
                key, reason = "country", f"no public holidays are known for country '{calendar.country}'"
            place = Place(("calendars", name, key))
            hint = "give its ISO 3166 code, or list the days under 'holidays'"
            found.append(Finding(place, {"reason": f"{reason}; {hint}"}, rule="invalid-value"))
        return tuple(found)

    def _shift(self, who: str, allocation: float) -> Shift:
        person = self._plan.people.get(who)
        if person is None:
            return Shift(self.working_days("default"), round(allocation * FULL / 100))
        rate = round(person.share * allocation * (FULL / 10_000))
        return Shift(self.working_days(person.calendar), rate, person.time_off)

    def working_days(self, name: str | None) -> WorkingDays:
        """Return a calendar with everything it is `based_on`; None and unknown names mean the plan's."""
        known = name if name is not None and name in self._plan.calendars else "default"
        if known not in self._days:
            self._days[known] = self._resolved(known)
        return self._days[known]

    def _resolved(self, name: str) -> WorkingDays:
        chain: list[Calendar] = []  # from the base to the calendar itself, each one once
        following = self._plan.calendars.get(name)
        while following is not None and following not in chain:
            chain.insert(0, following)
            following = self._plan.calendars.get(following.based_on or "")
        weekdays, hours = frozenset(WEEKDAYS[:5]), 8.0
        country = subdivision = None
        off, extra = set[int](), set[int]()
        for calendar in chain:
            if calendar.workdays is not None:
                weekdays = frozenset(calendar.workdays)
            if calendar.hours_per_day is not None:
                hours = calendar.hours_per_day
            if calendar.country is not None:
                country, subdivision = calendar.country, None
            if calendar.subdivision is not None:
                subdivision = calendar.subdivision
            off.update(day.toordinal() for day in calendar.holidays)
            extra.update(day.toordinal() for day in calendar.workdays_extra)
        return _working_days(
            frozenset(number for number, day in enumerate(WEEKDAYS) if day in weekdays),
            max(0, min(MINUTES_A_DAY, round(hours * 60))),
            off=frozenset(off),
            extra=frozenset(extra),
            public=_holidays(country, subdivision) if country is not None else None,
        )


# Plans of one company work on the same days: what does not depend on a plan is computed once a run.
_working_days = lru_cache(maxsize=64)(WorkingDays)
_holidays = lru_cache(maxsize=64)(PublicHolidays)
_recent: list[tuple[Plan, Calendars]] = []


def calendars(plan: Plan) -> Calendars:
    """Return the calendars of `plan`; the same object for the same plan while it is in use."""
    for known, found in _recent:
        if known is plan:
            return found
    made = Calendars(plan)
    _recent.insert(0, (plan, made))
    del _recent[8:]  # a run works on one plan and its variants at a time
    return made
