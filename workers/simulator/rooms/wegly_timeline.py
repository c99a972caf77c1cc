"""Wegly's timeline: records around messages, and pages in every way that is thinkable. Pure."""

from collections.abc import Mapping, Sequence

import orjson

from workers.simulator.records import Row
from workers.simulator.rooms.wegly_message import uuid_of
from workers.simulator.switches import AccountSwitches

#: What each way of paging calls its parameters; the size of a page may be asked for in most of them.
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "page_from_1": ("page", "limit"),
    "page_from_0": ("page", "limit"),
    "offset": ("offset", "limit"),
    "skip": ("skip", "take"),
    "everything": (),
    "none": (),
}
#: The most records of a page that may be asked for.
MOST = 100


class Refusal(Exception):
    """A query that the server refuses: the status of its answer."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def wanted(query: Mapping[str, str], switches: AccountSwitches, count: int) -> range:
    """Which of so many records a query asks for, by their places in the list's own order. Raises Refusal."""
    paging, size = switches.word("wegly.timeline_paging"), int(switches.word("wegly.timeline_rows"))
    known = PARAMETERS[paging]
    if switches.word("wegly.unknown_parameters") == "refused" and set(query) - set(known):
        raise Refusal(400)
    if paging == "everything":
        return range(count)
    asked = [_whole(query.get(name)) for name in known]
    if len(asked) > 1 and asked[1]:
        size = min(asked[1], MOST)
    begin = _begin(paging, asked[0] if asked else None, size)
    if begin < count or begin == 0:
        return range(begin, min(begin + size, count))
    return _past_the_end(switches.word("wegly.past_end"), size, count)


def _begin(paging: str, asked: int | None, size: int) -> int:
    if asked is None:
        return 0
    if paging == "page_from_1":
        return max(0, asked - 1) * size
    return asked * size if paging == "page_from_0" else asked


def _past_the_end(word: str, size: int, count: int) -> range:
    if word == "not_found":
        raise Refusal(404)
    return range((count - 1) // size * size, count) if word == "last_page" else range(0)


def _whole(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Refusal(400)
    return int(text)


def record(row: Row, event_at: str, event_type: str) -> Row:
    """A message as the timeline lists it. A spoilt one has no time beside its own either."""
    message = row.message
    event = {"id": uuid_of("event", message.id if message else ""), "event_type": event_type}
    if not row.poison:
        event["event_at"] = event_at
    return row._replace(body=orjson.dumps(event)[:-1] + b',"message":' + row.body + b"}")


def event(of: str, event_at: str) -> Row:
    """An entry that is no message."""
    kinds: Sequence[str] = ("ASSIGNED", "STATUS_CHANGED", "NOTE", "TAG_ADDED")
    kind = kinds[sum(of.encode()) % len(kinds)]
    return Row(
        orjson.dumps(
            {"id": uuid_of("entry", of), "event_type": kind, "event_at": event_at, "message": None, "by": None}
        )
    )
