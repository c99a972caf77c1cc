"""Buttons, lists and forms: what was offered (`{type, header, body, footer, action}`), and what was answered."""

from collections.abc import Iterator, Mapping
from typing import Any

from workers.model import Button, Interactive
from workers.providers.fields import first_word, text, word
from workers.providers.meta.files import FILES, media_of
from workers.providers.meta.nested import Fields, Told, items, storable, told, unwrapped

#: The answers whose form is known: Meta's word and the contract's type.
_REPLIES = {"button_reply": "button_reply", "list_reply": "list_reply", "nfm_reply": "form_reply"}


def interactive_parts(given: Told) -> dict[str, Any]:
    """The parts of an interactive message, offered or answered. Raises RowUnreadable."""
    fields = given.fields
    kind = word(fields, "type") or next((name for name in _REPLIES if name in fields), None)
    if kind == "nfm_reply":
        return _form(told(fields.get(kind), kind))
    if kind in _REPLIES:
        return _choice(_REPLIES[kind], told(fields.get(kind), kind))
    if kind is not None and kind.endswith("_reply"):
        return _unknown_reply(kind, fields)
    return _offer(given, kind)


def button_parts(given: Told) -> dict[str, Any]:
    """A tap on a template's quick reply: `{payload, text}`."""
    title = text(given.fields, "text") or given.words
    chosen = Interactive(kind="button_reply", id=word(given.fields, "payload"), title=title)
    return {"type": "button_reply", "text": title, "interactive": chosen}


def _choice(kind: str, reply: Told) -> dict[str, Any]:
    title = text(reply.fields, "title") or reply.words
    chosen = Interactive(
        kind=kind, id=word(reply.fields, "id"), title=title, description=text(reply.fields, "description")
    )
    return {"type": kind, "text": title, "interactive": chosen}


def _form(reply: Told) -> dict[str, Any]:
    """A filled-in form; its answers are a JSON text inside."""
    answers = storable(unwrapped(reply.fields.get("response_json")), "response_json")
    body = text(reply.fields, "body") or reply.words
    filled = Interactive(kind="form_reply", title=text(reply.fields, "name"), response=answers)
    return {"type": "form_reply", "text": body, "interactive": filled}


def _unknown_reply(kind: str, fields: Fields) -> dict[str, Any]:
    reply = unwrapped(fields.get(kind))
    return {"type": "interactive", "interactive": Interactive(kind=kind, response=storable(reply, kind))}


# --- what was offered ------------------------------------------------------------------------------------


def _offer(given: Told, kind: str | None) -> dict[str, Any]:
    fields = given.fields
    header, action = told(fields.get("header"), "header"), told(fields.get("action"), "action").fields
    file = next((name for name in FILES if name in header.fields), None)
    offered = Interactive(
        kind=kind,
        title=text(action, "button"),
        header=text(header.fields, "text") or header.words,
        footer=_words(fields, "footer"),
        buttons=tuple(_buttons(action)),
    )
    return {
        "type": "interactive",
        "text": _words(fields, "body") or given.words,
        "media": None if file is None else media_of(told(header.fields[file], file)),
        "interactive": offered,
    }


def _words(fields: Mapping[str, Any], name: str) -> str | None:
    part = told(fields.get(name), name)
    return text(part.fields, "text") or part.words


def _buttons(action: Fields) -> Iterator[Button]:
    """Everything that can be tapped: reply buttons, rows of a list, products, the one button of a link or form."""
    for button in items(action.get("buttons"), "buttons"):
        reply = told(button.get("reply", button), "reply").fields
        yield Button(id=word(reply, "id"), title=text(reply, "title"))
    for section in items(action.get("sections"), "sections"):
        for row in (*items(section.get("rows"), "rows"), *items(section.get("product_items"), "product_items")):
            yield Button(id=first_word(row, "id", "product_retailer_id"), title=text(row, "title"))
    single = {**action, **told(action.get("parameters"), "parameters").fields}
    only = Button(
        id=first_word(single, "url", "flow_id", "product_retailer_id", "thumbnail_product_retailer_id"),
        title=first_word(single, "display_text", "flow_cta"),
    )
    if only.id or only.title:
        yield only
