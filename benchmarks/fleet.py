"""A fleet of plans in one run: CPU time and memory a plan, for growing fleets; flat when neither grows.

Usage: python benchmarks/fleet.py [COUNT ...]   (default 2000 20000; 100 plans a folder)
"""

import sys
import tempfile
from pathlib import Path

import compare
import plans


def main() -> int:
    """Write each fleet, check it once without and once with the cache's memory, print a row."""
    counts = [int(text) for text in sys.argv[1:]] or [2_000, 20_000]
    print("| plans | folders | CPU s | ms a plan | MB | kB a plan | unchanged, CPU s |")
    print("|---|---|---|---|---|---|---|")
    for count in counts:
        work = Path(tempfile.mkdtemp(prefix="planlint-fleet-"))
        plans.small(work / "plans", count, max(1, count // 100))
        command = [*compare.PLANLINT, "--cache-dir", str(work / "cache"), "plans"]
        first, again = compare.cost(command, work), compare.cost(command, work)
        each = first.seconds / count * 1000, first.megabytes * 1000 / count
        print(
            f"| {count:,} | {max(1, count // 100):,} | {first.seconds:.1f} | {each[0]:.2f} "
            f"| {first.megabytes:.0f} | {each[1]:.1f} | {again.seconds:.2f} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
