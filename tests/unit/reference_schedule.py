"""A slow, second reading of `scheduling.md`, for the tests: every minute of the horizon stands in a list.

It shares no code with the implementation. Dates are found by trying: the first minute at which everything
asked for holds, the last minute at which nothing breaks. Nothing is ever inverted, no joins are used.
"""

from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from typing import Any, NamedTuple

DAY = 1440
DAYS = 260
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FULL = 10**6


class Row(NamedTuple):
    """What the reference says of one task or milestone."""

    start: date
    finish: date
    late_start: date
    late_finish: date
    total: float
    free: float
    critical: bool


class Clock:
    """Work done by each minute, counted minute by minute."""

    def __init__(self, base: date, profile: Any) -> None:
        """`profile(day)` gives [(first minute, last minute, rate)] of a day."""
        self.done = [0]
        for number in range(DAYS):
            rates = [0] * DAY
            for first, last, rate in profile(base + timedelta(days=number)):
                for minute in range(first, last):
                    rates[minute] += rate
            for rate in rates:
                self.done.append(self.done[-1] + rate)

    def worked(self, at: int) -> bool:
        return self.done[at + 1] > self.done[at]

    def next_worked(self, at: int) -> int:
        return bisect_right(self.done, self.done[at]) - 1 if not self.worked(at) else at

    def last_worked(self, at: int) -> int:
        return at if self.worked(at) else bisect_left(self.done, self.done[at]) - 1


class Calendars:
    """Clocks of a plan's calendars and people, day by day."""

    def __init__(self, plan: Any, base: date) -> None:
        self.plan, self.base = plan, base
        self.cache: dict[Any, Clock] = {}

    def hours(self, name: str | None) -> float:
        calendar = self.plan.calendars.get(name or "default")
        return 8.0 if calendar is None or calendar.hours_per_day is None else calendar.hours_per_day

    def block(self, name: str | None, day: date) -> list[tuple[int, int]]:
        calendar = self.plan.calendars.get(name or "default")
        workdays = WEEK[:5] if calendar is None or calendar.workdays is None else calendar.workdays
        worked = WEEK[day.weekday()] in workdays
        if calendar is not None:
            worked = (worked and day not in calendar.holidays) or day in calendar.workdays_extra
        length = int(self.hours(name) * 60)
        begin = 480 if 480 + length <= DAY else DAY - length
        return [(begin, begin + length)] if worked else []

    def calendar(self, name: str | None) -> Clock:
        if name not in self.cache:
            self.cache[name] = Clock(self.base, lambda day: [(*b, 1) for b in self.block(name, day)])
        return self.cache[name]

    def people(self, shares: dict[str, float]) -> Clock:
        key = tuple(sorted(shares.items()))
        if key not in self.cache:

            def profile(day: date) -> list[tuple[int, int, int]]:
                found = []
                for who, allocation in shares.items():
                    person = self.plan.people[who]
                    if any(off.start <= day <= off.finish for off in person.time_off):
                        continue
                    rate = round((person.availability - person.operations) * allocation * FULL / 10_000)
                    found += [(*b, max(0, rate)) for b in self.block(person.calendar, day)]
                return found if shares else [(*b, FULL) for b in self.block(None, day)]

            self.cache[key] = Clock(self.base, profile)
        return self.cache[key]


class Job:
    """A task or milestone: its work on its clock, and where it stands."""

    def __init__(self, ref: "Reference", item: Any) -> None:
        plan, calendars = ref.plan, ref.calendars
        self.id = item.id
        self.milestone = not hasattr(item, "effort")
        self.own_name = None if self.milestone or item.effort is not None else item.calendar
        self.own = self.clock = calendars.calendar(self.own_name)
        self.work, self.elapsed = 0, False
        self.started = self.resumes = self.finished = None
        self.not_before = ref.start
        if self.milestone:
            return
        hours = calendars.hours(None)
        if item.effort is not None:
            self.work = item.effort.minutes(hours) * FULL
            self.clock = calendars.people(plan.assignments(item)) if self.work else self.own
        elif item.duration is not None:
            self.elapsed = item.duration.elapsed
            own = plan.calendars.get(self.own_name or "default")
            week = 5 if own is None or own.workdays is None else len(own.workdays)
            self.work = item.duration.minutes(calendars.hours(self.own_name), week)
        summary = item.parent
        while summary is not None:
            if plan.tasks[summary].not_before is not None:
                self.not_before = max(self.not_before, ref.at(plan.tasks[summary].not_before))
            summary = plan.tasks[summary].parent
        if item.not_before is not None:
            self.not_before = max(self.not_before, ref.at(item.not_before))
        if plan.status_date is None:
            return
        status = ref.at(plan.status_date)
        if item.status == "done":
            self.started, self.finished = self.morning(ref, item.actual.start), self.evening(ref, item)
        elif item.actual.start is not None:
            self.started = self.morning(ref, item.actual.start)
            self.work = -(-self.work * (100 - int(item.progress or 0)) // 100)  # rounded up
            self.resumes = (self.clock if self.work else self.own).next_worked(max(status, self.started))
        else:
            self.not_before = max(self.not_before, status)

    def morning(self, ref: "Reference", day: date) -> int:
        midnight = ref.at(day)
        return next((m for m in range(midnight, midnight + DAY) if self.own.worked(m)), midnight)

    def evening(self, ref: "Reference", item: Any) -> int:
        midnight = ref.at(item.actual.finish)
        worked = [m for m in range(midnight, midnight + DAY) if self.own.worked(m)]
        return worked[-1] + 1 if worked else midnight + DAY

    def finish(self, start: int) -> int:
        if self.elapsed or not self.work:
            return start + self.work
        return bisect_left(self.clock.done, self.clock.done[start] + self.work)

    def used_up(self, finish: int, by: int) -> bool:
        """Whether its working time is used up no earlier than `by`."""
        if self.elapsed or not self.work:
            return finish >= by
        return self.clock.done[finish] >= self.clock.done[by]


class Reference:
    """One plan, computed."""

    def __init__(self, plan: Any, calendars: Calendars | None = None) -> None:
        self.plan = plan
        begin = plan.start or plan.status_date
        self.base = calendars.base if calendars else begin - timedelta(days=80)
        self.calendars = calendars or Calendars(plan, self.base)
        self.calendars.plan = plan
        self.default = self.calendars.calendar(None)
        self.start = self.at(begin)
        cancelled: set[str] = set()
        for task in plan.tasks.values():
            if task.status == "cancelled" or task.parent in cancelled:
                cancelled.add(task.id)
        leaves = [t for t in plan.tasks.values() if not t.children and t.id not in cancelled]
        self.jobs = {t.id: Job(self, t) for t in leaves}
        self.jobs |= {m.id: Job(self, m) for m in plan.milestones.values() if m.status != "cancelled"}
        self.asks = {name: self.dependencies(name) for name in self.jobs}
        self.early: dict[str, tuple[int, int]] = {}
        self.by_end: dict[str, bool] = {}
        while len(self.early) < len(self.jobs):
            for name in self.jobs:
                if name not in self.early and all(
                    leaf in self.early for leaves, *_ in self.asks[name] for leaf in leaves
                ):
                    self.place(name)
        # A dependency on a summary's start is one on its earliest task from here on.
        self.edges = [
            (leaf, name, type_, lag, elapsed)
            for name, asks in self.asks.items()
            for leaves, type_, lag, elapsed in asks
            for leaf in (leaves if type_[0] == "F" else [min(leaves, key=lambda leaf: self.early[leaf][0])])
        ]

    def at(self, day: date) -> int:
        return (day - self.base).days * DAY

    def leaves(self, name: str) -> list[str]:
        if name in self.jobs:
            return [name]
        task = self.plan.tasks.get(name)
        inside = {leaf for child in task.children for leaf in self.leaves(child)} if task else set()
        return [leaf for leaf in self.plan.tasks if leaf in inside]

    def dependencies(self, name: str) -> list[tuple[list[str], str, int, bool]]:
        found = []
        item = self.plan.tasks.get(name) or self.plan.milestones[name]
        while item is not None:
            for dependency in item.depends_on:
                leaves, lag = self.leaves(dependency.predecessor), dependency.lag
                minutes, elapsed = 0, False
                if lag is not None:
                    per_day = DAY if lag.elapsed else self.calendars.hours(None) * 60
                    minutes = int(lag.amount * (60 if lag.unit == "h" else per_day))
                    elapsed = lag.elapsed
                if leaves:
                    found.append((leaves, dependency.type, minutes, elapsed))
            item = self.plan.tasks.get(item.parent) if getattr(item, "parent", None) else None
        return found

    def passed(self, at: int, lag: int, no_earlier: int, *, elapsed: bool) -> int:
        done = self.default.done
        if not lag:
            return at
        if lag > 0:
            return at + lag if elapsed else bisect_left(done, done[at] + lag)
        back = at + lag if elapsed else bisect_right(done, done[at] + lag) - 1
        return max(back, min(at, no_earlier))

    def place(self, name: str) -> None:
        job = self.jobs[name]
        if job.started is not None:
            finish = job.finish(job.resumes or 0) if job.finished is None else job.finished
            self.early[name] = job.started, finish
            return
        starts, finishes = [(0, False)], [(0, False)]
        for leaves, type_, lag, elapsed in self.asks[name]:
            side = type_[0] == "F"
            at = (max if side else min)(self.early[leaf][side] for leaf in leaves)
            at = self.passed(at, lag, self.start, elapsed=elapsed)
            (starts if type_[1] == "S" else finishes).append((at, lag > 0 or (side and lag == 0)))
        lower, upper = max(starts)[0], max(finishes)[0]
        if not job.work:
            at, by_end = max(*starts, *finishes)
            if not (job.milestone and self.asks[name]):
                first = job.own.next_worked(job.not_before)
                at, by_end = (first, False) if first > at else (at, by_end)
            self.early[name], self.by_end[name] = (at, at), by_end
            return
        low, high = job.clock.next_worked(max(lower, job.not_before)), DAYS * DAY - 80 * DAY
        if not job.used_up(job.finish(low), upper):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if job.used_up(job.finish(middle), upper) else (middle, high)
            low = job.clock.next_worked(high)
        self.early[name] = low, job.finish(low)

    def kept(self, edge: Any, start: int, finish: int, dates: Any) -> bool:
        """Whether the successor of `edge` keeps its dates when the predecessor has this start and finish."""
        _, name, type_, lag, elapsed = edge
        at = self.passed(finish if type_[0] == "F" else start, lag, 0, elapsed=elapsed)
        if type_[1] == "S":
            return bool(at <= dates[name][0])
        job = self.jobs[name]
        if job.elapsed or not job.work:
            return bool(at <= dates[name][1])
        return bool(job.clock.done[at] <= job.clock.done[dates[name][1]])

    def latest(self, name: str, edges: list[Any], dates: Any, end: int | None) -> tuple[int, int]:
        """The last minute from which the job breaks none of `edges` and ends by `end`."""
        job = self.jobs[name]
        over = job.finished is not None
        if job.started is not None:
            edges = [edge for edge in edges if edge[2][0] == "F"]

        def holds(start: int) -> bool:
            finish = start if over else job.finish(start)
            return all(self.kept(edge, start, finish, dates) for edge in edges) and (
                end is None or finish <= end
            )

        low, high = 0, DAYS * DAY - 60 * DAY
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if holds(middle) else (low, middle)
        if job.work and not over:
            low = job.clock.last_worked(low)
        return low, low if over else job.finish(low)

    def backward(self, end: int) -> dict[str, tuple[int, int]]:
        late: dict[str, tuple[int, int]] = {}
        while len(late) < len(self.jobs):
            for name in self.jobs:
                edges = [edge for edge in self.edges if edge[0] == name]
                if name not in late and all(edge[1] in late for edge in edges):
                    open_edges = [edge for edge in edges if self.jobs[edge[1]].started is None]
                    late[name] = self.latest(name, open_edges, late, end)
        return late

    def slack(self, name: str, limit: tuple[int, int]) -> int:
        job, (start, finish) = self.jobs[name], self.early[name]
        done = job.own.done
        by_finish = done[limit[1]] - done[finish]
        return by_finish if job.started is not None else min(by_finish, done[limit[0]] - done[start])

    def rows(self) -> dict[str, Row]:
        end = max(finish for _, finish in self.early.values())
        late = self.backward(self.at(self.plan.deadline) + DAY if self.plan.deadline else end)
        latest = self.backward(end)
        rows = {}
        for name, job in self.jobs.items():
            edges = [edge for edge in self.edges if edge[0] == name]
            binding = [e for e in edges if job.started is None or e[2][0] == "F"]
            free = self.latest(name, edges, self.early, None if binding else end)
            hours = self.calendars.hours(job.own_name) * 60
            total = self.slack(name, late[name])
            critical = job.finished is None and self.slack(name, latest[name]) <= 0
            days = self.days(name, self.early[name])
            late_days = days if total == 0 else self.late_days(name, late[name])
            rows[name] = Row(
                *days,
                *late_days,
                round(total / hours, 2),
                max(0.0, round(self.slack(name, free) / hours, 2)),
                critical,
            )
        return rows

    def day(self, minute: int) -> date:
        return self.base + timedelta(days=minute // DAY)

    def days(self, name: str, span: tuple[int, int]) -> tuple[date, date]:
        job, (start, finish) = self.jobs[name], span
        if not job.work and job.finished is None:
            if job.started is None:
                start = finish = start - 1 if self.by_end[name] else start
            return self.day(start), self.day(finish)
        return self.day(start), self.day(finish - 1)

    def late_days(self, name: str, span: tuple[int, int]) -> tuple[date, date]:
        job, (start, finish) = self.jobs[name], span
        done = job.own.done
        if job.work and job.finished is None:
            return self.day(self.early[name][0] if job.started is not None else start), self.day(finish - 1)
        if job.started is not None:
            last = job.own.last_worked(finish - 1) + 1
            first = self.early[name][0]
            if job.finished is not None:
                length = done[job.finished] - done[job.started]
                first = bisect_right(done, done[last] - length) - 1 if length else last
            return self.day(first), self.day(last - 1)
        at = job.own.last_worked(finish - 1) if self.by_end[name] else job.own.last_worked(finish)
        return self.day(at), self.day(at)
