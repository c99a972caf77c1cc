"""Bodies as they may be stored: without any credential."""

from workers.errors import PageUnreadable
from workers.model import HttpResponse
from workers.providers.decoding import as_received, decode
from workers.providers.wizebot.secrets import without_tokens
from workers.redaction import Redactor


def without_secrets(response: HttpResponse, redactor: Redactor) -> bytes:
    """The body as it was received, but for the account's secrets, and Meta's tokens, which any provider may show."""
    body = without_tokens(response).body
    if not redactor.may_contain(body):
        return body
    clean = redactor.redact_bytes(body)
    try:
        decode(clean)
    except PageUnreadable:
        return _by_value(body, redactor)
    return clean


def _by_value(body: bytes, redactor: Redactor) -> bytes:
    """A secret that is a number, or a part of one, leaves no JSON behind where it is cut out of the text."""
    try:
        value = redactor.redact_value(decode(body))
    except PageUnreadable:
        return redactor.redact_bytes(body)
    return as_received(value).encode()
