"""`afluente feeds`: who is polled, as the feeds topic and the configuration say, and as the provider could."""

from collections.abc import Mapping

import click

from workers.cli.accounts import account_named, adapters_of, feed_named, in_words, overlapping
from workers.cli.amounts import counted
from workers.cli.context import (
    Configuration,
    Misuse,
    config_option,
    configured,
    emit,
    epilog,
    finished,
    for_a_program,
    printable,
    say,
    stderr,
    told,
)
from workers.cli.discover import discover
from workers.cli.explain import explain
from workers.cli.listing import CODES, SHOWN_ROWS, ListedFeed, as_json, feeds_table, judged, listed, stored
from workers.model import Feed
from workers.providers.base import Adapter
from workers.settings.settings import Settings
from workers.stream.feeds_topic import DefinitionWriter


@click.group()
@config_option
def feeds() -> None:
    """List, add, remove, discover or explain the feeds that are polled.

    A feed is one list of messages at a provider, usually one conversation. Feeds stand in the configuration, or in
    the feeds topic, where these commands and any other service may write them; running workers follow at once.
    """


@feeds.command("list", epilog=epilog(CODES, "afluente feeds list", "afluente feeds list loja | jq -r .key"))
@click.argument("account", required=False)
@configured
@told
def list_feeds(configuration: Configuration, account: str | None) -> None:
    """List the feeds of the configuration and of the feeds topic.

    A table in a terminal, else one JSON object a line. Definitions that workers reject are listed too, with the
    reason. Reads the feeds topic and changes nothing.
    """
    settings = configuration.settings(keyless=True)
    adapters = adapters_of(settings)
    found = listed(adapters, finished(stored(settings)), settings.kafka.shards)
    if account is not None:
        found = [feed for feed in found if feed.account == account]
        if not found:
            account_named(adapters, account)
    _show(found)


@feeds.command(epilog=epilog(CODES, "afluente feeds add loja channel_id=66aa09 conversation_id=66aa01"))
@click.argument("account")
@click.argument("feed", nargs=-1, required=True, metavar="KEY=VALUE...")
@configured
@told
def add(configuration: Configuration, account: str, feed: tuple[str, ...]) -> None:
    """Let a feed be polled, beginning at once.

    Writes its definition to the feeds topic; the worker that owns its shard polls it without a restart. A feed that
    was added before is polled at once, also where it is left alone because it failed, or was paused. One that the
    configuration has polled, or that another one covers in whole or in part, is refused.
    """
    settings = configuration.settings(keyless=True)
    adapters = adapters_of(settings)
    chosen = feed_named(account_named(adapters, account), feed)
    if finished(_add(settings, adapters, chosen)):
        say(("asked for a poll at once: ", "green"), printable(in_words(chosen)), " was added before")
    else:
        say(("added ", "green"), printable(in_words(chosen)))
    if for_a_program():
        emit(as_json(chosen))


async def _add(settings: Settings, adapters: Mapping[str, Adapter], feed: Feed) -> bool:
    """Write the definition; whether it stood there already. Raises Misuse where another feed overlaps it."""
    there = [one for one in listed(adapters, await stored(settings), settings.kafka.shards) if one.state == "active"]
    standing = [_feed_of(one) for one in there if one.source == "configuration"]
    added = [_feed_of(one) for one in there if one.source == "topic"]
    if (other := overlapping(feed, standing)) is not None:
        raise Misuse(f"the configuration has it polled already: {in_words(other)}")
    if (other := overlapping(feed, (one for one in added if one.key != feed.key))) is not None:
        raise Misuse(f"{settings.topics.feeds} has it polled already: {in_words(other)}")
    async with DefinitionWriter(settings.kafka, settings.topics) as writer:
        await writer.write([feed], poll_now=True)
    return feed in added


@feeds.command(
    epilog=epilog(
        CODES,
        "afluente feeds remove loja channel_id=66aa09 conversation_id=66aa01",
        "afluente feeds remove --key old-account/66aa09/66aa01",
    )
)
@click.argument("account", required=False)
@click.argument("feed", nargs=-1, metavar="KEY=VALUE...")
@click.option("--key", help="The feed's key, for a definition that no account of the configuration accepts.")
@configured
@told
def remove(configuration: Configuration, account: str | None, feed: tuple[str, ...], key: str | None) -> None:
    """Stop polling a feed.

    Takes its definition out of the feeds topic; where its account discovers feeds it is kept as paused, since the
    provider's list would bring it back. What was published stays, and so does its cursor: a feed that is added again
    goes on where it stopped. A feed of the configuration is removed there.
    """
    if (key is None) == (account is None):
        raise click.UsageError("name the feed, by ACCOUNT KEY=VALUE... or by --key KEY")
    settings = configuration.settings(keyless=True)
    adapters = adapters_of(settings)
    if account is not None:
        key = feed_named(account_named(adapters, account), feed).key
    wanted = str(key).encode()
    standing = {one.key for adapter in adapters.values() for one in adapter.standing_feeds()}
    gone = finished(_remove(settings, adapters, wanted))
    if gone is None:
        also = ": the configuration has it, take it out there" if key in standing else ""
        raise Misuse(f"{settings.topics.feeds} has no feed {key}{also}")
    say((f"{gone} ", "green"), printable(str(key)), f" in {settings.topics.feeds}")
    if key in standing and gone == "removed":
        say(("it is still polled: the configuration has it too", "yellow"))
    if for_a_program():
        emit({"key": key, "removed": True})


async def _remove(settings: Settings, adapters: Mapping[str, Adapter], key: bytes) -> str | None:
    """What was done to every record with this key, wherever a stranger may have put it; None: there is none."""
    found = [one for one in await stored(settings) if one.key == key]
    if not found:
        return None
    judgements = [(one, judged(one, adapters, settings.kafka.shards)) for one in found]
    listed_anew = [
        (one, _feed_of(told))
        for one, told in judgements
        if told.state == "active" and adapters[told.account].account.discover
    ]
    async with DefinitionWriter(settings.kafka, settings.topics) as writer:
        await writer.pause(feed for _, feed in listed_anew)
        kept = [one for one, _ in listed_anew]
        await writer.remove(one for one in found if one not in kept)
    return "paused" if listed_anew else "removed"


def _show(found: list[ListedFeed]) -> None:
    if for_a_program():
        for feed in found:
            emit(feed.as_json())
    elif found:
        stderr.print(feeds_table(found), soft_wrap=False)
    if (more := len(found) - SHOWN_ROWS) > 0 and not for_a_program():
        say((f"… and {more} more: all of them with `afluente feeds list | less`", "dim"))
    rejected = sum(feed.state == "rejected" for feed in found)
    say((counted(len(found), "feed"), "bold"), f", {rejected} of them rejected" if rejected else "")


def _feed_of(one: ListedFeed) -> Feed:
    return Feed(key=one.key, account=one.account, values=one.values)


feeds.add_command(discover)
feeds.add_command(explain)
