"""99digital: the history of a whole number or of one contact, in numbered pages of 50, newest first.

Sources: `providers.md` section 3 (docs.99digital.co.il, `get-history`, `get-contacts`). What is UNKNOWN there is a
switch here: smaller pages, the form of an error, the codes of `state`, `chat` or `text`, pages past the end, further
types, hidden identities, where `reason` stands.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import orjson

from workers.simulator.bending import RowFields
from workers.simulator.records import Account, Contact, Conversation, Message, Row, ShownState
from workers.simulator.rooms.base import Answer, Call, Room, said
from workers.simulator.rooms.ninetynine_facts import facts_of
from workers.simulator.rooms.ninetynine_unknowns import EXTENDED_WORDS, STATE_CODES, SWITCHES, TYPE_WORDS
from workers.simulator.switches import AccountSwitches, Board, lot

#: Rows of a page of messages or contacts (documented, not settable by the caller).
PAGE = 50
#: `reason` codes of a failure (getWebhook page): unknown number, wrong key; the reseller's copy has the others.
NO_ACCOUNT, WRONG_KEY, TRY_AGAIN = 2, 3, 6
#: `reason` of a message that failed (more than 24 h since the contact wrote; reseller's copy).
WINDOW_CLOSED = 7


class NinetyNineRoom(Room):
    """99digital's API, version 2."""

    provider = "99digital"
    prefix = "/99digital/whatsapp/v2"
    first_account = "clinica"
    language = "he"
    whole_account = True
    switches = SWITCHES
    fields = RowFields(id="unique", time="timestamp", text="message")

    def __init__(self, seed: int, accounts: Sequence[Account], board: Board) -> None:
        super().__init__(seed, accounts, board)
        self._by_number = {account.channels[0].number: account for account in accounts}

    # --- identities ---

    @staticmethod
    def new_key(rng: Random) -> str:
        """Letters, digits, and characters that URLs, JSON and shells treat each in their own way."""
        return f"99d/{rng.getrandbits(64):016x}+{rng.getrandbits(64):016x}=="

    @staticmethod
    def new_channels(rng: Random, index: int) -> tuple[tuple[str, str], ...]:
        """One business number: it is the account."""
        number = f"97277{(1_230_000 + index * 7919) % 10**7:07d}"
        return ((f"{rng.getrandbits(32):08x}", number),)

    @staticmethod
    def new_contact(rng: Random, index: int, name: str) -> Contact:
        """An Israeli mobile number, and the identity in its place where it is hidden."""
        number = f"97250{(2_340_000 + index * 7919) % 10**7:07d}"
        return Contact(str(rng.randrange(10**6, 10**7)), number, f"IL.{1605 * 10**12 + index:016d}", name)

    @staticmethod
    def new_conversation_id(rng: Random, contact: Contact) -> str:  # noqa: ARG004  a contact has one conversation
        """The contact's number: the API has no other name for a conversation."""
        return contact.address

    @staticmethod
    def new_message_id(rng: Random, at_ms: int) -> str:  # noqa: ARG004  the id says nothing of the time
        """20 hexadecimal digits as in the page's example."""
        return f"3EB0{rng.getrandbits(64):016X}"

    # --- serving ---

    def caller(self, call: Call) -> Account | None:
        """The account of `apiKey` and `from`."""
        asked = _asked(call)
        account = self._by_number.get(str(asked.get("from")))
        return account if account is not None and asked.get("apiKey") == account.api_key else None

    def refused(self, call: Call) -> Answer:
        """`reason` 3 for a wrong key, 2 for a number that does not exist or a body that is no JSON."""
        owner = self._by_number.get(str(_asked(call).get("from")))
        form = self.values(owner or self.accounts[0]).word("99digital.errors")
        return _failure(form, *((WRONG_KEY, 401) if owner else (NO_ACCOUNT, 400)))

    def unauthorized(self, account: Account) -> Answer:
        """`reason` 3."""
        return _failure(self._form(account), WRONG_KEY, 401)

    def forbidden(self, account: Account) -> Answer:
        """403 with the same body as every failure: nothing is documented."""
        failure = _failure(self._form(account), WRONG_KEY, 403)
        return replace(failure, status=403)

    def too_many(self, account: Account) -> Answer:  # noqa: ARG002  one body for all
        """429 with "try again": no limit is documented."""
        return _failure("http", TRY_AGAIN, 429)

    def answer(self, account: Account, call: Call) -> Answer:
        """The history or the contacts."""
        asked = _asked(call)
        page = _page_number(asked.get("page"))
        if call.method != "POST" or call.path not in {("getHistory",), ("getContacts",)}:
            return Answer(404, b"<h1>Not Found</h1>", content_type="text/html")
        if page is None:
            return _failure(self._form(account), NO_ACCOUNT, 400)
        if call.path == ("getContacts",):
            return self._contacts(account, page)
        return self._history(account, asked.get("to") or None, page)

    def wrong_shapes(self) -> tuple[bytes, ...]:
        """Objects for the array, and less."""
        return (
            b"{}",
            b"null",
            b'"OK"',
            b'{"status":"OK","reason":1}',
            b'{"status":"OK","messages":null}',
            b"0",
            b"[[]]",
        )

    def _history(self, account: Account, to: object, page: int) -> Answer:
        messages, feed = account.messages, ("*",)
        if to is not None:
            conversation = account.by_name.get(str(to))
            if conversation is None:
                fails = self.values(account).word("99digital.unknown_contact") == "fail"
                return _failure(self._form(account), NO_ACCOUNT, 400) if fails else Answer(200, b"[", (), b"]")
            messages, feed = conversation.messages, (str(to),)
        size = int(self.values(account).word("99digital.page_rows"))
        if page > 1 and (page - 1) * size >= len(messages):
            return self._past_end(account, messages, feed, size)
        return Answer(200, b"[", self.page(account, messages, (page - 1) * size, size), b"]", feed=feed)

    def _past_end(self, account: Account, messages: list[Message], feed: tuple[str, ...], size: int) -> Answer:
        word = self.values(account).word("99digital.past_end")
        if word == "fail":
            return _failure(self._form(account), NO_ACCOUNT, 400)
        if word == "null":
            return Answer(200, b"null")
        last = max(0, len(messages) - 1) // size
        rows = self.page(account, messages, last * size, size) if word == "last_page" else []
        return Answer(200, b"[", rows, b"]", feed=feed)

    def _contacts(self, account: Account, page: int) -> Answer:
        known = sorted(account.conversations, key=lambda c: c.changed_ms, reverse=True)
        rows = [self._contact_row(c) for c in known[(page - 1) * PAGE : page * PAGE]]
        return Answer(200, b"[", rows, b"]")

    def _contact_row(self, conversation: Conversation) -> Row:
        contact = conversation.contact
        return Row(
            orjson.dumps(
                {
                    "contact_phone": self.conversation_name(conversation),
                    "contact_name": contact.name,
                    "update_time": conversation.changed_ms // 1000,
                    "online_contact_id": contact.id,
                    "online_conversation_id": contact.id[::-1],
                    "contact_profilePic": None,
                }
            )
        )

    def _form(self, account: Account) -> str:
        return self.values(account).word("99digital.errors")

    # --- showing ---

    def render(
        self, message: Message, text: str | None, switches: AccountSwitches
    ) -> tuple[dict[str, Any], ShownState]:
        """The documented fields of a message, in their order; a file is its link, without its caption."""
        kind = self._type(message, switches)
        state = _state(message, switches.word("99digital.state_codes"))
        conversation = message.conversation
        ends = (self.conversation_name(conversation), conversation.channel.number)
        sender, receiver = ends if message.inbound else ends[::-1]
        words = None if message.media else text or ""
        content: dict[str, Any] = {
            "unique": message.id,
            "timestamp": str(message.at_ms // 1000),
            "direction": "1" if message.inbound else "2",
            "from": sender,
            "to": receiver,
            "type": kind,
            "state": state,
            "message": message.media or words,
        }
        failed = not message.inbound and message.status == "failed"
        reason = switches.word("99digital.reason")
        if reason == "always" or (reason == "failed" and failed):
            content["reason"] = WINDOW_CLOSED if failed else 1
        facts = facts_of(message, kind, content, text, ends[0])
        return content, ShownState(kind, str(state), words, message.media, facts)

    def shown_time(self, message: Message) -> int:
        """`timestamp`: whole seconds."""
        return message.at_ms // 1000 * 1000

    def conversation_name(self, conversation: Conversation) -> str:
        """The contact's number, or the identity in its place."""
        contact = conversation.contact
        hidden = self.by_luck(conversation.account, "99digital.hidden_identities", contact.address)
        return contact.hidden_address if hidden else contact.address

    def _type(self, message: Message, switches: AccountSwitches) -> str:
        if switches.word("99digital.types") == "extended" and message.kind in EXTENDED_WORDS:
            return EXTENDED_WORDS[message.kind]
        word = TYPE_WORDS[message.inbound].get(message.kind)
        if word is not None:
            return word
        form = switches.word("99digital.text_type")
        if form == "mixed":
            return "chat" if lot(self.seed, "99digital.text_type", message.id) < 0.5 else "text"  # noqa: PLR2004  half
        return form

    # --- configuration ---

    def account_settings(self, account: Account) -> dict[str, str]:
        """The business number."""
        return {"number": account.channels[0].number}

    def feeds(self, account: Account) -> list[dict[str, str]]:
        """Contacts, for an account that reads them one by one."""
        return [{"contact": self.conversation_name(c)} for c in account.conversations]


def _asked(call: Call) -> dict[str, Any]:
    """The JSON object of the body; empty where there is none."""
    try:
        asked = orjson.loads(call.body)
    except orjson.JSONDecodeError:
        return {}
    return asked if isinstance(asked, dict) else {}


def _page_number(given: object) -> int | None:
    """A page from 1, as a number or in digits; None for anything else."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        return None
    text = str(given)
    return int(text) if text.isascii() and text.isdigit() and int(text) else None


def _failure(form: str, reason: int, status: int) -> Answer:
    content = {"status": "FAIL", "reason": reason}
    return said(status if form == "http" else 200, [content] if form == "array" else content)


def _state(message: Message, form: str) -> int | str:
    if message.inbound:
        return "0" if form == "text" else 0
    return str(STATE_CODES["acks"][message.status]) if form == "text" else STATE_CODES[form][message.status]
