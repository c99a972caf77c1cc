"""The one event model: a normalised message, as the contract has it.

Fields stand in the order of the contract: records are encoded as they stand.
"""

from typing import Literal

from workers.model.content import Call, ContactCard, Interactive, Location, Media, Order, Template
from workers.model.conversation import Conversation
from workers.model.record import Record

Direction = Literal["inbound", "outbound", "internal", "unknown"]
AuthorKind = Literal["contact", "agent", "bot", "automation", "system", "unknown"]
Origin = Literal["live", "backfill"]

#: Every `type` of a message.
MESSAGE_TYPES = (
    "text", "image", "audio", "voice", "video", "document", "sticker", "location", "contacts", "interactive",
    "button_reply", "list_reply", "form_reply", "template", "reaction", "order", "call", "system", "unsupported",
)  # fmt: skip

#: Delivery states in their one total order; a message's state never walks backwards along it.
STATUS_ORDER = ("pending", "sent", "failed", "delivered", "read", "played")


class Author(Record, frozen=True, kw_only=True):
    """Who wrote a message, as far as the provider tells."""

    kind: AuthorKind
    id: str | None = None
    name: str | None = None


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
    """What an adapter makes of one raw row.

    `imported` marks history that the provider itself calls imported; `touched` says that the time of the status is
    that of the row's last change, whatever changed.
    """

    conversation: Conversation
    message: Message
    imported: bool = False
    touched: bool = False
