"""The plan as rows: tasks and milestones with number, dates and progress, as tables and charts show them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

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
    plan, items = report.plan, report.items
    done = progress(plan, items)
    shown: list[tuple[Task | Milestone, Safe]] = [*numbered(plan)]
    shown += ((one, Safe("")) for one in plan.milestones.values() if one.status != "cancelled")
    for item, wbs in shown:
        yield Row(
            id=item.id,
            item=item,
            wbs=wbs,
            depth=wbs.count("."),
            title=item.title or item.id,
            owner=name(plan, item.owner),
            dates=items.get(item.id),
            progress=done.get(item.id, 100.0 if item.status == "done" else 0.0),
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
            done[task.id] = mean((weight[part], done[part]) for part in parts)
        else:
            done[task.id] = 100.0 if task.status == "done" else (task.progress or 0.0)
            if task.status != "cancelled":
                weight[task.id] = items[task.id].length_days if task.id in items else 0.0
    return done


def mean(parts: Iterable[tuple[float, float]]) -> float:
    """Return the mean of values behind their weights; where nothing has weight, all count the same."""
    weighted = list(parts)
    total = sum(weight for weight, _ in weighted)
    if not total:
        return sum(value for _, value in weighted) / len(weighted)
    return sum(weight * value for weight, value in weighted) / total


def due(task: Task) -> date | None:
    """Return the day by which an open task is to be finished, the earliest of those that it states."""
    stated = [day for day in (task.finish, task.deadline, task.must_finish) if day]
    return min(stated) if stated and task.open else None


def name(plan: Plan, who: str | None) -> str:
    """Return the name of a person, team or stakeholder; of an unknown one the id."""
    if not who:
        return ""
    known = plan.people.get(who) or plan.teams.get(who) or plan.stakeholders.get(who)
    return (known.title if known else "") or who
