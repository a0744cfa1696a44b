"""The plan as rows: tasks and milestones with number, dates and progress, as tables and charts show them."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from planlint.model import Milestone, Plan, Task
from planlint.render.escaping import Safe
from planlint.render.report import Report
from planlint.schedule.result import Scheduled


class Row(Struct, frozen=True, kw_only=True):
    """One line of the work breakdown; `dates` is None where none could be computed.

    `wbs` is the item's number in the order of the file; milestones have none. `progress` is in percent
    points, that of a summary weighted by the length of its tasks.
    """

    id: str
    item: Task | Milestone
    wbs: Safe
    depth: int
    title: str
    owner: str
    dates: Scheduled | None
    progress: float

    @property
    def summary(self) -> bool:
        """Whether it stands for the tasks in it."""
        return isinstance(self.item, Task) and self.item.is_summary


def rows(report: Report) -> Iterator[Row]:
    """Yield the tasks in the order of the file, then the milestones; cancelled ones are left out."""
    plan, items = report.plan, report.schedule.items if report.schedule else {}
    done = progress(plan, items)
    for item, wbs in numbered(plan):
        yield Row(
            id=item.id,
            item=item,
            wbs=wbs,
            depth=wbs.count("."),
            title=item.title or item.id,
            owner=name(plan, item.owner),
            dates=items.get(item.id),
            progress=done[item.id],
        )
    for milestone in plan.milestones.values():
        if milestone.status != "cancelled":
            yield Row(
                id=milestone.id,
                item=milestone,
                wbs=Safe(""),
                depth=0,
                title=milestone.title or milestone.id,
                owner=name(plan, milestone.owner),
                dates=items.get(milestone.id),
                progress=100.0 if milestone.status == "done" else 0.0,
            )


def numbered(plan: Plan) -> Iterator[tuple[Task, Safe]]:
    """Yield the tasks that are not cancelled with their WBS numbers, in the order of the file."""
    counts: dict[str | None, int] = {}
    numbers: dict[str | None, str] = {None: ""}
    for task in plan.tasks.values():
        if task.status == "cancelled" or task.parent not in numbers:
            continue
        counts[task.parent] = counts.get(task.parent, 0) + 1
        numbers[task.id] = f"{numbers[task.parent]}{counts[task.parent]}."
        yield task, Safe(numbers[task.id][:-1])


def progress(plan: Plan, items: Mapping[str, Scheduled]) -> dict[str, float]:
    """Return how far each task is, in percent points; summaries weighted by the length of their tasks."""
    done: dict[str, float] = {}
    weight: dict[str, float] = {}
    for task in reversed(list(plan.tasks.values())):  # children before their parents
        parts = [child for child in task.children if child in weight]
        if parts:
            weight[task.id] = sum(weight[part] for part in parts)
            earned = sum(weight[part] * done[part] for part in parts)
            done[task.id] = (
                earned / weight[task.id] if weight[task.id] else sum(done[p] for p in parts) / len(parts)
            )
        else:
            done[task.id] = 100.0 if task.status == "done" else (task.progress or 0.0)
            found = items.get(task.id)
            if task.status != "cancelled":
                weight[task.id] = found.length_days if found else 0.0
    return done


def name(plan: Plan, who: str | None) -> str:
    """Return the name of a person, team or stakeholder; of an unknown one the id."""
    if not who:
        return ""
    known = plan.people.get(who) or plan.teams.get(who) or plan.stakeholders.get(who)
    return (known.title if known else "") or who
