"""`afluente feeds discover`: the feeds that a provider lists, and the new ones into the feeds topic."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from random import Random

import click

from workers.cli.accounts import account_named, adapters_of, in_words
from workers.cli.amounts import counted
from workers.cli.context import (
    Configuration,
    Misuse,
    configured,
    emit,
    epilog,
    finished,
    for_a_program,
    printable,
    say,
    say_verdict,
    stderr,
    told,
)
from workers.cli.listing import CODES, as_json, listed, stored
from workers.cli.verdict import verdict
from workers.discovery import DiscoveringAdapter, Discovery, discovers
from workers.errors import PollFailed
from workers.model import Feed
from workers.polling.budget import Budget
from workers.polling.fetch import Fetcher
from workers.providers.base import Adapter
from workers.settings.settings import Settings
from workers.stream.feeds_topic import DefinitionWriter


@click.command(epilog=epilog(CODES, "afluente feeds discover clinica --dry-run", "afluente feeds discover clinica"))
@click.argument("account")
@click.option("--dry-run", is_flag=True, help="Only show what the provider lists: touch no Kafka.")
@configured
@told
def discover(configuration: Configuration, account: str, *, dry_run: bool) -> None:
    """Ask the provider which feeds exist, and let the new ones be polled.

    Reads the provider's list of conversations or contacts at the account's pace, and writes those that are in
    neither the configuration nor the feeds topic to the feeds topic; a paused feed stays paused.
    """
    settings = configuration.settings()
    adapters = adapters_of(settings)
    adapter = account_named(adapters, account)
    if not discovers(adapter):
        raise Misuse(f"{adapter.provider} cannot list its feeds: add them one by one, afluente feeds add")
    adapter.discovery_request(1)  # what is wrong with the configuration is said before Kafka is asked
    try:
        found, new = finished(_discover(settings, adapters, adapter, dry_run=dry_run))
    except PollFailed as error:
        say_verdict(account, verdict(error), configuration.redactor)
        sys.exit(1)
    said = f"{new} not in the configuration" if dry_run else f"{new} new, written to {settings.topics.feeds}"
    say((counted(found, "feed"), "bold"), f" of {account} listed by the provider, {said}")


async def _discover(
    settings: Settings, adapters: Mapping[str, Adapter], adapter: DiscoveringAdapter, *, dry_run: bool
) -> tuple[int, int]:
    """How many feeds the provider lists, and how many of them are new; each page is written as it comes."""
    records = [] if dry_run else await stored(settings)
    known = {one.key for one in listed(adapters, records, settings.kafka.shards) if one.state != "rejected"}
    found = added = 0
    async with _discovery(adapter) as discovery, DefinitionWriter(settings.kafka, settings.topics) as writer:
        with stderr.status(f"asking {adapter.provider}") as status:
            async for feeds in discovery.pages():
                new = [feed for feed in feeds if feed.key not in known]
                if not dry_run:
                    await writer.write(new)
                found, added = found + len(feeds), added + len(new)
                status.update(f"{found} feeds, {added} of them new")
                _show(feeds, {feed.key for feed in new})
    return found, added


@asynccontextmanager
async def _discovery(adapter: DiscoveringAdapter) -> AsyncIterator[Discovery]:
    clock = asyncio.get_running_loop().time
    budget = Budget(adapter.account.requests_per_minute, clock=clock, random=Random())  # noqa: S311 - it spreads waits
    budget.own(1.0)
    fetcher = Fetcher.pooled()
    try:
        yield Discovery(adapter, fetcher, budget.take)
    finally:
        await fetcher.close()


def _show(feeds: Iterable[Feed], new: set[str]) -> None:
    for feed in feeds:
        if for_a_program():
            emit(as_json(feed) | {"new": feed.key in new})
        else:
            mark = ("new    ", "green") if feed.key in new else ("known  ", "dim")
            say(mark, printable(in_words(feed)))
