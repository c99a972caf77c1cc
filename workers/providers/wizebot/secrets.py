"""Access tokens of Meta inside a page: the product is known to show them, and they are nobody's business here."""

import re

from msgspec.structs import replace

from workers.model import HttpResponse
from workers.redaction import REMOVED

#: How every access token of Meta begins.
_SIGN = b"EAA"
#: A token has 150 characters and more. What stands inside a longer run of base64 (an id, a digest) is none.
_TOKEN = re.compile(rb"(?<![0-9A-Za-z+/])EAA[0-9A-Za-z]{80,}")


def without_tokens(response: HttpResponse) -> HttpResponse:
    """The response with a mark in the place of each token, however deep the JSON is written that holds it."""
    if _SIGN not in response.body:
        return response
    return replace(response, body=_TOKEN.sub(REMOVED.encode(), response.body))
