"""Checks of deliverables against the schedule."""

from collections.abc import Iterator

from planlint.checks.schedule import too_fixed
from planlint.diagnostics import Finding, Place
from planlint.facts import CLOSED
from planlint.rule import Context, check


@check()
def early(context: Context) -> Iterator[Finding]:
    """Yield the deliverables that are proven to be due before the tasks that produce them can finish."""
    deadlines = {d.item: d for d in context.deadlines or () if d.kind == "deliverable"}
    for deliverable in context.items("deliverable"):
        deadline = deadlines.get(deliverable.id)
        if deadline is None or deadline.verdict != "infeasible" or deliverable.status in CLOSED:
            continue
        if too_fixed(context, deadline):  # the fault of a must_start, which `infeasible-deadline` reports
            continue
        tasks = [t for t in context.plan.leaves() if t.open and deliverable.id in t.deliverables]
        found = {} if context.schedule is None else context.schedule.items
        late = [t for t in tasks if t.id in found and found[t.id].finish > deadline.date]
        tasks = late or tasks  # none is late by itself when people have no time for all of them
        values = {
            "id": deliverable.id,
            "due": deadline.date,
            "possible": deadline.possible or deadline.finish,
            "late": deadline.late_days,
            "tasks": [f"'{task.id}'" for task in tasks] or "its tasks",
        }
        related = tuple((f"task '{task.id}' produces it", Place(task.path, "key")) for task in tasks)
        yield Finding(Place(deadline.path, "key"), values, related)
