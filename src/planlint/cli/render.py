"""`planlint render`: Markdown pages of plans for a wiki or a docs folder."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path as FilePath
from typing import Any

import click
from msgspec.structs import replace

from planlint.cli.odds import simulated
from planlint.cli.workspace import Workspace, parse_day
from planlint.diagnostics import Diagnostic
from planlint.engine import analyse, examine, load
from planlint.errors import UsageError
from planlint.render import files
from planlint.render.pages import Renderer, check_names
from planlint.render.report import AUDIENCES, SECTIONS, Options, Report, Snapshot
from planlint.render.words import PATTERNS
from planlint.rule import Context
from planlint.rulesets import Choice
from planlint.schedule.earned import Baseline, earned_value
from planlint.world import World

_DEFAULT_OUT = "report"


def _day(ctx: click.Context, parameter: click.Parameter, value: str | None) -> date | None:
    return None if value is None else parse_day(ctx, parameter, value)


@click.command()
@click.argument("paths", nargs=-1)
@click.option(
    "--out", type=click.Path(), help=f"The folder for the pages (configuration, else {_DEFAULT_OUT})."
)
@click.option(
    "--flavor", type=click.Choice(["github", "gitlab", "plain"]), default="github", help="Who shows them."
)
@click.option("--wiki", is_flag=True, help="Names and links as a wiki has them.")
@click.option("--audience", type=click.Choice([a for a in AUDIENCES if a]), help="Choose and order sections.")
@click.option(
    "--section", "sections", multiple=True, type=click.Choice(SECTIONS), help="Only these; repeatable."
)
@click.option(
    "--lang", "language", type=click.Choice(list(PATTERNS)), default="en", help="The language of the words."
)
@click.option("--template", type=click.Path(), metavar="DIR", help="Templates of your own, one a section.")
@click.option("--since", metavar="REV", help="Compare with this Git revision instead of the plan's baseline.")
@click.option(
    "--inject", type=click.Path(), metavar="FILE", help="Fill the marked places of FILE, write nothing else."
)
@click.option("--stdout", "to_stdout", is_flag=True, help="Print one plan's page.")
@click.option(
    "--check", "check_only", is_flag=True, help="Write nothing; exit 1 with a diff when a page is stale."
)
@click.option(
    "--today", callback=_day, envvar="PLANLINT_TODAY", metavar="DATE", help="Default: the status date."
)
def render(
    *,
    paths: tuple[str, ...],
    out: str | None,
    template: str | None,
    since: str | None,
    inject: str | None,
    to_stdout: bool,
    check_only: bool,
    today: date | None,
    **look: Any,
) -> int:
    """Render plans as Markdown pages that answer "will it hold?", with an index over all of them.

    PATHS are plan files or folders; default is the current folder. What check finds stands on the pages and
    does not fail the run; a plan that cannot be built does.

    Example: planlint render plans/ --out docs/plans --check
    """
    if to_stdout and (inject or check_only):
        raise UsageError("--stdout goes with neither --inject nor --check")
    workspace = Workspace()
    configured = _configured(workspace)
    folder = workspace.cwd / (out or configured.get("out") or _DEFAULT_OUT)
    templates = (
        _templates(workspace.cwd / (template or configured["template"]))
        if template or configured.get("template")
        else None
    )
    found, broken = _reports(workspace, workspace.files(paths), today, since)
    check_names(found)
    target = workspace.cwd / inject if inject else None
    options = Options(
        **look,
        out=workspace.show(target.parent if target else folder),
        images=not (inject or to_stdout),
    )
    renderer = Renderer(options, templates)
    if to_stdout:
        if len(found) != 1:
            raise UsageError(f"--stdout is for one plan, and here are {len(found)}; name its file")
        click.echo(renderer.body(found[0]))
        return broken
    if target is not None and inject is not None:
        changed = files.injected(target, inject, _filler(renderer, found, inject))
    else:
        pages, shared = renderer.front(found)
        for report in found:
            pages |= renderer.page(report)
        changed = files.changes(folder, pages, shared, lambda file: (workspace.cwd / file).exists())
    if check_only:
        for line in files.difference(changed, workspace.show):
            click.echo(line, nl=False)
        return int(bool(changed)) or broken
    files.apply(changed)
    for path, new in sorted(changed.items()):
        click.echo(f"{'removed' if new is None else 'wrote'} {workspace.show(path)}", err=True)
    return broken


def _configured(workspace: Workspace) -> Mapping[str, str]:
    """Return the configuration's `render` paths, made absolute; they must not lead out of the repository."""
    config = workspace.config_in(workspace.cwd)
    if config.folder is None:
        return {}
    root = (workspace.root(workspace.cwd) or config.folder).resolve()
    paths = {}
    for key in ("out", "template"):
        if config.render.get(key):
            path = (config.folder / str(config.render[key])).resolve()
            if not path.is_relative_to(root):
                raise UsageError(
                    f"the configuration's render.{key} leads out of the repository: {config.render[key]}"
                )
            paths[key] = str(path)
    return paths


def _templates(folder: FilePath) -> FilePath:
    if not folder.is_dir():
        raise UsageError(f"the template folder {folder} does not exist")
    unknown = sorted(
        f.name
        for f in folder.glob("*.md.j2")
        if f.name.removesuffix(".md.j2") not in (*SECTIONS, "index") and not f.name.startswith("_")
    )
    if unknown:
        raise UsageError(f"{folder / unknown[0]} is no section's template; a file to include begins with _")
    return folder


def _reports(
    workspace: Workspace, names: Sequence[str], today: date | None, since: str | None
) -> tuple[list[Report], int]:
    """Examine the plans, each as of its day; print what keeps a plan from being built and return 1 then."""
    world = workspace.world()
    rules = {rule.name: rule.summary for rule in workspace.catalogue.rules.values()}
    days = {name: today or _status_date(name, world) or date.today() for name in names}  # noqa: DTZ011 - the user's day
    found: dict[str, Report] = {}
    broken = False
    for day in sorted(set(days.values())):
        examined = examine(names, world, choice=Choice(), today=day)
        snapshots = {c.plan.id: _snapshot(c) for c in examined.contexts.values()}
        for name in (name for name in names if days[name] == day):
            context = examined.contexts.get(name)
            own = tuple(d for d in examined.result.diagnostics if _belongs(d, name, context))
            if context is None:
                broken = True
                for d in own:
                    place = f"{d.location.path}:{d.location.span.start.line}"
                    click.echo(f"{place}: {d.severity.word}: {d.message} [{d.rule}]", err=True)
                continue
            before = _before(workspace, context, since)
            found[name] = replace(_report(context, own, snapshots, before), rules=rules)
    return [found[name] for name in names if name in found], int(broken)


def _status_date(name: str, world: World) -> date | None:
    built = load(name, world).built
    return built.plan.status_date if built else None


def _belongs(diagnostic: Diagnostic, name: str, context: Context | None) -> bool:
    if diagnostic.location.path == name:
        return True
    return context is not None and diagnostic.plan == context.plan.id


def _snapshot(context: Context, label: str = "") -> Snapshot:
    return Snapshot(
        plan=context.plan, schedule=context.schedule, deadlines=context.deadlines or (), label=label
    )


def _report(
    context: Context,
    diagnostics: tuple[Diagnostic, ...],
    snapshots: Mapping[str, Snapshot],
    before: Snapshot | None,
) -> Report:
    schedule = context.schedule if context.schedule and context.schedule.items else None
    past = Baseline(before.plan, before.schedule) if before and before.schedule else None
    return Report(
        plan=context.plan,
        today=context.today,
        schedule=schedule,
        deadlines=context.deadlines or (),
        diagnostics=diagnostics,
        baseline=before,
        portfolio=snapshots,
        chance=simulated(context),
        earned=earned_value(context.plan, schedule, past) if schedule else None,
    )


def _before(workspace: Workspace, context: Context, since: str | None) -> Snapshot | None:
    """Return the plan at the revision asked for, or at its baseline; None where Git does not have it."""
    if since is None and context.baseline is not None:
        return _snapshot(context.baseline, context.plan.baseline_ref or "")
    file, revision = context.plan.file, since or context.plan.baseline_ref
    if revision is None:
        return None
    try:
        built = load(file, workspace.at(file, revision)).built
    except UsageError as error:
        if since is not None:
            raise UsageError(f"--since {since}: {error}") from None
        click.echo(f"{file}: no comparison with the baseline {revision}: {error}", err=True)
        return None
    if built is None:
        return None
    then = analyse({file: built}, built.plan.status_date or context.today)[file]
    return _snapshot(then, revision)


def _filler(renderer: Renderer, reports: Sequence[Report], file: str) -> Callable[[files.Slot], str]:
    by_id = {report.plan.id: report for report in reports}

    def fill(slot: files.Slot) -> str:
        place = f"{file}:{slot.first}"
        if slot.section not in SECTIONS:
            raise UsageError(f"{place}: there is no section '{slot.section}'; nothing was written")
        if slot.plan not in by_id:
            raise UsageError(f"{place}: there is no plan '{slot.plan}' in this run; nothing was written")
        return renderer.section(slot.section, by_id[slot.plan])

    return fill
