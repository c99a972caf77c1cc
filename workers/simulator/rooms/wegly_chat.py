"""Wegly's chat object (`consulta-de-chat`): all its documented fields, the last message in its middle. Pure."""

from dataclasses import dataclass
from typing import Any

import orjson

from workers.simulator.records import Channel, Contact, Conversation, Message, Row
from workers.simulator.rooms.base import Answer
from workers.simulator.rooms.wegly_facts import in_a_chat
from workers.simulator.rooms.wegly_message import OLDER, agent_of, iso_ms, uuid_of
from workers.simulator.switches import lot

#: Messages after which a chat may be resolved or opened again, and the share of such runs that are resolved.
RUN, RESOLVED = 4, 0.3
#: The newest messages among which unread ones are counted (messages).
UNREAD_REACH = 50
#: Share of chats that are assigned to somebody.
ASSIGNED = 0.6


@dataclass(frozen=True, slots=True)
class ChatAnswer(Answer):
    """An object with at most one row in its middle: null where it has none."""

    @property
    def body(self) -> bytes:
        """The whole body."""
        return self.before + (self.rows[0].body if self.rows else b"null") + self.after


def chat_answer(
    conversation: Conversation, shown: list[Message], last: Row | None, seed: int, *, group: bool
) -> Answer:
    """The chat object; `shown` are the messages that can be seen, oldest first, `last` the newest of them."""
    before, after = _around(conversation, shown, seed, group=group)
    if last is not None and last.poison:
        before["last_message_at"] = None  # else the chat would tell the time that its message does not
    rows = [] if last is None else [_as_last(last)]
    return ChatAnswer(
        200,
        orjson.dumps(before)[:-1] + b',"last_message":',
        rows,
        b"," + orjson.dumps(after)[1:],
        feed=(conversation.id,),
    )


def listed(conversation: Conversation) -> Row:
    """A chat in a list of chats: what is certain of it."""
    contact = conversation.contact
    return Row(orjson.dumps({"id": conversation.id, "contact_name": contact.name, "contact_number": contact.address}))


def _as_last(row: Row) -> Row:
    """A message as the chat object shows it: without the fields that only a timeline has."""
    try:
        content = orjson.loads(row.body)
    except orjson.JSONDecodeError:
        return row
    if not isinstance(content, dict) or row.bent:
        return row
    shown = {name: value for name, value in content.items() if name not in OLDER}
    state = row.state and row.state._replace(facts=in_a_chat(row.state.facts))
    return row._replace(body=orjson.dumps(shown), state=state)


def _around(
    conversation: Conversation, shown: list[Message], seed: int, *, group: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    contact = conversation.contact
    last = shown[-1] if shown else None
    inbound = [message for message in shown[-UNREAD_REACH:] if message.inbound]
    resolved = lot(seed, "wegly.resolved", f"{conversation.id}/{len(shown) // RUN}") < RESOLVED
    agent = agent_of(conversation.id) if lot(seed, "wegly.assigned", conversation.id) < ASSIGNED else None
    changed = iso_ms(conversation.changed_ms)
    before = {
        "id": conversation.id,
        "wa_contact_id": contact.id,
        "contact_name": contact.name,
        "contact_number": contact.address,
        "status": "RESOLVED" if resolved else "OPEN",
        "chat_type": "GROUP" if group else "INDIVIDUAL",
        "unread_count": sum(message.status != "read" for message in inbound),
        "is_manually_unread": False,
        "priority": 1,
        "archived_at": None,
        "assigned_agent_id": agent and agent["agent_id"],
        "phone_number": _phone_number(conversation.channel),
        "assigned_agent": agent,
        "last_message_at": iso_ms(last.at_ms) if last else None,
    }
    after = {
        "crm_person": _crm_person(contact),
        "remote_profile_name": contact.name,
        "last_customer_msg_at": iso_ms(inbound[-1].at_ms) if inbound else None,
        "session_expires_at": None,
        "created_at": iso_ms(conversation.created_ms),
        "updated_at": changed,
        "participants": [agent] if agent else [],
        "crm_marketing_lead_source": None,
        "assignable_agents": None,
    }
    return before, after


def _phone_number(channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "display_number": f"+{channel.number}",
        "raw_number": channel.number,
        "phone_number_id": f"{int(channel.number) % 10**15:015d}",
    }


def _crm_person(contact: Contact) -> dict[str, Any]:
    return {
        "id": uuid_of("person", contact.id),
        "name": contact.name,
        "birth_date": None,
        "gender": None,
        "notes": None,
        "contacts": [{"id": uuid_of("number", contact.id), "type": 1, "value": contact.address, "primary": True}],
        "documents": [],
        "address": None,
    }
