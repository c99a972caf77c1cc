"""Wegly's message object, in the fields of both generations of its reference. Pure.

Fields and their forms are those of `providers.md` sections 4.2 to 4.4; what is UNKNOWN there is asked of the switches.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import xxhash

from workers.simulator.records import Message, ShownState
from workers.simulator.rooms.wegly_facts import facts_of
from workers.simulator.rooms.wegly_unknowns import ORIGIN_WORDS, STATUS_WORDS
from workers.simulator.switches import AccountSwitches, lot

#: Share of outgoing messages that a human wrote, and the team.
HUMANS = 0.5
TEAM = ("Bia Rocha", "Caio Nunes", "Davi Melo")
#: Kinds that are files, and the type of their content.
MIME_TYPES = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/mpeg",
    "voice": "audio/ogg",
    "document": "application/pdf",
    "sticker": "image/webp",
}
#: Fields that only the older, and only the newer reference shows.
OLDER, NEWER = ("created_at", "media", "call", "quoted_message"), ("content_payload", "crm_marketing_lead_source")
#: Milliseconds between a message's own time and its storage.
STORED_AFTER = 40


def iso_ms(ms: int) -> str:
    """Milliseconds as `2026-01-05T12:00:00.000Z`."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def uuid_of(*parts: object) -> str:
    """A UUID that is always the same for the same things."""
    return str(UUID(int=xxhash.xxh3_128_intdigest("/".join(map(str, parts)).encode()), version=4))


def message_of(
    message: Message, text: str | None, switches: AccountSwitches, seed: int, now_ms: int
) -> tuple[dict[str, Any], ShownState]:
    """The object and what it shows; `now_ms` decides whether a file is filled in."""
    shown = _Shown(message, text, switches, seed, now_ms)
    content = shown.fields()
    left_out = {"older": NEWER, "newer": OLDER}.get(switches.word("wegly.generation"), ())
    content = {name: value for name, value in content.items() if name not in left_out}
    group = lot(seed, "wegly.groups", message.conversation.id) < switches.number("wegly.groups")
    facts = facts_of(message, content, text, group=group)
    return content, ShownState(content["type"], content["status"], content["body_text"], message.media, facts)


def person(name: str) -> dict[str, Any]:
    """A user of the panel."""
    return {"id": uuid_of("user", name), "name": name, "avatar": None}


def agent_of(thing: str) -> dict[str, Any]:
    """The member of the team whom a thing belongs to."""
    name = TEAM[sum(thing.encode()) % len(TEAM)]
    return {"agent_id": uuid_of("agent", name), "user": person(name)}


def meta_time(ms: int, form: str) -> str | int | None:
    """`meta_timestamp` in one of the forms that it may have; all but `iso` and `millis` tell whole seconds."""
    if form == "null":
        return None
    if form in {"iso", "millis"}:
        return iso_ms(ms) if form == "iso" else ms
    return str(ms // 1000) if form == "seconds_text" else ms // 1000


class _Shown:
    """One message while it is written."""

    def __init__(self, message: Message, text: str | None, switches: AccountSwitches, seed: int, now_ms: int) -> None:
        self._message, self._text, self._switches, self._seed, self._now = message, text, switches, seed, now_ms
        self._is_call = message.kind == "text" and not message.inbound and self._by_luck("wegly.calls")

    def fields(self) -> dict[str, Any]:
        message, word = self._message, self._switches.word
        inward, outward = ORIGIN_WORDS[word("wegly.origin_words")]
        agent = self._agent()
        imported = self._by_luck("wegly.imported")
        return {
            "id": message.id,
            "type": self._type(),
            "origin": inward if message.inbound else outward,
            "from_me": not message.inbound,
            "sent_via": self._sent_via(agent),
            "status": STATUS_WORDS[word("wegly.statuses")][message.status],
            "body_text": self._words(),
            "content_payload": self._payload(),
            "reactions": self._reactions(),
            "meta_timestamp": meta_time(message.at_ms, word("wegly.meta_timestamp")),
            "created_at": iso_ms(message.at_ms + STORED_AFTER),
            "is_history": imported,
            "history_phase": 0 if imported else None,
            "history_chunk_order": 1 if imported else None,
            "history_progress": 100 if imported else None,
            "is_media_placeholder": message.media is not None and not self._is_filled_in(),
            "agent": agent and {"id": agent["agent_id"], "user": agent["user"]},
            "user": agent and agent["user"],
            "media": self._media(),
            "call": self._call() if self._is_call else None,
            "quoted_message": self._quoted() if self._by_luck("wegly.quotes") else None,
            "crm_marketing_lead_source": [],
        }

    def _by_luck(self, name: str) -> bool:
        return lot(self._seed, name, self._message.id) < self._switches.number(name)

    def _type(self) -> str:
        if self._is_call:
            return "call"
        if self._message.media is not None and self._switches.word("wegly.media_type") == "media":
            return "media"
        return "audio" if self._message.kind == "voice" else self._message.kind

    def _words(self) -> str | None:
        return None if self._is_call or self._message.kind in _IN_PAYLOAD else self._text

    def _agent(self) -> dict[str, Any] | None:
        human = not self._message.inbound and lot(self._seed, "wegly.agent", self._message.id) < HUMANS
        return agent_of(self._message.id) if human else None

    def _sent_via(self, agent: dict[str, Any] | None) -> str:
        word = self._switches.word("wegly.sent_via")
        if self._message.inbound or word == "contact":
            return "CONTACT"
        return ("AGENT" if agent else "BOT") if word == "words" else "PANEL_V2"

    def _payload(self) -> dict[str, Any]:
        message, text = self._message, self._text
        if message.kind == "location":
            latitude, _, longitude = (text or "0,0").partition(",")
            return {"location": {"latitude": float(latitude), "longitude": float(longitude), "name": "Escola"}}
        if message.kind == "contacts":
            name = {"formatted_name": message.conversation.contact.name}
            return {"contacts": [{"name": name, "phones": [{"phone": f"+{text}", "wa_id": text}]}]}
        if message.kind in {"button_reply", "list_reply"}:
            return {"type": message.kind, message.kind: {"id": f"r::{text}", "title": text}}
        if message.kind == "order":
            item = {"product_retailer_id": "SKU-7", "quantity": 2, "item_price": 19.9, "currency": "BRL"}
            return {"order": {"catalog_id": "700800", "product_items": [item]}}
        return {}

    def _reactions(self) -> list[dict[str, Any]]:
        message = self._message
        if message.status != "read" or not self._by_luck("wegly.reactions"):
            return []
        contact = message.conversation.contact
        return [
            {
                "id": uuid_of("reaction", message.id),
                "emoji": "👍",
                "actor": "CONTACT",
                "reactor_wa_id": contact.address,
                "reactor_user_id": None,
                "created_at": iso_ms(message.updated_ms),
            }
        ]

    def _is_filled_in(self) -> bool:
        return self._now >= self._message.at_ms + self._switches.number("wegly.media_seconds") * 1000

    def _media(self) -> dict[str, Any] | None:
        message = self._message
        if message.media is None:
            return None
        there = self._is_filled_in()
        return {
            "id": uuid_of("media", message.id),
            "mime_type": MIME_TYPES[message.kind],
            "file_name": message.media.rpartition("/")[2],
            "is_downloaded": there,
            "url": message.media if there else None,
        }

    def _call(self) -> dict[str, Any]:
        at = self._message.at_ms
        return {
            "id": uuid_of("call", self._message.id),
            "status": "COMPLETED",
            "direction": "OUTBOUND",
            "started_at": iso_ms(at),
            "ended_at": iso_ms(at + 61_000),
            "duration_ms": 61_000,
            "recording_processed": True,
            "recording_available": True,
            "has_recording": True,
        }

    def _quoted(self) -> dict[str, Any]:
        quoted = {"id": uuid_of("quoted", self._message.id), "type": "text", "origin": "INBOUND", "from_me": False}
        return {**quoted, "sent_via": "CONTACT", "status": "sent", "body_text": "?", "reactions": []}


#: Kinds whose content stands in `content_payload` alone.
_IN_PAYLOAD = frozenset({"location", "contacts"})
