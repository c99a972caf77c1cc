"""A room: one provider's API as pure functions of a world's records. Each provider is one file beside this one.

A room makes the identities of its provider's accounts, people and messages, says who calls, and answers a call.
It does no I/O and knows no clock but the times that it is given.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

import orjson

from workers.simulator.bending import RowFields, bend, tricks_for
from workers.simulator.records import Account, Contact, Conversation, Message, Row, ShownState
from workers.simulator.switches import AccountSwitches, Board, Switch, lot

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Call:
    """One request: the path's parts after the room's prefix, decoded; `at_ms` is its simulated time."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    at_ms: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """One response: `before`, the rows joined by commas, `after`. `feed` names the list whose rows these are."""

    status: int = 200
    before: bytes = b""
    rows: Sequence[Row] = ()
    after: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON
    feed: tuple[str, ...] = ()

    @property
    def body(self) -> bytes:
        """The whole body."""
        return self.before + b",".join([row.body for row in self.rows]) + self.after


def said(status: int, content: object) -> Answer:
    """An answer that is one JSON value and no list of rows."""
    return Answer(status, orjson.dumps(content))


class Room(ABC):
    """One provider's API over the accounts that it has in the world."""

    provider: ClassVar[str]
    #: Where the API begins on the simulator's port; `base_url` of an account ends in it.
    prefix: ClassVar[str]
    #: The name of the first simulated account; the others get a number.
    first_account: ClassVar[str]
    language: ClassVar[str]
    #: Whether a closed conversation goes on under its id when somebody writes again.
    reopens: ClassVar[bool] = True
    #: Whether one feed can be the whole account (`scope = "number"`).
    whole_account: ClassVar[bool] = False
    switches: ClassVar[tuple[Switch, ...]]
    fields: ClassVar[RowFields]

    def __init__(self, seed: int, accounts: Sequence[Account], board: Board) -> None:
        self.accounts = tuple(accounts)
        self.seed = seed
        self._board = board
        self._ties = Random(f"{seed}/ties/{self.provider}")

    @classmethod
    def account_name(cls, index: int) -> str:
        """The name of the account at this place (0-based)."""
        return cls.first_account if index == 0 else f"{cls.first_account}-{index + 1}"

    # --- identities ---

    @staticmethod
    @abstractmethod
    def new_key(rng: Random) -> str:
        """An API key in the provider's form."""

    @staticmethod
    @abstractmethod
    def new_channels(rng: Random, index: int) -> tuple[tuple[str, str], ...]:
        """(id, number) of the business numbers of the account at this place."""

    @staticmethod
    @abstractmethod
    def new_contact(rng: Random, index: int, name: str) -> Contact:
        """A person whose address no other index has."""

    @staticmethod
    @abstractmethod
    def new_conversation_id(rng: Random, contact: Contact) -> str:
        """The id of a conversation with this person."""

    @staticmethod
    @abstractmethod
    def new_message_id(rng: Random, at_ms: int) -> str:
        """The id of a message of this time."""

    # --- serving ---

    @abstractmethod
    def caller(self, call: Call) -> Account | None:
        """Whose credentials a call carries; None where they are missing or wrong."""

    @abstractmethod
    def refused(self, call: Call) -> Answer:
        """The answer to wrong or missing credentials."""

    @abstractmethod
    def unauthorized(self, account: Account) -> Answer:
        """The answer to this account as if its key were wrong."""

    @abstractmethod
    def forbidden(self, account: Account) -> Answer:
        """The answer where the credentials may not do this."""

    @abstractmethod
    def too_many(self, account: Account) -> Answer:
        """The answer to more requests than the limit allows."""

    @abstractmethod
    def answer(self, account: Account, call: Call) -> Answer:
        """The answer to an accepted call."""

    @abstractmethod
    def wrong_shapes(self) -> tuple[bytes, ...]:
        """Bodies of legal JSON that are not what this API documents, without any true row."""

    # --- showing ---

    @abstractmethod
    def render(
        self, message: Message, text: str | None, switches: AccountSwitches
    ) -> tuple[dict[str, Any], ShownState]:
        """A message as this API shows it, with `text` for its own."""

    @abstractmethod
    def shown_time(self, message: Message) -> int:
        """The time that a row tells, in milliseconds."""

    @abstractmethod
    def conversation_name(self, conversation: Conversation) -> str:
        """How a row names its conversation."""

    # --- what belongs into a configuration ---

    @abstractmethod
    def account_settings(self, account: Account) -> dict[str, str]:
        """What an account's table says beside provider, base_url, key and feeds."""

    @abstractmethod
    def feeds(self, account: Account) -> list[dict[str, str]]:
        """The values of a feed for each conversation, as a configuration lists them."""

    # --- what all rooms share ---

    def values(self, account: Account) -> AccountSwitches:
        """The account's switches."""
        return self._board.of(account.name)

    def row(self, message: Message) -> Row:
        """The message's row, made anew only after it or a switch changed."""
        switches = self.values(message.account)
        row = message.row
        if row is None or row.revision != switches.revision:
            row = message.row = self._made(message, switches)
        return row

    def page(self, account: Account, messages: Sequence[Message], skip: int, count: int) -> list[Row]:
        """The rows of a page: `count` messages after the newest `skip`, in the order that the switches say."""
        end = len(messages) - skip
        shown = list(messages[max(0, end - count) : end]) if end > 0 else []
        switches = self.values(account)
        if switches.number(f"{self.provider}.thin_pages"):
            shown = [one for one in shown if not self.by_luck(account, f"{self.provider}.thin_pages", one.id)]
        ties = switches.word(f"{self.provider}.ties")
        if ties != "stable":
            shown = self._untied(shown, ties)
        if switches.word(f"{self.provider}.order") == "newest_first":
            shown.reverse()
        return [self.row(message) for message in shown]

    def by_luck(self, account: Account, name: str, thing: str) -> bool:
        """Whether a chance falls on this thing; always the same for the same thing."""
        return lot(self.seed, name, thing) < self.values(account).number(name)

    def _made(self, message: Message, switches: AccountSwitches) -> Row:
        content, state = self.render(message, message.text, switches)
        row = Row(
            bytes(memoryview(orjson.dumps(content))),  # a copy of its own size: the encoder's buffer is kept otherwise
            message,
            self.conversation_name(message.conversation),
            self.shown_time(message),
            state,
            revision=switches.revision,
        )
        tricks = tricks_for(self.seed, message, switches)
        return bend(
            row, tricks, self.fields, lambda text: self.render(message, text, switches), message.account.api_key
        )

    def _untied(self, messages: list[Message], ties: str) -> list[Message]:
        keys = {message.number: self._ties.random() if ties == "changing" else -message.number for message in messages}
        return sorted(messages, key=lambda message: (self.shown_time(message), keys[message.number]))
