"""`planlint init`: a first plan that passes, a configuration, the hook and the pull request's workflow."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path as FilePath

import click
import msgspec

from planlint.cli.workspace import parse_day

_PLAN = """\
# A first plan. Replace the tasks by yours; `planlint check` says what is missing.
planlint: 1
title: {title}
status: active
manager: {manager}   # accountable for the plan
sponsor: {sponsor}   # pays and decides
start: {start}
deadline: {deadline}
review: {{every: 2w, last: {today}, owner: {manager}}}

people:
{people}
tasks:
  agree:
    title: Agree on what is to be delivered
    owner: {manager}
    effort: {{optimistic: 1d, likely: 2d, pessimistic: 4d}}
    acceptance: [The sponsor has signed the list of deliverables]
  build:
    title: Build the first version
    owner: {manager}
    effort: {{optimistic: 5d, likely: 8d, pessimistic: 12d}}
    depends_on: [agree]
    deliverables: [first-version]
    acceptance: [All acceptance criteria of the deliverable are met]

milestones:
  accepted:
    title: First version accepted
    owner: {sponsor}
    due: {deadline}
    depends_on: [build]

deliverables:
  first-version:
    title: The first version
    owner: {manager}
    due: {deadline}
    acceptance: [The sponsor has used it for a day]

risks:
  scope:
    title: The list of deliverables grows while we build
    owner: {manager}
    category: schedule
    probability: medium
    impact: medium
    response: mitigate
    mitigation: [New wishes go to the next version]
    trigger: A wish that is not on the list
    affects: [agree, build]
    raised: {today}
    review_by: {review}
"""
_CONFIG = """\
# Which rules hold here: `planlint rules` lists them, `planlint explain RULE` explains one.
extends: [recommended]
"""
_PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: planlint
        name: planlint
        entry: planlint check
        language: system
        types: [yaml]
        pass_filenames: false
"""
_GITHUB = """\
name: Plans
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
jobs:
  planlint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with:
          fetch-depth: 0 # what changed needs the history
          persist-credentials: false
      - run: pip install planlint
      - run: planlint check --format github
      - run: planlint diff "origin/$GITHUB_BASE_REF" --format markdown >> "$GITHUB_STEP_SUMMARY"
        if: github.base_ref
"""
_WEEKS = 8
_NOT_ID = re.compile(r"[^a-z0-9]+")


@click.command()
@click.option("--yes", "-y", is_flag=True, help="Ask nothing.")
@click.option("--title", help="What the plan is called.")
@click.option("--manager", help="Who is accountable for it.")
@click.option("--today", callback=parse_day, envvar="PLANLINT_TODAY", metavar="DATE", help="The day it is.")
def init(*, yes: bool, title: str | None, manager: str | None, today: date) -> int:
    """Write a first plan, a configuration, a pre-commit hook and a workflow. Nothing is overwritten.

    Example: planlint init --yes --title "New office"
    """
    title = title or ("Our first plan" if yes else click.prompt("What is the plan called", "Our first plan"))
    manager = manager or ("Kim Doe" if yes else click.prompt("Who is accountable for it", "Kim Doe"))
    for name, text in _files(title, manager, today):
        file = FilePath(name)
        if file.exists() or file.is_symlink():
            click.echo(f"kept     {name}, which is there already")
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        click.echo(f"written  {name}")
    click.echo("Next: planlint check")
    return 0


def _files(title: str, manager: str, today: date) -> Iterator[tuple[str, str]]:
    yield f"plans/{_id(title, 'first')}.plan.yaml", first_plan(title, manager, today)
    yield ".planlint.yaml", _CONFIG
    yield ".pre-commit-config.yaml", _PRE_COMMIT
    yield ".github/workflows/plans.yml", _GITHUB


def first_plan(title: str, manager: str, today: date) -> str:
    """Return the YAML of a small plan that starts next Monday and passes the recommended rules."""
    start = today + timedelta(days=(7 - today.weekday()) % 7)
    person = _id(manager, "manager")
    sponsor = "sponsor" if person != "sponsor" else "board"
    people = f"  {person}:\n    name: {_quoted(manager)}\n  {sponsor}:\n    name: The sponsor\n"
    return _PLAN.format(
        title=_quoted(title),
        manager=person,
        sponsor=sponsor,
        people=people,
        today=today,
        start=start,
        deadline=start + timedelta(weeks=_WEEKS, days=-3),
        review=start + timedelta(weeks=4),
    )


def _id(text: str, otherwise: str) -> str:
    return _NOT_ID.sub("-", text.lower()).strip("-")[:40].strip("-") or otherwise


def _quoted(text: str) -> str:
    """Return a YAML scalar on one line: JSON's strings are YAML's."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return msgspec.json.encode(" ".join(shown.split())).decode()
