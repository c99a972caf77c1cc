"""Whether pages without people are read as the real ones were."""

import orjson
import pytest

from workers.recording.shape import read_alike

MESSAGE = {
    "type": "text",
    "direction": "inbound",
    "author": {"kind": "contact", "name": "Maria"},
    "sent_at": "2026-01-05T12:00:00.000Z",
    "status": {"state": None, "at": None},
    "contacts": [],
    "reactions": [],
    **dict.fromkeys(("media", "location", "interactive", "template", "order", "call", "reaction", "reply_to", "wamid")),
    "text": "Oi",
    "id": "66aa12",
}


def event(**fields):
    data = {"origin": "live", "message": {**MESSAGE, **fields}}
    return orjson.dumps({"type": "afluente.message.created", "time": MESSAGE["sent_at"], "data": data})


def letter(reason):
    return orjson.dumps({"type": "afluente.dead-letter", "data": {"reason": reason}})


def test_other_names_and_words_are_read_alike():
    other = event(text="Xy", id="71cc90", author={"kind": "contact", "name": "Xpovb"})
    assert read_alike([event(), letter("no_id")], [other, letter("no_id")])


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "voice"},
        {"text": None},
        {"direction": "outbound"},
        {"author": {"kind": "agent", "name": "Maria"}},
        {"status": {"state": "read", "at": None}},
        {"contacts": [{}]},
        {"media": {}},
    ],
)
def test_another_type_or_part_is_read_otherwise(fields):
    assert not read_alike([event()], [event(**fields)])


def test_a_row_less_or_another_reason_is_read_otherwise():
    assert not read_alike([event(), event()], [event()])
    assert not read_alike([letter("no_id")], [letter("no_time")])
