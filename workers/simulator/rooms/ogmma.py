"""Ogmma: conversations of a channel, their newest rows only (at most 500), no page after the first.

Sources: `providers.md` section 2 (developer.ogmma.com.br, `messages/list-messages` and siblings). What is UNKNOWN
there is a switch here: the conversation list, the bodies of 403 and 404, the words of states and types, the form of
`content`, rate limit headers, a limit below the documented one and whether it is told.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from workers.simulator.bending import RowFields
from workers.simulator.records import Account, Contact, Conversation, Message, ShownState
from workers.simulator.rooms.base import Answer, Call, Room, said
from workers.simulator.rooms.ogmma_facts import facts_of
from workers.simulator.rooms.ogmma_lists import channels, conversations, failure, whole
from workers.simulator.rooms.ogmma_unknowns import STATUS_WORDS, SWITCHES, TYPE_WORDS
from workers.simulator.switches import AccountSwitches, Board

#: Rows of a page: documented default and maximum (messages/list-messages).
DEFAULT_LIMIT, MAX_LIMIT = 50, 500


def iso_ms(ms: int) -> str:
    """Milliseconds as messages show them: `2026-01-05T12:00:00.000Z`."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


class OgmmaRoom(Room):
    """Ogmma's API."""

    provider = "ogmma"
    prefix = "/ogmma/v1"
    first_account = "loja"
    language = "pt"
    reopens = False
    switches = SWITCHES
    fields = RowFields(id="id", time="createdAt", text="content")

    def __init__(self, seed: int, accounts: Sequence[Account], board: Board) -> None:
        super().__init__(seed, accounts, board)
        self._by_key = {account.api_key: account for account in accounts}

    # --- identities ---

    @staticmethod
    def new_key(rng: Random) -> str:
        """`oapi_sk_live_` and 35 further characters."""
        return f"oapi_sk_live_{rng.getrandbits(140):035x}"

    @staticmethod
    def new_channels(rng: Random, index: int) -> tuple[tuple[str, str], ...]:
        """Two business numbers."""
        return tuple((f"{rng.getrandbits(96):024x}", f"55113{index * 2 + n:08d}") for n in (0, 1))

    @staticmethod
    def new_contact(rng: Random, index: int, name: str) -> Contact:
        """A Brazilian mobile number."""
        number = f"55119{(81_230_000 + index * 7919) % 10**8:08d}"
        return Contact(f"{rng.getrandbits(96):024x}", number, number, name)

    @staticmethod
    def new_conversation_id(rng: Random, contact: Contact) -> str:  # noqa: ARG004  the id says nothing of the person
        """24 hexadecimal digits."""
        return f"{rng.getrandbits(96):024x}"

    @staticmethod
    def new_message_id(rng: Random, at_ms: int) -> str:
        """24 hexadecimal digits that begin with the second, as a database's object id does."""
        return f"{at_ms // 1000 & 0xFFFFFFFF:08x}{rng.getrandbits(64):016x}"

    # --- serving ---

    def caller(self, call: Call) -> Account | None:
        """The account of the bearer token."""
        scheme, _, key = call.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return self._by_key.get(key.strip())

    def refused(self, call: Call) -> Answer:
        """401; the documentation words it in two ways."""
        if "Authorization" in call.headers:
            return _WRONG_KEY
        return said(401, {"message": "Token de autenticacao invalido ou ausente.", "code": "UNAUTHORIZED"})

    def unauthorized(self, account: Account) -> Answer:  # noqa: ARG002  one body for all
        """401 for a key that is no longer valid."""
        return _WRONG_KEY

    def forbidden(self, account: Account) -> Answer:
        """403; its body is UNKNOWN."""
        word = self.values(account).word("ogmma.forbidden")
        return failure(403, word, "Permissão insuficiente para este recurso.", "FORBIDDEN")

    def too_many(self, account: Account) -> Answer:  # noqa: ARG002  one body for all
        """429 as documented."""
        text = "Limite de requisicoes excedido. Tente novamente em alguns segundos."
        return said(429, {"message": text, "code": "RATE_LIMIT_EXCEEDED"})

    def answer(self, account: Account, call: Call) -> Answer:
        """The messages of a conversation, the channels, or the conversations."""
        if call.method != "GET":
            return self._not_found(account, "Rota")
        match call.path:
            case ("channels", channel, "conversations", conversation):
                return self._messages(account, channel, conversation, call)
            case ("channels",):
                found = channels(account, self.values(account))
            case ("conversations",):
                found = conversations(account, None, call, self.values(account))
            case ("channels", channel, "conversations"):
                found = conversations(account, channel, call, self.values(account))
            case _:
                found = None
        return self._not_found(account, "Rota") if found is None else found

    def wrong_shapes(self) -> tuple[bytes, ...]:
        """Envelopes without `data`, `data` that is no list, no envelope at all."""
        return (
            b"[]",
            b"null",
            b'"ok"',
            b"{}",
            b'{"data":null,"meta":{"limit":50}}',
            b'{"data":{},"meta":{"limit":50}}',
            b'{"data":"[]"}',
            b"7",
        )

    def _messages(self, account: Account, channel: str, name: str, call: Call) -> Answer:
        limit = whole(call.query.get("limit"), DEFAULT_LIMIT)
        refuses = self.values(account).word("ogmma.over_limit") == "refuse"
        if limit is None or (limit > MAX_LIMIT and refuses):
            return said(400, {"message": "Parâmetro limit inválido.", "code": "VALIDATION_ERROR"})
        limit = min(limit, MAX_LIMIT)
        conversation = account.by_name.get(name)
        if conversation is None or conversation.id != name or conversation.channel.id != channel:
            return self._no_conversation(account, limit)
        kept = min(limit, int(self.values(account).word("ogmma.limit_cap")))
        rows = self.page(account, conversation.messages, 0, kept)
        meta = {"kept": _META % kept, "asked": _META % limit, "absent": b"]}"}[self.values(account).word("ogmma.meta")]
        return Answer(200, b'{"data":[', rows, meta, feed=(channel, name))

    def _no_conversation(self, account: Account, limit: int) -> Answer:
        if self.values(account).word("ogmma.not_found") == "empty_page":
            return Answer(200, b'{"data":[', (), _META % limit)
        return self._not_found(account, "Conversa")

    def _not_found(self, account: Account, what: str) -> Answer:
        word = self.values(account).word("ogmma.not_found")
        return failure(404, "message_code" if word == "empty_page" else word, f"{what} não encontrada.", "NOT_FOUND")

    # --- showing ---

    def render(
        self, message: Message, text: str | None, switches: AccountSwitches
    ) -> tuple[dict[str, Any], ShownState]:
        """The documented fields of a message, in their order."""
        words = TYPE_WORDS[switches.word("ogmma.types")]
        extended = switches.word("ogmma.types") == "extended"
        kind = words.get(message.kind, message.kind if extended else "text")
        status = STATUS_WORDS[switches.word("ogmma.statuses")][message.status]
        conversation = message.conversation
        ends = (conversation.contact.address, conversation.channel.number)
        sender, receiver = ends if message.inbound else ends[::-1]
        content = {
            "id": message.id,
            "conversationId": conversation.id,
            "channelId": conversation.channel.id,
            "type": kind,
            "direction": "INBOUND" if message.inbound else "OUTBOUND",
            "status": status,
            "content": _content(message, text, switches.word("ogmma.content")),
            "mediaUrl": message.media,
            "from": sender,
            "to": receiver,
            "createdAt": iso_ms(message.at_ms),
            "updatedAt": iso_ms(message.updated_ms),
        }
        facts = facts_of(message, kind, status, text, switches.word("ogmma.content"))
        return content, ShownState(kind, status, text or "", message.media, facts)

    def shown_time(self, message: Message) -> int:
        """`createdAt`, to the millisecond."""
        return message.at_ms

    def conversation_name(self, conversation: Conversation) -> str:
        """`conversationId`."""
        return conversation.id

    # --- configuration ---

    def account_settings(self, account: Account) -> dict[str, str]:  # noqa: ARG002  nothing beyond key and address
        """Nothing further."""
        return {}

    def feeds(self, account: Account) -> list[dict[str, str]]:
        """Channel and conversation."""
        return [{"channel_id": c.channel.id, "conversation_id": c.id} for c in account.conversations]


_WRONG_KEY = said(401, {"message": "Chave de API inválida ou expirada.", "code": "UNAUTHORIZED"})
_META = b'],"meta":{"limit":%d}}'


def _content(message: Message, text: str | None, form: str) -> str | dict[str, Any]:
    plain = message.kind not in _WITH_PARTS and message.media is None
    if form == "string" or (form == "object_for_media" and plain):
        return text or ""
    if plain:
        return {"text": text or ""}
    if message.kind == "location":
        latitude, _, longitude = (message.text or "0,0").partition(",")
        return {"latitude": float(latitude), "longitude": float(longitude), "text": text}
    if message.kind == "contacts":
        return {"contacts": [{"name": message.conversation.contact.name, "phone": message.text}], "text": text}
    name = (message.media or "").rpartition("/")[2]
    return {"url": message.media, "caption": text, "fileName": name if message.kind == "document" else None}


_WITH_PARTS = frozenset({"location", "contacts"})
