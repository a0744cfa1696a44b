"""Plans for measuring: the same seed gives the same plan, with as few diagnostics as a tended plan has.

Usage: python benchmarks/plans.py DIR   (small plans, 2,000 tasks, 10,000 tasks; no three-point estimates)
"""

import random
import sys
from datetime import date, timedelta
from pathlib import Path

START = date(2026, 1, 5)
TODAY = "2026-02-16"


def plan(tasks: int, seed: int = 2026, name: str = "generated") -> str:
    """Write a plan: about 270 bytes and 11 lines a task, in ten lanes with links between them."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    people = [f"p{n}" for n in range(max(3, tasks // 40))]
    groups = max(1, tasks // 50)
    deadline = START + timedelta(days=180 + tasks)
    affected = ", ".join(f"t{n}" for n in range(min(tasks, 6)))
    lines = [
        "planlint: 1",
        f"id: {name}",
        f"title: Generated {name}",
        "manager: p0",
        "sponsor: p1",
        f"start: {START}",
        f"deadline: {deadline}",
        "status_date: 2026-02-16",
        "currency: EUR",
        "review: {every: 2w, last: 2026-02-13, owner: p0}",
        "people:",
        *(f"  {who}: {{name: Person {who}, cost_rate: 80, skills: [python, yaml]}}" for who in people),
        "objectives:",
        "  o0: {title: The work is done, owner: p1, key_results: {done: {title: Tasks done, target: 100}}}",
        "milestones:",
        f"  m0: {{title: Handed over, owner: p0, due: {deadline}, depends_on: [t{tasks - 1}]}}",
        "deliverables:",
    ]
    lines += [
        f"  d{n}: {{title: Deliverable {n}, owner: p0, supports: [o0], acceptance: [Accepted]}}"
        for n in range(groups)
    ]
    lines += [
        "risks:",
        "  r0: {title: It rains, owner: p1, probability: low, impact: medium, response: mitigate,",
        f"    mitigation: [Watch it], contingency: [Wait], trigger: Clouds, affects: [{affected}],",
        "    status: open, raised: 2026-02-01, review_by: 2026-04-01}",
    ]
    lines.append("tasks:")
    for n in range(tasks):
        lines += [
            f"  t{n}:",
            f"    title: Task number {n} of the generated plan",
            f"    owner: {draw.choice(people)}",
            f"    effort: {draw.randint(1, 8)}d",
            "    start: 2026-03-02" if n == 0 else "    depends_on:",
        ]
        lines += [f"      - t{before}" for before in _before(draw, n)]
        lines += [
            f"    deliverables: [d{n * groups // tasks}]",
            "    acceptance:",
            "      - Reviewed by a second person",
            "      - All tests pass",
            f"    description: What task {n} is about, in brief.",
        ]
    return "\n".join(lines) + "\n"


def _before(draw: random.Random, n: int) -> list[int]:
    """Return what a task waits for: one of ten lanes, and now and then what stands beside it there."""
    first = max(0, n - 10)  # the lanes branch off the first task
    return sorted({first, *([n - 11] if n > 30 and draw.random() < 0.3 else [])}) if n else []  # noqa: PLR2004


def small(folder: Path, count: int, folders: int = 1) -> None:
    """Write plans of six tasks into folders of equal size."""
    for number in range(count):
        home = folder / f"team-{number % folders}"
        home.mkdir(parents=True, exist_ok=True)
        (home / f"s{number}.plan.yaml").write_text(plan(6, number, f"s{number}"), encoding="utf-8")


def main() -> int:
    """Write the plans that `compare.py` measures."""
    folder = Path(sys.argv[1])
    small(folder / "one", 1)
    small(folder / "thousand", 1000)
    for tasks in (2_000, 10_000):
        (folder / f"{tasks}.plan.yaml").write_text(plan(tasks), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
