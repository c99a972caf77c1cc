"""What an event is without the words in it: whether pages without people are read as the real ones were."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

#: The parts of a message that are there or not, whatever they say.
_PARTS = ("text", "media", "location", "interactive", "template", "order", "call", "reaction", "reply_to", "wamid")
Shape = tuple[Any, ...]


def read_alike(real: Sequence[bytes], other: Sequence[bytes]) -> bool:
    """Whether these events differ in nothing but names, numbers and words."""
    return [_shape(event) for event in real] == [_shape(event) for event in other]


def _shape(event: bytes) -> Shape:
    told = orjson.loads(event)
    content = told["data"]
    message = content.get("message")
    reason = content.get("reason") or (content.get("gap") or {}).get("reason")
    if message is None:
        return told["type"], reason
    return told["type"], told["time"], content["origin"], *_of_message(message)


def _of_message(message: Mapping[str, Any]) -> Shape:
    status = message["status"]
    return (
        message["type"],
        message["direction"],
        message["author"]["kind"],
        message["sent_at"],
        status["state"],
        status["at"],
        tuple(message[name] is not None for name in _PARTS),
        len(message["contacts"]),
        len(message["reactions"]),
    )
