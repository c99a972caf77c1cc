"""`afluente check`: is the configuration right, and does what it names answer?"""

import sys
from collections.abc import Mapping

import click
import orjson
from rich.table import Table

from workers.cli.accounts import adapters_of
from workers.cli.amounts import counted
from workers.cli.context import (
    Configuration,
    configured,
    emit,
    epilog,
    finished,
    for_a_program,
    say_result,
    say_verdict,
    stderr,
    told,
)
from workers.cli.doubts import doubts, visited_every
from workers.cli.trial import Trial, trials
from workers.providers.base import Adapter
from workers.redaction import Redactor
from workers.settings.settings import Settings, effective
from workers.times import span


@click.command(
    epilog=epilog(
        "0 all is right, 1 Kafka or an account did not work, 2 the configuration is wrong",
        "afluente check",
        "afluente -c /etc/afluente.toml check --offline",
        "afluente check --offline --show | jq .effective.kafka",
    )
)
@click.option("--offline", is_flag=True, help="Only read the configuration: ask neither Kafka nor a provider.")
@click.option("--show", is_flag=True, help="Print the configuration in force, defaults included, secrets masked.")
@configured
@told
def check(configuration: Configuration, *, offline: bool, show: bool) -> None:
    """Check the configuration, then Kafka and each account.

    One line for each wrong field, with what is allowed; a warning for what is allowed and probably not meant. Then
    Kafka is asked for its topics, and each account for one page of its first feed. Nothing is written anywhere.
    """
    settings = configuration.settings()
    adapters = adapters_of(settings)
    warnings = list(doubts(settings, adapters))
    _say_configuration(configuration, settings, adapters, warnings)
    if for_a_program():
        shown = {"effective": effective(settings)} if show else {}
        emit({"check": "configuration", "result": "ok", "warnings": warnings, **shown})
    elif show:
        click.echo(orjson.dumps(effective(settings), option=orjson.OPT_INDENT_2))
    if not offline and not finished(_tried(settings, adapters, configuration.redactor)):
        sys.exit(1)


def _say_configuration(
    configuration: Configuration, settings: Settings, adapters: Mapping[str, Adapter], warnings: list[str]
) -> None:
    sizes = f"{counted(len(adapters), 'account')}, {counted(settings.kafka.shards, 'shard')}"
    say_result("ok", "green", f"{configuration.path}: {sizes}")
    for warning in warnings:
        say_result("warning", "yellow", configuration.redactor.redact(warning))
    if adapters:
        stderr.print(_accounts_table(adapters), soft_wrap=False)


def _accounts_table(adapters: Mapping[str, Adapter]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for head in ("account", "provider", "feeds", "requests/min", "a poll", "each visited every"):
        table.add_column(head, justify="right" if head in {"feeds", "requests/min", "a poll"} else "left")
    for name, adapter in adapters.items():
        every = visited_every(adapter)
        feeds = f"{len(adapter.standing_feeds())}{' + discovered' if adapter.account.discover else ''}"
        rate = f"{adapter.account.requests_per_minute:g}"
        cost = str(adapter.requests_per_poll)
        table.add_row(name, adapter.provider, feeds, rate, cost, "—" if every is None else span(every))
    return table


async def _tried(settings: Settings, adapters: Mapping[str, Adapter], redactor: Redactor) -> bool:
    """Whether all that was tried worked."""
    failed = False
    with stderr.status("asking Kafka and the providers"):
        async for trial in trials(settings, adapters.values()):
            say_verdict(trial.subject, trial.found, redactor)
            if for_a_program():
                emit(redactor.redact_value(_as_json(trial)))
            failed = failed or trial.found.failed
    return not failed


def _as_json(trial: Trial) -> dict[str, str | None]:
    kind = "kafka" if trial.account is None else "account"
    found = trial.found
    return {
        "check": kind,
        "account": trial.account,
        "result": found.word.replace(" ", "_"),
        "said": found.said,
        "advice": found.advice or None,
    }
