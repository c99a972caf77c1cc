"""Every type of Meta's message object: what is received, what is sent, what is left out."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.providers.kit_pages import TYPES, values, written
from workers.errors import RowUnreadable
from workers.model import (
    Button,
    Call,
    ContactCard,
    Interactive,
    Location,
    Media,
    Order,
    OrderItem,
    Phone,
    Reaction,
    Reference,
    StatusError,
    Template,
)
from workers.providers.decoding import decode
from workers.providers.meta import error_of, parts_of
from workers.providers.reasons import ROW_REASONS


def parts(kind, body, **fields):
    """What a message of this type says, without what every message has."""
    got = parts_of({"from": "5511988880000", "id": "wamid.1", "type": kind, kind: body, **fields})
    assert (got.pop("provider_type"), got.pop("forwarded")) == (kind, None)
    return {name: value for name, value in got.items() if value is not None}


SHA = "Zm9vYmFy"


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("text", {"body": "oi"}, {"type": "text", "text": "oi"}),
        ("text", {"body": "oi", "preview_url": True}, {"type": "text", "text": "oi"}),
        ("text", "oi", {"type": "text", "text": "oi"}),
        ("text", {"body": ""}, {"type": "text"}),
        ("text", {"body": 12}, {"type": "text", "text": "12"}),
        (
            "image",
            {"id": "77", "mime_type": "image/jpeg", "sha256": SHA, "caption": "olha", "url": "https://x.example/a"},
            {
                "type": "image",
                "text": "olha",
                "media": Media(url="https://x.example/a", id="77", mime_type="image/jpeg", sha256=SHA),
            },
        ),
        (
            "image",
            {"link": "https://x.example/a.jpg"},
            {"type": "image", "media": Media(url="https://x.example/a.jpg")},
        ),
        ("image", "https://x.example/a.jpg", {"type": "image", "media": Media(url="https://x.example/a.jpg")}),
        ("image", {}, {"type": "image", "media": Media(available=False)}),
        ("image", None, {"type": "image", "media": Media(available=False)}),
        ("video", {"id": "78", "caption": "v"}, {"type": "video", "text": "v", "media": Media(id="78")}),
        ("audio", {"id": "79", "voice": False}, {"type": "audio", "media": Media(id="79")}),
        ("audio", {"id": "79", "voice": True}, {"type": "voice", "media": Media(id="79")}),
        ("voice", {"id": "79"}, {"type": "voice", "media": Media(id="79")}),
        (
            "document",
            {"id": "80", "filename": "nota fiscal.pdf", "mime_type": "application/pdf", "file_size": 12345},
            {
                "type": "document",
                "media": Media(id="80", file_name="nota fiscal.pdf", mime_type="application/pdf", size_bytes=12345),
            },
        ),
        ("sticker", {"id": "81", "animated": True}, {"type": "sticker", "media": Media(id="81")}),
        (
            "location",
            {"latitude": -23.55, "longitude": "-46.63", "name": "Sé", "address": "Praça", "url": "https://m.example"},
            {
                "type": "location",
                "location": Location(
                    latitude=-23.55, longitude=-46.63, name="Sé", address="Praça", url="https://m.example"
                ),
            },
        ),
        ("location", {}, {"type": "location"}),
        (
            "contacts",
            [
                {
                    "name": {"formatted_name": "Ana Lima", "first_name": "Ana"},
                    "phones": [{"phone": "+55 11 98888-0000", "wa_id": "5511988880000", "type": "CELL"}, {}],
                    "emails": [{"email": "ana@x.example", "type": "WORK"}, {}],
                    "org": {"company": "Flores", "title": "CEO"},
                    "birthday": "1990-01-01",
                },
                {"name": {"first_name": "Bia", "last_name": "Souza"}},
                {},
            ],
            {
                "type": "contacts",
                "contacts": (
                    ContactCard(
                        name="Ana Lima",
                        phones=(Phone(number="5511988880000", wa_id="5511988880000", type="CELL"), Phone()),
                        emails=("ana@x.example",),
                        organization="Flores",
                    ),
                    ContactCard(name="Bia Souza"),
                    ContactCard(),
                ),
            },
        ),
        (
            "button",
            {"payload": "P1", "text": "Sim"},
            {
                "type": "button_reply",
                "text": "Sim",
                "interactive": Interactive(kind="button_reply", id="P1", title="Sim"),
            },
        ),
        (
            "order",
            {
                "catalog_id": "700",
                "text": "por favor",
                "product_items": [
                    {"product_retailer_id": "SKU", "quantity": "2", "item_price": 19.9, "currency": "BRL"},
                    {"product_retailer_id": 7, "quantity": 1},
                ],
            },
            {
                "type": "order",
                "text": "por favor",
                "order": Order(
                    catalog_id="700",
                    items=(
                        OrderItem(product_id="SKU", quantity=2.0, price=19.9, currency="BRL"),
                        OrderItem(product_id="7", quantity=1.0),
                    ),
                ),
            },
        ),
        (
            "reaction",
            {"message_id": "wamid.9", "emoji": "👍"},
            {"type": "reaction", "reaction": Reaction(emoji="👍", target=Reference(wamid="wamid.9"))},
        ),
        (
            "reaction",
            {"message_id": "wamid.9"},
            {"type": "reaction", "reaction": Reaction(emoji=None, target=Reference(wamid="wamid.9"))},
        ),
        (
            "reaction",
            {"message_id": "wamid.9", "emoji": ""},
            {"type": "reaction", "reaction": Reaction(emoji=None, target=Reference(wamid="wamid.9"))},
        ),
        (
            "system",
            {"body": "User A changed from 1 to 2", "wa_id": "2", "type": "user_changed_number"},
            {"type": "system", "text": "User A changed from 1 to 2"},
        ),
        ("system", {"type": "customer_identity_changed", "identity": "x", "customer": "1"}, {"type": "system"}),
        (
            "template",
            {
                "name": "aviso",
                "language": {"code": "pt_BR", "policy": "deterministic"},
                "components": [
                    {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://x.example/h"}}]},
                    {
                        "type": "body",
                        "parameters": [
                            {"type": "text", "text": "Ana"},
                            {"type": "currency", "currency": {"fallback_value": "R$ 2", "code": "BRL"}},
                            {"type": "date_time", "date_time": {"fallback_value": "hoje"}},
                        ],
                    },
                    {"type": "button", "sub_type": "quick_reply", "parameters": [{"type": "payload", "payload": "P"}]},
                ],
            },
            {
                "type": "template",
                "media": Media(url="https://x.example/h"),
                "template": Template(
                    name="aviso",
                    language="pt_BR",
                    parameters=(
                        {"type": "image", "image": {"link": "https://x.example/h"}},
                        "Ana",
                        "R$ 2",
                        "hoje",
                        "P",
                    ),
                ),
            },
        ),
        (
            "call",
            {
                "status": "COMPLETED",
                "direction": "USER_INITIATED",
                "start_time": "1760000000",
                "end_time": "1760000012",
                "duration": 12,
            },
            {
                "type": "call",
                "call": Call(
                    status="COMPLETED",
                    direction="USER_INITIATED",
                    started_at="2025-10-09T08:53:20.000Z",
                    ended_at="2025-10-09T08:53:32.000Z",
                    duration_seconds=12.0,
                ),
            },
        ),
        ("poll", {"question": "?"}, {"type": "unsupported"}),
        ("poll", {"title": "Qual?"}, {"type": "unsupported", "text": "Qual?"}),
        ("poll", "Qual?", {"type": "unsupported", "text": "Qual?"}),
        ("poll", [["odd"]], {"type": "unsupported"}),
        ("unknown", None, {"type": "unsupported"}),
    ],
)
def test_a_type_has_its_parts(kind, body, expected):
    assert parts(kind, body) == expected


# --- interactive ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", ["button_reply", "list_reply"])
def test_a_chosen_button_or_row(reply):
    chosen = {"id": "a::1", "title": "Pix", "description": "à vista"}
    for body in ({"type": reply, reply: chosen}, {reply: chosen}, json.dumps({"type": reply, reply: chosen})):
        assert parts("interactive", body) == {
            "type": reply,
            "text": "Pix",
            "interactive": Interactive(kind=reply, id="a::1", title="Pix", description="à vista"),
        }


@pytest.mark.parametrize(
    ("answers", "response"),
    [
        ('{"name":"Ana","tags":["a",1]}', {"name": "Ana", "tags": ["a", 1]}),
        ({"name": "Ana"}, {"name": "Ana"}),
        ('"{\\"a\\":1}"', {"a": 1}),
        ("no JSON", "no JSON"),
        ('{"cut', '{"cut'),
        (None, None),
    ],
)
def test_a_form_is_answered_with_json_inside_json_inside_json(answers, response):
    body = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": answers}}
    assert parts("interactive", body) == {
        "type": "form_reply",
        "text": "Sent",
        "interactive": Interactive(kind="form_reply", title="flow", response=response),
    }


def test_an_answer_of_a_kind_never_seen_is_kept_whole():
    body = {"type": "call_permission_reply", "call_permission_reply": {"response": "accept", "is_permanent": True}}
    assert parts("interactive", body) == {
        "type": "interactive",
        "interactive": Interactive(kind="call_permission_reply", response={"response": "accept", "is_permanent": True}),
    }


def test_buttons_that_were_offered():
    body = {
        "type": "button",
        "header": {"type": "image", "image": {"link": "https://x.example/h.jpg"}},
        "body": {"text": "Como quer pagar?"},
        "footer": {"text": "Loja"},
        "action": {
            "buttons": [{"type": "reply", "reply": {"id": "1", "title": "Pix"}}, {"id": "2", "title": "Boleto"}]
        },
    }
    assert parts("interactive", body) == {
        "type": "interactive",
        "text": "Como quer pagar?",
        "media": Media(url="https://x.example/h.jpg"),
        "interactive": Interactive(
            kind="button", footer="Loja", buttons=(Button(id="1", title="Pix"), Button(id="2", title="Boleto"))
        ),
    }


def test_a_list_that_was_offered():
    rows = [{"id": "r1", "title": "Um", "description": "x"}, {"id": "r2", "title": "Dois"}]
    action = {
        "button": "Ver",
        "sections": [{"title": "A", "rows": rows}, {"product_items": [{"product_retailer_id": "S"}]}],
    }
    body = {"type": "list", "header": {"type": "text", "text": "Oi"}, "body": {"text": "Escolha"}, "action": action}
    assert parts("interactive", body) == {
        "type": "interactive",
        "text": "Escolha",
        "interactive": Interactive(
            kind="list",
            title="Ver",
            header="Oi",
            buttons=(Button(id="r1", title="Um"), Button(id="r2", title="Dois"), Button(id="S")),
        ),
    }


@pytest.mark.parametrize(
    ("action", "button"),
    [
        ({"name": "cta_url", "parameters": {"display_text": "Abrir", "url": "https://x.example"}},
         Button(id="https://x.example", title="Abrir")),
        ({"name": "flow", "parameters": {"flow_id": "9", "flow_cta": "Preencher"}}, Button(id="9", title="Preencher")),
        ({"catalog_id": "700", "product_retailer_id": "SKU"}, Button(id="SKU")),
    ],
)  # fmt: skip
def test_the_one_button_of_a_link_a_form_or_a_product(action, button):
    got = parts("interactive", {"type": "x", "body": {"text": "b"}, "action": action})
    assert got["interactive"].buttons == (button,)


def test_a_template_as_it_is_defined():
    definition = {
        "name": "aviso",
        "language": "pt_BR",
        "category": "MARKETING",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "Oi"},
            {"type": "BODY", "text": "Olá {{1}}, #name#", "example": {"body_text": [["Ana"]]}},
            {"type": "FOOTER", "text": "Loja"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Sim"},
                    {"type": "URL", "text": "Abrir", "url": "https://x.example/{{1}}"},
                    {"type": "PHONE_NUMBER", "text": "Ligar", "phone_number": "+5511"},
                ],
            },
        ],
    }
    expected = {
        "provider_type": None,
        "forwarded": None,
        "type": "template",
        "text": "Olá {{1}}, #name#",
        "media": None,
        "interactive": Interactive(
            kind="template",
            header="Oi",
            footer="Loja",
            buttons=(
                Button(title="Sim"),
                Button(id="https://x.example/{{1}}", title="Abrir"),
                Button(id="+5511", title="Ligar"),
            ),
        ),
        "template": Template(name="aviso", language="pt_BR", category="MARKETING"),
    }
    assert parts_of(definition) == expected
    assert parts_of({**definition, "components": json.dumps(definition["components"])}) == expected
    assert parts_of({**definition, "type": "template"}) == {**expected, "provider_type": "template"}


# --- what any message may have --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "reply_to", "forwarded"),
    [
        ({"from": "1", "id": "wamid.8"}, Reference(wamid="wamid.8"), None),
        ({"message_id": "wamid.8"}, Reference(wamid="wamid.8"), None),
        ({"forwarded": True}, None, True),
        ({"forwarded": False, "frequently_forwarded": True}, None, True),
        ({"forwarded": False}, None, False),
        ({"referred_product": {"catalog_id": "1"}}, None, None),
        (None, None, None),
    ],
)
def test_what_a_message_answers_and_whether_it_was_forwarded(context, reply_to, forwarded):
    got = parts_of({"type": "text", "text": {"body": "x"}, "context": context})
    assert (got.get("reply_to"), got["forwarded"]) == (reply_to, forwarded)


def test_a_reaction_has_a_target_and_quotes_nothing():
    got = parts_of({"type": "reaction", "reaction": {"message_id": "wamid.1"}, "context": {"id": "wamid.1"}})
    assert "reply_to" not in got


@pytest.mark.parametrize(
    ("message", "kind", "text"),
    [
        ({"messaging_product": "whatsapp", "to": "1", "text": "oi"}, "text", "oi"),
        ({"text": {"body": "oi"}}, "text", "oi"),
        ({"body": "oi"}, "text", "oi"),
        ({"type": "text", "body": "oi"}, "text", "oi"),
        ({"to": "1", "image": {"link": "https://x.example/a", "caption": "c"}}, "image", "c"),
        ({"type": "image", "url": "https://x.example/a", "caption": "c", "id": "wamid.1"}, "image", "c"),
        ({"type": "Text", "text": {"body": "oi"}}, "text", "oi"),
    ],
)
def test_an_object_may_leave_its_type_or_a_level_out(message, kind, text):
    got = parts_of(message)
    assert (got["type"], got["text"]) == (kind, text)
    if kind == "image":
        assert got["media"] == Media(url="https://x.example/a")


def test_what_stands_around_a_content_is_none():
    around = {"to": "1", "delay_in_reply": 0, "recipient_type": "individual", "referral": {}, "identity": {}}
    assert parts_of({"type": "contacts", **around})["contacts"] == ()


def test_what_a_hidden_message_was_is_its_type():
    got = parts_of({"type": "unsupported", "unsupported": {"type": "poll_creation"}, "errors": [{"code": 131051}]})
    assert (got["type"], got["provider_type"], got["text"]) == ("unsupported", "poll_creation", None)


@pytest.mark.parametrize(
    ("errors", "error"),
    [
        (
            [{"code": 131051, "title": "T", "message": "M", "error_data": {"details": "D"}}, {"code": 1}],
            StatusError(code="131051", message="D"),
        ),
        ([{"code": 131060, "title": "T"}], StatusError(code="131060", message="T")),
        ([{}], None),
        ([], None),
        ("x", None),
        (None, None),
    ],
)
def test_why_a_message_is_not_shown(errors, error):
    assert error_of({"errors": errors}) == error


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"foo": 1},
        {"type": "text", "text": {"body": {"deep": 1}}},
        {"type": "text", "text": ["x"]},
        {"type": ["text"]},
        {"type": "contacts", "contacts": ["x"]},
        {"type": "order", "order": {"product_items": [{"quantity": "many"}]}},
        {"type": "image", "image": [1]},
        {"type": "interactive", "interactive": {"type": "button", "action": {"buttons": [1]}}},
    ],
)
def test_a_shape_that_nobody_knows_is_told(message):
    with pytest.raises(RowUnreadable) as caught:
        parts_of(message)
    assert caught.value.reason == "bad_shape"


@pytest.mark.parametrize("token", ["NaN", "9" * 400, "[" * 3000 + "]" * 3000])
def test_an_absurd_answer_is_told(token):
    message = {"type": "interactive", "interactive": {"nfm_reply": {"response_json": {"a": "here"}}}}
    with pytest.raises(RowUnreadable) as caught:
        parts_of(decode(json.dumps(message).replace('"here"', token).encode()))
    assert caught.value.reason == "absurd_value"


def outcome(message):
    """The type of a message object, or why it has none."""
    try:
        got = parts_of(message)
    except RowUnreadable as error:
        return error.reason
    assert got.get("text") != ""
    return got["type"]


KINDS = [
    *("text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "button"),
    *("reaction", "order", "system", "unsupported", "template", "call", "poll"),
]


@given(kind=st.sampled_from(KINDS), body=values, context=values)
@settings(max_examples=300, deadline=None)
def test_any_content_has_parts_or_a_reason(kind, body, context):
    message = decode(written({"type": kind, kind: body, "context": context}))
    assert outcome(message) in TYPES | set(ROW_REASONS)
