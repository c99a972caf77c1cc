"""Dead letters of rows show them as they were sent, whatever a decoder makes of them."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.providers.decoding import as_received, decode, row_digest
from workers.reconcile import sent_text
from workers.reconcile.cursor import Cursor
from workers.reconcile.outcome import Letter, Outcome
from workers.reconcile.sent_text import SentText, joined

#: Rows that come out otherwise than they went in.
ROWS = [
    b'{"id":"A",  "price":1.10, "x":"\\u00e9\\/"}',
    b'{"id":"A","half":"\\ud83d","half":"again \\ud83d"}',
    b'{"id":12345678901234567890123,"n":1e5}',
    b'{"id":"A","never":NaN,"long":' + b"9" * 400 + b"}",
    b'{"id":"A","deep":' + b"[" * 3000 + b"]" * 3000 + b"}",
    b'[ 1, "not an object" ]',
    b'{"id":"brackets ]}{[ \\" \\\\","x":"]"}',
]
AROUND = [b"[%b]", b'{"data":[%b],"meta":{}}', b' {"a":"}","records" : [{"event":1, "message": %b}]}', b'{"1":%b}']


def letter_of(row, **fields):
    value = decode(row)
    given = {"scope": "row", "reason": "no_id", "detail": "", "digest": row_digest(value)}
    return Letter(**{**given, "payload": as_received(value), **fields})


def told(letter, *bodies):
    outcome = Outcome(cursor=Cursor(contact=1), letters=(letter,))
    return joined(bodies).told(outcome).letters[0].payload


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("around", AROUND)
def test_a_row_is_told_as_it_was_sent(row, around):
    body = around % (b'{"id":"good"},' * 3 * (around[0:1] != b" " and b"1" not in around) + row)
    assert told(letter_of(row), b"[]", body) == row.decode()


def test_a_row_with_bytes_that_are_no_text_is_told_in_bytes():
    row = b'{"id":"A","x":"caf\xe9"}'
    assert told(letter_of(row), b'{"data":[' + row + b"]}") == row


@given(
    st.binary(max_size=80),
    st.recursive(st.none() | st.floats() | st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)),
)
@settings(max_examples=100)
def test_whatever_a_body_is_a_letter_shows_its_row_or_what_was_decoded_of_it(noise, value):
    # Given a row among bytes that may be no JSON at all
    row = orjson.dumps({"row": value})
    letter = letter_of(row)
    # When / Then
    assert told(letter, noise + b"[" + row + b"]" + noise) in {row.decode(), letter.payload}
    assert told(letter, noise) == letter.payload


def test_a_row_that_was_changed_before_it_was_read_is_told_as_it_was_read():
    # Given a row of which an adapter removed a token
    letter = letter_of(b'{"id":"A","token":"[credential removed]"}')
    assert told(letter, b'[{"id":"A","token":"EAAsecret"}]') == letter.payload


def test_letters_of_pages_are_left_alone():
    row = b'{"id" : 1}'
    assert told(letter_of(row, scope="page", payload="the page"), b"[" + row + b"]") == "the page"


def test_no_more_is_kept_than_the_bound_and_nothing_when_it_is_over(monkeypatch):
    # Given a bound of two small pages
    monkeypatch.setattr(sent_text, "KEPT_BYTES", 30)
    monkeypatch.setattr(sent_text, "BODY_BYTES", 20)
    rows = [b'{"id" : %d}' % number for number in range(4)]
    text = SentText()
    for row in rows:
        text.keep(b"[" + row + b"]")
    text.keep(b" " * 21)
    outcome = Outcome(cursor=Cursor(contact=1), letters=tuple(map(letter_of, rows)))
    # When / Then
    assert [letter.payload for letter in text.told(outcome).letters] == [
        '{"id" : 0}', '{"id" : 1}', '{"id":2}', '{"id":3}'
    ]  # fmt: skip
    text.forget()
    assert text.told(outcome) == outcome
