import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.providers.kit_pages import assert_lawful, outcome, values
from tests.unit.providers.ogmma_samples import CONVERSATION, answered, feed, message, normalised, ogmma, row
from workers.errors import RowUnreadable
from workers.model import (
    Author,
    Contact,
    ContactCard,
    Interactive,
    Location,
    Media,
    Phone,
    Reaction,
    Reference,
    Status,
    Template,
)

# --- who, when, how it was delivered --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "direction", "author", "contact"),
    [
        ("INBOUND", "inbound", "contact", "5511900000001"),
        (" inbound ", "inbound", "contact", "5511900000001"),
        ("Outbound", "outbound", "unknown", "5511988880000"),
        ("SIDEWAYS", "unknown", "unknown", None),
        (None, "unknown", "unknown", None),
    ],
)
def test_direction_says_who_wrote_and_who_the_contact_is(told, direction, author, contact):
    result = normalised(direction=told)
    assert result.message.direction == direction
    assert result.message.author == Author(kind=author)
    assert result.conversation.contact == Contact(address=contact)


def test_a_system_notice_is_internal_whoever_sent_it():
    result = normalised(type="system", direction="INBOUND", content="Conversa atribuída")
    assert (result.message.direction, result.message.author.kind, result.message.type) == (
        "internal",
        "system",
        "system",
    )
    assert (result.message.text, result.message.status.state) == ("Conversa atribuída", None)
    assert result.conversation.contact.address == "5511900000001"


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("+55 (11) 98888-0000", "5511988880000"),
        (5511988880000, "5511988880000"),
        ("5511988880000@s.whatsapp.net", "5511988880000"),
        ("5511988880000:12@s.whatsapp.net", "5511988880000"),
        ("123456789@lid", "123456789@lid"),
        ("BR.1605000000000001", "BR.1605000000000001"),
        ("120363000000000001@g.us", "120363000000000001@g.us"),
        ("", None),
        (None, None),
    ],
)
def test_addresses_are_digits_or_what_they_are(told, address):
    assert message(to=told).to == address


@pytest.mark.parametrize(
    ("told", "state", "provider"),
    [
        ("PENDING", "pending", "PENDING"),
        ("sent", "sent", "sent"),
        (" Delivered ", "delivered", "Delivered"),
        ("READ", "read", "READ"),
        ("PLAYED", "played", "PLAYED"),
        ("FAILED", "failed", "FAILED"),
        ("SERVER_ACK", None, "SERVER_ACK"),
        (3, None, "3"),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_status_is_a_state_where_its_word_is_one(told, state, provider):
    assert message(status=told).status == Status(state=state, provider=provider, at="2026-01-05T13:00:04.000Z")
    assert message(status=told, direction="INBOUND").status.state is None


@pytest.mark.parametrize("told", [None, "", "soon", 0, {}, [], True])
def test_a_message_does_without_the_time_of_its_status(told):
    assert message(updatedAt=told).status.at is None


@pytest.mark.parametrize(
    ("told", "sent_at"),
    [
        ("2026-01-05T12:00:00Z", "2026-01-05T12:00:00.000Z"),
        ("2026-01-05T09:00:00.123456-03:00", "2026-01-05T12:00:00.123Z"),
        ("2026-01-05 12:00:00", "2026-01-05T12:00:00.000Z"),
        (" 2026-01-05T12:00:00.5Z ", "2026-01-05T12:00:00.500Z"),
        (1767614400, "2026-01-05T12:00:00.000Z"),
        ("1767614400123", "2026-01-05T12:00:00.123Z"),
        (1767614400.5, "2026-01-05T12:00:00.500Z"),
        (1767614400123456, "2026-01-05T12:00:00.123Z"),
        (1767614400123456789, "2026-01-05T12:00:00.123Z"),
    ],
)
def test_times_are_read_in_any_usual_form(told, sent_at):
    assert message(createdAt=told).sent_at == sent_at


# --- what was said --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("text", "text"),
        ("TEXT", "text"),
        ("image", "image"),
        ("video", "video"),
        ("audio", "audio"),
        ("ptt", "voice"),
        ("document", "document"),
        ("file", "document"),
        ("sticker", "sticker"),
        ("template", "template"),
        ("call", "call"),
        ("order", "order"),
        ("interactive", "interactive"),
        ("button", "interactive"),
        ("list", "interactive"),
        ("poll", "unsupported"),
        ("", "unsupported"),
        (None, "unsupported"),
        (7, "unsupported"),
    ],
)
def test_a_type_is_the_contracts_word_or_unsupported_and_keeps_its_text(told, kind):
    result = message(type=told, content="words")
    assert result.type == kind
    assert result.text == "words"
    assert result.provider_type == (None if told in ("", None) else str(told))


def test_a_tap_comes_from_a_contact():
    result = message(type="button", direction="INBOUND", content="Sim")
    assert (result.type, result.text) == ("button_reply", "Sim")
    assert result.interactive == Interactive(kind="button_reply", title="Sim")
    result = message(type="list", direction="INBOUND", content={"id": "r1", "title": "Azul", "description": "o mar"})
    assert result.type == "list_reply"
    assert result.text == "Azul"
    assert result.interactive == Interactive(kind="list_reply", id="r1", title="Azul", description="o mar")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("oi", "oi"),
        ('{"text":"said by a person"}', '{"text":"said by a person"}'),
        ({"text": "oi"}, "oi"),
        ({"body": "oi"}, "oi"),
        ({"text": {"body": "oi"}}, "oi"),
        (42, "42"),
        (" ", " "),
        ("", None),
        (None, None),
        ({}, None),
        ({"text": ""}, None),
    ],
)
def test_words_are_read_from_a_text_or_an_object(content, text):
    assert message(content=content).text == text


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
@pytest.mark.parametrize(
    ("fields", "text", "media"),
    [
        ({"content": "legenda", "mediaUrl": "https://m/1"}, "legenda", Media(url="https://m/1")),
        ({"content": "", "mediaUrl": "https://m/1"}, None, Media(url="https://m/1")),
        ({"content": "https://m/1", "mediaUrl": None}, None, Media(url="https://m/1")),
        ({"content": "https://m/1", "mediaUrl": "https://m/1"}, None, Media(url="https://m/1")),
        ({"content": "see https://m/1", "mediaUrl": None}, "see https://m/1", Media(available=False)),
        ({"content": None, "mediaUrl": None}, None, Media(available=False)),
        ({"content": {"imageUrl": "https://m/1"}}, None, Media(url="https://m/1")),
        ({"content": {"mediaId": "77", "caption": "c"}}, "c", Media(id="77")),
        (
            {
                "content": {
                    "url": "https://m/1",
                    "caption": "c",
                    "fileName": "a.pdf",
                    "mimeType": "x/y",
                    "fileSize": "12",
                }
            },
            "c",
            Media(url="https://m/1", file_name="a.pdf", mime_type="x/y", size_bytes=12),
        ),
        ({"content": '{"url":"https://m/1","caption":"c"}'}, "c", Media(url="https://m/1")),
        (
            {"content": None, "mediaUrl": "https://m/1", "caption": "c", "fileName": "a.pdf", "fileSize": -1},
            "c",
            Media(url="https://m/1", file_name="a.pdf"),
        ),
    ],
)
def test_a_file_is_read_wherever_it_stands(kind, fields, text, media):
    result = message(type=kind, **fields)
    assert (result.type, result.text, result.media) == (kind, text, media)


def test_a_recording_marked_as_such_is_a_voice_message():
    assert message(type="audio", content={"url": "https://m/1", "ptt": True}).type == "voice"
    assert message(type="audio", content={"url": "https://m/1", "ptt": False}).type == "audio"


def test_a_file_beside_words_of_any_type_is_kept():
    assert message(mediaUrl="https://m/1").media == Media(url="https://m/1")
    assert message(content={"text": "oi", "link": "https://m/1"}).media == Media(url="https://m/1")
    assert message(type="poll", mediaUrl="https://m/1").media == Media(url="https://m/1")


@pytest.mark.parametrize(
    ("content", "text", "location"),
    [
        ("-23.5505, -46.6333", None, Location(latitude=-23.5505, longitude=-46.6333)),
        ("Praça da Sé", "Praça da Sé", None),
        ("123.0,4.0", "123.0,4.0", None),
        (
            {"latitude": "-23.5", "longitude": 0, "name": "Sé", "address": "Praça", "url": "https://p"},
            None,
            Location(latitude=-23.5, longitude=0.0, name="Sé", address="Praça", url="https://p"),
        ),
        ({"latitude": 1e-7, "longitude": -4, "text": "1,2"}, None, Location(latitude=1e-7, longitude=-4.0)),
        ({"text": "-1.5,2"}, None, Location(latitude=-1.5, longitude=2.0)),
        ({"name": "Sé"}, None, Location(name="Sé")),
        ({"latitude": None}, None, None),
    ],
)
def test_a_place(content, text, location):
    result = message(type="location", content=content)
    assert (result.text, result.location) == (text, location)


@pytest.mark.parametrize(
    ("content", "text", "contacts"),
    [
        ("+55 11 98888-7777", None, (ContactCard(phones=(Phone(number="5511988887777"),)),)),
        ("BEGIN:VCARD", "BEGIN:VCARD", ()),
        (
            {"name": "Maria", "phone": "5511988887777", "email": "m@x", "organization": "Loja"},
            None,
            (ContactCard(name="Maria", phones=(Phone(number="5511988887777"),), emails=("m@x",), organization="Loja"),),
        ),
        (
            {"contacts": [{"name": "Ana"}, {"phone": "+1"}], "text": "dois"},
            "dois",
            (ContactCard(name="Ana"), ContactCard(phones=(Phone(number="1"),))),
        ),
        ({"contact": {"name": "Ana"}}, None, (ContactCard(name="Ana"),)),
        ({"text": "só palavras"}, "só palavras", ()),
        (None, None, ()),
    ],
)
def test_contact_cards(content, text, contacts):
    result = message(type="contact", content=content)
    assert (result.type, result.text, result.contacts) == ("contacts", text, contacts)


@pytest.mark.parametrize(
    ("content", "reaction"),
    [
        ({"messageId": "66aa", "emoji": "👍"}, Reaction(emoji="👍", target=Reference(id="66aa"))),
        ({"messageId": "wamid.X=", "emoji": "👍"}, Reaction(emoji="👍", target=Reference(wamid="wamid.X="))),
        ({"messageId": "66aa", "emoji": ""}, Reaction(emoji=None, target=Reference(id="66aa"))),
        ("👍", Reaction(emoji="👍", target=Reference())),
    ],
)
def test_a_reaction_is_no_text(content, reaction):
    result = message(type="reaction", content=content)
    assert (result.type, result.text, result.reaction) == ("reaction", None, reaction)


def test_a_template():
    result = message(type="template", content={"name": "oi", "language": "pt_BR", "category": "UTILITY", "body": "Olá"})
    assert result.text == "Olá"
    assert result.template == Template(name="oi", language="pt_BR", category="UTILITY")


@pytest.mark.parametrize(
    "fields",
    [
        {"content": {"something": "else"}},
        {"content": ["a"]},
        {"content": {"text": ["a"]}},
        {"type": "image", "content": {"something": "else"}},
        {"type": "image", "mediaUrl": {"href": "https://m/1"}},
        {"type": "contact", "content": {"contacts": ["Ana"]}},
        {"type": "location", "content": {"latitude": "north", "longitude": 1}},
        {"type": {"name": "text"}},
        {"direction": ["OUTBOUND"]},
        {"from": {"phone": "5511"}},
        {"status": {"code": "READ"}},
    ],
)
def test_a_shape_that_nobody_knows_is_a_dead_letter(fields):
    with pytest.raises(RowUnreadable) as caught:
        message(**fields)
    assert caught.value.reason == "bad_shape"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"text": ["a"], "caption": "c"}, "c"),
        ({"text": {"parts": []}, "body": "b"}, "b"),
        ({"question": "?", "options": ["a", "b"]}, None),
        (["a"], None),
    ],
)
def test_a_type_never_seen_keeps_what_words_it_has(content, text):
    assert (message(type="poll", content=content).type, message(type="poll", content=content).text) == (
        "unsupported",
        text,
    )
    result = message(type="poll", content={"url": "https://m/1", "mediaId": {"a": 1}})
    assert result.media == Media(url="https://m/1")


@given(content=values)
@settings(max_examples=100, deadline=None)
def test_a_type_never_seen_is_no_dead_letter_for_its_content(content):
    told = outcome(ogmma(), feed(), answered({"data": [row(type="hologram", content=content)]}).rows[0])
    assert told == "absurd_value" or told.message.type == "unsupported"


@given(kind=st.sampled_from(["text", "image", "location", "contact", "reaction", "template", "button"]), content=values)
@settings(max_examples=200, deadline=None)
def test_any_content_of_any_type_is_a_message_or_a_dead_letter(kind, content):
    told = outcome(ogmma(), feed(), answered({"data": [row(type=kind, content=content, direction="INBOUND")]}).rows[0])
    if isinstance(told, str):
        assert told in {"bad_shape", "absurd_value"}
    else:
        assert_lawful(ogmma(), told)


# --- which conversation ---------------------------------------------------------------------------------


def test_a_row_of_another_conversation_is_not_published_under_this_one():
    with pytest.raises(RowUnreadable) as caught:
        message(conversationId="66aa00000000000000000002")
    assert caught.value.reason == "other_conversation"


@pytest.mark.parametrize("told", [None, "", CONVERSATION.upper(), f" {CONVERSATION} "])
def test_a_row_need_not_repeat_its_conversation(told):
    assert normalised(conversationId=told, channelId="another").conversation.id == f"loja/{CONVERSATION}"
