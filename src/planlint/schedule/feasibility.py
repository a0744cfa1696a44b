"""Can the dates hold: one verdict, with a certificate, for every deadline of a plan.

Each deadline is judged alone, with `must_start` and `must_finish` always in force. Only what it waits for
matters to it, so its problem is that part of the plan; a schedule that keeps it is then completed with
everything else. One good schedule often proves many deadlines, and is tried on all of them first.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from msgspec import structs

from planlint.model import MINUTES_A_DAY
from planlint.schedule import solver
from planlint.schedule.bounds import Reasoning
from planlint.schedule.calendar import HorizonError, finish_day, instant
from planlint.schedule.deadlines import Target, targets
from planlint.schedule.formulate import Formulation, due, formulate
from planlint.schedule.generation import Budget, Dates, improve, lateness, parallel, serial
from planlint.schedule.network import Network
from planlint.schedule.problem import FOREVER, Problem, ancestors, heads, part, tails
from planlint.schedule.proof import chain, core, named, window
from planlint.schedule.result import Deadline, Schedule, Verdict
from planlint.schedule.search import Answer, Limits, settle

MOST = 600
"""Activities up to which a deadline gets all the steps; a larger problem gets the cheap ones."""

Spans = tuple[tuple[int, int], ...]
"""Start and finish of every activity, as instants."""


def decide(
    schedule: Schedule,
    network: Network,
    *,
    limits: Limits | None = None,
    explain: bool = True,
) -> tuple[Deadline, ...]:
    """Return a verdict for every deadline of a plan.

    Args:
        schedule: The plan's critical-path schedule.
        network: The network that it came from, less what has no dates.
        limits: How far to go for each deadline; nothing depends on the speed of the machine.
        explain: Whether to look for the smallest cause and the earliest possible date of what cannot be
            met by capacity; without it certificates of that kind may name more than needed.
    """
    judge = _Judge(formulate(network), schedule, limits or Limits(), explain=explain)
    return tuple(judge.deadline(question) for question in targets(network))


def verdict(network: Network, schedule: Schedule, deadline: Deadline, limits: Limits) -> Verdict:
    """Return the verdict on one deadline again, in a changed plan: `undecided` when it is no longer there."""
    formulation = formulate(network)
    judge = _Judge(formulation, schedule, limits, explain=False)
    for question in targets(network):
        if (question.kind, question.item) == (deadline.kind, deadline.item):
            return judge.verdict(question)
    return "undecided"


class _Judge:
    """What the deadlines of one plan share: the problem, and schedules found so far."""

    def __init__(
        self, formulation: Formulation, schedule: Schedule, limits: Limits, *, explain: bool
    ) -> None:
        self.formulation = formulation
        self.schedule = schedule
        self.limits = limits
        self.explain = explain
        self.problem = formulation.problem
        self.starts, self.finishes = heads(self.problem)
        self.free = formulation.free
        self.early = heads(self.free)
        nodes = formulation.network.nodes
        self.real = [nodes[a.id].real for a in self.problem.activities]
        self.known: list[Spans] = []
        self.shown: dict[int, tuple[Mapping[str, object], Mapping[str, tuple[int, int]]]] = {}
        self.begun = False
        self.hard = 0

    def positions(self, question: Target) -> list[int]:
        """Return the activities that a deadline is for."""
        return sorted(self.formulation.place[name] for name in question.names)

    def deadline(self, question: Target) -> Deadline:
        """Return the verdict on one deadline."""
        early = max(
            (self.schedule.items[name].finish for name in question.names if name in self.schedule.items),
            default=question.day,
        )
        blank = Deadline(
            item=question.item,
            kind=question.kind,
            path=question.path,
            date=question.day,
            finish=early,
            verdict="undecided",
            certificate={"kind": "bounds", "lower": early.isoformat(), "upper": None},
        )
        if question.partial:
            return structs.replace(blank, decided_by="some of what it waits for has no dates")
        try:
            return self._judged(question, blank)
        except HorizonError as error:
            return structs.replace(blank, decided_by=str(error))

    def verdict(self, question: Target) -> Verdict:
        """Return the verdict on one deadline without its certificate."""
        try:
            if question.partial:
                return "undecided"
            if self._chain(question) is not None:
                return "infeasible"
            if self._known(question) is not None:
                return "feasible"
            feasible = self._settle(self.ask(question, question.day)[0]).feasible
        except HorizonError:
            return "undecided"
        return "undecided" if feasible is None else "feasible" if feasible else "infeasible"

    def _judged(self, question: Target, blank: Deadline) -> Deadline:
        late = self._chain(question)
        if late is not None:
            return self._late(question, blank, late)
        known = self._known(question)
        if known is not None:
            return self._feasible(blank, known, "generation")
        sub, kept = self.ask(question, question.day)
        answer = self._settle(sub)
        if answer.feasible:
            spans = self._complete(sub, kept, answer)
            if spans is not None:
                self.known.append(spans)
                return self._feasible(blank, spans, answer.step)
        if answer.feasible is False:
            return self._infeasible(question, blank, sub, kept, answer)
        return self._open(question, blank)

    def _chain(self, question: Target) -> tuple[list[int], int] | None:
        return chain(self.free, self.early, self.positions(question), question.until, self.real)

    def _known(self, question: Target) -> Spans | None:
        """Return a schedule found earlier that keeps this deadline; the first time, generate one."""
        if not self.begun:
            self.begun = True
            lst, lft = tails(self._all_due())
            end = max(self.finishes, default=0)
            rank = [float(min(at, end)) for at in lst]
            for scheme in (serial, parallel):
                dates = scheme(self.problem, rank)
                spans = self._spans(dates)
                if dates is not None and spans is not None and lateness(self.problem, dates) <= 0:
                    self.known.append(spans)
                    if all(f <= at for f, at in zip(dates.finishes, lft, strict=True)):
                        break  # nothing is late, so another one is not needed
        for spans in self.known:
            if all(spans[i][1] <= question.until for i in self.positions(question)):
                return spans
        return None

    def _all_due(self) -> Problem:
        wanted: dict[int, int] = {}
        for q in targets(self.formulation.network):
            for i in self.positions(q):
                wanted[i] = min(wanted.get(i, FOREVER), self.formulation.tick(q.until))
        return due(self.problem, wanted)

    def _spans(self, dates: Dates | None) -> Spans | None:
        """Return the instants of a schedule, None when it goes on where nobody knows who is there."""
        if dates is None:
            return None
        spans = self.formulation.spans(dates.starts, dates.finishes)
        return spans if all(finish <= self.formulation.horizon for _, finish in spans) else None

    def ask(self, question: Target, day: date, *, minutes: bool = False) -> tuple[Problem, list[int]]:
        """Return the problem of one deadline, moved to `day`, and the positions of its activities.

        In `minutes` it comes without `must_start` and `must_finish`, as proofs by window need it.
        """
        form = self.formulation
        problem = self.free if minutes else form.problem
        if question.kind == "must_finish" and day != question.day:
            problem = without_must(problem, self.positions(question))
        kept = sorted(ancestors(problem, {*self.positions(question), *form.must}))
        until = instant(day) + MINUTES_A_DAY
        limit = until if minutes else form.tick(until)
        bounded = due(problem, dict.fromkeys(self.positions(question), limit))
        return part(bounded, kept), kept

    def _settle(self, problem: Problem, limits: Limits | None = None) -> Answer:
        limits = limits or self.limits
        if len(self.problem.activities) > MOST:
            limits = Limits(generation=1, reasoning=2 * len(problem.activities), solver=0)
        share = structs.replace(limits, solver=limits.solver / (1 + self.hard))
        answer = settle(problem, share)
        self.hard += answer.step in {"solver", ""}  # a plan with many hard deadlines takes no longer for it
        return answer

    def _complete(self, sub: Problem, kept: list[int], answer: Answer) -> Spans | None:
        """Place everything else around a schedule of what the deadline waits for."""
        dates = answer.dates
        if dates is None:
            return None
        left = serial(sub, [float(at) for at in dates.starts])
        if left is not None and lateness(sub, left) <= 0:
            dates = left
        placed = {i: (dates.starts[n], dates.finishes[n]) for n, i in enumerate(kept)}
        whole = serial(self.problem, [float(at) for at in self.starts], placed)
        return self._spans(whole)

    def _feasible(self, blank: Deadline, spans: Spans, step: str) -> Deadline:
        if id(spans) not in self.shown:
            network, place = self.formulation.network, self.formulation.place
            names = [name for name in (*network.plan.tasks, *network.plan.milestones) if name in place]
            instants = {name: spans[place[name]] for name in names}
            tasks = {}
            for name, span in instants.items():
                start, finish = self.formulation.days(place[name], span)
                tasks[name] = {"start": start.isoformat(), "finish": finish.isoformat()}
            self.shown[id(spans)] = {"kind": "schedule", "tasks": tasks}, instants
        certificate, witness = self.shown[id(spans)]
        return structs.replace(
            blank,
            verdict="feasible",
            certificate=certificate,
            witness=witness,
            possible=blank.date,
            decided_by=step,
        )

    def _late(self, question: Target, blank: Deadline, late: tuple[list[int], int]) -> Deadline:
        positions, end = late
        nodes = self.formulation.network.nodes
        names = [self.problem.activities[i].id for i in positions]
        items = [name for name in names if nodes[name].real]
        finish = finish_day(end)
        return self._dated(
            question,
            structs.replace(
                blank,
                verdict="infeasible",
                certificate={"kind": "chain", "items": items, "finish": finish.isoformat()},
                decided_by="logic",
            ),
        )

    def _infeasible(
        self, question: Target, blank: Deadline, sub: Problem, kept: list[int], answer: Answer
    ) -> Deadline:
        form = self.formulation
        plain, _ = self.ask(question, question.day, minutes=True)
        full = window(form, plain)
        step = answer.step
        if full is not None:
            certificate, step = full, "energy"
        else:
            real = [self.real[i] for i in kept]
            certificate = named(sub, core(sub, real, self.limits if self.explain else _HASTY))
        found = structs.replace(blank, verdict="infeasible", certificate=certificate, decided_by=step)
        return self._dated(question, found)

    def _dated(self, question: Target, found: Deadline) -> Deadline:
        """Add the earliest date that can be met, and by how many working days the deadline misses it."""
        possible = self.earliest(question)
        default = self.formulation.network.calendars.default
        until = instant(possible or found.finish) + MINUTES_A_DAY
        late = default.in_days(max(0, default.between(question.until, until)))
        return structs.replace(found, possible=possible, late_days=late)

    def earliest(self, question: Target) -> date | None:
        """Return the earliest day that a schedule was found for: bisection over days, each one solved."""
        form = self.formulation
        if len(self.problem.activities) > MOST:  # the schedules there are must do
            ends = [max(spans[i][1] for i in self.positions(question)) for spans in self.known]
            return finish_day(min(ends)) if ends else None
        low = question.day + timedelta(days=1)
        low = max(low, finish_day(max(form.finish(self.finishes[i]) for i in self.positions(question))))
        sub, kept = self.ask(question, low)
        where = {i: n for n, i in enumerate(kept)}

        def reached(dates: Dates) -> date:
            return finish_day(max(form.finish(dates.finishes[where[i]]) for i in self.positions(question)))

        # What finds no place up to the horizon finds none: thousands of other orders would take a minute.
        first = serial(sub, [0.0] * len(sub.activities))
        if first is None or any(form.finish(at) > form.horizon for at in first.finishes):
            return None
        best, late = improve(sub, Budget(self.limits.generation // 5), self.limits.seed)
        if best is None:
            return None
        musts = without_must(self.problem, self.positions(question) if question.kind == "must_finish" else ())
        if form.must and lateness(part(musts, kept), best) > 0:
            return None
        high = reached(best)
        if late <= 0 or not self.explain:
            return high
        quick = structs.replace(
            self.limits, generation=self.limits.generation // 5, solver=self.limits.solver / 5
        )
        while low < high:
            middle = low + (high - low) // 2
            answer = self._settle(self.ask(question, middle)[0], quick)
            if answer.feasible and answer.dates is not None:
                high = min(middle, reached(answer.dates))
            else:
                low = middle + timedelta(days=1)
        return high

    def _open(self, question: Target, blank: Deadline) -> Deadline:
        """Say what is known of a deadline that the limits leave undecided."""
        low, high = blank.finish, question.day
        if len(self.problem.activities) > MOST:
            low = high
        while low < high:  # the earliest day that bounds do not rule out
            middle = low + (high - low) // 2
            reasoning = Reasoning(self.ask(question, middle)[0], Budget(self.limits.reasoning))
            if reasoning.possible():
                high = middle
            else:
                low = middle + timedelta(days=1)
        upper = self.earliest(question)
        reason = "the limits of the search"
        if not solver.available():
            reason = "the cheap steps do not settle it; the extra planlint[solver] could"
        return structs.replace(
            blank,
            certificate={
                "kind": "bounds",
                "lower": low.isoformat(),
                "upper": upper.isoformat() if upper is not None else None,
            },
            possible=upper,
            decided_by=reason,
        )


_HASTY = Limits(generation=500, reasoning=3_000, solver=0)


def without_must(problem: Problem, targets: Iterable[int]) -> Problem:
    """Return the problem without what `must_finish` asks of these activities."""
    activities = list(problem.activities)
    for i in targets:
        activities[i] = structs.replace(activities[i], earliest_finish=-FOREVER, latest_finish=FOREVER)
    return structs.replace(problem, activities=tuple(activities))
