"""What of a result a pull request is to see: only what it changed, only what is not known already."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from os import path as os_path
from pathlib import Path as FilePath

import click
from msgspec.structs import replace

from planlint import known
from planlint.batch import units
from planlint.cli.check import write_atomically
from planlint.cli.past import world_at
from planlint.cli.workspace import Workspace
from planlint.diagnostics import Diagnostic, Path, Result
from planlint.document import Document
from planlint.engine import lint
from planlint.errors import UsageError
from planlint.history.git import Repository
from planlint.history.plans import Snapshot, changed_items, only_changed
from planlint.includes import fragments
from planlint.reader import read
from planlint.report.characters import visible
from planlint.rulesets import Choice

_LISTED = 20


def changed_since(result: Result, workspace: Workspace, revision: str, choice: Choice) -> Result:
    """Keep what is about plans, and items of plans, that changed since the work left a revision.

    What an unchanged item of a changed plan has to say is kept when it did not say so then: a longer task
    breaks the deadline of a milestone, a person who leaves the owner of a risk.

    Raises:
        UsageError: no Git, no repository, or no such revision in it.
    """
    pointed_at = {d.location.path for d in result.diagnostics}
    files = _files_of(result, workspace)
    with Repository(workspace.cwd) as repository:
        base = repository.merge_base(revision, "HEAD")
        then = Snapshot(repository, base, str(workspace.cwd))
        changed: dict[str, frozenset[Path] | None] = {}
        for change in repository.changes(base):
            if change.new is None:
                continue
            file = then.shown(change.new)
            if change.old is None:
                changed[file] = None
            elif file in pointed_at:
                changed[file] = _changed(workspace, then, file, then.shown(change.old))
            else:
                changed[file] = frozenset()
        kept = only_changed(result.diagnostics, changed, files)
        doubtful = {*result.diagnostics}.difference(kept)
        doubtful = {d for d in doubtful if not changed.keys().isdisjoint((d.location.path, *files(d)))}
        said = _said(doubtful, result, workspace, then, choice) if doubtful else frozenset()
    new = {*kept, *(d for d in doubtful if d.fingerprint not in said)}
    return replace(result, diagnostics=tuple(d for d in result.diagnostics if d in new))


def _said(
    doubtful: Iterable[Diagnostic], result: Result, workspace: Workspace, then: Snapshot, choice: Choice
) -> frozenset[str]:
    """Return the fingerprints of what the plans in question, and those beside them, had to say before."""
    wanted = {d.plan for d in doubtful}
    plans = {plan.path: plan.id for plan in result.plans if then.then(then.inside(plan.path))}
    together = units(tuple(plans), workspace.content, workspace.near)
    there = [file for unit in together if wanted & {*map(plans.get, unit.files)} for file in unit.files]
    before = lint(there, world_at(then, workspace.config), choice=choice, today=result.today)
    return frozenset(d.fingerprint for d in before.diagnostics)


def _changed(workspace: Workspace, then: Snapshot, file: str, old: str) -> frozenset[Path]:
    limits = workspace.config(file).limits
    now = _document(workspace, file)
    before, _ = read(old, then.content(old, limits.file_size + 1), limits)
    return changed_items(before.data if before else None, now.data if now else None)


def _document(workspace: Workspace, file: str) -> Document | None:
    try:
        return read(file, workspace.content(file), workspace.config(file).limits)[0]
    except OSError:
        return None


def _files_of(result: Result, workspace: Workspace) -> Callable[[Diagnostic], Sequence[str]]:
    """Return what names the files of a diagnostic's plan: its own and what it includes."""
    paths = {plan.id: plan.path for plan in result.plans}

    @cache
    def files(path: str) -> tuple[str, ...]:
        main = _document(workspace, path)
        if main is None:
            return (path,)
        included, _ = fragments(main, workspace.expand, workspace.content, workspace.config(path).limits)
        return (path, *(one.file for one in included))

    return lambda d: files(paths[d.plan]) if d.plan in paths else ()


def without_known(result: Result, name: str, *, paths: Sequence[str], rewrite: bool) -> Result:
    """Take out what the file `name` knows, or first make it know all; say on standard error what is gone.

    `paths` are what was checked (nothing: the working directory); entries elsewhere are left as they are.

    Raises:
        UsageError: the file is missing or something else.
    """
    file = FilePath(name)
    checked = _under(paths)
    try:
        entries = known.read(name, file.read_bytes())
    except OSError as error:
        if not rewrite:
            raise UsageError(f"{name} cannot be read: {error.strerror}; --write-baseline makes it") from None
        entries = ()
    if rewrite:
        written = known.write(result, [entry for entry in entries if not checked(entry.path)])
        write_atomically(file, written)
        entries = known.read(name, written.encode())
        click.echo(f"{name}: {len(entries)} known diagnostic{'s' * (len(entries) != 1)}", err=True)
    rest, gone = known.without(result, entries, checked)
    if gone:
        click.echo(
            f"{name}: {len(gone)} known before and gone now; --write-baseline takes them out", err=True
        )
        for entry in gone[:_LISTED]:
            click.echo(f"  {visible(f'{entry.path}: {entry.rule}: {entry.message}')}", err=True)
    return rest


def _under(paths: Sequence[str]) -> Callable[[str], bool]:
    """Return whether a path, as shown, is one of `paths` or in it."""
    tops = [os_path.normpath(path).replace("\\", "/") for path in paths] or ["."]
    return lambda path: any(top in {".", path} or path.startswith(f"{top}/") for top in tops)
