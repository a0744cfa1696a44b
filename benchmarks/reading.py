"""What positions cost: reading a plan, side by side with the bare events of libyaml that it is made from.

Run `python benchmarks/reading.py`. All figures of a row are of one run on one machine; the ratio is what
counts: at most 2.5 for the plan of 2,000 tasks.
"""

import gc
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import plans
import yaml
from yaml._yaml import CParser

from planlint.reader import read

TARGET = 2.5


def events(text: str) -> None:
    """Take every event of libyaml and do nothing with it."""
    next_event = CParser(text).get_event
    while next_event().__class__ is not yaml.StreamEndEvent:
        pass


def seconds(*works: Callable[[], object], rounds: int = 15) -> list[float]:
    """Return the shortest time of each; they take turns, so that a busy machine slows all alike."""
    times: list[list[float]] = [[] for _ in works]
    gc.collect()
    gc.disable()  # as `read` has it
    for _ in range(rounds):
        for work, taken in zip(works, times, strict=True):
            begin = time.perf_counter()
            work()
            taken.append(time.perf_counter() - begin)
    gc.enable()
    return [min(taken) for taken in times]


def memory(content: bytes) -> int:
    """Return the bytes that are held when a plan has been read."""
    tracemalloc.start()
    document = read("plan.yaml", content)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    del document
    return held


def main() -> int:
    """Print the table; return 1 when the target is missed."""
    print("| tasks | size | events | read | read / events | held |\n|---|---|---|---|---|---|")
    times = {}
    for tasks in (2_000, 10_000):
        text = plans.plan(tasks)
        content = text.encode()
        bare, whole = seconds(partial(events, text), partial(read, "plan.yaml", content))
        times[tasks] = whole
        row = f"| {tasks:,} | {len(content) / 1000:,.0f} kB | {bare * 1000:.0f} ms | {whole * 1000:.0f} ms "
        print(f"{row}| {whole / bare:.2f} | {memory(content) / 1e6:.0f} MB |")
        if tasks == 2_000:  # noqa: PLR2004 - the plan that the target is about
            ratio = whole / bare
    print(f"\n10,000 tasks take {times[10_000] / times[2_000]:.1f} times as long as 2,000.")
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
