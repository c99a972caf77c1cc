"""What a plain text can stand for: a link, a place, a phone number."""

import re

from workers.model import ContactCard, Location, Phone
from workers.providers.base import digits

_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_PLACE = re.compile(r"\s*([+-]?[0-9]{1,3}(?:\.[0-9]{0,20})?)\s*[,;]\s*([+-]?[0-9]{1,3}(?:\.[0-9]{0,20})?)\s*")
#: The ends of the globe, in degrees.
_POLE, _DATE_LINE = 90, 180
#: Digits of an international phone number (ITU-T E.164 allows 15; short ones are service numbers).
_NUMBER = re.compile(r"[0-9]{3,15}")


def is_link(words: str | None) -> bool:
    """Whether the whole text is one web address."""
    return words is not None and _LINK.fullmatch(words.strip()) is not None


def place_of(words: str | None) -> Location | None:
    """The place that `lat,lng` names, in degrees; None for any other text."""
    match = _PLACE.fullmatch(words or "")
    if match is None:
        return None
    latitude, longitude = float(match[1]), float(match[2])
    if abs(latitude) > _POLE or abs(longitude) > _DATE_LINE:
        return None
    return Location(latitude=latitude, longitude=longitude)


def card_of(words: str | None) -> ContactCard | None:
    """The contact card of a text that is one phone number; None for any other text."""
    number = digits(words or "")
    return ContactCard(phones=(Phone(number=number),)) if _NUMBER.fullmatch(number) else None
