"""The JSON Schemas (2020-12) of all events, made from the records that are encoded, so that they cannot drift.

`python -m workers.events.schemas DIRECTORY` writes them; a test holds the committed files to what this makes.
Every field is required; closed lists are enumerated here. Objects stay open, so that a schema can grow within v1.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import msgspec
import orjson

from workers.events.encoding import SCHEMA
from workers.events.payload import ConversationEvent, DeadLetter, GapEvent, MessageEvent
from workers.model import MESSAGE_TYPES, STATUS_ORDER, GapReason
from workers.providers.reasons import PAGE_REASONS, ROW_REASONS
from workers.reconcile.conversation import CONVERSATION_PARTS
from workers.reconcile.parts import PARTS

_TIME: Final = {"type": "string", "format": "date-time"}
#: Marks a list of words to which words may be added within v1 (schemas/README.md): consumers must survive new ones.
GROWS: Final = "This list may grow within v1."

_CHANGED: Final = (
    "What of the message differs from the event before, by its fields; `envelope` is any of direction, from, to, "
    "sent_at, type and provider_type. Empty where it is created."
)


def _growing(words: Sequence[str]) -> dict[str, Any]:
    return {"enum": list(words), "$comment": GROWS}


#: What the records' annotations do not say: closed lists and formats, by definition and property.
_CLOSER: Final[Mapping[str, Mapping[str, Any]]] = {
    "MessageEvent": {
        "changed": {"type": "array", "items": _growing(PARTS), "description": _CHANGED},
        "observed_at": _TIME,
        "raw": {"type": ["object", "null"], "description": "What the provider sent; only with include_raw."},
    },
    "Message": {"type": _growing(MESSAGE_TYPES), "sent_at": _TIME, "revision": {"type": "integer", "minimum": 0}},
    "Status": {"state": {"enum": [*STATUS_ORDER, None]}, "at": {"anyOf": [_TIME, {"type": "null"}]}},
    "ConversationEvent": {"changed": {"type": "array", "items": _growing(CONVERSATION_PARTS)}, "observed_at": _TIME},
    "ConversationState": {"updated_at": {"anyOf": [_TIME, {"type": "null"}]}},
    "GapEvent": {"observed_at": _TIME},
    "GapBounds": {"reason": _growing(sorted(get_args(GapReason)))},
    "Bound": {"sent_at": {"anyOf": [_TIME, {"type": "null"}]}},
    "DeadLetter": {
        "reason": _growing(sorted({*ROW_REASONS, *PAGE_REASONS})),
        "scope": {"enum": ["row", "page"]},
        "payload_encoding": {"enum": ["utf-8", "base64"]},
        "observed_at": _TIME,
    },
}
#: Properties that may be absent.
_OPTIONAL: Final = {"raw"}

RECORDS: Final[Mapping[str, type]] = {
    "message": MessageEvent,
    "conversation": ConversationEvent,
    "gap": GapEvent,
    "dead-letter": DeadLetter,
}


def schema(name: str) -> dict[str, Any]:
    """The schema of one kind of event, by its name in `dataschema`."""
    (top,), definitions = msgspec.json.schema_components([RECORDS[name]], ref_template="#/$defs/{name}")
    for title, definition in definitions.items():
        _close(definition, _CLOSER.get(title, {}))
    main = definitions.pop(top["$ref"].removeprefix("#/$defs/"))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA.format(name),
        **main,
        **({"$defs": dict(sorted(definitions.items()))} if definitions else {}),
    }


def feed_definition_schema() -> dict[str, Any]:
    """The schema of a value of the feeds topic (null stops a feed)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA.format("feed-definition"),
        "title": "FeedDefinition",
        "description": "A feed that shall be polled. Key: <account>/<the feed's own values, percent-encoded>.",
        "type": "object",
        "additionalProperties": False,
        "required": ["account", "feed"],
        "properties": {
            "account": {"type": "string", "description": "An account of the workers' configuration."},
            "feed": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": "string", "minLength": 1},
                "description": "The feed's own values: channel_id and conversation_id (Ogmma), contact (99digital), "
                "phone_number (WizeBot), chat_id (Wegly).",
            },
            "state": {"enum": ["active", "paused"], "description": "Paused feeds keep their cursor. Default: active."},
            "poll_now": {"type": "boolean", "description": "Poll at once: something just happened there."},
        },
    }


def files() -> dict[str, bytes]:
    """Every schema file by its name."""
    made = {f"{name}.schema.json": schema(name) for name in RECORDS}
    made["feed-definition.schema.json"] = feed_definition_schema()
    return {name: orjson.dumps(made[name], option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE) for name in made}


def _close(definition: dict[str, Any], closer: Mapping[str, Any]) -> None:
    properties: dict[str, Any] = definition.get("properties", {})
    for name, shape in {**properties, **closer}.items():
        properties[name] = {key: value for key, value in shape.items() if key != "default"}
    definition["required"] = [name for name in properties if name not in _OPTIONAL]


def main(arguments: Sequence[str]) -> None:
    """Write all schema files into the directory that is named."""
    directory = Path(arguments[0])
    for name, content in files().items():
        directory.joinpath(name).write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1:])
