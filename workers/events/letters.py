"""What a dead letter shows of a broken thing: secrets removed first, then one line of this and 256 KiB of that."""

import base64

import msgspec

from workers.events import identity
from workers.events.payload import DeadLetter, Http, encode
from workers.events.redacts import Redacts
from workers.events.source import Source
from workers.providers.decoding import as_received
from workers.reconcile.outcome import Change, Letter

#: Bytes of a dead letter's payload in UTF-8: enough to see what was wrong, too little to flood.
PAYLOAD_LIMIT = 256 * 1024
#: Characters of a dead letter's detail and row id: one line each.
_LINE_LIMIT = 500


def clean_payload(letter: Letter, redactor: Redacts) -> bytes:
    """What is shown of a letter, in UTF-8. Base64 hides whatever stands in it, so it comes behind the search."""
    payload, whole = letter.payload, letter.whole
    if isinstance(payload, bytes):
        return base64.b64encode(redactor.redact_bytes(payload, whole=whole))
    return redactor.redact(payload, whole=whole).encode(errors="replace")


def letter_data(
    letter: Letter, payload: str, source: Source, redactor: Redacts, *, http: Http, truncated: bool, observed_at: str
) -> DeadLetter:
    """The data of a letter's event; `payload` is clean, and cut to what its record can hold."""
    redact = redactor.redact
    return DeadLetter(
        provider=source.provider,
        account=source.account,
        feed={"key": source.feed.key, **source.feed.values},
        reason=letter.reason,
        detail=redact(letter.detail)[:_LINE_LIMIT],
        scope=letter.scope,
        row_id=redact(letter.row_id)[:_LINE_LIMIT] if letter.row_id is not None else None,
        digest=letter.digest.hex(),
        payload=payload,
        payload_encoding="base64" if isinstance(letter.payload, bytes) else "utf-8",
        truncated=truncated,
        http=msgspec.structs.replace(http, content_type=http.content_type and redact(http.content_type)),
        observed_at=observed_at,
    )


def size_of(change: Change, size: int) -> str:
    """What is told of a message whose event no record can hold; `size` in bytes."""
    return f"{change.kind} event of {size} bytes, revision {change.normalised.message.revision}"


def too_large(change: Change, size: int) -> Letter:
    """The letter of such a message."""
    message = change.normalised.message
    payload = as_received(change.raw) if change.raw is not None else encode(message).decode()
    return oversized(message.id, size_of(change, size), change.digest, payload)


def oversized(subject: str, detail: str, digest: bytes, payload: str) -> Letter:
    """The letter of what no record can hold."""
    told = bytes.fromhex(identity.digest(subject, digest.hex()))
    return Letter(scope="row", reason="too_large", detail=detail, digest=told, payload=payload, row_id=subject)
