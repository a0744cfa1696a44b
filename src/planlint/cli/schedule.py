"""`planlint schedule`: the computed dates of one plan, and whether its deadlines can hold."""

from datetime import date

import click

from planlint.builder import Built
from planlint.cli.workspace import Workspace, parse_day
from planlint.engine import analyse, lint, load
from planlint.errors import UsageError
from planlint.rule import Context
from planlint.rulesets import Choice
from planlint.world import World


@click.command()
@click.argument("plan")
@click.option(
    "--format", "format_", type=click.Choice(["text", "json"]), default="text", help="How to print (text)."
)
@click.option("--what-if", "changes", multiple=True, metavar="KEY=VALUE", help="Show what a change would do.")
@click.option(
    "--verify", is_flag=True, help="Check every verdict's certificate anew; exit 3 if one is wrong."
)
@click.option("--today", callback=parse_day, envvar="PLANLINT_TODAY", metavar="DATE", help="The day it is.")
def schedule(plan: str, format_: str, changes: tuple[str, ...], today: date, *, verify: bool) -> int:
    """Compute a plan's dates, float and critical path, and a verdict for each deadline.

    With --what-if (repeatable) the dates that a change leads to stand beside today's.

    Example: planlint schedule plans/move.plan.yaml --what-if people.ana.operations=0%
    """
    from planlint.cli.odds import simulated  # noqa: PLC0415 - not needed for --help
    from planlint.report import schedule as report  # noqa: PLC0415

    workspace = Workspace()
    files = workspace.files([plan])
    if len(files) != 1:
        raise UsageError(f"'{plan}' is {len(files)} plans; name the file of one")
    file, world = files[0], workspace.world()
    built = load(file, world).built
    if built is None:
        return _refuse(file, world, today)
    beside = _beside(workspace, world, file, built)
    now = _context(file, built, beside, today)
    if not now.schedule or (built.plan.tasks and not now.schedule.items):
        return _refuse(file, world, today)
    then = None
    if changes:
        from planlint.cli.what_if import vary  # noqa: PLC0415 - only then

        varied = _context(file, vary(built, changes), beside, today)
        then = report.Answer(varied, simulated(varied))
    written = report.json if format_ == "json" else report.text
    click.echo(written(report.Answer(now, simulated(now)), changes, then), nl=False)
    answers = [now] if then is None else [now, then.context]
    return 3 if verify and not all([_verified(answer) for answer in answers]) else 0  # noqa: C419 - says all


def _verified(context: Context) -> bool:
    """Let the checker look at every certificate, say what it found on standard error; False: one is wrong."""
    from planlint.schedule.certificate import verify  # noqa: PLC0415 - only then

    if context.network is None or context.schedule is None:
        return True
    sound = True
    network = context.network.without(context.schedule.unsound)
    for deadline in context.deadlines or ():
        kind = deadline.certificate["kind"]
        wrong = verify(network, deadline)
        said = "is too large to be checked" if wrong is None else "holds"
        if wrong:
            sound, said = False, f"does not hold: {'; '.join(wrong)}"
        elif kind == "bounds":
            said = "claims nothing to check"
        what = f"{deadline.item or 'the plan'}, {deadline.kind}, due {deadline.date}"
        click.echo(f"{what}: {deadline.verdict}, its certificate ({kind}) {said}", err=True)
    return sound


def _context(file: str, built: Built, beside: dict[str, Built], today: date) -> Context:
    return analyse({**beside, file: built}, today)[file]


def _beside(workspace: Workspace, world: World, file: str, built: Built) -> dict[str, Built]:
    """Return the plans in the same folder, when this one waits for another plan."""
    waits = any(
        "/" in dependency.predecessor for item in built.plan.waiting() for dependency in item.depends_on
    )
    if not waits:
        return {}
    folder = workspace.show((workspace.cwd / file).parent)
    others = {other: load(other, world).built for other in workspace.files([folder]) if other != file}
    return {other: found for other, found in others.items() if found is not None}


def _refuse(file: str, world: World, today: date) -> int:
    """Say on standard error why there is no schedule."""
    from planlint.report import text  # noqa: PLC0415 - only for a plan without a schedule

    choice = Choice(select=("source", "structure", "network"))
    click.echo(text.render(lint([file], world, choice=choice, today=today)), nl=False, err=True)
    click.echo(f"planlint: no schedule can be made of {file}", err=True)
    return 1
