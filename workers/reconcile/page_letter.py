"""What is told of a page that nobody can read, and by what a page is known again. Pure."""

import codecs

import xxhash

from workers.errors import BodyTooLarge, PageUnreadable
from workers.model import HttpResponse
from workers.reconcile.outcome import Letter

#: Bytes of a response kept for a page letter before its text is cut further: what a person can look at.
LETTER_BYTES = 1024 * 1024

_utf8 = codecs.getincrementaldecoder("utf-8")


def page_digest(response: HttpResponse, before: bytes = b"") -> bytes:
    """Of a response, and of those before it that led on to it: all that a poll looks at, page one included."""
    return xxhash.xxh3_64_digest(response.body, seed=response.status ^ int.from_bytes(before))


def page_letter(error: PageUnreadable | BodyTooLarge, response: HttpResponse) -> Letter:
    """The dead letter of this response: its text, or its bytes where it is none."""
    body = response.body[:LETTER_BYTES]
    whole = len(body) == len(response.body) and not isinstance(error, BodyTooLarge)
    try:
        # What the cut left of a last character is left out: the decoder waits for its rest.
        payload: str | bytes = _utf8().decode(body, final=whole)
    except UnicodeDecodeError:
        payload = body
    return Letter(
        scope="page",
        reason=error.letter,
        detail=str(error),
        digest=page_digest(response),
        payload=payload,
        whole=whole,
        status=response.status,
        content_type=response.content_type or None,
    )
