"""Rules between fields that are each right: one account reads one thing once, and TLS files can be used."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from workers.errors import FeedRejected
from workers.providers.account import AccountSettings
from workers.providers.base import Adapter, digits
from workers.settings.kafka import TlsSettings
from workers.settings.problem import Place, line, where

#: A feed's own values, in the order of their names; numbers as digits, so that "+55 11" and "5511" are one.
Values = tuple[tuple[str, str], ...]


def same_accounts(accounts: Mapping[str, AccountSettings]) -> dict[Place, str]:
    """A line for each account that reads what an earlier one reads."""
    lines: dict[Place, str] = {}
    first: dict[tuple[str, ...], str] = {}
    for name, account in accounts.items():
        earlier = first.setdefault(account.identity(), name)
        if earlier != name:
            place = ("accounts", name)
            text = f"reads the same at the provider as {where(('accounts', earlier))}: one account reads one thing once"
            lines[place] = line(place, text)
    return lines


def shared_feeds(accounts: Mapping[str, AccountSettings]) -> dict[Place, str]:
    """A line for each feed that an earlier account, with another identity, reads as well."""
    lines: dict[Place, str] = {}
    first: dict[tuple[tuple[str, ...], Values], tuple[str, Place]] = {}
    for name, account in accounts.items():
        for number, feed in enumerate(account.feeds):
            place = ("accounts", name, "feeds", number)
            earlier, there = first.setdefault((account.place(), _values(feed)), (name, place))
            if earlier != name:
                lines[place] = line(place, f"is {where(there)} of another account: a feed is read once")
    return lines


def overlapping_feeds(place: Place, feeds: object) -> dict[Place, str]:
    """A line for each feed of a list, as it stands in the file, that another one already covers."""
    listed = feeds if isinstance(feeds, Sequence) and not isinstance(feeds, str) else ()
    values = [_values(feed) for feed in listed]
    first: dict[Values, int] = {}
    covered = {number: first.setdefault(own, number) for number, own in enumerate(values)}
    for number, own in enumerate(values):
        if any(value == "*" for _, value in own):
            covered.update({other: number for other, its in enumerate(values) if own != its and _covers(own, its)})
    return {
        (*place, number): line((*place, number), f"is part of {where((*place, earlier))}: a feed is read once")
        for number, earlier in covered.items()
        if number != earlier and values[number]
    }


def rejected_feeds(place: Place, adapter: Adapter) -> dict[Place, str]:
    """A line for each configured feed that the adapter of its account refuses."""
    lines: dict[Place, str] = {}
    for number, values in enumerate(adapter.account.feeds):
        try:
            adapter.feed(values)
        except FeedRejected as error:
            lines[(*place, number)] = line((*place, number), str(error))
    if lines:
        return lines
    try:
        adapter.standing_feeds()
    except FeedRejected as error:
        return {place: line(place, str(error))}
    return {}


def _values(feed: object) -> Values:
    own = feed.items() if isinstance(feed, Mapping) else ()
    return tuple(sorted((key, digits(value)) for key, value in own if isinstance(value, str)))


def _covers(whole: Values, part: Values) -> bool:
    same_names = [key for key, _ in whole] == [key for key, _ in part]
    return same_names and all(a in {"*", b} for (_, a), (_, b) in zip(whole, part, strict=True))


def unusable_tls(tls: TlsSettings | None) -> dict[Place, str]:
    """A line for each file of `[kafka.tls]` that cannot be read, or one for what they do not make together."""
    if tls is None:
        return {}
    lines: dict[Place, str] = {}
    for field in type(tls).model_fields:
        place, name = ("kafka", "tls", field), getattr(tls, field)
        why = _unreadable(name) if name is not None else None
        if why:
            lines[place] = line(place, f"cannot be read: {why}", name)
    if not lines:
        try:
            tls.context()
        except (OSError, ValueError) as error:
            lines[("kafka", "tls")] = line(("kafka", "tls"), f"cannot be used: {error}")
    return lines


def _unreadable(name: str) -> str | None:
    try:
        with Path(name).open("rb") as file:
            file.read(1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        return error.strerror if isinstance(error, OSError) else "not a file name"
    return None
