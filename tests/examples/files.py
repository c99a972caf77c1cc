"""The example files: of all events of a kind the one that shows most, as headers, key and data."""

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from tests.examples.scenes import events
from tests.unit.fields.paths import flat
from workers.events.cloudevent import KafkaEvent
from workers.providers import PROVIDERS
from workers.settings.kafka import TopicNames
from workers.simulator.rooms import ROOMS

#: How the file of an event is called that is not the creation of a message, by its CloudEvents type.
NAMES = {
    "afluente.message.updated": "updated",
    "afluente.conversation.updated": "conversation",
    "afluente.feed.gap": "gap",
    "afluente.dead-letter": "dead-letter",
}
#: Providers that are both read and simulated.
SIMULATED = tuple(sorted(set(PROVIDERS) & set(ROOMS)))


def files() -> Iterator[tuple[str, bytes]]:
    """Every example by its path below `schemas/examples`."""
    for provider in SIMULATED:
        chosen = most_telling(events(provider))
        for name in sorted(chosen):
            written = orjson.dumps(example(chosen[name]), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
            yield f"{provider}/{name}.json", written


def most_telling(told: Iterable[KafkaEvent]) -> dict[str, KafkaEvent]:
    """By the name of its file: the event whose data shows most; the first of several that show as much."""
    best: dict[str, tuple[int, KafkaEvent]] = {}
    for event in told:
        data = orjson.loads(event.value)
        name = name_of(dict(event.headers)["ce_type"].decode(), data)
        shows = len(flat(data))
        if name not in best or shows > best[name][0]:
            best[name] = (shows, event)
    return {name: event for name, (_, event) in best.items()}


def name_of(type_: str, data: dict[str, Any]) -> str:
    """A created message's example is named after the message's type, any other one after what happened."""
    return NAMES[type_] if type_ in NAMES else data["message"]["type"]


def example(event: KafkaEvent) -> dict[str, Any]:
    """A record of Kafka as a person reads it: topic, key, headers, and the value as data."""
    return {
        "topic": getattr(TopicNames(), event.topic),
        "key": event.key.decode(),
        "headers": {name: value.decode() for name, value in event.headers},
        "data": orjson.loads(event.value),
    }
