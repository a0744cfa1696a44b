"""The command `planlint`: a thin edge; each command's module is imported when it is called."""

import errno
from importlib import import_module

import click

from planlint import __version__
from planlint.errors import UsageError

_COMMANDS = {
    "check": "Check plans: are they sound, and can their dates hold?",
    "diff": "Say what changed between two revisions, and what that does to the dates.",
    "explain": "Explain one rule: what, why, examples, options.",
    "init": "Write a first plan, a configuration, the pre-commit hook and a workflow.",
    "new-rule": "Scaffold a rule in a folder of your own.",
    "render": "Render plans as Markdown pages for a wiki or a docs folder.",
    "report": "Join the reports of shards into one.",
    "rules": "List the rules: what is on, and from where.",
    "schedule": "Compute a plan's dates, and whether its deadlines can hold.",
    "schema": "Print a JSON Schema for editors and tools.",
    "test-rules": "Run the examples inside rule manifests as tests.",
}
_MODULES = {name: name for name in ("check", "diff", "init", "render", "report", "schedule")}
"""Where a command is, when not in `catalogue`."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a disk says that takes no more."""


class _Lazy(click.Group):
    """A group that knows its commands' names and one-line helps, and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"planlint.cli.{_MODULES.get(cmd_name, 'catalogue')}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="planlint")
def planlint() -> None:
    """Lint, schedule and render project plans kept as YAML in Git.

    Example: planlint check plans/
    """


def main() -> int:
    """Run the command and turn what it raises into an exit code.

    2 is wrong use or configuration, or nowhere to write; 3 a bug of planlint's (never a clean result); 130 an
    interrupt. Where nobody reads the output any more, click ends the process with 1.
    """
    try:
        code = planlint.main(prog_name="planlint", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _stop("interrupted", 130)
    except click.ClickException as error:
        error.show()
        return 2
    except UsageError as error:
        return _stop(f"planlint: {error}", 2)
    except Exception as error:  # noqa: BLE001 - the outermost edge: a bug must say so and exit with 3
        if isinstance(error, OSError) and error.errno in _FULL:
            return _stop(f"planlint: the output is incomplete: {error.strerror}", 2)
        return _crash(error)
    return code if isinstance(code, int) else 0


def _stop(message: str, code: int) -> int:
    click.echo(message, err=True)
    return code


def _crash(error: BaseException) -> int:
    import traceback  # noqa: PLC0415 - only for a bug

    lines = traceback.format_exception(error)
    click.echo("".join(lines), err=True, nl=False)
    return _stop(
        f"planlint {__version__}: internal error, the result is incomplete: {error}\nPlease report it.", 3
    )
