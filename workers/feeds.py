"""Feed definitions: the records of the feeds topic, read strictly. Pure.

Any service may write to that topic, so a definition is counted, logged and ignored when it is malformed, names an
account that is not configured, or lies in a partition where its cursor would not.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from workers.errors import FeedRejected
from workers.model import Feed, Record
from workers.providers.base import Adapter

#: Label values of the metric that counts rejected definitions.
REJECTIONS = ("malformed", "unknown_account", "wrong_partition", "overlap")

State = Literal["active", "paused"]


class FeedDefinition(Record, frozen=True, kw_only=True):
    """A feed that shall be polled (or not: `paused`), perhaps at once."""

    feed: Feed
    state: State = "active"
    poll_now: bool = False


class _Definition(msgspec.Struct, forbid_unknown_fields=True):
    account: str
    feed: dict[str, str]
    state: State = "active"
    poll_now: bool = False


_decode = msgspec.json.Decoder(_Definition).decode


def read(key: bytes, value: bytes, adapters: Mapping[str, Adapter]) -> FeedDefinition:
    """The definition in a record. Raises FeedRejected, whose text says what to do."""
    try:
        given = _decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FeedRejected("malformed", f"not a feed definition: {error}") from None
    adapter = adapters.get(given.account)
    if adapter is None:
        known = ", ".join(sorted(adapters)) or "none"
        raise FeedRejected("unknown_account", f"account {given.account!r} is not configured (configured: {known})")
    feed = adapter.feed(given.feed)
    if feed.key.encode() != key:
        raise FeedRejected("malformed", f"the record's key must be {feed.key!r}, as the feed's own values say")
    return FeedDefinition(feed=feed, state=given.state, poll_now=given.poll_now)


def write(feed: Feed, *, poll_now: bool = False, state: State = "active") -> bytes:
    """The definition of a feed, as it is written to the feeds topic."""
    definition: dict[str, object] = {"account": feed.account, "feed": dict(feed.values), "state": state}
    if poll_now:
        definition["poll_now"] = True
    return msgspec.json.encode(definition)
