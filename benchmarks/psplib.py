"""Deadlines at and just below the known optimum of PSPLIB instances: feasible, and infeasible.

Usage: python benchmarks/psplib.py DIR [--no-solver] [--explain] [--verify]

DIR holds `.sm` files, or a folder of them, and `optima.csv` (instance,optimum). Each instance becomes a plan
on a seven-day calendar (`duration: nd`, `uses`, `depends_on`), and `decide` is asked twice: for the day on
which the optimum ends, and for the day before. The data (https://www.om-db.wi.tum.de/psplib/) is not part of
this repository.
"""

import argparse
import csv
import statistics
import sys
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

from planlint.model import Calendar, Dependency, Duration, Estimate, Plan, Resource, Task
from planlint.schedule.certificate import verify
from planlint.schedule.critical_path import analyse
from planlint.schedule.feasibility import decide
from planlint.schedule.network import build
from planlint.schedule.result import Deadline
from planlint.schedule.search import Limits

START = date(2026, 1, 1)


def read(path: Path) -> Plan:
    """Return the plan of an instance; jobs without length are left out with the dummies."""
    sections: dict[str, list[list[str]]] = {}
    name = ""
    for line in path.read_text().splitlines():
        if line[:1].isalpha() and line.rstrip().endswith(":"):
            name = line.rstrip(": ")
        elif line.strip() and not line.startswith(("*", "-")):
            sections.setdefault(name, []).append(line.split())
    jobs = {row[0]: row for row in sections["REQUESTS/DURATIONS"][1:]}
    units = [int(n) for n in sections["RESOURCEAVAILABILITIES"][1]]
    before: dict[str, list[str]] = {job: [] for job in jobs}
    for row in sections["PRECEDENCE RELATIONS"][1:]:
        for after in row[3:]:
            before[after].append(row[0])
    tasks = {}
    for job, row in jobs.items():
        tasks[job] = Task(
            id=job,
            path=("tasks", job),
            duration=Estimate(Duration(int(row[2]), "d")),
            uses={f"r{k}": int(n) for k, n in enumerate(row[3:], 1) if int(n)},
            depends_on=tuple(
                Dependency(other, "FS", None, ("tasks", job, "depends_on", k))
                for k, other in enumerate(before[job])
            ),
        )
    week = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return Plan(
        id=path.stem.replace("_", "-"),
        file=path.name,
        start=START,
        calendars={"default": Calendar(id="default", path=("calendars", "default"), workdays=week)},
        resources={
            f"r{k}": Resource(id=f"r{k}", path=("resources", f"r{k}"), units=n)
            for k, n in enumerate(units, 1)
        },
        tasks=tasks,
    )


def ask(plan: Plan, days: int, limits: Limits, *, explain: bool) -> tuple[Plan, Deadline]:
    """Return the plan due after so many days, and the verdict."""
    changed = {name: getattr(plan, name) for name in plan.__struct_fields__}
    due = Plan(**{**changed, "deadline": START + timedelta(days=days - 1)})
    network = build(due, today=START)
    (deadline,) = decide(analyse(network), network, limits=limits, explain=explain)
    return due, deadline


def main() -> int:
    """Run all instances; exit 1 when a verdict contradicts the known optimum."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-solver", action="store_true", help="leave CP-SAT out")
    parser.add_argument("--explain", action="store_true", help="with minimal cores and the earliest date")
    parser.add_argument("--verify", action="store_true", help="check every certificate")
    options = parser.parse_args()
    limits = Limits(solver=0) if options.no_solver else Limits(solver=30)
    steps: Counter[tuple[str, str]] = Counter()
    seconds: list[float] = []
    wrong: list[str] = []
    undecided: list[str] = []
    unchecked = 0
    with (options.folder / "optima.csv").open() as file:
        optima = {row["instance"]: int(row["optimum"]) for row in csv.DictReader(file)}
    for name, optimum in optima.items():
        plan = read(next(options.folder.rglob(f"{name}.sm")))
        for days, expected in ((optimum, "feasible"), (optimum - 1, "infeasible")):
            begun = time.process_time()
            due, deadline = ask(plan, days, limits, explain=options.explain)
            seconds.append(time.process_time() - begun)
            if deadline.verdict == "undecided":
                undecided.append(f"{name}/{days}")
                continue
            steps[expected, deadline.decided_by] += 1
            if deadline.verdict != expected:
                wrong.append(f"{name}: {deadline.verdict} at {days}, optimum {optimum}")
            if options.verify:
                reasons = verify(build(due, today=START), deadline)
                wrong += [f"{name}/{days}: {reason}" for reason in reasons or ()]
                unchecked += reasons is None
    print(
        f"{len(optima)} instances, {len(seconds)} deadlines, {len(undecided)} undecided, {len(wrong)} wrong"
    )
    if options.verify:
        print(f"  {unchecked} certificates are too large for the checker, the others are checked")
    for (expected, step), count in sorted(steps.items()):
        print(f"  {expected:10} by {step:10} {count:4}")
    seconds.sort()
    print(
        f"CPU seconds: median {statistics.median(seconds):.3f}, 95 % {seconds[len(seconds) * 95 // 100]:.2f}",
        end="",
    )
    print(f", most {seconds[-1]:.2f}, in all {sum(seconds):.0f}")
    for line in (*wrong, *(f"undecided: {name}" for name in undecided)):
        print(line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
