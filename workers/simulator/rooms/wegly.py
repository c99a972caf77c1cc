"""Wegly: chats of a CRM, each an object and, as far as anybody knows, a timeline.

Sources: `providers.md` section 4 (docs.wegly.com.br, `consulta-de-chat`, `listar-timeline-do-chat`). What is UNKNOWN
there is a switch here: above all how a timeline is paged.
"""

import base64
from collections.abc import Sequence
from random import Random
from typing import Any
from uuid import UUID

import orjson

from workers.simulator.bending import RowFields
from workers.simulator.records import Account, Contact, Conversation, Message, Row, ShownState
from workers.simulator.rooms.base import HTML, Answer, Call, Room, said
from workers.simulator.rooms.wegly_chat import chat_answer, listed
from workers.simulator.rooms.wegly_message import iso_ms, message_of
from workers.simulator.rooms.wegly_timeline import Refusal, event, record, wanted
from workers.simulator.rooms.wegly_unknowns import SWITCHES
from workers.simulator.switches import AccountSwitches, Board, lot

#: The domain that a restricted key belongs to.
DOMAIN = "https://painel.example"
#: Chats of one page of a list.
LISTED = 20


class WeglyRoom(Room):
    """Wegly's API for integrations."""

    provider = "wegly"
    prefix = "/wegly/integrations/external"
    first_account = "escola"
    language = "pt"
    switches = SWITCHES
    fields = RowFields(id="id", time="meta_timestamp", text="body_text")

    def __init__(self, seed: int, accounts: Sequence[Account], board: Board) -> None:
        super().__init__(seed, accounts, board)
        self._by_key = {account.api_key: account for account in accounts}
        self._now = 0
        #: When an account was asked for the first time (ms): its imports are counted from there.
        self._begun: dict[str, int] = {}
        #: Files that were shown before they were filled in.
        self._waiting: dict[int, Message] = {}

    # --- identities ---

    @staticmethod
    def new_key(rng: Random) -> str:
        """A JWT, as its page says."""
        parts = (b'{"alg":"HS256"}', b'{"key":"%016x"}' % rng.getrandbits(64), rng.randbytes(24))
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)

    @staticmethod
    def new_channels(rng: Random, index: int) -> tuple[tuple[str, str], ...]:
        """One business number."""
        return ((_uuid(rng), f"55313{index:08d}"),)

    @staticmethod
    def new_contact(rng: Random, index: int, name: str) -> Contact:
        """A Brazilian mobile number."""
        number = f"55319{(81_230_000 + index * 7919) % 10**8:08d}"
        return Contact(_uuid(rng), number, number, name)

    @staticmethod
    def new_conversation_id(rng: Random, contact: Contact) -> str:  # noqa: ARG004  the id says nothing of the person
        """A UUID."""
        return _uuid(rng)

    @staticmethod
    def new_message_id(rng: Random, at_ms: int) -> str:  # noqa: ARG004  nor of the time
        """A UUID."""
        return _uuid(rng)

    # --- serving ---

    def caller(self, call: Call) -> Account | None:
        """The account of the bearer token."""
        scheme, _, key = call.headers.get("Authorization", "").partition(" ")
        return self._by_key.get(key.strip()) if scheme.lower() == "bearer" else None

    def refused(self, call: Call) -> Answer:  # noqa: ARG002  one body for all
        """401; its body is UNKNOWN."""
        return self.unauthorized(self.accounts[0])

    def unauthorized(self, account: Account) -> Answer:
        """401 for a key that is no longer valid."""
        return self._failure(account, 401, "Unauthorized")

    def forbidden(self, account: Account) -> Answer:
        """403: the wrong domain, or no permission."""
        return self._failure(account, 403, "Forbidden resource")

    def too_many(self, account: Account) -> Answer:
        """429; no limit is documented."""
        return self._failure(account, 429, "Too Many Requests")

    def answer(self, account: Account, call: Call) -> Answer:
        """A chat, its timeline, the totals of unread messages, or the list of chats."""
        self._now = call.at_ms
        self._begun.setdefault(account.name, call.at_ms)
        if not self._is_allowed(account, call):
            return self.forbidden(account)
        match (call.method, *call.path):
            case ("GET", "chats", "notifications", "unread"):
                found = said(200, {"unread_messages_total": 0, "unread_chats_total": 0})
            case ("GET", "chats", name):
                found = self._chat(account, name)
            case ("GET", "chats", name, "timeline"):
                found = self._timeline(account, name, call)
            case ("GET", "chats"):
                found = self._chats(account, call)
            case _:
                found = self._failure(account, 404, "Not Found")
        return found

    def wrong_shapes(self) -> tuple[bytes, ...]:
        """Objects without what they should hold."""
        return (b"null", b"{}", b'"ok"', b"7", b'{"total":3}', b'{"total":0,"records":null}', b'{"data":{}}')

    def _is_allowed(self, account: Account, call: Call) -> bool:
        """Whether a restricted key is used from its domain, by either header."""
        if self.values(account).word("wegly.origin") == "free":
            return True
        origin, referer = call.headers.get("Origin", ""), call.headers.get("Referer", "")
        return DOMAIN in {origin, referer} or referer.startswith(f"{DOMAIN}/")

    def _chat(self, account: Account, name: str) -> Answer:
        conversation = self._found(account, name)
        if conversation is None:
            return self._failure(account, 404, "Chat not found")
        shown = self._visible(conversation)
        last = self.row(shown[-1]) if shown else None
        group = self.by_luck(account, "wegly.groups", conversation.id)
        return chat_answer(conversation, shown, last, self.seed, group=group)

    def _timeline(self, account: Account, name: str, call: Call) -> Answer:
        conversation, switches = self._found(account, name), self.values(account)
        there = switches.word("wegly.timeline")
        if conversation is None or there == "not_found":
            return self._failure(account, 404, "Not Found")
        if there == "not_allowed":
            return self._failure(account, 405, "Method Not Allowed")
        messages = self._visible(conversation)
        records = self._records(messages, switches)
        try:
            places = wanted(call.query, switches, len(records))
        except Refusal as refusal:
            return self._failure(account, refusal.status, "Bad Request")
        rows = [records[place] for place in places]
        if switches.word("wegly.order") == "turned":
            rows.reverse()
        if switches.word("wegly.envelope") == "bare":
            return Answer(200, b"[", rows, b"]", feed=(conversation.id,))
        counts = {"records": len(records), "messages": len(messages), "page": len(rows)}
        total = counts.get(switches.word("wegly.total"))
        begin = b"{" if total is None else b'{"total":%d,' % total
        return Answer(200, begin + b'"records":[', rows, b"]}", feed=(conversation.id,))

    def _records(self, messages: Sequence[Message], switches: AccountSwitches) -> list[Row]:
        """All records, in the order of the whole list."""
        ties = switches.word("wegly.ties")
        shown = self._untied(list(messages), ties) if ties != "stable" else messages
        word = switches.word("wegly.event_types")
        records: list[Row] = []
        for message in shown:
            records.append(record(self.row(message), iso_ms(self.shown_time(message)), word))
            if self.by_luck(message.account, "wegly.events", message.id):
                records.append(event(message.id, iso_ms(message.at_ms + 1)))
        order = switches.word("wegly.timeline_order")
        if order == "mixed":
            return sorted(records, key=lambda row: lot(self.seed, "wegly.timeline_order", row.body[:64].hex()))
        return records[::-1] if order == "newest_first" else records

    def _visible(self, conversation: Conversation) -> list[Message]:
        """The messages that have been imported by now; files that were filled in meanwhile are written anew."""
        switches = self.values(conversation.account)
        later = switches.number("wegly.import_seconds") * 1000 + self._begun[conversation.account.name]
        for number, message in list(self._waiting.items()):
            if self._now >= message.at_ms + switches.number("wegly.media_seconds") * 1000:
                message.row = None
                del self._waiting[number]
        if self._now >= later:
            return conversation.messages
        return [one for one in conversation.messages if not self.by_luck(one.account, "wegly.imported", one.id)]

    def _chats(self, account: Account, call: Call) -> Answer:
        word = self.values(account).word("wegly.chat_list")
        if word == "off":
            return self._failure(account, 404, "Not Found")
        number = call.query.get("page", "1")
        skip = (int(number) - 1) * LISTED if number.isdecimal() else 0
        rows = [listed(conversation) for conversation in account.conversations[max(0, skip) :][:LISTED]]
        if word == "bare":
            return Answer(200, b"[", rows, b"]")
        return Answer(200, b'{"total":%d,"records":[' % len(account.conversations), rows, b"]}")

    def _found(self, account: Account, name: str) -> Conversation | None:
        conversation = account.by_name.get(name)
        return conversation if conversation is not None and conversation.id == name else None

    def _failure(self, account: Account, status: int, text: str) -> Answer:
        form = self.values(account).word("wegly.errors")
        if form == "html":
            return Answer(status, f"<!doctype html><title>{status}</title>".encode(), content_type=HTML)
        if form == "empty":
            return Answer(status)
        bodies: dict[str, Any] = {
            "nest": {"statusCode": status, "message": text},
            "message": {"message": text},
            "error": {"error": {"code": status, "description": text}},
        }
        return said(status, bodies[form])

    # --- showing ---

    def render(
        self, message: Message, text: str | None, switches: AccountSwitches
    ) -> tuple[dict[str, Any], ShownState]:
        """A message object."""
        content, state = message_of(message, text, switches, self.seed, self._now)
        if content["is_media_placeholder"]:
            self._waiting[message.number] = message
        return content, state

    def shown_time(self, message: Message) -> int:
        """Whole seconds where `meta_timestamp` tells no more."""
        whole = self.values(message.account).word("wegly.meta_timestamp") in {"seconds", "seconds_text"}
        return message.at_ms // 1000 * 1000 if whole else message.at_ms

    def conversation_name(self, conversation: Conversation) -> str:
        """The chat's id."""
        return conversation.id

    def _made(self, message: Message, switches: AccountSwitches) -> Row:
        row = super()._made(message, switches)
        if not row.poison:
            return row
        # A row without any time must not have that of its storage either.
        content = orjson.loads(row.body)
        if isinstance(content, dict):
            return row._replace(body=orjson.dumps({**content, "created_at": None}))
        return row

    # --- configuration ---

    def account_settings(self, account: Account) -> dict[str, str]:  # noqa: ARG002  one domain for all
        """The domain: a key that is not restricted does not mind."""
        return {"origin": DOMAIN}

    def feeds(self, account: Account) -> list[dict[str, str]]:
        """The chats."""
        return [{"chat_id": conversation.id} for conversation in account.conversations]


def _uuid(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))
