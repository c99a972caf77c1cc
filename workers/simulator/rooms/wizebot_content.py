"""What WizeBot keeps of a message: Meta's webhook of what came in, and of what went out whatever was sent. Pure.

Sources: `providers.md` sections 0 and 1.3. Each outgoing message has the form that its own luck draws.
"""

from base64 import b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from workers.simulator.records import Message


class Kept(NamedTuple):
    """A content, who it says sent it, and what a reader should find in it: the type's word, the words, the file."""

    content: dict[str, Any] | str
    sender: str
    type: str
    text: str | None
    media: str | None = None


#: Mime types of the kinds that are files.
_MIME = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mpeg", "voice": "audio/ogg; codecs=opus",
         "document": "application/pdf", "sticker": "image/webp"}  # fmt: skip
#: How the platform words a file of its own.
_LINES = {"image": "📷 Image", "video": "🎥 Video", "audio": "🎵 Audio", "voice": "🎤 Voice", "document": "📄 Document"}
#: Below this luck a message has the rarer of two forms.
_RARE = 0.25


def wamid(of: str, number: str) -> str:
    """An id as Meta makes them: the contact's number stands in it."""
    return "wamid." + b64encode(f"{number}/{of}".encode()).decode()


# --- what came in ----------------------------------------------------------------------------------------


def received(message: Message, text: str | None, luck: float, *, hidden: bool) -> Kept:
    """The whole webhook that told of a message."""
    contact, channel = message.conversation.contact, message.conversation.channel
    kind = "unsupported" if hidden and message.media else message.kind
    word, body = _RECEIVED.get(kind, _file)(message, text, luck)
    told = {
        "from": contact.address,
        "id": wamid(message.id, contact.address),
        "timestamp": str(message.at_ms // 1000),
        **({"errors": body, "type": word} if word == "unsupported" else {word: body, "type": word}),
    }
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": channel.number, "phone_number_id": channel.id},
        "contacts": [{"profile": {"name": contact.name}, "wa_id": contact.address}],
        "messages": [told],
    }
    shown = None if kind == "unsupported" else message.media
    return Kept(webhook(value), "user", word, None if kind == "unsupported" else text, shown)


def webhook(value: dict[str, Any]) -> dict[str, Any]:
    """The envelope around a `value`."""
    changes = [{"value": value, "field": "messages"}]
    return {"object": "whatsapp_business_account", "entry": [{"id": "200300400500600", "changes": changes}]}


def delivery(message: Message) -> dict[str, Any]:
    """A webhook that tells of a delivery and of no message."""
    contact = message.conversation.contact
    told = {"id": wamid(message.id, contact.address), "status": "delivered", "recipient_id": contact.address}
    return webhook({"statuses": [{**told, "timestamp": str(message.updated_ms // 1000)}]})


Received = Callable[[Message, str | None, float], tuple[str, Any]]


def _file(message: Message, text: str | None, luck: float) -> tuple[str, Any]:
    kind = "audio" if message.kind == "voice" else message.kind
    number = int(luck * 10**15)
    body = {"id": f"{number:015d}", "mime_type": _MIME[message.kind], "sha256": b64encode(b"%032d" % number).decode()}
    extra: dict[str, dict[str, Any]] = {
        "image": {"caption": text},
        "video": {"caption": text},
        "document": {"caption": text, "filename": f"nota {number % 1000}.pdf"},
        "audio": {"voice": message.kind == "voice"},
        "sticker": {"animated": luck < _RARE},
    }
    further = {name: value for name, value in extra[kind].items() if value is not None}
    return kind, {**body, **further, "url": message.media}


def _place(text: str | None) -> dict[str, Any]:
    latitude, _, longitude = (text or "0,0").partition(",")
    return {"latitude": float(latitude), "longitude": float(longitude), "name": "Loja"}


def _cards(message: Message, text: str | None, luck: float) -> tuple[str, Any]:
    name = message.conversation.contact.name
    phones = [{"phone": f"+{text}", "wa_id": text, "type": "CELL"}]
    org = {"org": {"company": "Flores & Cia"}} if luck < _RARE else {}
    return "contacts", [{"name": {"formatted_name": name, "first_name": name}, "phones": phones, **org}]


def _tap(message: Message, text: str | None, luck: float) -> tuple[str, Any]:  # noqa: ARG001 - one form for all
    if luck < 2 * _RARE:
        return "button", {"payload": f"PAYLOAD_{text}", "text": text}
    return "interactive", {"type": "button_reply", "button_reply": {"id": f"b::{text}", "title": text}}


def _row(message: Message, text: str | None, luck: float) -> tuple[str, Any]:
    if luck < _RARE:
        answers = orjson.dumps({"flow_token": message.id, "choice": text}).decode()
        reply = {"name": "flow", "body": text, "response_json": answers}
        return "interactive", {"type": "nfm_reply", "nfm_reply": reply}
    reply = {"id": f"r::{text}", "title": text, "description": "opção"}
    return "interactive", {"type": "list_reply", "list_reply": reply}


def _order(message: Message, text: str | None, luck: float) -> tuple[str, Any]:  # noqa: ARG001 - one form for all
    item = {"product_retailer_id": f"SKU-{int(luck * 1000)}", "quantity": 2, "item_price": 19.9, "currency": "BRL"}
    return "order", {"catalog_id": "700800", "text": text, "product_items": [item]}


def _reaction(message: Message, text: str | None, luck: float) -> tuple[str, Any]:  # noqa: ARG001 - one form for all
    target = wamid(message.id[::-1], message.conversation.contact.address)
    return "reaction", {"message_id": target, "emoji": text}


_NOT_SHOWN = [{"code": 131051, "title": "Message type unknown", "error_data": {"details": "Not supported."}}]
_RECEIVED: dict[str, Received] = {
    "text": lambda _, text, __: ("text", {"body": text}),
    "location": lambda _, text, __: ("location", _place(text)),
    "contacts": _cards,
    "button_reply": _tap,
    "list_reply": _row,
    "order": _order,
    "reaction": _reaction,
    "unsupported": lambda *_: ("unsupported", _NOT_SHOWN),
}


# --- what went out ---------------------------------------------------------------------------------------


def sent(message: Message, text: str | None, luck: float, *, documented: bool) -> Kept:
    """What was sent, in the form in which it was kept."""
    if message.kind == "text":
        forms = _DOCUMENTED if documented else _FORMS
        return next(form for share, form in forms if luck < share)(message, text)
    if message.media is None:
        word, body = _RECEIVED[message.kind](message, text, luck)
        return Kept(_send_body(message, word, body), "bot", word, text)
    line = _LINES.get(message.kind)
    if line and luck < _RARE and not documented and text is None:
        words = f"{line}: {message.media}"
        return Kept(_send_body(message, "text", {"body": words}), "bot", message.kind, words, message.media)
    word = "audio" if message.kind == "voice" else message.kind
    body = {"link": message.media, **({"caption": text} if text is not None else {})}
    return Kept(_send_body(message, word, body), "bot", word, text, message.media)


def _send_body(message: Message, word: str, body: object) -> dict[str, Any]:
    to = message.conversation.contact.address
    around = {"delay_in_reply": 0, "messaging_product": "whatsapp", "recipient_type": "individual", "to": to}
    return {**around, "type": word, word: body}


def _text(message: Message, text: str | None) -> Kept:
    body = {"preview_url": False, "body": text}
    return Kept(_send_body(message, "text", body), "bot", "text", text)


def _buttons(message: Message, text: str | None) -> Kept:
    replies = [{"type": "reply", "reply": {"id": f"{name}::x", "title": name}} for name in ("Sim", "Não")]
    offered = {
        "header": {"type": "text", "text": "Pedido"},
        "body": {"text": text},
        "type": "button",
        "action": {"buttons": replies},
    }
    return Kept(_send_body(message, "interactive", offered), "bot", "interactive", text)


def _list(message: Message, text: str | None) -> Kept:
    rows = [{"id": f"r{n}", "title": f"Opção {n}", "description": "…"} for n in (1, 2)]
    action = {"button": "Ver opções", "sections": [{"title": "Opções", "rows": rows}]}
    offered = {"type": "list", "body": {"text": text}, "footer": {"text": "Loja"}, "action": action}
    return Kept(_send_body(message, "interactive", offered), "bot", "interactive", text)


def _definition(message: Message, text: str | None) -> Kept:  # noqa: ARG001 - says neither type nor receiver
    components = [{"type": "BODY", "text": text, "example": {"body_text": [["Ana"]]}}]
    content = {"name": "aviso", "language": "pt_BR", "category": "UTILITY", "components": components}
    return Kept(content, "automation", "template", text)


def _template(message: Message, text: str | None) -> Kept:
    parameters = [{"type": "text", "text": text}]
    body = {"name": "aviso", "language": {"code": "pt_BR"}, "components": [{"type": "body", "parameters": parameters}]}
    return Kept(_send_body(message, "template", body), "automation", "template", None)


def _bare_object(message: Message, text: str | None) -> Kept:
    return Kept(
        {"messaging_product": "whatsapp", "to": message.conversation.contact.address, "text": text}, "bot", "text", text
    )


Form = Callable[[Message, str | None], Kept]
#: Forms of outgoing words, each with the luck up to which it is drawn.
_DOCUMENTED: tuple[tuple[float, Form], ...] = ((0.8, _text), (1.0, _buttons))
_FORMS: tuple[tuple[float, Form], ...] = (
    (0.45, _text),
    (0.55, _bare_object),
    (0.62, lambda _, text: Kept({"text": text, "type": "text"}, "bot", "text", text)),
    (0.68, lambda _, text: Kept({"body": text}, "bot", "text", text)),
    (0.74, lambda _, text: Kept(text or "", "bot", "text", text)),
    (0.84, _buttons),
    (0.88, _list),
    (0.94, _definition),
    (0.96, _template),
    (1.0, lambda _, text: Kept(text or "", "system", "system", text)),
)
