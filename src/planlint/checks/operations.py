"""Checks of changes to running systems against each other."""

from collections.abc import Iterator, Sequence

from planlint.checks.items import Hit
from planlint.diagnostics import Finding, Place
from planlint.model import Change
from planlint.rule import Context, check


@check()
def overlapping(context: Context, *, hits: Sequence[Hit]) -> Iterator[Finding]:
    """Yield the changes whose window overlaps that of a change above them on the same system, once each."""
    above: dict[str, list[Change]] = {}
    for hit in hits:
        change = context.plan.changes[hit.subject.id]
        if change.system is None or change.window is None:
            continue
        window, others = change.window, above.setdefault(change.system, [])
        meeting = [
            (other, other.window)
            for other in others
            if other.window and other.window.start < window.finish and window.start < other.window.finish
        ]
        others.append(change)
        if meeting:
            other, first = meeting[0]
            values = {
                "id": change.id,
                "system": change.system,
                "window": f"{window.start:%Y-%m-%d %H:%M} to {window.finish:%Y-%m-%d %H:%M}",
                "other": other.id,
                "other_window": f"{first.start:%Y-%m-%d %H:%M} to {first.finish:%Y-%m-%d %H:%M}",
            }
            related = tuple((f"'{one.id}' at the same time", Place(one.path, "key")) for one, _ in meeting)
            yield Finding(Place((*change.path, "window"), "key"), values, related)
