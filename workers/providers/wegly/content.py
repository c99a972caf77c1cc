"""What was said: `body_text`, `media`, `call`, and `content_payload`, which no page describes.

`content_payload` is read where it looks like an object of Meta's (`{interactive: {…}}`, `{latitude, longitude}`, …);
any other is left out, and no message is lost for it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from workers.errors import RowUnreadable
from workers.model import Call, Direction, Media, Reaction, Reference
from workers.providers.decoding import Json
from workers.providers.fields import first_word, moment_or_none, number, size, text, word
from workers.providers.kinds import MEDIA_TYPES, REPLY_TYPES, type_of
from workers.providers.meta import Parts
from workers.providers.meta import parts_of as metas_parts_of
from workers.providers.meta.nested import Told, told, unwrapped
from workers.times import iso

#: Wegly's words for what Meta calls otherwise.
_META_WORDS: Mapping[str, str] = MappingProxyType({"contact": "contacts", "vcard": "contacts"})
#: What stands in Meta's `interactive`.
_INTERACTIVE = frozenset({"interactive", "nfm_reply", "form_reply", "button", "list", *REPLY_TYPES})
#: Types that Meta's object may tell more precisely than Wegly's word, and what it may then be.
_FINER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "interactive": frozenset({"button_reply", "list_reply", "form_reply"}),
        "unsupported": frozenset({"button_reply", "list_reply", "form_reply", "interactive", "location", "contacts"}),
        "audio": frozenset({"voice"}),
    }
)
#: Parts that are taken from Meta's object as they are.
_TAKEN = ("location", "contacts", "interactive", "template", "order", "reaction", "forwarded")


def parts_of(raw: Mapping[str, Any], direction: Direction) -> Parts:
    """The parts of a message object that its type decides, its final type among them. Raises RowUnreadable."""
    provider_type, words = word(raw, "type"), text(raw, "body_text")
    media = told(raw.get("media"), "media")
    kind = _kind_of(provider_type, media, direction)
    metas = _metas(provider_type, raw.get("content_payload"))
    found = metas.get("type")
    if kind == "reaction":  # no page shows one: its words are the emoji, unless Meta's object says more
        metas = {"reaction": Reaction(emoji=words, target=Reference(id=quoted_in(raw))), **metas}
    return {
        "type": found if found in _FINER.get(kind, ()) else kind,
        "text": words or metas.get("text"),
        "media": _media_of(raw, kind, media, metas.get("media")),
        "call": _call_of(raw),
        **{name: metas[name] for name in _TAKEN if metas.get(name)},
    }


def _kind_of(provider_type: str | None, media: Told, direction: Direction) -> str:
    """The contract's type. A message that only calls itself `media` (as where one is sent) is what its file is."""
    if (provider_type or "").casefold() != "media":
        return type_of(provider_type, direction)
    general = (word(media.fields, "mime_type") or "").partition("/")[0].casefold()
    return general if general in MEDIA_TYPES else "document"


# --- content_payload -------------------------------------------------------------------------------------


def _metas(provider_type: str | None, payload: Json) -> Parts:
    """What Meta's object in a payload says; nothing where it is none."""
    fields = unwrapped(payload)
    if type(fields) is not dict or not fields or provider_type is None:
        return {}
    try:
        return metas_parts_of(_as_metas(provider_type.casefold(), fields))
    except RowUnreadable:
        return {}


def _as_metas(kind: str, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The payload as a message object of Meta's, at whichever level it begins."""
    kind = _META_WORDS.get(kind, kind)
    if kind in _INTERACTIVE:
        inner = fields.get("interactive", fields)
        return {"type": "interactive", "interactive": inner}
    return {**fields, "type": kind}


# --- files and calls -------------------------------------------------------------------------------------


def _media_of(raw: Mapping[str, Any], kind: str, media: Told, metas: Media | None) -> Media | None:
    """The file. A placeholder, or one that is not downloaded yet, cannot be fetched: it is filled in later."""
    placeholder = raw.get("is_media_placeholder") is True
    fields = media.fields
    if not fields and media.words is None:
        waiting = Media(available=False) if placeholder or kind in MEDIA_TYPES else None
        return metas or waiting
    url, media_id = word(fields, "url") or media.words, word(fields, "id")
    there = fields.get("is_downloaded") is not False and (url is not None or media_id is not None)
    return Media(
        url=url,
        id=media_id,
        mime_type=word(fields, "mime_type"),
        file_name=text(fields, "file_name"),
        size_bytes=size(fields, "file_size"),
        available=there and not placeholder,
    )


def _call_of(raw: Mapping[str, Any]) -> Call | None:
    fields = told(raw.get("call"), "call").fields
    if not fields:
        return None
    duration = number(fields, "duration_ms")
    return Call(
        status=word(fields, "status"),
        direction=word(fields, "direction"),
        started_at=_time(fields, "started_at"),
        ended_at=_time(fields, "ended_at"),
        duration_seconds=None if duration is None else duration / 1000,
        recorded=_recorded(fields),
    )


def _recorded(fields: Mapping[str, Any]) -> bool | None:
    """Whether there is a recording, in whichever of three words it is told."""
    said = [fields[name] for name in ("has_recording", "recording_available") if type(fields.get(name)) is bool]
    return any(said) if said else None


def _time(fields: Mapping[str, Any], name: str) -> str | None:
    at = moment_or_none(fields.get(name), name)
    return None if at is None else iso(at)


def quoted_in(raw: Mapping[str, Any]) -> str | None:
    """The id of the message that this one answers."""
    return first_word(told(raw.get("quoted_message"), "quoted_message").fields, "id")
