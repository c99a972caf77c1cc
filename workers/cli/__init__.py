"""The command line. A command's module is imported when the command is asked for, and never for the help of all."""

import difflib
import errno
import importlib
import sys
from pathlib import Path
from typing import Final

import click

from workers import __version__

#: Every command with the first sentence of its help, in the order in which a newcomer needs them. The command `x` is
#: the object `x` of the module `workers.cli.x`.
COMMANDS: Final = {
    "demo": "Show the whole product on this machine.",
    "check": "Check the configuration, then Kafka and each account.",
    "preview": "Show the events that a feed would publish.",
    "record": "Store real pages of a feed, and the events that they give.",
    "replay": "Read stored pages again and compare the events.",
    "topics": "Create, check or copy the four Kafka topics.",
    "feeds": "List, add, remove, discover or explain the feeds that are polled.",
    "run": "Run one worker until SIGTERM or SIGINT.",
    "status": "Show what a running cluster is doing.",
    "simulate": "Serve simulations of the providers' APIs.",
}

#: Columns of a help text at most: longer lines are hard to read, however wide the terminal is.
_HELP_COLUMNS = 100

#: "\b" keeps click from filling the lines of a paragraph.
_EPILOG = """\b
Exit codes:
  0 done · 1 failed at run time · 2 wrong usage or configuration
  130, 143 ended by SIGINT or SIGTERM before all was done

\b
First steps:
  afluente demo --seconds 60        see it work, with nothing else installed
  afluente check                    is my configuration right?
  afluente run                      start a worker; start as many as you like
"""


class Commands(click.Group):
    """The commands of the table above, imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's interface
        """Their names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's interface
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"workers.cli.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a near miss for a misspelt command."""
        near = difflib.get_close_matches(args[0], COMMANDS, n=1)
        if args[0] not in COMMANDS and near:
            raise click.UsageError(f'No such command "{args[0]}"; did you mean "{near[0]}"?', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's interface
        """The table itself: nothing is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(
    cls=Commands,
    context_settings={"max_content_width": _HELP_COLUMNS, "help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)
@click.option(
    "-c",
    "--config",
    "path",
    default="afluente.toml",
    show_default=True,
    envvar="AFLUENTE_CONFIG",
    show_envvar=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Configuration file; accepted behind the command too.",
)
@click.version_option(__version__, message="afluente %(version)s")
@click.pass_context
def afluente(context: click.Context, path: Path) -> None:
    """Read WhatsApp providers' message histories and publish them to Kafka, in order and exactly once.

    Text for people goes to stderr, JSON lines for programs to stdout.
    """
    from workers.cli.context import Configuration  # noqa: PLC0415 - not to be paid for by the help of all commands

    context.obj = Configuration(path)


def main() -> None:
    """Run the `afluente` command."""
    try:
        afluente.main(prog_name="afluente")
    except OSError as error:  # a reader that has gone is click's affair
        if error.errno != errno.ENOSPC:
            raise
        sys.exit(f"error  stdout cannot be written: {error.strerror}")
