"""`planlint diff`: what changed in the plans, and what that does to the dates."""

import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path as FilePath

import click

from planlint.cli.check import write_atomically
from planlint.cli.past import world_at
from planlint.cli.workspace import Workspace, parse_day
from planlint.engine import examine
from planlint.history.changes import Difference, State, compare
from planlint.history.git import GitError, Repository
from planlint.history.plans import Snapshot
from planlint.report import changes
from planlint.rulesets import Choice
from planlint.world import World

_TREE = "the working tree"


@click.command()
@click.argument("old")
@click.argument("new", required=False)
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "markdown"]), default="text", help="How."
)
@click.option("--output", type=click.Path(), help="Write there instead of standard output.")
@click.option("--key", metavar="KEY", help="Marks the Markdown comment; default the workflow and job.")
@click.option("--fail-on-verdict", is_flag=True, help="Exit 1 when a deadline can no longer be met.")
@click.option("--today", callback=parse_day, envvar="PLANLINT_TODAY", metavar="DATE", help="The day it is.")
def diff(
    *,
    old: str,
    new: str | None,
    format_: str,
    output: str | None,
    key: str | None,
    today: date,
    fail_on_verdict: bool,
) -> int:
    """Say what changed in the plans between two Git revisions, and what that does to the dates.

    OLD and NEW are revisions, or files or folders. Without NEW, the working tree is compared with the commit
    where it left OLD.

    Example: planlint diff origin/main --format markdown
    """
    workspace = Workspace()
    if new is not None and _are_paths(workspace.cwd, old, new):
        difference = _between_paths(workspace, old, new, today)
    else:
        difference = _between_revisions(workspace, old, new, today)
    match format_:
        case "json":
            said = changes.json(difference)
        case "markdown":
            said = changes.markdown(difference, key or _key())
        case _:
            said = changes.text(difference)
    if output is None:
        click.echo(said, nl=False)
    else:
        write_atomically(FilePath(output), said)
    return int(fail_on_verdict and any(plan.newly_infeasible for plan in difference.plans))


def _key() -> str:
    parts = (os.environ.get("GITHUB_WORKFLOW"), os.environ.get("GITHUB_JOB"))
    return " / ".join(part for part in parts if part) or "planlint"


def _are_paths(cwd: FilePath, old: str, new: str) -> bool:
    """Return whether both are paths and not both revisions; a name that is both is a revision, as for Git."""
    if not ((cwd / old).exists() and (cwd / new).exists()):
        return False
    try:
        with Repository(cwd) as repository:
            repository.commit(old)
            repository.commit(new)
    except GitError:
        return True
    return False


def _between_paths(workspace: Workspace, old: str, new: str, today: date) -> Difference:
    before, after = workspace.files([old]), workspace.files([new])
    if (workspace.cwd / old).is_file() and (workspace.cwd / new).is_file():
        moved = dict(zip(after, before, strict=True))
    else:
        inner = {_inside(file, old): file for file in before}
        moved = {file: inner[_inside(file, new)] for file in after if _inside(file, new) in inner}
    world = workspace.world()
    return _difference((old, _states(before, world, today)), (new, _states(after, world, today)), moved)


def _inside(file: str, folder: str) -> str:
    return os.path.relpath(file, folder)


def _between_revisions(workspace: Workspace, old: str, new: str | None, today: date) -> Difference:
    here = str(workspace.cwd)
    with Repository(workspace.cwd) as repository:
        base = repository.commit(old) if new else repository.merge_base(old, "HEAD")
        before = Snapshot(repository, base, here)
        old_states = _states(_plans(before, workspace), world_at(before, workspace.config), today)
        if new is None:
            new_states = _states(workspace.files([]), workspace.world(), today)
        else:
            after = Snapshot(repository, new, here)
            new_states = _states(_plans(after, workspace), world_at(after, workspace.config), today)
        moved = {
            before.shown(change.new): before.shown(change.old)
            for change in repository.changes(base, new)
            if change.old and change.new and change.old != change.new
        }
    return _difference((old, old_states), (new or _TREE, new_states), moved)


def _difference(
    old: tuple[str, Sequence[State]], new: tuple[str, Sequence[State]], moved: Mapping[str, str]
) -> Difference:
    plans = compare(old[1], new[1], moved)
    changed = sum(plan.what != "removed" for plan in plans)
    return Difference(old=old[0], new=new[0], plans=plans, unchanged=len(new[1]) - changed)


def _plans(snapshot: Snapshot, workspace: Workspace) -> tuple[str, ...]:
    config = workspace.config_in(workspace.cwd)
    return snapshot.plans(config.include, config.exclude, str(config.folder) if config.folder else None)


def _states(files: Sequence[str], world: World, today: date) -> tuple[State, ...]:
    examined = examine(files, world, choice=Choice(), today=today)
    states = []
    for file in files:
        context = examined.contexts.get(file)
        plan = context.plan if context else None
        states.append(
            State(
                file=file,
                plan=plan,
                schedule=context.schedule if context else None,
                deadlines=(context.deadlines if context else None) or (),
                diagnostics=tuple(
                    d
                    for d in examined.result.diagnostics
                    if d.location.path == file or (plan is not None and d.plan == plan.id)
                ),
            )
        )
    return tuple(states)
