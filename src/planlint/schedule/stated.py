"""The schedule that stated dates imply: `start` and `finish` at their word, the rest computed around them.

Rules compare it with dependencies, calendars and people. A stated date that is past on work still open says
nothing about what is to come, so it is left out; the rules of progress speak of it.
"""

from datetime import date

from planlint.model import MINUTES_A_DAY, Plan, Task
from planlint.schedule.calendar import HorizonError, instant
from planlint.schedule.network import Network, Node, Span


def implied(network: Network) -> dict[str, Span]:
    """Return the dates of every node that can have some, predecessors first."""
    dates: dict[str, Span] = {}
    for name, node in network.nodes.items():
        if any(link.predecessor not in dates for link in node.links):
            continue
        try:
            dates[name] = stated(network, node) or network.place(node, dates)[:2]
        except HorizonError:
            continue
    return dates


def coming(plan: Plan, task: Task) -> tuple[date | None, date | None]:
    """Return the start and the finish that an open task states, as far as they are not past."""
    if not task.open:
        return None, None
    begun = task.actual.start is not None or task.status == "doing"
    start = None if begun else task.start
    past = plan.status_date or date.min
    return (
        start if start is not None and start >= past else None,
        task.finish if task.finish is not None and task.finish >= past else None,
    )


def stated(network: Network, node: Node) -> Span | None:
    """Return the dates that an open task states, a missing one by its length; None when it states none.

    A finish is the end of the working time on that day, or as early on it as the work allows. What
    contradicts itself states nothing.

    Raises:
        HorizonError: There is not enough working time.
    """
    task = network.plan.tasks.get(node.id)
    if node.kind != "task" or node.finished is not None or task is None:
        return None
    first, last = coming(network.plan, task)
    if first is None and last is None:
        return None
    start = node.started if first is None else node.worktime.start_at(instant(first))
    if last is None:
        return None if start is None else (start, node.end(start))
    finish = node.worktime.finish_at(instant(last) + MINUTES_A_DAY)
    if start is None:
        return node.begin(finish), finish
    if finish < start:
        return None
    if node.work and node.started is None and finish > (done := node.end(start)) >= instant(last):
        finish = done
    return start, finish
