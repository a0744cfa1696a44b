"""The commands about rules themselves: `rules`, `explain`, `schema`, `test-rules`, `new-rule`."""

from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

import click

from planlint.cli.workspace import Workspace
from planlint.config import ConfigError
from planlint.errors import UsageError
from planlint.resources import RULES, SCHEMAS
from planlint.rule import Rule
from planlint.rulesets import Catalogue, Choice, selection

_NEW = """\
summary: Say in one sentence what holds in a sound plan.
rationale: >
  Say why it matters to the people who read the plan, and what happens where it does not hold.
severity: warning
since: "1.0"
given: task                     # a kind of item: task, risk, change, …
where: open                     # which of them: a named condition or a JSON Schema fragment
check: schema
params:
  schema:
    required: [acceptance]      # what such an item must look like
at: key                         # what to underline: the item's key, or one of its keys
message: "task '{id}' has no acceptance criteria; say how you know that it is done"
examples:
  valid:
    - |
      tasks:
        build: {title: Build it, owner: ana, acceptance: [Reviewed]}
      people: {ana: {name: Ana Ruiz}}
    - |
      # What is cancelled needs none.
      tasks:
        build: {title: Build it, status: cancelled}
  invalid:
    - |
      tasks:
        build: {title: Build it, owner: ana}  # expect: NAME
      people: {ana: {name: Ana Ruiz}}
    - |
      tasks:
        build:  # expect: NAME
          title: Build it
          owner: ana
          status: doing
          actual: {start: 2026-02-02}
      people: {ana: {name: Ana Ruiz}}
"""


def _known(workspace: Workspace) -> Catalogue:
    """Return the catalogue with the rules that the configuration here adds."""
    return workspace.config_in(workspace.cwd).catalogue


def _manifest(rule: Rule, workspace: Workspace) -> Mapping[str, Any]:
    from planlint.reader import read  # noqa: PLC0415 - only to explain

    own = RULES / rule.origin
    file = own if rule.name in workspace.catalogue.rules else workspace.cwd / rule.origin
    document, _ = read(rule.origin, file.read_bytes())
    data: Mapping[str, Any] = document.data if document else {}
    return data


@click.command()
@click.option(
    "--format", "format_", type=click.Choice(["text", "json", "markdown"]), default="text", help="How (text)."
)
@click.option("--profile", metavar="NAME", help="Show what is on in this profile or pack.")
def rules(format_: str, profile: str | None) -> None:
    """List the rules: level, whether they are on, where they come from.

    Example: planlint rules --profile strict
    """
    workspace = Workspace()
    config = workspace.config_in(workspace.cwd)
    on = {
        one.rule.name: one.severity.word
        for one in selection(config.catalogue, config.packs, config.settings, Choice(profile=profile))
    }
    rows = [
        {
            "rule": rule.name,
            "category": rule.category,
            "level": on.get(rule.name, "off"),
            "summary": " ".join(rule.summary.split()),
            "origin": "planlint" if rule.name in workspace.catalogue.rules else rule.origin,
        }
        for rule in sorted(config.catalogue.rules.values(), key=lambda rule: (rule.category, rule.name))
    ]
    if format_ == "json":
        import json  # noqa: PLC0415 - only this format

        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    elif format_ == "markdown":
        click.echo("| rule | category | level | what it says |\n|---|---|---|---|")
        for row in rows:
            click.echo(f"| {row['rule']} | {row['category']} | {row['level']} | {row['summary']} |")
    else:
        width = max(len(row["rule"]) for row in rows)
        category = ""
        for row in rows:
            if row["category"] != category:
                category = row["category"]
                click.echo(f"\n{category}")
            origin = "" if row["origin"] == "planlint" else f"  ({row['origin']})"
            click.echo(f"  {row['rule']:<{width}}  {row['level']:<7}  {row['summary']}{origin}")
        click.echo(f"\n{len(on)} of {len(rows)} rules are on; `planlint explain RULE` says more about one.")


@click.command()
@click.argument("rule")
def explain(rule: str) -> None:
    """Explain one rule: what, why, examples, options.

    Example: planlint explain task-without-owner
    """
    workspace = Workspace()
    known = _known(workspace).rules
    if rule not in known:
        from planlint.schema import closest  # noqa: PLC0415 - only to explain

        near = closest(rule, known)
        hint = f"did you mean '{near}'?" if near else "`planlint rules` lists them"
        raise UsageError(f"no rule is named '{rule}'; {hint}")
    found = known[rule]
    click.echo("\n".join(_explained(found, _manifest(found, workspace))))


def _explained(rule: Rule, manifest: Mapping[str, Any]) -> Iterator[str]:
    level = rule.severity.word if rule.recommended else f"off; {rule.severity.word} where it is turned on"
    yield f"# {rule.name}"
    yield f"\n{' '.join(rule.summary.split())}"
    yield f"\nCategory {rule.category}, level {level}, since {rule.since}."
    yield f"\n## Why\n\n{' '.join(rule.rationale.split())}"
    if rule.options:
        yield "\n## Options\n"
        yield f"Set in `.planlint.yaml`: `rules: {{{rule.name}: {{…}}}}`.\n"
        for name, option in rule.options.items():
            yield f"- `{name}` ({option.type}, default {option.default}): {option.description}"
    titles = {"valid": "Nothing to report", "invalid": "Reported"}
    for kind, title in titles.items():
        for example in manifest.get("examples", {}).get(kind, ()):
            files = {"": example} if isinstance(example, str) else example["files"]
            for file, text in files.items():
                yield f"\n## {title}{f': {file}' if file else ''}\n\n```yaml\n{text.rstrip()}\n```"
    yield "\n## To silence it for one item\n"
    yield f"    # planlint: ignore[{rule.name}] why it is fine here"


@click.command()
@click.argument("name", type=click.Choice(["plan", "config", "rule", "report"]), default="plan")
def schema(name: str) -> None:
    """Print a JSON Schema for editors and tools (default: plan).

    Example: planlint schema plan > plan.schema.json
    """
    click.echo((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"), nl=False)


@click.command()
@click.argument("paths", nargs=-1)
def test_rules(paths: tuple[str, ...]) -> int:
    """Run the examples inside rule manifests as tests.

    PATHS are manifests or folders of them; default are the rules that the configuration here adds.

    Example: planlint test-rules team-rules
    """
    from planlint.manifests import conditions, read_manifest  # noqa: PLC0415 - only here
    from planlint.rule_examples import run  # noqa: PLC0415 - only here

    workspace = Workspace()
    catalogue = _known(workspace)
    manifests: dict[str, Mapping[str, Any]] = {}
    for file in _manifest_files(paths, workspace):
        shown = workspace.show(file)
        manifest = read_manifest(shown, file.stem, file.parent.name, file.read_bytes(), conditions())
        if manifest.rule is None or manifest.document is None:
            documents = {shown: manifest.document} if manifest.document else {}
            raise ConfigError(manifest.findings, documents)
        catalogue = catalogue.with_rules([manifest.rule])
        manifests[file.stem] = manifest.document.data
    count = failed = 0
    for example, reasons in run(manifests.items(), catalogue):
        count += 1
        failed += bool(reasons)
        for reason in reasons:
            click.echo(f"{example.name}: {reason}")
    rules = "1 rule" if len(manifests) == 1 else f"{len(manifests)} rules"
    click.echo(f"{count} examples of {rules}, {failed} failed")
    return int(failed > 0)


def _manifest_files(paths: tuple[str, ...], workspace: Workspace) -> Iterator[FilePath]:
    if not paths:
        for rule in _known(workspace).rules.values():
            if rule.name not in workspace.catalogue.rules:
                yield workspace.cwd / rule.origin
    for path in paths:
        file = workspace.cwd / path
        if file.is_dir():
            yield from sorted(found for found in file.glob("**/*.yaml") if _is_manifest(found))
        elif file.is_file():
            yield file
        else:
            raise UsageError(f"there is no file or folder '{path}'")


def _is_manifest(file: FilePath) -> bool:
    return file.parent.name != "packs" and "examples:" in file.read_text(encoding="utf-8")


@click.command()
@click.argument("name", metavar="CATEGORY/NAME")
@click.option("--folder", default="team-rules", metavar="DIR", help="The pack's folder (team-rules).")
def new_rule(name: str, folder: str) -> None:
    """Scaffold a rule in a folder of your own; name the folder under `extends` in .planlint.yaml.

    Example: planlint new-rule delivery/task-without-acceptance
    """
    category, _, rule = name.partition("/")
    if not all(part and part.replace("-", "a").isalnum() and part.islower() for part in (category, rule)):
        raise UsageError(f"'{name}' is not CATEGORY/NAME in lower-case words joined by hyphens")
    workspace = Workspace()
    if rule in _known(workspace).rules:
        raise UsageError(f"a rule named '{rule}' exists already; choose another name")
    file = workspace.cwd / folder / category / f"{rule}.yaml"
    if file.exists():
        raise UsageError(f"'{workspace.show(file)}' exists already; nothing was changed")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_NEW.replace("NAME", rule), encoding="utf-8")
    click.echo(f"wrote {workspace.show(file)}")
    click.echo(
        f"next: edit it, run `planlint test-rules {folder}`, add `./{folder}` to `extends` in .planlint.yaml",
        err=True,
    )
