"""`planlint check`: the main job."""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path as FilePath
from time import perf_counter
from typing import Any

import click

from planlint import atomic, batch, report
from planlint.cache import Cache
from planlint.cli.workspace import Workspace, disk, parse_day
from planlint.config import ConfigError
from planlint.diagnostics import Result, Severity
from planlint.errors import UsageError
from planlint.rulesets import Choice

_LEVELS = ("error", "warning", "info")
_PATIENCE = 2.0  # seconds before a progress bar appears


def _names(ctx: click.Context, parameter: click.Parameter, value: Sequence[str]) -> tuple[str, ...]:
    del ctx, parameter
    return tuple(name.strip() for text in value for name in text.split(",") if name.strip())


def _severities(
    ctx: click.Context, parameter: click.Parameter, value: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    del ctx, parameter
    pairs = []
    for text in value:
        rule, _, level = text.partition("=")
        if level not in (*_LEVELS, "off"):
            raise click.BadParameter(f"'{text}' is not RULE=LEVEL with error, warning, info or off")
        pairs.append((rule, level))
    return tuple(pairs)


def _shard(ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    del ctx, parameter
    if value is None:
        return None
    number, slash, count = value.partition("/")
    if not (slash and number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
        raise click.BadParameter(f"'{value}' is not K/N with K from 1 to N, such as 2/8")
    return int(number), int(count)


@click.command()
@click.argument("paths", nargs=-1)
@click.option(
    "--format", "formats", multiple=True, type=click.Choice(report.FORMATS), help="How to print (text)."
)
@click.option(
    "--output", "outputs", multiple=True, type=click.Path(), help="Write there; pairs with --format."
)
@click.option(
    "--select", multiple=True, callback=_names, metavar="NAMES", help="Only these rules or categories."
)
@click.option("--ignore", multiple=True, callback=_names, metavar="NAMES", help="Not these.")
@click.option("--extend-select", multiple=True, callback=_names, metavar="NAMES", help="These as well.")
@click.option("--profile", metavar="NAME", help="minimal, recommended, strict, or a pack.")
@click.option(
    "--severity", "severities", multiple=True, callback=_severities, metavar="RULE=LEVEL", help="A level."
)
@click.option(
    "--fail-on", type=click.Choice([*_LEVELS, "never"]), default="error", help="Exit 1 from here (error)."
)
@click.option(
    "--changed-since", metavar="REV", help="Only on what changed since that revision, and what this broke."
)
@click.option(
    "--baseline", type=click.Path(), metavar="FILE", help="Known diagnostics, which do not fail the run."
)
@click.option("--write-baseline", is_flag=True, help="Make --baseline FILE know all there are now.")
@click.option("--today", callback=parse_day, envvar="PLANLINT_TODAY", metavar="DATE", help="The day it is.")
@click.option("--stdin-filename", default="stdin.plan.yaml", metavar="FILE", help="What `-` is called.")
@click.option(
    "--jobs", "-j", type=click.IntRange(0), default=1, metavar="N", help="Processes (1); 0 for all cores."
)
@click.option("--no-cache", is_flag=True, help="Remember nothing and recall nothing.")
@click.option(
    "--cache-dir", type=click.Path(), envvar="PLANLINT_CACHE_DIR", metavar="DIR", help="Where to remember."
)
@click.option("--shard", callback=_shard, metavar="K/N", help="Only the K-th of N parts of the plans.")
@click.option("--portfolio", is_flag=True, help="A table of all plans and their conflicts at the end.")
@click.option("--statistics", is_flag=True, help="Counts by rule.")
@click.option("--quiet", "-q", is_flag=True, help="Only errors.")
@click.option("--verbose", "-v", is_flag=True, help="Timings by stage and rule, on standard error.")
def check(today: date, fail_on: str, **options: Any) -> int:
    """Check plans: are they sound, and can their dates hold?

    PATHS are plan files, folders, or - for standard input; default is the current folder.

    Example: planlint check plans/ --format github --fail-on warning
    """
    choice = Choice(
        profile=options["profile"],
        select=options["select"],
        ignore=options["ignore"],
        extend_select=options["extend_select"],
        severities=options["severities"],
    )
    targets = _targets(options["formats"], options["outputs"])
    if options["write_baseline"] and not options["baseline"]:
        raise click.UsageError("--write-baseline needs --baseline FILE")
    if options["write_baseline"] and (options["changed_since"] or options["shard"]):
        raise click.UsageError("--write-baseline needs a whole run: no --changed-since, no --shard")
    workspace = Workspace()
    broken = False
    try:
        result = _checked(workspace, choice, today, options)
    except ConfigError as error:
        from planlint.engine import configuration_result  # noqa: PLC0415 - only for a broken configuration

        result, broken = configuration_result(error, workspace.catalogue, today), True
    if not broken:
        result = _narrowed(result, workspace, choice, options)
    _print(result, targets, workspace, options)
    if broken:
        raise UsageError("the configuration has errors; nothing was checked")
    if fail_on == "never":
        return 0
    return int(any(d.severity >= Severity.of(fail_on) for d in result.diagnostics))


def _narrowed(result: Result, workspace: Workspace, choice: Choice, options: Mapping[str, Any]) -> Result:
    if not options["baseline"] and not options["changed_since"]:
        return result
    from planlint.cli import only_new  # noqa: PLC0415 - only for a pull request

    if options["baseline"]:
        rewrite = options["write_baseline"]
        result = only_new.without_known(result, options["baseline"], paths=options["paths"], rewrite=rewrite)
    if options["changed_since"]:
        result = only_new.changed_since(result, workspace, options["changed_since"], choice)
    return result


def _checked(workspace: Workspace, choice: Choice, today: date, options: Mapping[str, Any]) -> Result:
    paths = options["paths"]
    named = [path for path in paths if path != "-"]
    files = workspace.files(named) if named or "-" not in paths else ()
    if "-" in paths:
        workspace.stand_in(options["stdin_filename"], sys.stdin.buffer.read())
        files = tuple(sorted({*files, options["stdin_filename"]}))
    if options["verbose"]:
        return _timed(files, workspace, choice, today)
    remember = not options["no_cache"] and "-" not in paths and workspace.repeatable
    cache = Cache(
        workspace.cache_folder(options["cache_dir"]) if remember else None,
        (repr(choice).encode(), today.isoformat().encode(), workspace.digest(files)),
    )
    chosen = list(batch.units(files, workspace.content, workspace.near))
    if options["shard"]:
        chosen = batch.shard(chosen, *options["shard"])
    job = batch.Job(partial(disk, workspace), choice, today)
    progress = _Progress(sum(len(unit.files) for unit in chosen))
    return batch.run(chosen, job, jobs=options["jobs"] or batch.cores(), cache=cache, tick=progress)


def _timed(files: Sequence[str], workspace: Workspace, choice: Choice, today: date) -> Result:
    """Check in one go and say on standard error what took how long."""
    from planlint.engine import Clock, lint  # noqa: PLC0415 - most runs go through `batch`

    clock = Clock()
    result = lint(files, workspace.world(), choice=choice, today=today, clock=clock)
    for name, seconds in sorted(clock.seconds.items(), key=lambda entry: -entry[1]):
        click.echo(f"{seconds * 1000:8.1f} ms  {name}", err=True)
    return result


def _targets(formats: Sequence[str], outputs: Sequence[str]) -> list[tuple[str, str | None]]:
    """Pair formats with output files; the last format without a file goes to standard output."""
    chosen = list(formats) or (["github"] if os.environ.get("GITHUB_ACTIONS") == "true" else ["text"])
    if len(outputs) > len(chosen) or len(chosen) - len(outputs) > 1:
        raise click.UsageError(
            "give each --output a --format of its own; one --format may go to standard output"
        )
    files: list[str | None] = [*outputs, *[None] * (len(chosen) - len(outputs))]
    return list(zip(chosen, files, strict=True))


def _print(
    result: Result,
    targets: Sequence[tuple[str, str | None]],
    workspace: Workspace,
    options: Mapping[str, Any],
) -> None:
    result = batch.with_texts(result, workspace.content)
    for name, output in targets:
        if name == "text":
            from planlint.report import text  # noqa: PLC0415 - only this format

            written = text.render(
                result,
                colour=output is None and _colour(),
                quiet=options["quiet"],
                statistics=options["statistics"],
            )
            if options["portfolio"]:
                from planlint.report import portfolio  # noqa: PLC0415 - only when asked for

                written += portfolio.render(result)
        else:
            written = report.render(name, result, rules=workspace.catalogue.rules)
        if output is None:
            click.echo(written, nl=False, color=True)
            if name == "github":
                _step_summary(result)
        else:
            write_atomically(FilePath(output), written)


def _step_summary(result: Result) -> None:
    """Add what annotations leave out to the summary of a step on GitHub."""
    from planlint.report import github  # noqa: PLC0415 - only this format

    file, said = os.environ.get("GITHUB_STEP_SUMMARY"), github.step_summary(result)
    if file and said:
        with FilePath(file).open("a", encoding="utf-8") as stream:
            stream.write(said)


def write_atomically(file: FilePath, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it.

    Raises:
        UsageError: the folder is missing or not writable.
    """
    try:
        atomic.write(str(file), text.encode(errors="replace"))
    except OSError as error:
        raise UsageError(f"cannot write '{file}': {error.strerror or error}") from error


def _colour() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()


class _Progress:
    """A bar on standard error for runs of more than two seconds on a terminal."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.started = perf_counter()
        self.bar: Any = None
        self.done = 0

    def __call__(self, files: int) -> None:
        """Count files as done."""
        self.done += files
        if self.bar is None and perf_counter() - self.started > _PATIENCE and sys.stderr.isatty():
            self.bar = click.progressbar(length=self.total, label="Checking plans", file=sys.stderr)
            self.bar.update(self.done - files)
        if self.bar is not None:
            self.bar.update(files)
            if self.done == self.total:
                self.bar.render_finish()
