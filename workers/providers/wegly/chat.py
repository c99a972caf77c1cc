"""The chat object: who is at the other end, the conversation's state, and the last message (`consulta-de-chat`)."""

from collections.abc import Mapping
from typing import Any

from workers.model import Assignee, Contact, ConversationState, RawRow, Record
from workers.providers.base import digits
from workers.providers.decoding import Json
from workers.providers.fields import moment_or_none, size, word_or_none
from workers.providers.wegly.errors import not_a
from workers.times import iso

#: Fields of which a chat has some: anything else is no chat.
_OF_A_CHAT = frozenset({"wa_contact_id", "contact_number", "contact_name", "chat_type", "last_message", "phone_number"})


class Chat(Record, frozen=True, kw_only=True):
    """One chat as its object shows it. `number` is ours, in digits; `last` the last message as it was received."""

    state: ConversationState
    number: str | None = None
    is_group: bool = False
    last: Json = None
    last_at: Json = None

    @property
    def contact(self) -> Contact:
        """The person at the other end, or the group."""
        return self.state.contact


class ChatRow(RawRow, frozen=True, kw_only=True):
    """A row of a chat, with its message object and what the chat itself says of both ends."""

    message: Mapping[str, Any]
    chat: Chat


def chat_in(body: Json, conversation_id: str, chat_id: str) -> Chat:
    """The chat of an answer. What cannot be read of it is not known: no message is lost for it. Raises PollFailed."""
    if type(body) is not dict or _OF_A_CHAT.isdisjoint(body):
        raise not_a("chat object", body)
    told = word_or_none(body, "id")
    if told is not None and told.casefold() != chat_id.casefold():
        raise not_a("object of the chat that was asked for", {})
    updated = moment_or_none(body.get("updated_at"), "updated_at")
    state = word_or_none(body, "status")
    return Chat(
        state=ConversationState(
            id=conversation_id,
            provider_id=chat_id,
            contact=_contact(body),
            state=state and state.casefold(),
            assigned_to=_assignee(body),
            unread=size(body, "unread_count"),
            updated_at=None if updated is None else iso(updated),
        ),
        number=_number(body.get("phone_number")),
        is_group=(word_or_none(body, "chat_type") or "").casefold() == "group",
        last=body.get("last_message"),
        last_at=body.get("last_message_at"),
    )


def _contact(body: Mapping[str, Any]) -> Contact:
    address = word_or_none(body, "contact_number") or word_or_none(body, "wa_contact_id")
    name = word_or_none(body, "contact_name") or word_or_none(body, "remote_profile_name")
    return Contact(address=address and digits(address), name=name)


def _assignee(body: Mapping[str, Any]) -> Assignee | None:
    agent = body.get("assigned_agent")
    user = agent.get("user") if type(agent) is dict else None
    found = Assignee(
        id=word_or_none(agent, "agent_id") or word_or_none(body, "assigned_agent_id") or word_or_none(user, "id"),
        name=word_or_none(user, "name"),
    )
    return None if found == Assignee() else found


def _number(told: Json) -> str | None:
    """Our own number, as digits."""
    number = word_or_none(told, "raw_number") or word_or_none(told, "display_number")
    return number and digits(number)
