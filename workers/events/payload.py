"""The `data` of each kind of event, in the field order of the contract."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from workers.model import Conversation, ConversationState, GapReason, HttpResponse, Message, Origin, Record


class MessageEvent(Record, frozen=True, kw_only=True):
    """`afluente.message.created` and `afluente.message.updated`."""

    provider: str
    account: str
    channel: str = "whatsapp"
    conversation: Conversation
    message: Message
    changed: tuple[str, ...] = ()
    origin: Origin
    observed_at: str


class RawMessageEvent(MessageEvent, frozen=True, kw_only=True):
    """A message event of an account that includes what the provider sent."""

    raw: Mapping[str, Any] | None = None


class ConversationEvent(Record, frozen=True, kw_only=True):
    """`afluente.conversation.updated`. `changed` is empty where the conversation was never told before."""

    provider: str
    account: str
    channel: str = "whatsapp"
    conversation: ConversationState
    changed: tuple[str, ...] = ()
    observed_at: str


class ConversationName(Record, frozen=True, kw_only=True):
    """A conversation by its ids alone."""

    id: str
    provider_id: str


class Bound(Record, frozen=True, kw_only=True):
    """One end of a gap; null where it is not known. Without an id it is a moment, not a message."""

    id: str | None = None
    sent_at: str | None = None


class GapBounds(Record, frozen=True, kw_only=True):
    """What is known of the missing messages. `at_least`: a lower bound of their number, or null."""

    reason: GapReason
    after: Bound = Bound()
    before: Bound = Bound()
    at_least: int | None = None


class GapEvent(Record, frozen=True, kw_only=True):
    """`afluente.feed.gap`."""

    provider: str
    account: str
    feed: Mapping[str, str]
    conversation: ConversationName | None = None
    gap: GapBounds
    observed_at: str


class Http(Record, frozen=True, kw_only=True):
    """The response that a dead letter came in."""

    status: int | None = None
    content_type: str | None = None

    @classmethod
    def of(cls, response: HttpResponse) -> "Http":
        """What is told of a response."""
        return cls(status=response.status, content_type=response.content_type or None)


#: Of what came in no response that is known.
NOT_ANSWERED: Final = Http()


class DeadLetter(Record, frozen=True, kw_only=True):
    """`afluente.dead-letter`. `payload` is the raw text as received, secrets removed, perhaps cut."""

    provider: str
    account: str
    feed: Mapping[str, str]
    reason: str
    detail: str
    scope: str
    row_id: str | None = None
    digest: str
    payload: str
    payload_encoding: str = "utf-8"
    truncated: bool = False
    http: Http = Http()
    observed_at: str


#: The encoder of all event data: UTF-8 JSON, non-ASCII characters as they are.
encode = msgspec.json.Encoder().encode
