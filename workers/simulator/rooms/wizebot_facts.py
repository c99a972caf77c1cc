"""What WizeBot's rows say, as facts. Pure."""

from collections.abc import Mapping
from typing import Any

from workers.simulator.facts import card, packed, place, words_and_file
from workers.simulator.records import Message
from workers.simulator.rooms.wizebot_content import Kept, wamid
from workers.simulator.rooms.wizebot_rows import FAILED_REASON

#: Who wrote what each sender's rows hold; any other sender leaves it open.
_AUTHORS: Mapping[str, str] = {"user": "contact", "bot": "bot", "automation": "automation", "system": "system"}
_DIRECTIONS: Mapping[str, str] = {"user": "inbound", "bot": "outbound", "automation": "outbound", "system": "internal"}


def facts_of(message: Message, kept: Kept, row: Mapping[str, Any]) -> bytes:
    """The facts of a row that keeps a message in this form."""
    address, sender = message.conversation.contact.address, row["sender"]
    kind = _type(message, kept, sender)
    told = row["agent_name"] is not None and sender != "system"
    facts: dict[str, Any] = {
        "direction": _DIRECTIONS.get(sender, "unknown"),
        "author.kind": "agent" if told else _AUTHORS.get(sender, "unknown"),
        "conversation.contact.address": address,
        "type": kind,
        "wamid": wamid(message.id, address) if message.inbound else row["wa_message_id"],
        "status.provider": row["message_status"],
        "reactions": _reactions(row["reaction_data"], address),
        **_ends(message, sender, address),
        **_said(message, kept, kind),
    }
    if told:
        facts["author.id"] = row["agent_name"]
    if row["failed_reason"]:
        facts["status.error.message"] = FAILED_REASON
    return packed(facts)


def _type(message: Message, kept: Kept, sender: str) -> str:
    """The form that came in tells more than its word; plain words are a notice only where the system says them."""
    if kept.type == "system" and sender != "system":
        return "text"
    if not message.inbound or kept.type == "unsupported":
        return kept.type
    if isinstance(kept.content, dict) and "nfm_reply" in str(kept.content):
        return "form_reply"
    return message.kind


def _ends(message: Message, sender: str, address: str) -> dict[str, Any]:
    if sender == "user":
        return {"from": address, "to": message.conversation.channel.number}
    return {"to": address} if sender in {"bot", "automation"} else {}


def _said(message: Message, kept: Kept, kind: str) -> dict[str, Any]:
    if kind == "location":
        return place(message.text)
    if kind == "contacts":
        return card(message.text, message.conversation.contact.name)
    if kind == "reaction":
        return {"text": None, "reaction.emoji": kept.text}
    if kind in {"button_reply", "list_reply"}:
        return {"text": kept.text, "interactive.kind": kind, "interactive.title": kept.text}
    return words_and_file(kept.text, kept.media) | _offered(kept, kind)


def _offered(kept: Kept, kind: str) -> dict[str, Any]:
    """What a business offers: buttons and lists, templates; and what a person orders."""
    if not isinstance(kept.content, dict):
        return {}
    if kind == "interactive":
        return {"interactive.kind": kept.content["interactive"]["type"]}
    if kind == "template":
        return {"template.name": "aviso", "template.language": "pt_BR"}
    return {"order.catalog_id": "700800"} if kind == "order" else {}


def _reactions(shown: Any, address: str) -> list[dict[str, Any]]:  # noqa: ANN401 - any form
    if shown is None or "kinds" in shown:
        return []
    by: dict[str, Any] = {"kind": "unknown", "address": None}
    if shown != "❤️":
        by = {"kind": "contact", "address": address}
    return [{"emoji": "❤️", "by": by, "at": None}]
