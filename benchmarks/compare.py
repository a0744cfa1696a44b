"""planlint beside its peers: what a run costs as a whole process, in CPU seconds (user + system) and memory.

Usage: python benchmarks/compare.py [--peers DIR] [--rounds N] [--work DIR]

DIR has the peers' commands (`pip install yamllint check-jsonschema ryl`; tj3 is TaskJuggler's, taken from the
PATH). Those that are missing are left out. Every figure is the best of N rounds in which all commands take
turns, so that a busy machine slows all alike; what counts are the ratios within one run. planlint is the one
that this Python has installed.
"""

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import plans

SCHEMA = Path(__file__).parents[1] / "schemas" / "plan.schema.json"
PLANLINT = [str(Path(sys.executable).with_name("planlint")), "check", "--today", plans.TODAY]
NOTHING = "`python -c pass`"


class Cost(NamedTuple):
    """CPU seconds and the peak of memory in megabytes."""

    seconds: float
    megabytes: float


def cost(command: Sequence[str], folder: Path) -> Cost:
    """Run a command and return what it cost, its children included."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        raise SystemExit(f"{' '.join(command[:4])} … failed with {process.returncode}")
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def taskjuggler(tasks: int) -> str:
    """Write the same work for TaskJuggler: so many tasks in ten lanes, one person for forty."""
    lines = ['project "generated" 2026-01-05 +8y']
    people = max(3, tasks // 40)
    lines += [f'resource p{n} "Person {n}"' for n in range(people)]
    for n in range(tasks):
        after = f" depends t{max(0, n - 10)}" if n else ""
        lines.append(f'task t{n} "Task {n}" {{ effort {1 + n % 8}d allocate p{n % people}{after} }}')
    return "\n".join(lines) + "\n"


def peers(folder: Path | None, files: list[str]) -> dict[str, list[str]]:
    """Return the command lines of the peers that are there."""
    path = f"{folder}{os.pathsep}{os.environ['PATH']}" if folder else os.environ["PATH"]
    known = {
        "yamllint": [*files],
        "check-jsonschema": ["--schemafile", str(SCHEMA), *files],
        "ryl": ["check", "--enable", "ALL", "--no-cache", *files],
    }
    found = {name: shutil.which(name, path=path) for name in known}
    return {name: [at, *known[name]] for name, at in found.items() if at}


def measure(commands: dict[str, list[str]], folder: Path, rounds: int) -> dict[str, Cost]:
    """Let all commands take turns and keep the best of each."""
    best: dict[str, Cost] = {}
    for _ in range(rounds):
        for name, command in commands.items():
            new, old = cost(command, folder), best.get(name)
            best[name] = Cost(min(new[0], old[0]), min(new[1], old[1])) if old else new
    return best


def show(title: str, found: dict[str, Cost]) -> None:
    """Print a table: seconds, times a Python that does nothing, memory."""
    both = [found[name].seconds for name in ("yamllint", "check-jsonschema") if name in found]
    together = sum(both) if len(both) == 2 else 0  # noqa: PLR2004 - both peers
    print(f"\n### {title}\n\n| | CPU s | x nothing | x (yamllint + check-jsonschema) | MB |")
    print("|---|---|---|---|---|")
    for name, one in found.items():
        share = f"{one.seconds / together:.3f}" if together else "-"
        times = one.seconds / found[NOTHING].seconds
        print(f"| {name} | {one.seconds:.3f} | {times:.1f} | {share} | {one.megabytes:.0f} |", flush=True)


def main() -> int:
    """Write the plans, measure, print Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path)
    options = parser.parse_args()
    work = options.work or Path(tempfile.mkdtemp(prefix="planlint-compare-"))
    plans.small(work / "one", 1)
    plans.small(work / "thousand", 1000)
    for tasks in (2_000, 10_000):
        (work / f"{tasks}.plan.yaml").write_text(plans.plan(tasks), encoding="utf-8")
        (work / f"{tasks}.tjp").write_text(taskjuggler(tasks), encoding="utf-8")
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores.")
    print(f"Best of {options.rounds} rounds, of {5 * options.rounds} with one small plan.")
    tj3 = shutil.which("tj3")
    growth = []
    for title, files, rounds in (
        ("One small plan", ["one/team-0/s0.plan.yaml"], 5 * options.rounds),
        ("1,000 small plans", [f"thousand/team-0/s{n}.plan.yaml" for n in range(1000)], options.rounds),
        ("2,000 tasks", ["2000.plan.yaml"], options.rounds),
        ("10,000 tasks", ["10000.plan.yaml"], options.rounds),
    ):
        commands = {NOTHING: [sys.executable, "-c", "pass"], "planlint": [*PLANLINT, "--no-cache", *files]}
        commands |= peers(options.peers, files)
        stem = files[0].partition(".")[0]
        if tj3 and stem == "2000":  # its time for 10,000 is no help to anybody
            commands["tj3 --no-reports"] = [tj3, "--no-reports", "--silent", f"{stem}.tjp"]
        if title.startswith("1,000"):
            cached = [*PLANLINT, "--cache-dir", str(work / "cache"), *files]
            cost(cached, work)
            commands["planlint, unchanged"] = cached
        found = measure(commands, work, rounds if stem != "10000" else 1)
        show(f"{title}, {sum((work / file).stat().st_size for file in files) // 1000:,} kB", found)
        growth.append(found["planlint"].seconds)
    print(f"\n10,000 against 2,000 tasks: {growth[-1] / growth[-2]:.1f} x the time.")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"The largest process of all had {peak:.0f} MB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
