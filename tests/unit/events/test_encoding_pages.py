"""Letters of whole pages: whatever a body is made of, no form of a credential comes out of it."""

import base64
import html
import json
import re
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.events.encoded import data, of_letters, source
from workers.errors import PageUnreadable
from workers.events.encoding import EventEncoder
from workers.model import HttpResponse
from workers.reconcile.cursor import Cursor
from workers.reconcile.outcome import Outcome
from workers.reconcile.page_letter import LETTER_BYTES, page_letter
from workers.redaction import REMOVED, SHORTEST, Redactor

KEY = 'oapi_sk_live_SE/CRET+1="x'
#: What tells the key from all else, and has no two spellings in the forms below that are decoded for the proof.
NAKED = KEY.encode()

#: Ways in which a provider may write a key, each from bytes to bytes.
FORMS = {
    "plain": lambda key: key,
    "json": lambda key: json.dumps(key.decode()).encode(),
    "php": lambda key: json.dumps(key.decode()).replace("/", "\\/").encode(),
    "unicode": lambda key: b"".join(b"\\u%04x" % byte for byte in key),
    "quoted": lambda key: quote(key, safe="").encode(),
    "quoted small": lambda key: re.sub(r"%..", lambda found: found[0].lower(), quote(key, safe="")).encode(),
    "all quoted": lambda key: b"".join(b"%%%02X" % byte for byte in key),
    "html": lambda key: html.escape(key.decode()).encode(),
    "html in Go's json": lambda key: html.escape(key.decode()).replace("&", "\\u0026").encode(),
    "base64": base64.b64encode,
    "base64 url": base64.urlsafe_b64encode,
}
WIDE = ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


def letter_of(body, redactor=None):
    letter = page_letter(PageUnreadable("not_json", "not JSON"), HttpResponse(status=200, body=body))
    outcome = Outcome(cursor=Cursor(contact=1), letters=(letter,))
    return EventEncoder(source(), redactor or Redactor([KEY])).events(outcome, 0)[0]


def received(record):
    """The payload as bytes, as whoever reads the dead letters gets it."""
    told = data(record)
    return base64.b64decode(told["payload"]) if told["payload_encoding"] == "base64" else told["payload"].encode()


def readings(content, depth=3):
    """What somebody can make of these bytes by undoing the usual encodings."""
    yield content
    if depth == 0:
        return
    undone = {
        content.replace(b"\0", b""),
        unquote_to_bytes(content),
        html.unescape(content.decode("latin-1")).encode("latin-1", "replace"),
        re.sub(rb"\\u00([0-9a-fA-F]{2})", lambda found: bytes.fromhex(found[1].decode()), content)
        .replace(b"\\/", b"/")
        .replace(b'\\"', b'"'),
    }
    for run in re.findall(rb"[A-Za-z0-9+/_-]{16,}", content):
        plain = run.translate(bytes.maketrans(b"-_", b"+/"))
        undone |= {base64.b64decode(plain[at : at + (len(plain) - at) // 4 * 4]) for at in range(4)}
    for one in undone - {content}:
        yield from readings(one, depth - 1)


@given(
    form=st.sampled_from(sorted(FORMS)),
    before=st.binary(max_size=9),
    after=st.binary(max_size=9),
    wide=st.sampled_from(WIDE),
)
@example(form="php", before=b"\x80", after=b"!", wide="utf-8")
@example(form="json", before=b'{"x":"', after=b'"}', wide="utf-16")
@settings(max_examples=200, deadline=None)
def test_no_form_of_a_key_leaves_with_a_page_whatever_its_bytes(form, before, after, wide):
    # Given a body that holds the key in some form, among bytes that need not be text
    written = before + FORMS[form](NAKED).decode().encode(wide) + after
    # When
    record = letter_of(written)
    # Then nothing that its reader can undo gives the key
    assert not any(NAKED in reading for reading in readings(received(record)))
    assert REMOVED.encode() in received(record)


@given(st.binary(max_size=200))
@settings(max_examples=100)
def test_a_body_without_a_key_is_told_as_it_came(body):
    assert received(letter_of(body)) == body


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("first", [b" ", b"\x80"])
def test_a_key_that_the_kept_part_of_a_page_ends_in_is_removed_too(form, first, monkeypatch):
    # Given pages so full of the key that little is left of what is kept, which ends within one more
    kept = 5000
    monkeypatch.setattr("workers.reconcile.page_letter.LETTER_BYTES", kept)
    written = FORMS[form](NAKED)
    many = written * (kept // len(written) - 1)
    for shown in range(SHORTEST, len(written), 5):
        body = first + b" " * (kept - 1 - len(many) - shown) + many + written
        # When
        record = letter_of(body)
        # Then not even its first characters are told
        assert data(record)["truncated"]
        assert not any(NAKED[:SHORTEST] in reading for reading in readings(received(record)[-300:], 1))


def test_a_page_that_was_kept_in_part_says_so():
    assert data(letter_of(b"x" * LETTER_BYTES))["truncated"]
    assert not data(of_letters(letter_of_text("x" * 10))[0])["truncated"]


def letter_of_text(text):
    return page_letter(PageUnreadable("not_json", "not JSON"), HttpResponse(status=200, body=text.encode()))
