"""The rows of WizeBot's lists: messages and subscribers, with local times that do not say their zone. Pure."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from workers.simulator.records import Conversation, Message, Row
from workers.simulator.rooms.wizebot_content import Kept, wamid
from workers.simulator.switches import AccountSwitches, lot

#: Why a message failed, in words: no list of codes is known.
FAILED_REASON = "Message failed to send because more than 24 hours have passed since the customer last replied."
#: Share of the bot's rows that a human wrote, and of messages with reaction data where there are any.
HUMANS, REACTED = 0.3, 0.2


def row_of(message: Message, kept: Kept, switches: AccountSwitches, seed: int) -> dict[str, Any]:
    """A message as it is listed, in the documented order of fields."""
    contact = message.conversation.contact
    strange = not message.inbound and lot(seed, _STRANGE, message.id) < switches.number(_STRANGE)
    human = kept.sender == "bot" and lot(seed, "wizebot.agent", message.id) < HUMANS
    failed = not message.inbound and message.status == "failed"
    updated = _local(message.updated_ms, switches)
    row = {
        "id": int(message.id),
        "whatsapp_bot_subscriber_subscriber_id": f"{contact.address}-42",
        "whatsapp_bot_id": 42,
        "sender": "workflow" if strange else kept.sender,
        "agent_name": "17" if human else None,
        "message_content": kept.content if isinstance(kept.content, str) else orjson.dumps(kept.content).decode(),
        "conversation_time": _local(message.at_ms, switches),
        "wa_message_id": _wamid(message, kept, switches.word("wizebot.wamid")),
        "reaction_data": _reaction_data(message, switches.word("wizebot.reaction_data"), seed),
        "message_status": _status(message, switches.word("wizebot.status_words")),
        "delivery_status_updated_at": updated,
        "failed_reason": FAILED_REASON if failed else "",
    }
    if switches.word("wizebot.extra_fields") == "present":
        read = not message.inbound and message.status == "read"
        row |= {"read_time": updated if read else None, "failed_time": updated if failed else None}
    return row


def subscriber(conversation: Conversation, switches: AccountSwitches) -> Row:
    """A subscriber as a sibling documents it; fields that hold nothing hold the text "null"."""
    contact = conversation.contact
    first, _, last = contact.name.partition(" ")
    content: dict[str, Any] = {
        "subscriber_id": int(contact.id),
        "chat_id": contact.address,
        "first_name": first,
        "last_name": last or "null",
        "email": "null",
        "gender": "null",
        "label_names": "vip ,novo",
        "assigned_agent_id": 3,
    }
    if switches.word("wizebot.subscriber_times") == "present":
        content |= {"last_message_time": _local(conversation.changed_ms, switches), "unseen_count": 0}
    return Row(orjson.dumps(content))


def _local(ms: int, switches: AccountSwitches) -> str:
    """A time in the account's zone: `2026-01-05 09:00:00`."""
    told = datetime.fromtimestamp(ms // 1000, ZoneInfo(switches.word("wizebot.zone")))
    fraction = f".{ms % 1000:03d}000" if switches.word("wizebot.times") == "fraction" else ""
    return f"{told:%Y-%m-%d %H:%M:%S}{fraction}"


def _wamid(message: Message, kept: Kept, word: str) -> str | None:
    early = word == "late" and not message.inbound and message.status == "pending"
    if word == "never" or early or kept.sender == "system":
        return None
    return wamid(message.id, message.conversation.contact.address)


def _status(message: Message, form: str) -> str | None:
    return None if form == "null" or message.inbound or message.status == "pending" else message.status


def _reaction_data(message: Message, form: str, seed: int) -> object:
    if form == "null" or lot(seed, "wizebot.reaction_data", message.id) >= REACTED:
        return None
    one = {"emoji": "❤️", "from": message.conversation.contact.address}
    if form == "emoji":
        return "❤️"
    return orjson.dumps({"object": one, "list": [one], "odd": {"count": 1, "kinds": [[2764]]}}[form]).decode()


_STRANGE = "wizebot.strange_senders"
