"""What travels through the four topics, in the terms of AsyncAPI 3.0.0 and its Kafka bindings 0.5.0."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from workers import __version__
from workers.events import schemas
from workers.events.encoding import SCHEMA
from workers.settings.kafka import KafkaSettings, TopicNames

Json = dict[str, Any]

BINDING = "0.5.0"
#: What JSON Schema our schemas are written in.
FORMAT = "application/schema+json;version=2020-12"
BINARY, STRUCTURED = "application/json", "application/cloudevents+json; charset=UTF-8"
#: Attributes that every event has, and what is said of them; `type` and `dataschema` are constants of each message.
ATTRIBUTES = {
    "specversion": "CloudEvents 1.0.",
    "id": "Digest of what the event is about: the same event has the same id.",
    "source": "`/afluente/<provider>/<account>`.",
    "type": "What happened.",
    "subject": "The message's id; the conversation's id; the feed key.",
    "time": "Provider time of what happened, RFC 3339 UTC.",
    "dataschema": "The schema that the data satisfies.",
    "partitionkey": "The key of the Kafka record.",
}


class Event(NamedTuple):
    """One kind of event: its name here, its CloudEvents type, the schema of its data, the channel, what it says."""

    name: str
    type: str
    schema: str
    channel: str
    says: str


EVENTS = (
    Event(
        "messageCreated", "afluente.message.created", "message", "messages", "A message was seen for the first time."
    ),
    Event(
        "messageUpdated", "afluente.message.updated", "message", "messages", "A message changed: its whole new state."
    ),
    Event(
        "conversationUpdated",
        "afluente.conversation.updated",
        "conversation",
        "messages",
        "A conversation changed: its whole new state.",
    ),
    Event("feedGap", "afluente.feed.gap", "gap", "messages", "Messages existed that can no longer be shown."),
    Event("deadLetter", "afluente.dead-letter", "dead-letter", "deadLetters", "Something could not be understood."),
)


def document() -> Json:
    """The whole document."""
    events = [event for event in EVENTS if event.schema in schemas.RECORDS]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Afluente",
            "version": __version__,
            "description": "Message histories of WhatsApp providers as one ordered, exactly-once stream of "
            "CloudEvents. Read with isolation.level=read_committed. Names of topics and the content mode are "
            "configurable.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": BINARY,
        "channels": _channels(events),
        "operations": _operations(),
        "components": {
            "messages": {name: message for event in events for name, message in _messages(event)}
            | {"feedDefinition": _feed_definition(), "cursor": _cursor()}
        },
    }


def _channels(events: list[Event]) -> Json:
    names, told = TopicNames(), {"messages": [], "deadLetters": []}
    for event in events:
        told[event.channel] += [event.name, f"{event.name}Structured"]
    return {
        "messages": _channel(names.messages, "delete", told["messages"], "Events, in order within a conversation."),
        "deadLetters": _channel(names.dead_letters, "delete", told["deadLetters"], "What could not be normalised."),
        "feeds": _channel(names.feeds, "compact", ["feedDefinition"], "Which feeds are polled. Any service may write."),
        "cursors": _channel(
            names.cursors, "compact", ["cursor"], "What has been published of each feed. Internal: nobody else writes."
        ),
    }


def _channel(address: str, cleanup: str, messages: list[str], says: str) -> Json:
    kafka = {
        "partitions": KafkaSettings.model_fields["shards"].default,
        "topicConfiguration": {"cleanup.policy": [cleanup]},
        "bindingVersion": BINDING,
    }
    return {
        "address": address,
        "description": says,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {"kafka": kafka},
    }


def _operations() -> Json:
    actions = {
        "publishEvents": ("send", "messages", "Events, their dead letters and the cursor are one transaction."),
        "publishDeadLetters": ("send", "deadLetters", "In the transaction of the page that they were found on."),
        "readFeeds": ("receive", "feeds", "A definition makes a feed polled, a null stops it."),
        "writeFeeds": ("send", "feeds", "Discovery and `afluente feeds` write definitions too."),
        "writeCursors": ("send", "cursors", "Partition i is written by the owner of shard i alone."),
        "restoreCursors": ("receive", "cursors", "When a shard is taken."),
    }
    return {
        name: {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "description": says}
        for name, (action, channel, says) in actions.items()
    }


# --- messages ----------------------------------------------------------------------------------------------


def _messages(event: Event) -> Iterator[tuple[str, Json]]:
    data = {"$ref": f"./{event.schema}.schema.json"}
    attributes = {name: _attribute(name, event) for name in ATTRIBUTES}
    header = {"content-type": {"const": BINARY}} | {f"ce_{name}": shape for name, shape in attributes.items()}
    yield event.name, _message(event, event.says, BINARY, _object(header), data)
    whole = attributes | {"datacontenttype": {"const": BINARY}, "data": data}
    headers = _object({"content-type": {"const": STRUCTURED}})
    says = f'{event.says} (content_mode = "structured")'
    yield f"{event.name}Structured", _message(event, says, STRUCTURED, headers, _object(whole))


def _message(event: Event, says: str, content_type: str, headers: Json, payload: Json) -> Json:
    return {
        "name": event.type,
        "summary": says,
        "contentType": content_type,
        "headers": headers,
        "payload": {"schemaFormat": FORMAT, "schema": payload},
        "bindings": _bound(_key(event)),
    }


def _attribute(name: str, event: Event) -> Json:
    constants = {"specversion": "1.0", "type": event.type, "dataschema": SCHEMA.format(event.schema)}
    if name in constants:
        return {"const": constants[name]}
    shape: Json = {"type": "string", "description": ATTRIBUTES[name]}
    return {**shape, "format": "date-time"} if name == "time" else {**shape, "minLength": 1}


def _key(event: Event) -> str:
    if event.schema == "gap":
        return "The conversation's id; the feed key where a feed has many conversations."
    return "The conversation's id." if event.channel == "messages" else "The feed key."


def _feed_definition() -> Json:
    payload = {"anyOf": [{"$ref": "./feed-definition.schema.json"}, {"type": "null"}]}
    key = "The feed key: <account>/<the feed's own values, percent-encoded, joined by />."
    return {
        "name": "feed definition",
        "summary": "A feed that shall be polled, or null where it shall not be polled any more.",
        "contentType": BINARY,
        "payload": {"schemaFormat": FORMAT, "schema": payload},
        "bindings": _bound(key),
    }


def _cursor() -> Json:
    return {
        "name": "cursor",
        "summary": "Of no use to anybody but a worker; its form may change with any version.",
        "contentType": BINARY,
        "payload": {"schemaFormat": FORMAT, "schema": {"type": ["object", "null"]}},
        "bindings": _bound("The feed key; segments of a large cursor: the feed key, # and a number."),
    }


def _bound(key: str) -> Json:
    return {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": BINDING}}


def _object(properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}
