"""What Wegly's message objects say, as facts. Pure."""

from collections.abc import Mapping
from typing import Any

from workers.simulator.facts import packed, unpacked
from workers.simulator.records import Message

#: What only a timeline shows: the chat object leaves out the file, the call and the quoted message.
_TIMELINE_ONLY = ("media", "call", "reply_to", "type")


def facts_of(message: Message, fields: Mapping[str, Any], text: str | None, *, group: bool) -> bytes:
    """The facts of an object with these fields; `group`: the chat has many members."""
    contact, ours = message.conversation.contact, message.conversation.channel.number
    facts: dict[str, Any] = {
        "direction": "inbound" if message.inbound else "outbound",
        "from": (None if group else contact.address) if message.inbound else ours,
        "to": ours if message.inbound else contact.address,
        "conversation.contact.address": contact.address,
        "conversation.contact.name": contact.name,
        "provider_type": fields["type"],
        "status.provider": fields["status"],
        "reactions": [_reaction(one) for one in fields["reactions"]],
        **_author(message, fields, group=group),
        **_file(fields),
        **_said(message, fields, text),
    }
    if "quoted_message" in fields:
        quoted = fields["quoted_message"]
        facts |= {"reply_to": None} if quoted is None else {"reply_to.id": quoted["id"]}
    return packed(facts)


def in_a_chat(kept: bytes) -> bytes:
    """The facts that the chat object shows as well."""
    return packed({name: value for name, value in unpacked(kept).items() if name.split(".")[0] not in _TIMELINE_ONLY})


def _author(message: Message, fields: Mapping[str, Any], *, group: bool) -> dict[str, Any]:
    if message.inbound:
        return {"author.kind": "contact", "author.name": None if group else message.conversation.contact.name}
    if fields["agent"]:
        return {
            "author.kind": "agent",
            "author.id": fields["agent"]["id"],
            "author.name": fields["agent"]["user"]["name"],
        }
    return {"author.kind": "bot" if fields["sent_via"] == "BOT" else "unknown"}


def _file(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The file, and the type that a message has by it where its own word only says `media`."""
    media = fields.get("media")
    told: dict[str, Any] = {}
    if fields["type"] != "media":
        told["type"] = fields["type"]
    elif media is not None:
        general = media["mime_type"].partition("/")[0]
        told["type"] = "document" if general == "application" else general
    if "media" not in fields:
        return told
    if media is None:
        return {**told, "media": None}
    names = ("id", "mime_type", "file_name", "url")
    return {**told, **{f"media.{name}": media[name] for name in names}, "media.available": media["is_downloaded"]}


def _said(message: Message, fields: Mapping[str, Any], text: str | None) -> dict[str, Any]:
    if fields["type"] == "call":
        length = {} if "call" not in fields else {"call.duration_seconds": 61, "call.recorded": True}
        return {"text": None, **length}
    payload = fields.get("content_payload")
    if not payload:
        return {"text": fields["body_text"] or None}
    if message.kind == "location":
        shown = payload["location"]
        return {"text": None, **{f"location.{name}": shown[name] for name in ("latitude", "longitude", "name")}}
    if message.kind == "contacts":
        return {"contacts.0.name": message.conversation.contact.name, "contacts.0.phones.0.number": text}
    if message.kind == "order":
        return {"text": text, "order.catalog_id": "700800", "order.items.0.product_id": "SKU-7"}
    return {"text": text, "interactive.id": f"r::{text}", "interactive.title": text}


def _reaction(shown: Mapping[str, Any]) -> dict[str, Any]:
    by = {"kind": "contact", "address": shown["reactor_wa_id"]}
    return {"emoji": shown["emoji"], "by": by, "at": shown["created_at"]}
