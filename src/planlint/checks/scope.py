"""Checks of deliverables against the schedule."""

from collections.abc import Iterator

from planlint.diagnostics import Finding, Place
from planlint.rule import Context, check


@check()
def early(context: Context) -> Iterator[Finding]:
    """Yield the deliverables that are proven to be due before the tasks that produce them can finish."""
    for deadline in context.deadlines or ():
        if deadline.kind != "deliverable" or deadline.verdict != "infeasible":
            continue
        tasks = [t for t in context.plan.leaves() if t.open and deadline.item in t.deliverables]
        values = {
            "id": deadline.item,
            "due": deadline.date,
            "possible": max(deadline.finish, deadline.possible or deadline.finish),
            "late": deadline.late_days,
            "tasks": [f"'{task.id}'" for task in tasks],
        }
        related = tuple((f"task '{task.id}' produces it", Place(task.path, "key")) for task in tasks)
        yield Finding(Place(deadline.path, "key"), values, related)
