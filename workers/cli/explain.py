"""`afluente feeds explain`: why a feed is polled when it is, as its worker says."""

from typing import Any

import click

from workers import cluster
from workers.cli.accounts import account_named, adapters_of, feed_named
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
    told,
)
from workers.cli.listing import CODES
from workers.errors import WorkerSilent
from workers.settings.settings import Settings

#: Characters of a feed's key, at most: an account and a few values, each percent-encoded.
LONGEST_KEY = 4096


@click.command(
    epilog=epilog(
        CODES,
        "afluente feeds explain loja/66aa09/66aa01",
        "afluente feeds explain loja channel_id=66aa09 conversation_id=66aa01",
    )
)
@click.argument("name", metavar="KEY|ACCOUNT")
@click.argument("feed", nargs=-1, metavar="[KEY=VALUE...]")
@configured
@told
def explain(configuration: Configuration, name: str, feed: tuple[str, ...]) -> None:
    """Say why a feed is polled when it is, and when next.

    Asks the worker that owns the feed: what it expects of it and from what memory, the feed's place in the schedule,
    and when its turn comes. The feed is named by its key, or by its account and values.
    """
    settings = configuration.settings(keyless=True)
    key = name if not feed else feed_named(account_named(adapters_of(settings), name), feed).key
    if len(key) > LONGEST_KEY:
        raise Misuse(f"no feed has a key of {len(key)} characters")
    said = finished(_said(settings, key))
    if "sentence" not in said:
        raise Misuse(f"the worker that owns its shard does not poll a feed {key}: see `afluente feeds list`")
    say((printable(key), "bold"), f": {said['sentence']}")
    if for_a_program():
        emit(said)


async def _said(settings: Settings, key: str) -> dict[str, Any]:
    """What the feed's worker says of it; empty where it has no such feed. Raises WorkerSilent."""
    owner, said = await cluster.asked_of_owner(settings, key, "/explain")
    if said is None:
        raise WorkerSilent(f"{owner} does not answer: see `afluente status`")
    return said
