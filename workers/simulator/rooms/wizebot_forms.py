"""The forms of WizeBot's answers: `{"status": …, "message": …}`, where the rows stand in four ways. Pure."""

from collections.abc import Sequence

import orjson

from workers.simulator.records import Row
from workers.simulator.rooms.base import Answer, said
from workers.simulator.switches import AccountSwitches

#: `status` of a success and of a failure, by the form that the switch names.
_STATUS = {"text": ("1", "0"), "number": (1, 0), "boolean": (True, False)}


def listing(
    rows: Sequence[Row], switches: AccountSwitches, *, first_key: int, next_offset: int, feed: tuple[str, ...] = ()
) -> Answer:
    """An answer that lists rows. `first_key` is the number of the first one where rows are keyed."""
    form = switches.word("wizebot.message_form")
    if form.endswith("object"):
        rows = [_wrapped(row, b'"%d":%b' % (key, row.body)) for key, row in enumerate(rows, first_key)]
    opened, closed = (b"{", b"}") if form.endswith("object") else (b"[", b"]")
    if form.startswith("text"):
        rows = [_wrapped(row, _escaped(row.body)) for row in rows]
        opened, closed = b'"' + opened, closed + b'"'
    status = orjson.dumps(_STATUS[switches.word("wizebot.status_form")][0])
    following = b',"nextOffset":%d' % next_offset if switches.word("wizebot.next_offset") == "present" else b""
    return Answer(200, b'{"status":%b,"message":%b' % (status, opened), rows, closed + following + b"}", feed=feed)


def failure(text: str, switches: AccountSwitches, *, success: bool = False, status: int = 200) -> Answer:
    """An answer that says a text; `success` where the status says nothing of the failure."""
    good, bad = _STATUS[switches.word("wizebot.status_form")]
    return said(status, {"status": good if success else bad, "message": text})


def _wrapped(row: Row, body: bytes) -> Row:
    return row._replace(body=body)


def _escaped(body: bytes) -> bytes:
    """JSON as it stands inside a JSON text."""
    return orjson.dumps(body.decode())[1:-1]
