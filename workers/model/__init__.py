"""The frozen records that cross the seams between rooms. No behaviour beyond what a record says of itself.

Times are integers in milliseconds since the epoch (UTC) inside the program and RFC 3339 strings in events.
"""

from workers.model.content import (
    Button,
    Call,
    ContactCard,
    Interactive,
    Location,
    Media,
    Order,
    OrderItem,
    Phone,
    Template,
)
from workers.model.conversation import Assignee, Contact, Conversation, ConversationState
from workers.model.feed import Feed, HttpRequest, HttpResponse, PageRef
from workers.model.message import (
    MESSAGE_TYPES,
    STATUS_ORDER,
    Author,
    AuthorKind,
    Direction,
    EmbeddedReaction,
    Message,
    Normalised,
    Origin,
    Reaction,
    Reactor,
    Reference,
    Status,
    StatusError,
)
from workers.model.page import BrokenRow, GapReason, Page, RawRow
from workers.model.record import Record

__all__ = [
    "MESSAGE_TYPES",
    "STATUS_ORDER",
    "Assignee",
    "Author",
    "AuthorKind",
    "BrokenRow",
    "Button",
    "Call",
    "Contact",
    "ContactCard",
    "Conversation",
    "ConversationState",
    "Direction",
    "EmbeddedReaction",
    "Feed",
    "GapReason",
    "HttpRequest",
    "HttpResponse",
    "Interactive",
    "Location",
    "Media",
    "Message",
    "Normalised",
    "Order",
    "OrderItem",
    "Origin",
    "Page",
    "PageRef",
    "Phone",
    "RawRow",
    "Reaction",
    "Reactor",
    "Record",
    "Reference",
    "Status",
    "StatusError",
    "Template",
]
