"""`afluente status`: what a running cluster is doing, for a person or a program."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import click
from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from workers import cluster
from workers.cli.backfill_bars import backfill_bars
from workers.cli.context import (
    Configuration,
    configured,
    emit,
    epilog,
    finished,
    for_a_program,
    printable,
    stderr,
    told,
)
from workers.cli.status_tables import accounts_table, notes, ranges, workers_table
from workers.cluster import Cluster, Details
from workers.errors import BrokerUnreachable
from workers.settings.settings import Settings

#: Seconds between two looks of `--watch`: a person follows that, and workers renew what they tell as often.
WATCH_SECONDS = 1.0
_CODES = "0 told, 1 Kafka did not answer, 2 wrong configuration"
_EXAMPLES = ("afluente status", "afluente status --watch", "afluente status | jq '.accounts.loja.state'")


@click.command(epilog=epilog(_CODES, *_EXAMPLES))
@click.option("--watch", is_flag=True, help="Look again each second, until Ctrl-C.")
@configured
@told
def status(configuration: Configuration, *, watch: bool) -> None:
    """Show what a running cluster is doing.

    Asks Kafka who owns which shard, and each worker what its accounts are at. A table for people on stderr, one JSON
    line on stdout. Workers tell of what happened since they started. No account's key is needed.

    \b
    for       since when the account is in this state
    behind    feeds of which no page came for longer than max_interval_seconds, parked ones left out
    oldest    since when the one of these feeds waits that has waited longest
    page      since the last successful poll
    message   since the newest published message was written
    """  # noqa: D301 - click looks for the character itself: it keeps these lines as they are
    settings = configuration.settings(keyless=True)
    if watch:
        with suppress(KeyboardInterrupt):  # it has no other end
            finished(_lines(settings) if for_a_program() else _watched(settings))
        return
    with stderr.status("asking Kafka and the workers"):  # a Kafka that is away is waited for
        found = finished(cluster.observed(settings))
    if for_a_program():
        emit(found.as_json())
    stderr.print(_picture(found), soft_wrap=False)


async def _lines(settings: Settings) -> None:
    while True:
        emit((await cluster.observed(settings)).as_json())
        await asyncio.sleep(WATCH_SECONDS)


async def _watched(settings: Settings) -> None:
    """The same picture, drawn anew. Kafka may be away for a while once it was there."""
    picture = _picture(await cluster.observed(settings))
    with Live(picture, console=stderr, auto_refresh=False, vertical_overflow="visible") as live:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                picture = shown = _picture(await cluster.observed(settings))
            except BrokerUnreachable as error:
                shown = Group(picture, Text(f"as it was: {error}", "red"))
            live.update(shown, refresh=True)


def _picture(found: Cluster) -> Group:
    return Group(*_parts(found))


def _parts(found: Cluster) -> Iterator[RenderableType]:
    yield Text.assemble(("group ", "dim"), (found.group, "bold"), (f"  {found.state.lower()}", "dim"))
    if not found.workers:
        yield Text("no worker is running: start one with `afluente run`", "yellow")
        return
    yield workers_table(found.workers)
    if found.unowned:
        shards = ", ".join(map(str, found.unowned))
        words = f"nobody owns shards {shards}: a rebalance is under way, or kafka.shards differs from the workers'"
        yield Text(words, "red")
    if silent := [worker.member for worker in found.workers if worker.state == "unreachable"]:
        shards = ranges(sorted(shard for member in silent for shard in member.shards))
        yield Text(f"what shards {shards} are at is not told: their worker does not answer", "yellow")
    told_of = {name: account for name, account in found.accounts.items() if _is_told(account, bool(silent))}
    if told_of:
        yield Text()
        yield accounts_table(told_of)
    if any(map(notes, told_of.values())):
        yield Text()
    for name, account in told_of.items():
        if words := notes(account):
            yield Text.assemble((f"{printable(name)}: ", "bold"), words)
    for name in sorted(found.accounts.keys() - told_of.keys()):
        yield Text(f"{name}: no worker that can be reached from here has feeds of this account", "yellow")
    if bars := backfill_bars(told_of):
        yield Text()
        yield bars


def _is_told(account: Details, silent: bool) -> bool:
    """Whether there is something to say of an account: its feeds may all be with a worker that does not answer."""
    return bool(account) and not (silent and not sum(account["feeds"].values()))
