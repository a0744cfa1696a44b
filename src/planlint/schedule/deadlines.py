"""The deadlines of a plan: what must be done by when, said once for verdicts, odds and the checker."""

from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from planlint.diagnostics import Path
from planlint.model import MINUTES_A_DAY
from planlint.schedule.calendar import instant
from planlint.schedule.network import Network
from planlint.schedule.result import Kind


class Target(Struct, frozen=True):
    """A deadline: by the end of `day`, these tasks and milestones of a network must be done.

    `partial` says that more would have to be done, which has no dates (a loop, a calendar that never works).
    """

    item: str | None
    kind: Kind
    path: Path
    day: date
    names: tuple[str, ...]
    partial: bool

    @property
    def until(self) -> int:
        """The last instant that is in time."""
        return instant(self.day) + MINUTES_A_DAY


def targets(network: Network) -> list[Target]:
    """Return the deadlines of a network's plan, those left out that nothing has to be done for."""
    plan = network.plan
    found: list[Target] = []

    def add(item: str | None, kind: Kind, path: Path, day: date | None, names: Iterable[str]) -> None:
        wanted = dict.fromkeys(leaf for name in names for leaf in network.leaves.get(name, (name,)))
        known = tuple(name for name in wanted if name in network.nodes)
        if day is not None and known:
            lost = not (network.unsound | network.beyond).isdisjoint(wanted)
            found.append(Target(item, kind, path, day, known, lost))

    add(None, "plan", ("deadline",), plan.deadline, [*(t.id for t in plan.leaves()), *plan.milestones])
    makers: dict[str, list[str]] = {}
    for task in plan.tasks.values():
        for made in task.deliverables:
            makers.setdefault(made, []).append(task.id)
    for deliverable in plan.deliverables.values():
        if deliverable.status != "cancelled":
            path = (*deliverable.path, "due")
            add(deliverable.id, "deliverable", path, deliverable.due, makers.get(deliverable.id, ()))
    for milestone in plan.milestones.values():
        add(milestone.id, "milestone", (*milestone.path, "due"), milestone.due, [milestone.id])
    for task in plan.tasks.values():
        add(task.id, "task", (*task.path, "deadline"), task.deadline, [task.id])
        add(task.id, "must_finish", (*task.path, "must_finish"), task.must_finish, [task.id])
    return found
