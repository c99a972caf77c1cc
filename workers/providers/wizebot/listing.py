"""The list inside an answer: `{"status": …, "message": …}`, of messages as of subscribers."""

from collections.abc import Iterator

from workers.providers.decoding import Json
from workers.providers.fields import word_or_none
from workers.providers.meta import unwrapped
from workers.providers.wizebot.errors import failed, not_a_page

#: Fields of which every row has one, be it a message or a subscriber: an object with one of them is a row itself.
_OF_A_ROW = frozenset({"id", "message_content", "chat_id", "subscriber_id"})
#: A text that means nothing: a sibling's documentation shows it in the fields of a subscriber.
_NULL = "null"


def listed_in(body: Json) -> list[Json]:
    """The rows, in the order in which they were sent. Raises PollFailed.

    `message` is an array, an object with numbers for keys, or either of them as JSON text. What it holds does not
    count where the status says failure.
    """
    if type(body) is not dict or failed(body):
        raise not_a_page(body)
    rows = unwrapped(body.get("message"))
    if type(rows) is list:
        return rows
    if type(rows) is dict and all(key.isdecimal() for key in rows):
        return list(rows.values())
    if type(rows) is dict and not _OF_A_ROW.isdisjoint(rows):
        return [rows]
    raise not_a_page(body)


def phone_numbers_in(subscribers: list[Json]) -> Iterator[str]:
    """The number of each subscriber: `chat_id`, or the part before the `-` of a `subscriber_id` like `5511…-42`."""
    for subscriber in subscribers:
        told = word_or_none(subscriber, "chat_id")
        number = told if told != _NULL else None
        if number is None:
            compound, dash, _ = (word_or_none(subscriber, "subscriber_id") or "").partition("-")
            number = compound if dash else None
        if number:
            yield number
