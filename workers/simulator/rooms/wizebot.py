"""WizeBot: the conversation with one subscriber, and the list of subscribers.

Sources: `providers.md` section 1 (help.wizebot.com.br, `obter-conversa-whatsapp`, and documents of siblings). What is
UNKNOWN there is a switch here.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import orjson

from workers.simulator.bending import RowFields
from workers.simulator.records import Account, Contact, Conversation, Message, Row, ShownState
from workers.simulator.rooms.base import HTML, Answer, Call, Room, said
from workers.simulator.rooms.wizebot_calls import asked_in, slice_of
from workers.simulator.rooms.wizebot_content import Kept, delivery, received, sent
from workers.simulator.rooms.wizebot_facts import facts_of
from workers.simulator.rooms.wizebot_forms import failure, listing
from workers.simulator.rooms.wizebot_rows import row_of, subscriber
from workers.simulator.rooms.wizebot_unknowns import LAGGING, SWITCHES
from workers.simulator.switches import AccountSwitches, Board, lot

#: The largest limit of a list of subscribers (documented at a sibling).
MOST_SUBSCRIBERS = 100
#: Documented texts of failures.
WRONG_KEY, INCOMPLETE = "Invalid API Key.", "Missing required parameters."
NO_SUBSCRIBER, NO_ACCOUNT = "Subscriber not found.", "WhatsApp account not found."
#: Bits of a row's id below its second, so that ids grow with time and do not collide.
_ID_BITS = 34


class WizebotRoom(Room):
    """WizeBot's API, version 1."""

    provider = "wizebot"
    prefix = "/wizebot/api/v1"
    first_account = "suporte"
    language = "pt"
    switches = SWITCHES
    fields = RowFields(id="id", time="conversation_time", text="message_content")

    def __init__(self, seed: int, accounts: Sequence[Account], board: Board) -> None:
        super().__init__(seed, accounts, board)
        self._by_key = {account.api_key: account for account in accounts}

    # --- identities ---

    @staticmethod
    def new_key(rng: Random) -> str:
        """A number, a bar and letters, as the product's framework makes them."""
        return f"{rng.randrange(10**4, 10**5)}|{rng.getrandbits(160):040x}"

    @staticmethod
    def new_channels(rng: Random, index: int) -> tuple[tuple[str, str], ...]:
        """One business number: it is the account."""
        return ((f"{rng.randrange(10**14, 10**15)}", f"55212{index:08d}"),)

    @staticmethod
    def new_contact(rng: Random, index: int, name: str) -> Contact:
        """A Brazilian mobile number; nobody hides it."""
        number = f"55219{(81_230_000 + index * 7919) % 10**8:08d}"
        return Contact(f"{rng.randrange(1, 10**6)}", number, number, name)

    @staticmethod
    def new_conversation_id(rng: Random, contact: Contact) -> str:  # noqa: ARG004  a contact has one conversation
        """The contact's number: the API has no other name for a conversation."""
        return contact.address

    @staticmethod
    def new_message_id(rng: Random, at_ms: int) -> str:
        """A whole number of 63 bits that grows with time."""
        return str((at_ms // 1000 & 0x1FFFFFFF) << _ID_BITS | rng.getrandbits(_ID_BITS))

    # --- serving ---

    def caller(self, call: Call) -> Account | None:
        """The account of `apiToken`, wherever it stands; siblings take a bearer token too."""
        scheme, _, key = call.headers.get("Authorization", "").partition(" ")
        bearer = key.strip() if scheme.lower() == "bearer" else None
        return self._by_key.get(asked_in(call).get("apiToken") or bearer or "")

    def refused(self, call: Call) -> Answer:
        """A wrong key; a missing one may be answered in another way."""
        account = self.accounts[0]
        missing = not asked_in(call).get("apiToken")
        if missing and self.values(account).word("wizebot.refusal") == "redirect_302":
            return Answer(302, headers={"Location": "/login"}, content_type=HTML)
        return self.unauthorized(account)

    def unauthorized(self, account: Account) -> Answer:
        """The documented text, inside a 200 or with 401."""
        in_band = self.values(account).word("wizebot.refusal") == "in_band"
        return failure(WRONG_KEY, self.values(account), status=200 if in_band else 401)

    def forbidden(self, account: Account) -> Answer:  # noqa: ARG002  one body for all
        """What stands in front of some siblings and does not like some clients."""
        return Answer(403, b"<!DOCTYPE html><title>Attention Required! | Cloudflare</title>", content_type=HTML)

    def too_many(self, account: Account) -> Answer:  # noqa: ARG002  one body for all
        """429 in the words of the product's framework: no limit is documented."""
        return said(429, {"message": "Too Many Attempts."})

    def answer(self, account: Account, call: Call) -> Answer:
        """A conversation, or the subscribers."""
        asked, switches = asked_in(call), self.values(account)
        calls = {("whatsapp", "get", "conversation"): self._conversation}
        if switches.word("wizebot.subscriber_list") == "on":
            calls["whatsapp", "subscriber", "list"] = self._subscribers
        if call.method not in {"GET", "POST"} or call.path not in calls:
            return said(404, {"message": ""})
        if asked.get("phone_number_id") != account.channels[0].id:
            wrong = NO_ACCOUNT if asked.get("phone_number_id") else INCOMPLETE
            return failure(wrong, switches)
        return calls[call.path](account, call, asked)

    def wrong_shapes(self) -> tuple[bytes, ...]:
        """Envelopes without rows, and less."""
        return (
            b"[]",
            b"null",
            b"{}",
            b'"1"',
            b'{"status":"1"}',
            b'{"status":"1","message":null}',
            b'{"status":"1","message":{"rows":[]}}',
            b'{"status":"1","message":"[{"}',
            b'{"status":"1","data":[]}',
        )

    def _conversation(self, account: Account, call: Call, asked: Mapping[str, str]) -> Answer:
        switches = self.values(account)
        cap = switches.word("wizebot.limit_cap")
        skip, count = slice_of(asked, switches.word("wizebot.offset"), None if cap == "none" else int(cap))
        number = asked.get("phone_number")
        if not number or count is None:
            return failure(INCOMPLETE, switches)
        conversation = account.by_name.get(number)
        if conversation is None:
            word = switches.word("wizebot.not_found")
            if word == "empty":
                return listing((), switches, first_key=0, next_offset=1)
            return failure(NO_SUBSCRIBER, switches, success=word == "status_1")
        visible = self._visible(conversation.messages, call.at_ms, switches)
        told = switches.number("wizebot.status_rows")
        rows = (
            self._with_deliveries(account, visible, skip, count) if told else self.page(account, visible, skip, count)
        )
        return listing(rows, switches, first_key=skip, next_offset=skip + count + 1, feed=(number,))

    def _visible(self, messages: list[Message], now_ms: int, switches: AccountSwitches) -> list[Message]:
        """The messages whose lag has passed."""
        longest_ms = switches.number("wizebot.lag_minutes") * 60_000
        if not longest_ms:
            return messages
        return [message for message in messages if message.at_ms + self._lag(message, longest_ms) <= now_ms]

    def _lag(self, message: Message, longest_ms: float) -> float:
        luck = lot(self.seed, "wizebot.lag_minutes", message.id)
        return longest_ms * luck / LAGGING if luck < LAGGING else 0.0

    def _with_deliveries(self, account: Account, messages: list[Message], skip: int, count: int) -> list[Row]:
        """A page of rows among which some tell of the delivery of the one before."""
        every = self.page(account, messages, 0, len(messages))
        rows = [shown for row in every for shown in (row, self._delivery_row(row.message)) if shown is not None]
        if self.values(account).word("wizebot.order") == "newest_first":
            return rows[skip : skip + count]
        end = max(0, len(rows) - skip)
        return rows[max(0, end - count) : end]

    def _delivery_row(self, message: Message | None) -> Row | None:
        if message is None or message.inbound:
            return None
        if not self.by_luck(message.account, "wizebot.status_rows", message.id):
            return None
        content = row_of(
            message, Kept(delivery(message), "bot", "status", None), self.values(message.account), self.seed
        )
        return Row(orjson.dumps({**content, "id": int(message.id) + 1}))

    def _subscribers(self, account: Account, call: Call, asked: Mapping[str, str]) -> Answer:  # noqa: ARG002  no lag
        switches = self.values(account)
        skip, count = slice_of(asked, switches.word("wizebot.offset"), MOST_SUBSCRIBERS)
        if count is None:
            return failure(INCOMPLETE, switches)
        known = list(account.conversations)
        if asked.get("orderBy") == "1":
            known.sort(key=lambda conversation: conversation.changed_ms, reverse=True)
        rows = [subscriber(conversation, switches) for conversation in known[skip : skip + count]]
        return listing(rows, switches, first_key=skip, next_offset=int(asked.get("offset") or 1) + 1)

    # --- showing ---

    def render(
        self, message: Message, text: str | None, switches: AccountSwitches
    ) -> tuple[dict[str, Any], ShownState]:
        """The documented fields of a message, in their order."""
        luck = lot(self.seed, "wizebot.content", message.id)
        if message.inbound:
            hidden = self.by_luck(message.account, "wizebot.unsupported", message.id)
            kept = received(message, text, luck, hidden=hidden)
        else:
            kept = sent(message, text, luck, documented=switches.word("wizebot.content") == "documented")
        content = row_of(message, kept, switches, self.seed)
        facts = facts_of(message, kept, content)
        return content, ShownState(kept.type, content["message_status"], kept.text, kept.media, facts)

    def shown_time(self, message: Message) -> int:
        """Meta's whole seconds on what came in, the local time on what went out."""
        whole = message.inbound or self.values(message.account).word("wizebot.times") == "seconds"
        return message.at_ms // 1000 * 1000 if whole else message.at_ms

    def conversation_name(self, conversation: Conversation) -> str:
        """The contact's number."""
        return conversation.contact.address

    def _made(self, message: Message, switches: AccountSwitches) -> Row:
        row = super()._made(message, switches)
        if not row.poison or not message.inbound:
            return row
        # The webhook says when a message came in, too: a row without any time must not have that one either.
        content = orjson.loads(row.body)
        if isinstance(content, dict):
            return row._replace(body=orjson.dumps({**content, "message_content": ""}))
        return row

    # --- configuration ---

    def account_settings(self, account: Account) -> dict[str, str]:
        """The business number's id, and the zone of its local times."""
        return {"phone_number_id": account.channels[0].id, "timezone": self.values(account).word("wizebot.zone")}

    def feeds(self, account: Account) -> list[dict[str, str]]:
        """The subscribers."""
        return [{"phone_number": conversation.contact.address} for conversation in account.conversations]
