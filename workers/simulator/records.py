"""What the simulated world consists of: accounts, channels, contacts, conversations, messages. No behaviour.

Times are simulated epoch milliseconds. The records change while time goes on; only `World` changes them.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

#: Delivery states that a message can have, in the order in which they come.
STATES = ("pending", "sent", "failed", "delivered", "read")


class ShownState(NamedTuple):
    """What a row said that may change later, in the provider's own words.

    `text` is the row's text verbatim (also a place's coordinates or a card's number); a link to a file stands in
    `media` instead. `facts` is what must stand in the event (facts.py).
    """

    type: str
    status: str | None
    text: str | None
    media: str | None
    facts: bytes = b""


class Row(NamedTuple):
    """One row of a list, ready to be sent. `message` is None in lists of other things.

    `time_ms` is the message's time as the provider shows it. `bent` names the row switches that touched it;
    `poison` says that it was spoilt so that nobody can read it. `revision` is that of the switches it was made under.
    """

    body: bytes
    message: "Message | None" = None
    conversation: str = ""
    time_ms: int = 0
    state: ShownState | None = None
    bent: tuple[str, ...] = ()
    poison: bool = False
    revision: int = 0


@dataclass(slots=True, eq=False)
class Contact:
    """A person: a phone number, the identity shown in its place where the person hides it, and a name."""

    id: str
    address: str
    hidden_address: str
    name: str


@dataclass(slots=True, eq=False)
class Channel:
    """A business number of an account."""

    id: str
    number: str


@dataclass(slots=True, eq=False)
class Conversation:
    """A run of messages with one contact. `messages` are the visible ones, oldest first."""

    id: str
    account: "Account"
    channel: Channel
    contact: Contact
    created_ms: int
    messages: list["Message"] = field(default_factory=list)
    closed: bool = False
    touched_ms: int = 0

    @property
    def changed_ms(self) -> int:
        """When something last happened to it."""
        return self.touched_ms or self.created_ms


@dataclass(slots=True, eq=False)
class Account:
    """One set of credentials. `messages` are the visible ones of all conversations, oldest first.

    `revision` grows with everything that can be seen. `conversations` are found by every name they answer to.
    """

    name: str
    provider: str
    api_key: str
    channels: tuple[Channel, ...]
    conversations: list[Conversation] = field(default_factory=list)
    by_name: dict[str, Conversation] = field(default_factory=dict)
    messages: list["Message"] = field(default_factory=list)
    by_id: dict[str, "Message"] = field(default_factory=dict)
    revision: int = 0
    existing: int = 0
    deleted: int = 0
    retired: int = 0

    def holds(self, conversation: Conversation) -> None:
        """Take a conversation in, under its id and its contact's addresses."""
        self.conversations.append(conversation)
        contact = conversation.contact
        for name in (conversation.id, contact.address, contact.hidden_address):
            self.by_name[name] = conversation


class Draft(NamedTuple):
    """A message about to exist, with its whole life drawn beforehand.

    `steps` are (time, state), in order; the first stands at `at_ms`. `edit_ms` and `delete_ms` are None where
    that never happens.
    """

    id: str
    conversation: Conversation
    inbound: bool
    kind: str
    text: str | None
    media: str | None
    at_ms: int
    visible_ms: int
    steps: tuple[tuple[int, str], ...]
    edit_ms: int | None = None
    delete_ms: int | None = None


@dataclass(slots=True, eq=False)
class Message:
    """One message. `number` is unique in the world and breaks ties of time. `row` caches how it is shown."""

    number: int
    id: str
    conversation: Conversation
    inbound: bool
    kind: str
    text: str | None
    media: str | None
    at_ms: int
    status: str
    updated_ms: int
    steps: tuple[tuple[int, str], ...] = ()
    visible: bool = False
    gone: bool = False
    row: Row | None = None

    @property
    def account(self) -> Account:
        """Whose message this is."""
        return self.conversation.account

    @property
    def order(self) -> tuple[int, int]:
        """Where it stands among others."""
        return self.at_ms, self.number
