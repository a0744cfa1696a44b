"""The chance of a plan's dates; who waits for it for more than two seconds sees how far it is."""

import sys
from time import perf_counter

import click

from planlint.rule import Context
from planlint.schedule.simulation import ITERATIONS, Chance, chance

_PATIENCE = 2.0


def simulated(context: Context) -> Chance | None:
    """Return how likely a plan's dates are; None when nothing in it is uncertain or it has no dates."""
    if context.network is None:
        return None
    begin, done = perf_counter(), 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        if sys.stderr.isatty() and perf_counter() - begin > _PATIENCE:
            end = "\n" if done >= ITERATIONS else ""
            said = f"\r{context.plan.id}: {done:,} of {ITERATIONS:,} runs simulated"
            click.echo(f"{said}{end}", err=True, nl=False)

    return chance(context.network, step=step)
