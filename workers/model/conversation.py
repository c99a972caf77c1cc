"""Conversations: where messages are said, and what a provider says of one as a whole."""

from workers.model.record import Record


class Contact(Record, frozen=True, kw_only=True):
    """The person at the other end: digits of a phone number, or a hidden identity verbatim."""

    address: str | None
    name: str | None = None


class Conversation(Record, frozen=True, kw_only=True):
    """Where a message was said. `id` is `<account>/<provider_id>`, percent-encoded, and the Kafka key."""

    id: str
    provider_id: str
    contact: Contact


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
