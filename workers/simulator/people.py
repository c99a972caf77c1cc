"""Who there is before anybody says a word: accounts, numbers, contacts, conversations. Pure, from the seed alone."""

from random import Random
from typing import NamedTuple

from workers.simulator.records import Account, Channel, Conversation
from workers.simulator.rooms import ROOMS, Room
from workers.simulator.settings import SimulationSettings
from workers.simulator.texts import NAMES


class Census(NamedTuple):
    """The people of a world: accounts by name, and each contact's current conversation."""

    accounts: dict[str, Account]
    conversations: list[Conversation]


def census(settings: SimulationSettings, start_ms: int = 0) -> Census:
    """The accounts and conversations of these settings. Ids depend on the seed, never on `start_ms`."""
    rng = Random(f"{settings.seed}/people")
    accounts = [
        account(rng, ROOMS[provider], index) for index in range(settings.accounts) for provider in settings.providers
    ]
    conversations = [
        conversation(rng, accounts[index % len(accounts)], index, start_ms) for index in range(settings.conversations)
    ]
    return Census({one.name: one for one in accounts}, conversations)


def account(rng: Random, room: type[Room], index: int) -> Account:
    """The account at this place of its provider, without conversations."""
    channels = tuple(Channel(name, number) for name, number in room.new_channels(rng, index))
    return Account(room.account_name(index), room.provider, room.new_key(rng), channels)


def conversation(rng: Random, of: Account, index: int, now_ms: int) -> Conversation:
    """A new contact's conversation, taken in by its account. No other contact has this `index`."""
    room = ROOMS[of.provider]
    contact = room.new_contact(rng, index, rng.choice(NAMES[room.language]))
    made = Conversation(room.new_conversation_id(rng, contact), of, rng.choice(of.channels), contact, now_ms)
    of.holds(made)
    return made


def next_conversation(rng: Random, closed: Conversation, now_ms: int) -> Conversation:
    """The conversation that follows a closed one with the same contact, under a new id."""
    room = ROOMS[closed.account.provider]
    made = Conversation(
        room.new_conversation_id(rng, closed.contact), closed.account, closed.channel, closed.contact, now_ms
    )
    closed.account.holds(made)
    return made
