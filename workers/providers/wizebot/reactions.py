"""What `reaction_data` may say. It is null wherever it was seen, so its form is not known.

An emoji is taken from a bare text, from `emoji` of an object, and from what Meta's messages of type reaction look
like, as text or as JSON text, alone or in a list. Anything else is left out, and no message is lost for it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from workers.model import EmbeddedReaction, Reactor
from workers.providers.base import digits
from workers.providers.decoding import Json
from workers.providers.fields import moment_or_none, word_or_none
from workers.providers.meta import unwrapped
from workers.times import iso

#: Characters of the longest emoji: a family of four with tones of skin has eleven.
_LONGEST = 16
#: Reactions of one message that are kept: a conversation has two sides.
_MOST = 20
#: The first character that can begin an emoji, those of ASCII and Latin-1 apart.
_FIRST_SIGN = "\u2000"


def reactions_in(value: Json, contact: str) -> tuple[EmbeddedReaction, ...]:
    """The reactions that a value shows, by the contact with this address or by somebody."""
    shown = unwrapped(value)
    listed = shown if type(shown) is list else [shown]
    return tuple(reaction for one in listed[:_MOST] for reaction in _reactions(unwrapped(one), contact))


def _reactions(one: Json, contact: str) -> Iterator[EmbeddedReaction]:
    fields = one if type(one) is dict else {"emoji": one}
    inner = fields.get("reaction")
    emoji = _emoji(fields) or _emoji(inner if type(inner) is dict else {"emoji": inner})
    if emoji is None:
        return
    told = word_or_none(fields, "from")
    address = told and digits(told)
    at = moment_or_none(fields.get("timestamp"), "timestamp")
    by = Reactor(kind="contact" if address == contact else "unknown", address=address)
    yield EmbeddedReaction(emoji=emoji, by=by, at=None if at is None else iso(at))


def _emoji(fields: Mapping[str, Any]) -> str | None:
    found = word_or_none(fields, "emoji")
    if found is None or len(found) > _LONGEST:
        return None
    return found if any(sign >= _FIRST_SIGN for sign in found) and not any(map(str.isalpha, found)) else None
