"""Checks of the dependency graph: loops, loose ends, dependencies that say nothing new.

All of them look at the same graph, `waits`: which node waits for which, as scheduling reads it. A summary
is two nodes. Its id stands for its finish, which waits for its children; `<id>:waits` for what its own
`depends_on` asks for, which its children wait for. Cancelled work is left out.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from planlint.checks.items import Hit
from planlint.diagnostics import Finding, Place
from planlint.facts import data_of
from planlint.model import Dependency, Item, Plan, Task
from planlint.rule import Context, check
from planlint.schema import closest

_MOST_LOOPS = 50
"""Loops reported in one plan: one that is tangled further shows the rest when these are gone."""
_MOST_WORDS = 8
"""Dependencies of a loop that are put into words; the related places show them all."""
_MOST_GUESSES = 100
_BATCH = 4096
"""Predecessors followed at a time; bounds the memory to 512 bytes a node."""


class Edge(Struct, frozen=True, eq=False):
    """A node waits for `before`: by a dependency written in `item`, or because one is part of the other."""

    before: str
    item: Item | None = None
    dependency: Dependency | None = None


Graph = dict[str, list[Edge]]


def _alive(plan: Plan) -> dict[str, Item]:
    """Return tasks, summaries and milestones without the cancelled ones and all within them."""
    alive: dict[str, Item] = {}
    for task in plan.tasks.values():
        if task.status != "cancelled" and (task.parent is None or task.parent in alive):
            alive[task.id] = task
    alive.update((m.id, m) for m in plan.milestones.values() if m.status != "cancelled")
    return alive


def _written(item: Item) -> Sequence[Dependency]:
    return getattr(item, "depends_on", ())


def _graph(plan: Plan, home: str) -> Graph:
    """Return who waits for whom; nodes of other plans than `home` are written `plan/id`."""
    prefix = "" if plan.id == home else f"{plan.id}/"

    def node(name: str) -> str:
        return name.removeprefix(f"{home}/") if "/" in name else prefix + name

    alive = _alive(plan)
    waits: Graph = {}
    for name, item in alive.items():
        edges = [Edge(node(d.predecessor), item, d) for d in _written(item) if d.predecessor != name]
        parent = item.parent if isinstance(item, Task) else None
        if parent is not None:
            edges.append(Edge(f"{prefix}{parent}:waits"))
        if isinstance(item, Task) and item.is_summary:
            waits[f"{prefix}{name}:waits"] = edges
            waits[node(name)] = [Edge(node(child)) for child in item.children if child in alive]
        else:
            waits[node(name)] = edges
    return waits


# ---------------------------------------------------------------- loops

Step = tuple[str, Edge]
"""A node and what it waits for."""


@check()
def cycles(context: Context) -> Iterator[Finding]:
    """Yield loops, each at its first dependency, until none is left that shares no dependency with them.

    So a dependency that closes many loops is reported once, and two slips are two findings. A loop through
    several plans is reported in the first of them, by path.
    """
    plans = _connected(context)
    waits: Graph = {}
    for home in plans.values():
        waits |= _graph(home.plan, context.plan.id)
    for node in _twice(context.plan):
        waits.pop(node, None)
    for _ in range(_MOST_LOOPS):
        waits = _tangled(waits)
        steps = ((node, edge) for node, edges in waits.items() for edge in edges if edge.dependency)
        step = next(steps, None)
        if step is None:
            return
        loop = [step, *_shortest(waits, step[1].before, step[0])]
        homes = {_split(context, node)[0] for node, _ in loop}
        if context.plan.file == min(plans[name].plan.file for name in homes):
            yield _loop(context, plans, loop, waits)
        done = {id(edge) for _, edge in loop if edge.dependency}
        waits = {node: [e for e in edges if id(e) not in done] for node, edges in waits.items()}


def _tangled(waits: Graph) -> Graph:
    """Return the part of a graph whose every edge is in a loop."""
    component = _components(waits)
    found = {
        node: [edge for edge in edges if component.get(edge.before) == component[node]]
        for node, edges in waits.items()
    }
    return {node: edges for node, edges in found.items() if edges}


def _twice(plan: Plan) -> Iterator[str]:
    """Yield the ids that two tasks or milestones have: nobody knows which one a dependency means."""
    for path in plan.broken:
        name = str(path[-1])
        item = plan.tasks.get(name) or plan.milestones.get(name)
        if path[0] in {"tasks", "milestones"} and item is not None and item.path != path:
            yield name


def _split(context: Context, node: str) -> tuple[str, str]:
    """Return the plan and the item that a node stands for."""
    plan, slash, name = node.removesuffix(":waits").partition("/")
    return (plan, name) if slash else (context.plan.id, plan)


def _connected(context: Context) -> dict[str, Context]:
    """Return the plan and those that it waits for, directly or not."""
    plans = {context.plan.id: context}
    todo = [context]
    for home in todo:  # grows while it is read
        for item in (*home.plan.tasks.values(), *home.plan.milestones.values()):
            for dependency in _written(item):
                name, slash, _ = dependency.predecessor.partition("/")
                if slash and name not in plans and name in context.portfolio:
                    plans[name] = context.portfolio[name]
                    todo.append(plans[name])
    return plans


def _components(waits: Graph) -> dict[str, int]:
    """Return the number of each node's strongly connected component (Tarjan 1972, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    component: dict[str, int] = {}
    stack: list[str] = []
    calls: list[tuple[str, Iterator[Edge]]] = []

    def enter(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        calls.append((node, iter(waits[node])))

    for root in waits:
        if root not in index:
            enter(root)
        while calls:
            node, edges = calls[-1]
            before = next((e.before for e in edges if e.before in waits and e.before not in component), None)
            if before is None:
                calls.pop()
                if calls:
                    low[calls[-1][0]] = min(low[calls[-1][0]], low[node])
                while low[node] == index[node] and node not in component:
                    component[stack.pop()] = index[node]
            elif before in index:
                low[node] = min(low[node], index[before])
            else:
                enter(before)
    return component


def _shortest(waits: Graph, start: str, goal: str) -> list[Step]:
    """Return a shortest way from `start` to `goal`; there is one."""
    came: dict[str, Step] = {}
    ways = [start]
    for node in ways:  # grows while it is read
        for edge in waits[node] if goal not in came else ():
            if edge.before not in came and edge.before != start:
                came[edge.before] = (node, edge)
                ways.append(edge.before)
    steps = []
    while goal != start:
        steps.append(came[goal])
        goal = came[goal][0]
    return steps[::-1]


def _loop(context: Context, plans: Mapping[str, Context], loop: Sequence[Step], waits: Graph) -> Finding:
    """Return the finding about a loop, told from its first dependency in the plan's own files on."""
    links = []
    for node, edge in loop:
        if edge.dependency is not None:
            home = plans[_split(context, node)[0]]
            where = home.sources.locate(Place(edge.dependency.path))
            rank = (home is not context, where.path != context.plan.file, where.span)
            links.append((rank, node.removesuffix(":waits"), edge.before, where, edge.dependency))
    first = links.index(min(links, key=lambda link: link[0]))
    links = links[first:] + links[:first]
    clauses = []
    last = links[-1][2]
    for _, name, before, _, _ in links[:_MOST_WORDS]:
        part = f" in '{last}'" if f"{last}:waits" in waits else f", around '{last}',"
        clauses.append(f"'{name}'{'' if name == last else part} waits for '{before}'")
        last = before
    if len(links) > _MOST_WORDS:
        clauses.append(f"and so on through {len(links) - _MOST_WORDS} more")
    related = tuple(
        (f"'{name}' waits for '{before}'", Place(span=where.span, file=where.path))
        for _, name, before, where, _ in links[1:]
    )
    values = {"id": links[0][1], "predecessor": links[0][2], "loop": ", ".join(clauses), "length": len(links)}
    return Finding(Place(links[0][4].path), values, related)


# ---------------------------------------------------------------- loose ends


class Ends(Struct, frozen=True):
    """The ids that something waits for (`followed`), and those that wait for something (`led`)."""

    followed: frozenset[str]
    led: frozenset[str]


def _ends(context: Context) -> Ends:
    """Find the connected items: what holds for a summary holds for its children, other plans count, too.

    A predecessor that is cancelled counts, since `dependency-on-cancelled` speaks of it. A predecessor that
    does not exist counts for the id that was probably meant: a slip of the pen is one diagnostic, not two.
    """
    plan = context.plan
    followed: set[str] = set()
    led: set[str] = set()
    for name, home in {plan.id: context, **context.portfolio}.items():
        own = "" if name == plan.id else f"{plan.id}/"
        for item in _alive(home.plan).values():
            for dependency in _written(item):
                if dependency.predecessor.startswith(own):
                    followed.add(dependency.predecessor.removeprefix(own))
                if not own:
                    led.add(item.id)
    for item, text in _unresolved(context):
        led.add(item.id)
        near = closest(text, (*plan.tasks, *plan.milestones))
        if near is not None:
            followed.add(near)
    for task in plan.tasks.values():  # parents stand before their children
        followed.update(task.children if task.id in followed else ())
        led.update(task.children if task.id in led else ())
    return Ends(frozenset(followed), frozenset(led))


def _unresolved(context: Context) -> Iterator[tuple[Item, str]]:
    """Yield what the file names as predecessors of items with an error, where some may lead nowhere."""
    guesses = 0
    for item in (*context.plan.tasks.values(), *context.plan.milestones.values()):
        if item.path not in context.plan.broken or guesses == _MOST_GUESSES:
            continue
        raw = data_of(context, item)
        written = raw.get("depends_on")
        for entry in written if isinstance(written, list) else (written,):
            text = entry.get("id") if isinstance(entry, dict) else entry
            if isinstance(text, str) and text.strip():
                guesses += 1
                yield item, text.split()[0]


@check(few={"type": "number"})
def isolated(context: Context, *, hits: Sequence[Hit], few: float) -> Iterator[Finding]:
    """Yield the tasks without predecessor and successor in a plan of more than `few` tasks."""
    if sum(1 for _ in context.plan.leaves()) <= few:
        return
    ends = _ends(context)
    connected = ends.followed | ends.led
    for hit in hits:
        if hit.subject.id not in connected:
            yield Finding(Place(hit.subject.path, "key"), hit.subject.view)


@check(few={"type": "number"})
def open_ended(context: Context, *, hits: Sequence[Hit], few: float) -> Iterator[Finding]:
    """Yield the tasks that nothing follows: no successor, milestone or deliverable.

    Isolated tasks are left to `isolated-task`; in a plan of up to `few` tasks without milestones they are
    a list and no network. Without milestones the task that finishes last is the plan's end.
    """
    plan = context.plan
    ends = _ends(context)
    milestones = any(milestone.status != "cancelled" for milestone in plan.milestones.values())
    network = milestones and sum(1 for _ in plan.leaves()) <= few
    loose = [
        hit
        for hit in hits
        if hit.subject.id not in ends.followed
        and (network or hit.subject.id in ends.led)
        and not _produces(plan, hit.subject.id)
    ]
    last = None if milestones else _last(context, [hit.subject.id for hit in loose])
    for hit in loose:
        if hit.subject.id != last:
            yield Finding(Place(hit.subject.path, "key"), hit.subject.view)


def _last(context: Context, names: Sequence[str]) -> str | None:
    """Return the task that finishes last: as scheduled, where that does not tell, in the file."""
    items = context.schedule.items if context.schedule else {}
    finishes = [(items[name].finish_minute if name in items else 0, at) for at, name in enumerate(names)]
    return names[max(finishes)[1]] if finishes else None


def _produces(plan: Plan, name: str) -> bool:
    """Whether a task, or a summary that it is part of, has a deliverable."""
    task: Task | None = plan.tasks[name]
    while task is not None:
        if task.deliverables:
            return True
        task = None if task.parent is None else plan.tasks.get(task.parent)
    return False


@check()
def unled(context: Context, *, hits: Sequence[Hit]) -> Iterator[Finding]:
    """Yield the milestones to which nothing leads.

    A kick-off is none: others wait for it, and it is due when the plan starts, or has no date of its own.
    """
    plan = context.plan
    ends = _ends(context)
    for hit in hits:
        milestone = plan.milestones[hit.subject.id]
        begins = milestone.due is None or (plan.start is not None and milestone.due <= plan.start)
        if milestone.id not in ends.led and not (begins and milestone.id in ends.followed):
            yield Finding(Place(milestone.path, "key"), hit.subject.view)


# ---------------------------------------------------------------- dependencies that say nothing new


@check()
def redundant(context: Context) -> Iterator[Finding]:
    """Yield the finish-to-start dependencies that a chain of others, without lag, implies.

    A chain holds only through work that has not begun: what is done or under way waits for nothing any more.
    """
    plan = context.plan
    alive = _alive(plan)
    waits = {
        node: [e for e in edges if e.dependency is None or _plain(e.dependency)]
        for node, edges in _graph(plan, plan.id).items()
    }
    order = _topological(waits)
    candidates: list[tuple[Item, Dependency, list[Dependency]]] = []
    for name in order:
        item = alive.get(name)
        if item is None or item.path in plan.broken or getattr(item, "status", "") == "done":
            continue
        own = [d for d in _written(item) if _plain(d) and d.predecessor != name]
        others = own + [d for above in _above(plan, item) for d in _written(above) if _plain(d)]
        candidates += ((item, d, others) for d in own if len(others) > 1)
    bits = {
        name: number for number, name in enumerate(dict.fromkeys(d.predecessor for _, d, _ in candidates))
    }
    for begin in range(0, len(bits), _BATCH):
        behind: dict[str, int] = {}
        for node in order:
            known = 0
            for edge in waits[node] if _waiting(alive.get(node)) else ():
                number = bits.get(edge.before, -1) - begin
                known |= behind.get(edge.before, 0)
                if edge.dependency is not None and 0 <= number < _BATCH:
                    known |= 1 << number
            behind[node] = known
        for item, dependency, others in candidates:
            number = bits[dependency.predecessor] - begin
            if not 0 <= number < _BATCH:
                continue
            via = next((o for o in others if behind.get(o.predecessor, 0) >> number & 1), None)
            if via is not None:
                values = {"id": item.id, "predecessor": dependency.predecessor, "via": via.predecessor}
                related = ((f"'{item.id}' waits for '{via.predecessor}', too", Place(via.path)),)
                yield Finding(Place(dependency.path), values, related)


def _plain(dependency: Dependency) -> bool:
    return dependency.type == "FS" and (dependency.lag is None or dependency.lag.amount == 0)


def _waiting(item: Item | None) -> bool:
    """Whether an item has not begun; summaries and joins (None) pass on what their tasks wait for."""
    if isinstance(item, Task) and item.is_summary:
        return True
    return getattr(item, "status", "todo") == "todo"


def _above(plan: Plan, item: Item) -> Iterator[Task]:
    """Yield the summaries that an item is part of, innermost first."""
    parent = item.parent if isinstance(item, Task) else None
    while parent is not None:
        yield plan.tasks[parent]
        parent = plan.tasks[parent].parent


def _topological(waits: Graph) -> list[str]:
    """Return the nodes, predecessors first, without those in a loop or behind one (Kahn 1962)."""
    after: dict[str, list[str]] = {}
    waiting: dict[str, int] = {}
    for node, edges in waits.items():
        inside = [edge.before for edge in edges if edge.before in waits]
        waiting[node] = len(inside)
        for before in inside:
            after.setdefault(before, []).append(node)
    order = [node for node, count in waiting.items() if not count]
    for node in order:  # grows while it is read
        for follower in after.get(node, ()):
            waiting[follower] -= 1
            if not waiting[follower]:
                order.append(follower)
    return order
