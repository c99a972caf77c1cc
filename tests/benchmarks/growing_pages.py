"""A provider whose conversations grow as time passes, in a process of its own: each row shows from its own time on."""

import json
import re
import time
import urllib.request
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from tests.benchmarks.pages import ANY_CONVERSATION, conversation, page, rows
from tests.benchmarks.serving import Answer, serving
from workers.simulator.limits import Limit
from workers.times import iso

#: Rows that texts and directions are taken from in turn.
PATTERNS = 64
#: How a row's id begins, which tells it from every other id in an event; its conversation and its place follow.
ROW_ID = re.compile(rb"66ac([0-9a-f]{10})([0-9a-f]{10})")

_REQUEST = re.compile(rb"GET /(?:begin/(\d+)|channels/\w+/conversations/(\w+)\?limit=(\d+)) HTTP")
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
_TOO_MANY = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"
_UNKNOWN = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"

#: Rows of each conversation: seconds after the beginning, ascending; those before it show from the start.
Times = Sequence[Sequence[float]]


class GrowingPages:
    """The running server, from outside."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    def begin(self, at_ms: int) -> None:
        """When its time begins (epoch ms). Before that nothing is shown. It blocks for a millisecond."""
        with urllib.request.urlopen(f"{self.origin}/begin/{at_ms}") as answer:
            answer.read()


@contextmanager
def growing_pages(times: Times, per_minute: int) -> Iterator[GrowingPages]:
    """A server that ends with the block, and answers so many requests in any 60 s; the others get a 429."""
    with serving(partial(_answers, times, per_minute)) as origin:
        yield GrowingPages(origin)


class _Conversations:
    """What is shown of each conversation."""

    def __init__(self, times: Times) -> None:
        self._times = {conversation(number): (number, mine) for number, mine in enumerate(times)}
        self._patterns = [json.loads(row) for row in rows(PATTERNS)]
        self._begun_ms = 0

    def begin(self, at_ms: int) -> None:
        self._begun_ms = at_ms

    def look(self, name: str, limit: int) -> bytes:
        number, times = self._times[name]
        shown = bisect_right(times, time.time() - self._begun_ms / 1000) if self._begun_ms else 0
        places = range(max(0, shown - limit), shown)
        return page(tuple(self._row(number, place, times[place]) for place in places), limit, name)

    def _row(self, number: int, place: int, at: float) -> bytes:
        moment = iso(self._begun_ms + int(at * 1000))
        known = {"id": f"66ac{number:010x}{place:010x}", "conversationId": ANY_CONVERSATION}
        row = {**self._patterns[place % PATTERNS], **known, "createdAt": moment, "updatedAt": moment}
        return json.dumps(row, ensure_ascii=False).encode()


def _answers(times: Times, per_minute: int) -> Answer:
    conversations, limit = _Conversations(times), Limit()

    def answer(request: bytes) -> bytes:
        matched = _REQUEST.match(request)
        if matched is None:
            return _UNKNOWN
        at, name, rows_asked = matched.groups()
        if at:
            conversations.begin(int(at))
            return _HEAD % (0, b"")
        if not limit.ask(time.monotonic(), per_minute, sliding=True).allowed:
            return _TOO_MANY
        body = conversations.look(name.decode(), int(rows_asked))
        return _HEAD % (len(body), body)

    return answer
