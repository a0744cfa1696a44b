"""`check --portfolio`: all plans of a run in one table, and where they want the same people."""

from planlint.diagnostics import PlanSummary, Result, Severity
from planlint.report.characters import columns, visible

CONFLICTS = frozenset({"cross-plan-conflict", "unprioritised-conflict"})
_WORST = 10


def render(result: Result) -> str:
    """Write a line a plan (those that cannot hold first), then the worst conflicts between plans."""
    order = {"infeasible": 0, "undecided": 1, "feasible": 2, "none": 3}
    plans = sorted(result.plans, key=lambda plan: (order[plan.verdict], plan.path))
    head = ("plan", "finish", "deadline", "verdict", "errors", "warnings")
    lines = ["", "Portfolio", *columns((head, *(_row(plan, result) for plan in plans)))]
    conflicts = [d for d in result.diagnostics if d.rule in CONFLICTS]
    if conflicts:
        lines += ["", "Conflicts between plans"]
        worst = sorted(conflicts, key=lambda d: (-d.severity, d.location))[:_WORST]
        lines += (f"{d.location.path}:{d.location.span.start.line}: {visible(d.message)}" for d in worst)
        if len(conflicts) > _WORST:
            lines.append(f"and {len(conflicts) - _WORST} more")
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(plan: PlanSummary, result: Result) -> tuple[str, ...]:
    own = [d for d in result.diagnostics if d.plan == plan.id]
    return (
        plan.id,
        str(plan.finish or "-"),
        str(plan.deadline or "-"),
        plan.verdict if plan.deadline else "no deadline",
        *(str(sum(d.severity is level for d in own)) for level in (Severity.ERROR, Severity.WARNING)),
    )
