"""What the `content` of an Ogmma row says.

It is documented as a text in this list and as an object where messages are sent (`messages/send-image`, `-video`,
`-audio`, `-document`, `-contact`, `react-message`, `bulk-send`): both are read, and an object that came as text too.
An object with no name that is known is not guessed at: the row becomes a dead letter.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import orjson
from msgspec.structs import replace

from workers.model import ContactCard, Interactive, Location, Media, Phone, Reaction, Reference, Template
from workers.providers.base import digits
from workers.providers.content import card_of, is_link, place_of
from workers.providers.decoding import Absurd, Json
from workers.providers.fields import first_word, number, size, text, word
from workers.providers.kinds import MEDIA_TYPES
from workers.providers.reasons import unreadable

#: The parts of a message that its type decides, by the names of `Message`.
Parts = dict[str, Any]

_URLS = ("mediaUrl", "url", "link", "imageUrl", "videoUrl", "audioUrl", "documentUrl")
_WORDS = ("text", "caption", "body")
_CARD = frozenset({"name", "phone", "email", "organization"})
#: Every name inside an object that is read below.
_KNOWN = frozenset(
    {*_URLS, *_WORDS, *_CARD, "mediaId", "mimeType", "fileName", "fileSize", "ptt", "latitude", "longitude", "address"}
    | {"contact", "contacts", "emoji", "messageId", "id", "title", "description", "language", "category"}
)


def parts_of(raw: Mapping[str, Any], kind: str) -> Parts:
    """The parts of a message of this type that its row tells, its final type among them. Raises RowUnreadable."""
    words, fields = _content_of(raw, kind)
    if fields and not words:
        words = _first_text(fields, _WORDS)
    if kind in MEDIA_TYPES:
        return _file(raw, kind, words or _first_text(raw, ("caption",)), fields)
    reader = _READERS.get(kind)
    url = word(raw, "mediaUrl") or (first_word(fields, *_URLS) if fields and reader is None else None)
    media = None if url is None else _media(raw, fields, url)
    return {"type": kind, "media": media} | (reader(words, fields) if reader else {"text": words})


def _content_of(raw: Mapping[str, Any], kind: str) -> tuple[str | None, Mapping[str, Any]]:
    """The words of `content`, and its fields where it is an object. Raises RowUnreadable."""
    content = raw.get("content")
    if type(content) is str and kind != "text" and content.lstrip().startswith("{"):
        content = _object_in(content)
    if type(content) is dict:
        strange = bool(content) and kind != "unsupported" and _KNOWN.isdisjoint(content)
        if strange and word(raw, "mediaUrl") is None:
            raise unreadable("bad_shape", "content is an object with no field that is known")
        return None, content if kind != "unsupported" else _plain_fields(content)
    if type(content) is list and kind == "unsupported":
        return None, {}
    return text({"content": content}, "content"), {}


def _plain_fields(content: Mapping[str, Any]) -> dict[str, Any]:
    """What can be read of an object whose type is not known: its words, and what is plain."""
    return {
        name: value
        for name, value in content.items()
        if type(value) is not list and (type(value) is not dict or name in _WORDS)
    }


def _object_in(content: str) -> Json:
    """The object that a text holds, if it is one and has a known field; else the text."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        return content
    return content if _KNOWN.isdisjoint(value) else value


def _first_text(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of these that holds words; `text` may hold them as an object of its own (`{"body": …}`)."""
    for name in names:
        value = fields.get(name)
        inner = value.get("body") if type(value) is dict else value
        found = text({name: inner}, name)
        if found is not None:
            return found
    return None


def _file(raw: Mapping[str, Any], kind: str, words: str | None, fields: Mapping[str, Any]) -> Parts:
    """A file: its link may stand in the place of the words, and then it is not said twice. `ptt`: a voice message."""
    bare = words and words.strip()
    url = word(raw, "mediaUrl") or first_word(fields, *_URLS) or (bare if is_link(bare) else None)
    voice = kind == "audio" and fields.get("ptt") is True
    return {
        "type": "voice" if voice else kind,
        "text": None if bare == url else words,
        "media": _media(raw, fields, url),
    }


def _media(raw: Mapping[str, Any], fields: Mapping[str, Any], url: str | None) -> Media:
    media_id = word(fields, "mediaId")
    return Media(
        url=url,
        id=media_id,
        mime_type=word(fields, "mimeType") or word(raw, "mimeType"),
        file_name=text(fields, "fileName") or text(raw, "fileName"),
        size_bytes=size(fields, "fileSize") or size(raw, "fileSize"),
        available=url is not None or media_id is not None,
    )


# --- what is neither words nor a file ----------------------------------------------------------------------


def _location(words: str | None, fields: Mapping[str, Any]) -> Parts:
    place = place_of(words)
    told = Location(
        latitude=number(fields, "latitude"),
        longitude=number(fields, "longitude"),
        name=text(fields, "name"),
        address=text(fields, "address"),
        url=word(fields, "url"),
    )
    if place is not None and told.latitude is None and told.longitude is None:
        told = replace(told, latitude=place.latitude, longitude=place.longitude)
    return {"text": words if place is None else None, "location": None if told == Location() else told}


def _contacts(words: str | None, fields: Mapping[str, Any]) -> Parts:
    listed = fields.get("contacts", fields.get("contact"))
    if listed is None and not _CARD.isdisjoint(fields):
        listed = fields
    cards = tuple(_card(card) for card in (listed if type(listed) is list else [listed]) if card is not None)
    told = card_of(words)
    if cards:
        return {"text": words if told is None else None, "contacts": cards}
    return {"text": words} if told is None else {"contacts": (told,)}


def _card(fields: Json) -> ContactCard:
    if type(fields) is not dict:
        raise unreadable("absurd_value" if type(fields) is Absurd else "bad_shape", "a contact card is not an object")
    phone, email = word(fields, "phone"), word(fields, "email")
    return ContactCard(
        name=text(fields, "name"),
        phones=(Phone(number=digits(phone)),) if phone else (),
        emails=(email,) if email else (),
        organization=text(fields, "organization"),
    )


def _reaction(words: str | None, fields: Mapping[str, Any]) -> Parts:
    """An emoji and the message it belongs to; an empty one takes the reaction back (`react-message`)."""
    return {"reaction": Reaction(emoji=text(fields, "emoji") or words, target=_target(word(fields, "messageId")))}


def _target(told: str | None) -> Reference:
    is_wamid = told is not None and told.startswith("wamid.")
    return Reference(wamid=told) if is_wamid else Reference(id=told)


def _interactive(kind: str) -> Callable[[str | None, Mapping[str, Any]], Parts]:
    def read(words: str | None, fields: Mapping[str, Any]) -> Parts:
        title = text(fields, "title")
        interactive = Interactive(
            kind=kind, id=word(fields, "id"), title=title or words, description=text(fields, "description")
        )
        return {"text": words or title, "interactive": interactive}

    return read


def _template(words: str | None, fields: Mapping[str, Any]) -> Parts:
    template = Template(name=text(fields, "name"), language=word(fields, "language"), category=word(fields, "category"))
    return {"text": words, "template": template}


_READERS: Mapping[str, Callable[[str | None, Mapping[str, Any]], Parts]] = MappingProxyType(
    {
        "location": _location,
        "contacts": _contacts,
        "reaction": _reaction,
        "interactive": _interactive("interactive"),
        "button_reply": _interactive("button_reply"),
        "list_reply": _interactive("list_reply"),
        "template": _template,
    }
)
