"""The accounts of a configuration as adapters, and what of them a command line names: `ACCOUNT KEY=VALUE …`."""

from collections.abc import Iterable, Mapping, Sequence

from workers.cli.context import Misuse
from workers.errors import FeedRejected
from workers.model import Feed
from workers.providers import adapter
from workers.providers.base import Adapter
from workers.settings.problem import near_miss, where
from workers.settings.settings import Settings


def adapters_of(settings: Settings) -> dict[str, Adapter]:
    """An adapter for each account, by name; its feeds were checked when the configuration was read."""
    return {name: adapter(account) for name, account in settings.accounts.items()}


def account_named(adapters: Mapping[str, Adapter], name: str) -> Adapter:
    """The account with this name. Raises Misuse with a near miss."""
    if name in adapters:
        return adapters[name]
    there = f"there are {', '.join(adapters)}" if adapters else "the configuration has none"
    raise Misuse(f'no account "{name}"{near_miss(name, adapters) or f"; {there}"}')


def feed_named(adapter: Adapter, pairs: Sequence[str]) -> Feed:
    """The feed with these values, each `KEY=VALUE`. Raises Misuse that says what a feed takes."""
    account = adapter.account.name
    takes = " ".join(f"{name}=…" for name in adapter.feed_fields)
    values: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise Misuse(f'"{pair}": write KEY=VALUE; a feed of {account} takes {takes}')
        if key not in adapter.feed_fields:
            near = near_miss(key, adapter.feed_fields) or f"; it takes {takes}"
            raise Misuse(f'a feed of {account} ({adapter.provider}) has no "{key}"{near}')
        if key in values:
            raise Misuse(f"{key} is given twice")
        values[key] = value
    try:
        return adapter.feed(values)
    except FeedRejected as error:
        raise Misuse(f"{account}: {error}") from None


def first_feed(adapter: Adapter, what: str) -> Feed:
    """The account's first feed in the configuration. Raises Misuse, which tells how to name one to `what`."""
    standing = adapter.standing_feeds()
    if standing:
        return standing[0]
    account = adapter.account.name
    takes = " ".join(f"{name}=…" for name in adapter.feed_fields)
    raise Misuse(
        f"{where(('accounts', account))} lists no feeds: name one, afluente {what} {account} {takes} "
        f"(afluente feeds discover {account} --dry-run shows those that the provider lists)"
    )


def overlapping(feed: Feed, others: Iterable[Feed]) -> Feed | None:
    """The first of these feeds that shows what `feed` shows, in whole or in part; `*` is any value."""
    return next((other for other in others if _overlap(feed, other)), None)


def _overlap(one: Feed, other: Feed) -> bool:
    if one.account != other.account or one.values.keys() != other.values.keys():
        return False
    return all(value == other.values[key] or "*" in {value, other.values[key]} for key, value in one.values.items())


def in_words(feed: Feed) -> str:
    """A feed as it is written on the command line: `loja channel_id=66aa…09 conversation_id=66aa…01`."""
    return " ".join([feed.account, *(f"{key}={value}" for key, value in feed.values.items())])
