"""The records of a timeline: which of them are messages, whose identity and time they have, in which order they stand.

A record's `id` names the event, `message.id` the message; only the latter is a message's identity.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

from workers.errors import RowUnreadable
from workers.model import BrokenRow
from workers.providers.decoding import Json, as_received, row_digest
from workers.providers.fields import identity, moment, moment_or_none, size, word_or_none
from workers.providers.reasons import no_page, unreadable
from workers.providers.rows import MOST_ROWS
from workers.providers.wegly.chat import Chat, ChatRow
from workers.providers.wegly.errors import not_a

#: How the times of a page's records run; `none` where there are too few of them, or they run both ways.
Course = Literal["falls", "rises", "none"]
#: Steps one way for each step the other way that make a course: late records stand a little out of place.
_CLEARLY = 4
#: The word of `event_type` that is documented.
_MESSAGE = "message"
#: Characters of an unknown `event_type` by which it is counted.
_LONGEST_WORD = 40


class Records(NamedTuple):
    """What a page lists. `ids` names every record, in the page's order, `others` those that are no messages.

    `newest` and `oldest` are the records' times (ms).
    """

    rows: tuple[ChatRow, ...]
    broken: tuple[BrokenRow, ...]
    skipped: Mapping[str, int]
    others: frozenset[str]
    ids: tuple[str, ...]
    course: Course
    newest: int | None
    oldest: int | None

    @property
    def messages(self) -> int:
        """How many of the records are messages, readable or not."""
        return len(self.rows) + len(self.broken)


class _Listed(NamedTuple):
    """One record: its name, its row or what is wrong with it, or the word of an event that is no message."""

    name: str
    time: int | None
    row: ChatRow | None = None
    broken: BrokenRow | None = None
    event: str | None = None


NO_RECORDS = Records((), (), {}, frozenset(), (), "none", None, None)


def listed_in(body: Json) -> tuple[list[Json], int | None]:
    """The records of an answer, and how many there are in all, where it says a number. Raises PollFailed."""
    if type(body) is list:
        return body, None
    listed = body.get("records") if type(body) is dict else None
    if type(listed) is not list:
        raise not_a("list of records under `records`", body)
    return listed, size(body, "total") or None


def read_records(listed: Sequence[Json], chat: Chat) -> Records:
    """The records as listed. Raises PageUnreadable where there are more than any page has."""
    if len(listed) > MOST_ROWS:
        raise no_page("not_a_page", f"{len(listed)} records on one page")
    read = [_read(raw, place, chat) for place, raw in enumerate(listed)]
    times = [one.time for one in read if one.time is not None]
    course = _course_of(times)
    rows = [one.row for one in read if one.row is not None]
    if course == "rises":
        rows = [replace(row, position=len(listed) - 1 - row.position) for row in reversed(rows)]
    skipped: dict[str, int] = {}
    for one in read:
        if one.event is not None:
            skipped[one.event] = skipped.get(one.event, 0) + 1
    return Records(
        rows=_each_once(rows, listed_backwards=course == "rises"),
        broken=tuple({one.broken.digest: one.broken for one in read if one.broken is not None}.values()),
        skipped=skipped,
        others=frozenset(one.name for one in read if one.event is not None),
        ids=tuple(one.name for one in read),
        course=course,
        newest=max(times, default=None),
        oldest=min(times, default=None),
    )


def last_message_of(chat: Chat) -> ChatRow | BrokenRow | None:
    """The one message that a chat object shows, as a row; None where it shows none."""
    if chat.last is None or chat.last == {}:
        return None
    one = _as_message(chat.last, chat.last, {"event_at": chat.last_at}, 0, chat)
    return one.row or one.broken


def _read(raw: Json, place: int, chat: Chat) -> _Listed:
    if type(raw) is not dict:
        broken = _broken(raw, None, unreadable("not_an_object", "the record is not an object"))
        return _Listed(broken.digest.hex(), None, broken=broken)
    kind = (word_or_none(raw, "event_type") or _MESSAGE).casefold()
    message = raw.get("message")
    if kind != _MESSAGE and (_MESSAGE not in kind or type(message) is not dict):
        name = word_or_none(raw, "id") or row_digest(raw).hex()
        return _Listed(name, moment_or_none(raw.get("event_at"), "event_at"), event=kind[:_LONGEST_WORD])
    return _as_message(raw, message, raw, place, chat)


def _as_message(raw: Json, message: Json, event: Mapping[str, Any], place: int, chat: Chat) -> _Listed:
    """What a message object comes to; `raw` is what was received, `event` says when it was listed."""
    try:
        if type(message) is not dict:
            raise unreadable("no_id" if message is None else "not_an_object", "the record has no message object")
        row_id = identity(message.get("id"), "message.id")
        time = _sent_at(message, event)
    except RowUnreadable as error:
        broken = _broken(raw, message, error)
        return _Listed(broken.row_id or broken.digest.hex(), _listed_at(event), broken=broken)
    row = ChatRow(id=row_id, time=time, position=place, digest=row_digest(raw), raw=raw, message=message, chat=chat)
    return _Listed(row_id, _listed_at(event) or time, row=row)


def _sent_at(message: Mapping[str, Any], event: Mapping[str, Any]) -> int:
    """When a message was sent: by Meta's time where there is one, else when it was listed or stored."""
    times = (
        ("meta_timestamp", message.get("meta_timestamp")),
        ("event_at", event.get("event_at")),
        ("created_at", message.get("created_at")),
    )
    read = (moment_or_none(value, name) for name, value in times)
    found = next((time for time in read if time is not None), None)
    if found is not None:
        return found
    name, value = next(((name, value) for name, value in times if value is not None), times[0])
    return moment(value, name)


def _listed_at(event: Mapping[str, Any]) -> int | None:
    return moment_or_none(event.get("event_at"), "event_at")


def _broken(raw: Json, message: Json, error: RowUnreadable) -> BrokenRow:
    return BrokenRow(
        reason=error.reason,
        detail=str(error),
        digest=row_digest(raw),
        payload=as_received(raw),
        row_id=_identity_or_none(message),
    )


def _identity_or_none(message: Json) -> str | None:
    try:
        return identity(message.get("id"), "message.id") if type(message) is dict else None
    except RowUnreadable:
        return None


def _each_once(rows: list[ChatRow], *, listed_backwards: bool) -> tuple[ChatRow, ...]:
    """Each message once, as its newest record shows it, in the order in which they were listed."""
    by_id: dict[str, ChatRow] = {}
    for row in rows:
        by_id.setdefault(row.id, row)
    return tuple(reversed(by_id.values())) if listed_backwards else tuple(by_id.values())


def _course_of(times: Sequence[int]) -> Course:
    rises = sum(later > earlier for earlier, later in pairwise(times))
    falls = sum(later < earlier for earlier, later in pairwise(times))
    if rises and rises >= _CLEARLY * falls:
        return "rises"
    return "falls" if falls and falls >= _CLEARLY * rises else "none"
