"""What happens at a simulated provider so that it shows everything it can: one list of events for each provider."""

from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from tests.examples.reader import Reader
from tests.support.simulated import Simulated
from workers.events.cloudevent import ContentMode, KafkaEvent

#: Readings of what is unknown that show most, by provider.
READINGS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "ogmma": ((), ("ogmma.types=extended", "ogmma.content=object_for_media")),
        "99digital": ((), ("99digital.types=extended", "99digital.reason=failed")),
        "wegly": (("wegly.reactions=0.3", "wegly.quotes=0.3", "wegly.calls=0.1", "wegly.events=0.1"),),
        "wizebot": (("wizebot.unsupported=0.3", "wizebot.reaction_data=object", "wizebot.extra_fields=present"),),
    }
)
#: Settings of an account beyond what the simulation says, by provider: what makes events complete.
ACCOUNTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"99digital": {"states": {"1": "sent", "2": "delivered", "3": "read"}}}
)
#: Messages of each conversation: enough that every kind occurs.
HISTORY = 200
#: How a feed comes to have a gap, by provider: more new messages than it can show, or a limited history.
FLOOD = 600
HISTORY_LIMIT = 120
#: Time that passes between two polls (ms).
LATER_MS = 60_000


@cache
def events(provider: str, mode: ContentMode = "binary") -> tuple[KafkaEvent, ...]:
    """Everything that a simulated account of this provider has to say: created, updated, missing, unreadable."""
    return tuple(_events(provider, mode))


def _events(provider: str, mode: ContentMode) -> Iterator[KafkaEvent]:
    for switches in READINGS.get(provider, ((),)):
        yield from _told(Simulated(provider, switches=switches, history=HISTORY), mode)
    yield from _gap(Simulated(provider, history=HISTORY), mode)
    yield from _reader(Simulated(provider, switches=("poison=0.2",)), mode).poll()


def _reader(simulated: Simulated, mode: ContentMode, feed: int = 0, **account: Any) -> Reader:
    return Reader(simulated, feed, mode=mode, **ACCOUNTS.get(simulated.provider, {}), **account)


def _told(simulated: Simulated, mode: ContentMode) -> Iterator[KafkaEvent]:
    """Each feed at its first contact, and again after messages were sent and read."""
    count = len(simulated.feeds(_reader(simulated, mode).adapter))
    readers = [_reader(simulated, mode, feed) for feed in range(count)]
    for reader in readers:
        yield from reader.poll()
    for conversation in simulated.account.conversations:
        sent = [message for message in conversation.messages if not message.inbound]
        simulated.append(conversation, text="Obrigado!", inbound=False, status="sent")
        simulated.set_status(sent[-1], "delivered" if sent[-1].status == "read" else "read")
    simulated.pass_time(LATER_MS)
    for reader in readers:
        yield from reader.poll()
    for conversation in simulated.account.conversations:
        simulated.set_status(conversation.messages[-1], "read")
    simulated.pass_time(LATER_MS)
    for reader in readers:
        yield from reader.poll()


def _gap(simulated: Simulated, mode: ContentMode) -> Iterator[KafkaEvent]:
    """More new messages than the provider shows, or a history longer than the account's limit."""
    reader = _reader(simulated, mode, history_limit=HISTORY_LIMIT)
    yield from reader.poll()
    for number in range(FLOOD):
        simulated.append(simulated.account.conversations[0], text=f"{number}")
    simulated.pass_time(LATER_MS)
    yield from reader.poll()
