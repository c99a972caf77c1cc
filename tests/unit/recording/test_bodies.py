"""No credential stands in a body that is stored."""

from urllib.parse import quote

import orjson
import pytest

from workers.model import HttpResponse
from workers.recording.bodies import without_secrets
from workers.redaction import REMOVED, Redactor

KEY = "oapi/sk+0123456789"


def stored(body: bytes, *secrets: str) -> bytes:
    return without_secrets(HttpResponse(status=200, body=body), Redactor(secrets or (KEY,)))


@pytest.mark.parametrize("form", [KEY, KEY.replace("/", "\\/"), quote(KEY, safe="")])
def test_an_echoed_key_is_removed_in_any_spelling(form):
    body = stored(f'{{"text":"key {form}!"}}'.encode())
    assert orjson.loads(body) == {"text": f"key {REMOVED}!"}


def test_a_body_without_secrets_is_kept_byte_for_byte():
    body = b'\xef\xbb\xbf{ "text" : "\\u00e9\xff" ,"x":NaN}'
    assert stored(body) == body


def test_a_key_that_stands_there_as_a_number_leaves_a_page_that_can_be_read():
    body = stored(b'{"token":48531486,"text":"48531486"}', "48531486")
    assert orjson.loads(body) == {"token": REMOVED, "text": REMOVED}


def test_what_is_no_json_is_cleaned_as_text():
    assert stored(f"<html>{KEY}</html>".encode()) == f"<html>{REMOVED}</html>".encode()


def test_a_token_of_metas_is_removed_whoever_shows_it():
    token = "EAA" + "a1B2" * 40
    assert token.encode() not in stored(f'{{"access_token":"{token}"}}'.encode())
