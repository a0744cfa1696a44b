"""`planlint report`: what is done with reports that are written already."""

from pathlib import Path as FilePath

import click

from planlint.cli.check import write_atomically
from planlint.errors import UsageError


@click.group()
def report() -> None:
    """Work with reports that `check` has written."""


@report.command()
@click.argument("files", nargs=-1, required=True, type=click.Path())
@click.option("--output", type=click.Path(), metavar="FILE", help="Write there instead of standard output.")
def merge(files: tuple[str, ...], output: str | None) -> None:
    """Join the reports of shards, JSON or SARIF, into one.

    Example: planlint report merge shard-*.json --output report.json
    """
    from planlint.report.joined import join  # noqa: PLC0415 - not for the help

    contents = []
    for file in files:
        try:
            contents.append((file, FilePath(file).read_bytes()))
        except OSError as error:
            raise UsageError(f"cannot read '{file}': {error.strerror}") from None
    text = join(contents)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_atomically(FilePath(output), text)
