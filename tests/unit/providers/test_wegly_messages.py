import pytest

from tests.unit.providers.wegly_samples import (
    AGENT,
    CHAT,
    OURS,
    THEIRS,
    USER,
    heard,
    message,
    normalised,
    received,
    spoken,
    timeline_ref,
)
from workers.errors import RowUnreadable
from workers.model import (
    Author,
    Call,
    Contact,
    ContactCard,
    Conversation,
    EmbeddedReaction,
    Interactive,
    Location,
    Media,
    Message,
    Normalised,
    Order,
    OrderItem,
    Phone,
    Reaction,
    Reactor,
    Reference,
    Status,
    Template,
)

URL = "https://files.example/a.jpg?signature=1"
MEDIA = {"id": "m1", "mime_type": "image/jpeg", "file_name": "a.jpg", "is_downloaded": True, "url": URL}


def test_a_message_of_the_contact_is_read_whole():
    assert normalised(heard()) == Normalised(
        conversation=Conversation(id=f"escola/{CHAT}", provider_id=CHAT, contact=Contact(address=THEIRS, name="Ana")),
        message=Message(
            id=heard()["id"],
            direction="inbound",
            author=Author(kind="contact", name="Ana"),
            from_=THEIRS,
            to=OURS,
            sent_at="2026-01-05T12:59:59.000Z",
            type="text",
            provider_type="text",
            text="words 0",
            status=Status(state=None, provider="sent"),
        ),
    )


def test_imported_history_is_marked():
    assert normalised(spoken(is_history=True)).imported
    assert not normalised(spoken(is_history=None)).imported


# --- who, and in which direction ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "direction"),
    [
        ({"origin": "INBOUND", "from_me": True}, "inbound"),
        ({"origin": "inbound ", "from_me": None}, "inbound"),
        ({"origin": "OUTBOUND", "from_me": False}, "outbound"),
        ({"origin": "Outgoing"}, "outbound"),
        ({"origin": "SYSTEM"}, "internal"),
        ({"origin": "COEXISTENCE", "from_me": True}, "outbound"),
        ({"origin": "COEXISTENCE", "from_me": False}, "inbound"),
        ({"origin": None, "from_me": None, "sent_via": "CONTACT"}, "inbound"),
        ({"origin": None, "from_me": "perhaps", "sent_via": "API"}, "unknown"),
        ({"origin": "OUTBOUND", "type": "system"}, "internal"),
    ],
)
def test_the_direction_is_that_of_origin_and_else_of_from_me(said, direction):
    assert message(**said).direction == direction


@pytest.mark.parametrize(
    ("said", "author"),
    [
        ({"agent": AGENT}, Author(kind="agent", id=AGENT["id"], name="Bia")),
        ({"user": USER}, Author(kind="agent", id=USER["id"], name="Bia")),
        ({"agent": {"id": "a1", "user": None}, "sent_via": "CONTACT"}, Author(kind="agent", id="a1")),
        ({"sent_via": "BOT"}, Author(kind="bot")),
        ({"sent_via": "automation"}, Author(kind="automation")),
        ({"sent_via": "AGENT"}, Author(kind="agent")),
        ({"sent_via": "PANEL_V2"}, Author(kind="unknown")),
        ({"sent_via": "CONTACT"}, Author(kind="unknown")),
        ({"sent_via": None}, Author(kind="unknown")),
        ({"type": "system", "agent": None}, Author(kind="system")),
        ({"origin": "X", "from_me": None, "sent_via": "BOT"}, Author(kind="bot")),
    ],
)
def test_whoever_wrote_what_went_out_is_told_as_far_as_the_row_tells(said, author):
    assert message(**said).author == author


def test_what_came_in_was_written_by_the_contact_whoever_looks_after_it():
    assert received(agent=AGENT, user=USER).author == Author(kind="contact", name="Ana")


def test_the_ends_of_a_message_are_the_chats():
    assert (message().from_, message().to) == (OURS, THEIRS)
    assert (received().from_, received().to) == (THEIRS, OURS)
    assert (message(origin="SYSTEM").from_, message(origin="SYSTEM").to) == (None, None)


def test_who_of_a_group_wrote_is_not_known():
    group = timeline_ref(chat_type="GROUP", contact_number="120363000000000001@g.us", contact_name="Turma B")
    told = normalised(heard(), ref=group)
    assert told.conversation.contact == Contact(address="120363000000000001@g.us", name="Turma B")
    assert (told.message.from_, told.message.author) == (None, Author(kind="contact"))
    assert normalised(spoken(), ref=group).message.to == "120363000000000001@g.us"


# --- how it was delivered ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("processing", "pending"),
        ("PROCESSING", "pending"),
        ("sent", "sent"),
        ("READ", "read"),
        ("ack", None),
        (None, None),
    ],
)
def test_the_status_of_what_went_out(word, state):
    assert message(status=word).status == Status(state=state, provider=word)


# --- what was said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kind"),
    [("text", "text"), ("IMAGE", "image"), ("ptt", "voice"), ("contact", "contacts"), ("poll", "unsupported"),
     (None, "unsupported")],
)  # fmt: skip
def test_types_are_those_of_the_contract(word, kind):
    told = message(type=word)
    assert (told.type, told.provider_type, told.text) == (kind, word, "words 0")


@pytest.mark.parametrize(
    ("mime", "kind"),
    [("image/png", "image"), ("audio/ogg", "audio"), ("application/pdf", "document"), ("text/plain", "document")],
)
def test_a_file_that_only_calls_itself_media_is_what_its_content_is(mime, kind):
    assert message(type="media", media={**MEDIA, "mime_type": mime}).type == kind


def test_a_file_is_there_once_it_was_filled_in():
    waiting = received(type="image", is_media_placeholder=True, media={**MEDIA, "is_downloaded": False, "url": None})
    there = received(type="image", media=MEDIA, body_text="olha")
    assert waiting.media == Media(id="m1", mime_type="image/jpeg", file_name="a.jpg", available=False)
    assert there.media == Media(url=URL, id="m1", mime_type="image/jpeg", file_name="a.jpg")
    assert there.text == "olha"


@pytest.mark.parametrize(
    ("said", "media"),
    [
        ({"type": "image"}, Media(available=False)),
        ({"type": "text", "is_media_placeholder": True}, Media(available=False)),
        ({"type": "text", "media": {}}, None),
        ({"type": "image", "media": {"id": None, "url": None}}, Media(available=False)),
        ({"type": "image", "media": {"url": URL}, "is_media_placeholder": True}, Media(url=URL, available=False)),
        ({"type": "image", "media": URL}, Media(url=URL)),
        ({"type": "video", "content_payload": {"video": {"link": URL}}}, Media(url=URL)),
    ],
)
def test_a_file_that_is_not_told_whole_is_what_it_is(said, media):
    assert message(**said).media == media


def test_a_call_is_told_with_its_times_and_its_recording():
    call = {
        "id": "c1", "status": "COMPLETED", "direction": "INBOUND", "started_at": "2026-01-05T12:00:00Z",
        "ended_at": "2026-01-05T12:00:01.500Z", "duration_ms": 1500, "recording_processed": True,
        "recording_available": False, "has_recording": True,
    }  # fmt: skip
    assert received(type="call", body_text=None, call=call).call == Call(
        status="COMPLETED",
        direction="INBOUND",
        started_at="2026-01-05T12:00:00.000Z",
        ended_at="2026-01-05T12:00:01.500Z",
        duration_seconds=1.5,
        recorded=True,
    )


def test_an_answer_names_what_it_answers():
    assert message(quoted_message={"id": "q1", "type": "text", "body_text": "?"}).reply_to == Reference(id="q1")
    assert message(quoted_message=None).reply_to is None


def test_a_row_of_its_own_that_is_a_reaction_says_so_in_its_words():
    # Without Meta's object the words are the emoji, and the quoted message is what it was given to
    alone = message(type="reaction", body_text="❤️")
    assert (alone.type, alone.text, alone.reaction) == ("reaction", "❤️", Reaction(emoji="❤️", target=Reference()))
    quoting = message(type="reaction", body_text="❤️", quoted_message={"id": "m-7"})
    assert quoting.reaction.target == Reference(id="m-7")
    # And with it, what it says
    metas = message(
        type="reaction", body_text="?", content_payload={"reaction": {"message_id": "wamid.7", "emoji": "👍"}}
    )
    assert metas.reaction == Reaction(emoji="👍", target=Reference(wamid="wamid.7"))


def test_reactions_are_told_in_one_order_and_those_taken_back_are_not():
    one = {
        "id": "r1",
        "emoji": "👍",
        "actor": "CONTACT",
        "reactor_wa_id": "+5511988880000",
        "created_at": "2026-01-05T13:00:01Z",
    }
    two = {"id": "r2", "emoji": "❤️", "actor": "USER", "reactor_user_id": "u1", "created_at": "2026-01-05T13:00:00Z"}
    gone = {"id": "r3", "emoji": None, "actor": "CONTACT"}
    told = (
        EmbeddedReaction(emoji="❤️", by=Reactor(kind="agent", address="u1"), at="2026-01-05T13:00:00.000Z"),
        EmbeddedReaction(emoji="👍", by=Reactor(kind="contact", address=THEIRS), at="2026-01-05T13:00:01.000Z"),
    )
    assert message(reactions=[one, two, gone]).reactions == message(reactions=[two, one]).reactions == told


# --- content_payload, which no page describes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "payload", "parts"),
    [
        ("location", {"location": {"latitude": -23.5, "longitude": "-46.6", "name": "Loja"}},
         {"location": Location(latitude=-23.5, longitude=-46.6, name="Loja")}),
        ("location", {"latitude": 1, "longitude": 2}, {"location": Location(latitude=1, longitude=2)}),
        ("contacts", {"contacts": [{"name": {"formatted_name": "Zé"}, "phones": [{"phone": "+55 11 9"}]}]},
         {"contacts": (ContactCard(name="Zé", phones=(Phone(number="55119"),)),)}),
        ("contact", {"contacts": [{"name": "Zé"}]}, {"type": "contacts", "contacts": (ContactCard(name="Zé"),)}),
        ("button_reply", {"button_reply": {"id": "b1", "title": "Sim"}},
         {"type": "button_reply", "interactive": Interactive(kind="button_reply", id="b1", title="Sim")}),
        ("interactive", {"type": "list_reply", "list_reply": {"id": "r1", "title": "Um"}},
         {"type": "list_reply", "interactive": Interactive(kind="list_reply", id="r1", title="Um")}),
        ("interactive", {"interactive": {"type": "button", "body": {"text": "?"}}},
         {"type": "interactive", "interactive": Interactive(kind="button")}),
        ("template", {"template": {"name": "aviso", "language": {"code": "pt_BR"}}},
         {"template": Template(name="aviso", language="pt_BR")}),
        ("template", {"name": "aviso", "language": "pt_BR", "components": []},
         {"template": Template(name="aviso", language="pt_BR")}),
        ("order", {"order": {"catalog_id": "7", "product_items": [{"product_retailer_id": "p", "quantity": 2}]}},
         {"order": Order(catalog_id="7", items=(OrderItem(product_id="p", quantity=2),))}),
        ("text", {"text": {"body": "from the payload"}}, {"text": "words 0"}),
    ],
)  # fmt: skip
def test_a_payload_that_looks_like_metas_is_read(kind, payload, parts):
    told = received(type=kind, content_payload=payload)
    assert {name: getattr(told, name) for name in parts} == parts


def test_the_words_of_a_payload_stand_in_for_those_that_are_missing():
    payload = {"button_reply": {"id": "b1", "title": "Sim"}}
    assert received(type="button_reply", body_text=None, content_payload=payload).text == "Sim"


@pytest.mark.parametrize(
    "payload", [None, "", "{", [], 7, {"x": 1}, {"location": [1]}, {"contacts": 7}, {"interactive": []}]
)
def test_a_payload_that_nobody_knows_harms_no_message(payload):
    for kind in ("text", "location", "contacts", "interactive", "template", "order", "image"):
        assert received(type=kind, content_payload=payload).text == "words 0"


@pytest.mark.parametrize(
    "field", ["body_text", "type", "status", "media", "call", "quoted_message", "agent", "reactions"]
)
def test_a_shape_that_nobody_knows_is_a_dead_letter(field):
    with pytest.raises(RowUnreadable) as caught:
        message(**{field: [7]})
    assert caught.value.reason == "bad_shape"
