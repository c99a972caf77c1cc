"""The frozen records that cross the seams between rooms. No behaviour beyond what a record says of itself.

Times are integers in milliseconds since the epoch (UTC) inside the program and RFC 3339 strings in events.
The event records (`Message` and what it holds) have the field order of the contract: they are encoded as they stand.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Direction = Literal["inbound", "outbound", "internal", "unknown"]
AuthorKind = Literal["contact", "agent", "bot", "automation", "system", "unknown"]
Origin = Literal["live", "backfill"]
GapReason = Literal["page_limit", "history_limit", "last_message_only", "retention", "memory"]

#: Every `type` of a message.
MESSAGE_TYPES = (
    "text", "image", "audio", "voice", "video", "document", "sticker", "location", "contacts", "interactive",
    "button_reply", "list_reply", "form_reply", "template", "reaction", "order", "call", "system", "unsupported",
)  # fmt: skip

#: Delivery states in their one total order; a message's state never walks backwards along it.
STATUS_ORDER = ("pending", "sent", "failed", "delivered", "read", "played")


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Base of all records: immutable, keyword-only, cheap to make and to encode."""


# --- feeds and pages -------------------------------------------------------------------------------------


class Feed(Record, frozen=True, kw_only=True):
    """One pollable list of messages. `key` names it everywhere; `values` are its own values, in key order."""

    key: str
    account: str
    values: Mapping[str, str]


class PageRef(Record, frozen=True, kw_only=True):
    """Which page of a feed to ask for: 1-based `number` (1 = newest rows) and `limit` in rows."""

    number: int = 1
    limit: int = 50


class HttpRequest(Record, frozen=True, kw_only=True):
    """One request, complete. It is the only record that holds a secret; its repr shows none."""

    method: Literal["GET", "POST"]
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.url.split('?', 1)[0]})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("method", self.method), ("url", self.url.split("?", 1)[0])]


class HttpResponse(Record, frozen=True, kw_only=True):
    """One whole response: status, media type, decompressed body, and `Retry-After` verbatim where there was one."""

    status: int
    body: bytes
    content_type: str = ""
    retry_after: str | None = None


class RawRow(Record, frozen=True, kw_only=True):
    """One row of a page, identified but not yet normalised.

    `position` counts from the newest end of the walk's page (0 = what the provider lists as newest) and breaks
    ties of `time`. `digest` is taken over the row as the provider sent it.
    """

    id: str
    time: int
    position: int
    digest: bytes
    raw: Mapping[str, Any]


class BrokenRow(Record, frozen=True, kw_only=True):
    """A row that has no usable identity or time. It goes to the dead letters, once per `digest`."""

    reason: str
    detail: str
    digest: bytes
    payload: str
    row_id: str | None = None


class Contact(Record, frozen=True, kw_only=True):
    """The person at the other end: digits of a phone number, or a hidden identity verbatim."""

    address: str | None
    name: str | None = None


class Assignee(Record, frozen=True, kw_only=True):
    """The member of the team whom a conversation is assigned to."""

    id: str | None = None
    name: str | None = None


class ConversationState(Record, frozen=True, kw_only=True):
    """What a provider says of a conversation as a whole: the `conversation` object of a conversation event.

    `state` is the provider's own word in small letters, `unread` the number of unread messages.
    """

    id: str
    provider_id: str
    contact: Contact
    state: str | None = None
    assigned_to: Assignee | None = None
    unread: int | None = None
    updated_at: str | None = None


class Page(Record, frozen=True, kw_only=True):
    """What one response shows of a feed.

    `next` asks for older rows (None: this is all that can be asked for). `exhausted` says that no older rows
    exist; with `next` None and `exhausted` False the provider's reach ended before the history did, and `reach`
    says why. `skipped` counts by reason the entries that are no messages, `total` those that the feed has in all,
    where the provider tells it with the page of its newest rows.

    A page that `leads_on` proves nothing of the newest rows: a poll always goes on to its `next`, and only the first
    page that does not lead on is "page one" of what a poll looks at.
    """

    rows: tuple[RawRow, ...] = ()
    broken: tuple[BrokenRow, ...] = ()
    next: PageRef | None = None
    exhausted: bool = True
    skipped: Mapping[str, int] = {}
    reach: GapReason = "page_limit"
    total: int | None = None
    leads_on: bool = False
    conversation: ConversationState | None = None


# --- the parts of an event -------------------------------------------------------------------------------


class Conversation(Record, frozen=True, kw_only=True):
    """Where a message was said. `id` is `<account>/<provider_id>`, percent-encoded, and the Kafka key."""

    id: str
    provider_id: str
    contact: Contact


class Author(Record, frozen=True, kw_only=True):
    """Who wrote a message, as far as the provider tells."""

    kind: AuthorKind
    id: str | None = None
    name: str | None = None


class Media(Record, frozen=True, kw_only=True):
    """A file. `available` is false while the provider shows a placeholder."""

    url: str | None = None
    id: str | None = None
    mime_type: str | None = None
    file_name: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    available: bool = True


class Location(Record, frozen=True, kw_only=True):
    """A place, in degrees."""

    latitude: float | None = None
    longitude: float | None = None
    name: str | None = None
    address: str | None = None
    url: str | None = None


class Phone(Record, frozen=True, kw_only=True):
    """A number on a contact card."""

    number: str | None = None
    wa_id: str | None = None
    type: str | None = None


class ContactCard(Record, frozen=True, kw_only=True):
    """One shared contact card."""

    name: str | None = None
    phones: tuple[Phone, ...] = ()
    emails: tuple[str, ...] = ()
    organization: str | None = None


class Button(Record, frozen=True, kw_only=True):
    """One button of an interactive message."""

    id: str | None = None
    title: str | None = None


class Interactive(Record, frozen=True, kw_only=True):
    """Buttons, lists, forms, and the answers to them."""

    kind: str | None = None
    id: str | None = None
    title: str | None = None
    description: str | None = None
    header: str | None = None
    footer: str | None = None
    buttons: tuple[Button, ...] = ()
    response: Any = None


class Template(Record, frozen=True, kw_only=True):
    """A template message."""

    name: str | None = None
    language: str | None = None
    category: str | None = None
    parameters: tuple[Any, ...] = ()


class OrderItem(Record, frozen=True, kw_only=True):
    """One line of an order."""

    product_id: str | None = None
    quantity: float | None = None
    price: float | None = None
    currency: str | None = None


class Order(Record, frozen=True, kw_only=True):
    """A catalogue order."""

    catalog_id: str | None = None
    items: tuple[OrderItem, ...] = ()


class Call(Record, frozen=True, kw_only=True):
    """A voice or video call that the provider lists among messages."""

    status: str | None = None
    direction: str | None = None
    started_at: str | None = None
    ended_at: str | None = None
    duration_seconds: float | None = None
    recorded: bool | None = None


class Reference(Record, frozen=True, kw_only=True):
    """Another message, by what is known of it."""

    id: str | None = None
    wamid: str | None = None


class Reaction(Record, frozen=True, kw_only=True):
    """A reaction that is a row of its own; a removed one has no emoji."""

    emoji: str | None
    target: Reference


class Reactor(Record, frozen=True, kw_only=True):
    """Who reacted."""

    kind: AuthorKind
    address: str | None = None


class EmbeddedReaction(Record, frozen=True, kw_only=True):
    """A reaction that the provider embeds in the message it belongs to."""

    emoji: str | None
    by: Reactor
    at: str | None = None


class StatusError(Record, frozen=True, kw_only=True):
    """Why a message failed."""

    code: str | None = None
    message: str | None = None


class Status(Record, frozen=True, kw_only=True):
    """Delivery of an outbound message. `provider` is the provider's own word or code, as text."""

    state: str | None = None
    provider: str | None = None
    at: str | None = None
    error: StatusError | None = None


class Message(Record, frozen=True, kw_only=True, rename={"from_": "from"}):
    """One normalised message: the `message` object of the contract, every field always present."""

    id: str
    wamid: str | None = None
    revision: int = 0
    direction: Direction
    author: Author
    from_: str | None = None
    to: str | None = None
    sent_at: str
    type: str
    provider_type: str | None = None
    text: str | None = None
    media: Media | None = None
    location: Location | None = None
    contacts: tuple[ContactCard, ...] = ()
    interactive: Interactive | None = None
    template: Template | None = None
    order: Order | None = None
    call: Call | None = None
    reaction: Reaction | None = None
    reactions: tuple[EmbeddedReaction, ...] = ()
    reply_to: Reference | None = None
    forwarded: bool | None = None
    status: Status = Status()


class Normalised(Record, frozen=True, kw_only=True):
    """What an adapter makes of one raw row. `imported` marks history that the provider itself calls imported."""

    conversation: Conversation
    message: Message
    imported: bool = False
