"""Ids of events: digests of what makes them what they are, the same for whoever makes them."""

from functools import lru_cache
from hashlib import blake2b


def digest(*parts: str) -> str:
    """A stable id of these texts: 128 bits, hexadecimal; lengths are mixed in, so no two lists read alike."""
    return begun(*parts).hexdigest()


def begun(*parts: str) -> blake2b:
    """The digest of these texts, to be gone on with."""
    return blake2b(b"".join(map(framed, parts)), digest_size=16)


def framed(part: str) -> bytes:
    """A text behind its length."""
    text = part.encode("utf-8", "surrogatepass")
    return len(text).to_bytes(4, "big") + text


@lru_cache(maxsize=256)  # new messages have one and the same
def framed_state(kind: str, revision: int, state: str) -> bytes:
    """What of an event's identity is neither its place nor its message."""
    return framed(kind) + framed(str(revision)) + framed(state)
