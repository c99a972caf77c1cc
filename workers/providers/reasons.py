"""Why something becomes a dead letter: the closed lists behind `reason` in the dead-letter schema.

A reason names what is wrong with what was received, in the words of a person who has to mend it at the source.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from workers.errors import PageUnreadable, RowUnreadable

RowReason = Literal[
    "not_an_object",
    "no_id",
    "bad_id",
    "no_time",
    "bad_time",
    "bad_shape",
    "absurd_value",
    "no_conversation",
    "other_conversation",
    "too_large",
]
PageReason = Literal["not_json", "not_a_page", "too_large_body"]

#: What each reason of a row says. `too_large` is found when the event is encoded, all others by the adapters.
ROW_REASONS: Mapping[RowReason, str] = MappingProxyType(
    {
        "not_an_object": "The row is not a JSON object.",
        "no_id": "The row has no identity.",
        "bad_id": "The identity is not a short printable text or a whole number.",
        "no_time": "The row does not say when the message was sent.",
        "bad_time": "The time of the message cannot be read.",
        "bad_shape": "A field holds an object or a list where a plain value belongs, or an object nobody knows.",
        "absurd_value": "A field holds a number no computer holds, or values nested too deep.",
        "no_conversation": "The row does not say whom the message was exchanged with.",
        "other_conversation": "The row belongs to another conversation than the one that was asked for.",
        "too_large": "The event does not fit into a Kafka record.",
    }
)
#: What each reason of a page says. `too_large_body` is found while the body is read, the others by the adapters.
PAGE_REASONS: Mapping[PageReason, str] = MappingProxyType(
    {
        "not_json": "The body is not JSON.",
        "not_a_page": "The body is JSON, but not a list of messages in the form the provider documents.",
        "too_large_body": "The body is larger than a page may be.",
    }
)


def unreadable(reason: RowReason, detail: str) -> RowUnreadable:
    """The error of a row that makes no sense; `detail` names the field, and never quotes what it holds."""
    return RowUnreadable(reason, detail)


def no_page(reason: PageReason, detail: str) -> PageUnreadable:
    """The error of a page that makes no sense; `detail` never quotes the body."""
    return PageUnreadable(reason, detail)
