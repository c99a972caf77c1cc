"""What every command shares: the configuration file, how errors reach a person, and exit codes.

Human output goes to stderr, machine output (JSON lines) to stdout. Exit codes: 0 done, 1 failed at run time, 2 wrong
usage or configuration, 130/143 on signals that could not be drained in time.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any, Concatenate, NoReturn, ParamSpec, TypeVar

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workers.cli.verdict import Verdict
from workers.errors import AfluenteError, ConfigurationError
from workers.providers import PROVIDERS, adapter
from workers.redaction import Redactor
from workers.settings.load import load
from workers.settings.settings import Settings

#: For people. No word of a provider becomes an emoji, and lines that a person may want to copy are not broken.
stderr = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

#: Columns of the word that a result begins with: the longest is "rate limited".
_WORD_COLUMNS = 13

#: Joins emoji into one; all other invisible characters are left out of what a terminal is shown.
_JOINER = "\u200d"

P = ParamSpec("P")
R = TypeVar("R")


class Configuration:
    """The configuration file that the command line names, read when a command first asks for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.redactor = Redactor(())

    def settings(self, *, keyless: bool = False) -> Settings:
        """The settings. Where no provider will be asked they may be `keyless`. Raises ConfigurationError."""
        settings = load(self.path, PROVIDERS, os.environ, adapter, keyless=keyless)
        self.redactor = Redactor(settings.secrets())
        return settings


class Misuse(click.ClickException):
    """The command line names what is not there, or asks for what cannot be. It is told like all errors; exit 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's interface
        """Tell it."""
        _error(self.message)


def config_option(command: Callable[P, R]) -> Callable[P, R]:
    """A command (or group) that takes `-c` behind its name, too; it goes before one in front of it."""

    def named_here(context: click.Context, _: click.Parameter, path: Path | None) -> None:
        if path is not None:
            context.obj = Configuration(path)

    option = click.option(
        "-c",
        "--config",
        metavar="FILE",
        type=click.Path(path_type=Path),
        expose_value=False,
        callback=named_here,
        help="Configuration file.  [default: afluente.toml]",
    )
    return option(command)


def configured(command: Callable[Concatenate[Configuration, P], R]) -> Callable[P, R]:
    """A command whose first argument is the configuration, with `-c` as an option of its own."""
    return config_option(click.pass_obj(command))


def told(command: Callable[P, R]) -> Callable[P, R]:
    """A command whose Afluente errors reach a person as text, with the exit code that the contract gives them."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ConfigurationError as error:
            _end(error.problems, 2)
        except AfluenteError as error:
            _end([str(error)], 1)
        except KeyboardInterrupt:
            sys.exit(130)

    return run


def finished(work: Coroutine[Any, Any, R]) -> R:
    """What a command's asynchronous part comes to. Libraries keep quiet: what goes wrong is told once, by us."""
    for library in ("aiokafka", "asyncio"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    return asyncio.run(work)


def epilog(exit_codes: str, *examples: str) -> str:
    """The end of a command's help. The control letter in it keeps click from filling the lines of the examples."""
    lines = "\n".join(f"  {example}" for example in examples)
    return f"Exit codes: {exit_codes}.\n\n\b\nExamples:\n{lines}"


def say(*parts: str | tuple[str, str]) -> None:
    """One line for a person: texts, or pairs of a text and its style. Nothing in them is markup."""
    stderr.print(Text.assemble(*(part if isinstance(part, tuple) else (part, "") for part in parts)))


def say_result(word: str, style: str, text: str, columns: int = _WORD_COLUMNS) -> None:
    """A word in front that can be read down a column, and what it is about; in a terminal filled at words."""
    if not stderr.is_terminal:
        say((f"{word:<{columns}}", style), printable(text))
        return
    grid = Table.grid()
    grid.add_column(width=columns)
    grid.add_column(overflow="fold")
    grid.add_row(Text(word, style), Text(printable(text)))
    stderr.print(grid, soft_wrap=False)


def say_verdict(subject: str, found: Verdict, redactor: Redactor) -> None:
    """What a try came to, and what to do about it; a provider's words may repeat a credential."""
    style = {"ok": "green", "not tried": "dim"}.get(found.word, "red")
    say_result(found.word, style, f"{subject}: {redactor.redact(found.said)}")
    if found.advice:
        say_result("", "", found.advice)


def printable(text: str) -> str:
    """A text that cannot move the cursor or turn the line around: what is no visible character is a space."""
    return "".join(c if c.isprintable() or c == _JOINER else " " for c in text)


def emit(value: Any) -> None:  # noqa: ANN401 - whatever JSON can say
    """One JSON line on stdout."""
    click.echo(orjson.dumps(value))


def for_a_program() -> bool:
    """Whether stdout is read by a program, and wants JSON lines."""
    return not sys.stdout.isatty()


def _end(lines: list[str], code: int) -> NoReturn:
    configuration = click.get_current_context().find_object(Configuration)
    for line in lines:
        _error(configuration.redactor.redact(line) if configuration else line)
    sys.exit(code)


def _error(text: str) -> None:
    say_result("error", "red", text, columns=len("error "))
