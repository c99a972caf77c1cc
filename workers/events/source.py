"""The feed that events come from, as they name it."""

from workers.events.cloudevent import ContentMode
from workers.events.payload import ConversationName
from workers.model import Feed, Record
from workers.providers.base import Adapter, percent

#: Bytes of the batch around a record (KIP-98, record batch v2): brokers count them, a record's size does not.
_BATCH_BYTES = 61


class Source(Record, frozen=True, kw_only=True):
    """The feed that events come from, and how they are written. `conversation` is None for a feed of many."""

    provider: str
    account: str
    feed: Feed
    conversation: ConversationName | None
    include_raw: bool = False
    mode: ContentMode = "binary"
    max_bytes: int = 900_000


def source_of(adapter: Adapter, feed: Feed, mode: ContentMode, max_bytes: int) -> Source:
    """The source that a feed's events name. `max_bytes`: the largest batch that a topic takes, of one record."""
    provider_id = adapter.conversation(feed)
    conversation = provider_id and ConversationName(
        id=f"{feed.account}/{percent(provider_id)}", provider_id=provider_id
    )
    return Source(
        provider=adapter.provider,
        account=feed.account,
        feed=feed,
        conversation=conversation or None,
        include_raw=adapter.account.include_raw,
        mode=mode,
        max_bytes=max_bytes - _BATCH_BYTES,
    )
