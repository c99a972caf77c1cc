import json

import pytest

from tests.unit.providers.wizebot_samples import PHONE, WAMID, message, normalised, received, send_body, webhook
from workers.errors import RowUnreadable
from workers.model import (
    Author,
    Contact,
    Conversation,
    EmbeddedReaction,
    Interactive,
    Media,
    Reaction,
    Reactor,
    Reference,
    Status,
    StatusError,
    Template,
)

# --- who, and in which conversation ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sender", "direction", "author"),
    [
        ("user", "inbound", "contact"),
        (" User ", "inbound", "contact"),
        ("bot", "outbound", "bot"),
        ("automation", "outbound", "automation"),
        ("agent", "outbound", "agent"),
        ("admin", "outbound", "agent"),
        ("business", "outbound", "unknown"),
        ("system", "internal", "system"),
        ("subscriber", "unknown", "unknown"),
        ("workflow", "unknown", "unknown"),
        ("", "unknown", "unknown"),
        (None, "unknown", "unknown"),
        (1, "unknown", "unknown"),
    ],
)
def test_a_sender_never_seen_is_unknown_and_not_inbound(sender, direction, author):
    for content in (None, send_body(), webhook()):
        result = message(content, sender=sender)
        assert (result.direction, result.author.kind) == (direction, author)


@pytest.mark.parametrize(
    ("sender", "agent", "author"),
    [
        ("bot", "17", Author(kind="agent", id="17")),
        ("bot", 17, Author(kind="agent", id="17")),
        ("bot", "Bia", Author(kind="agent", name="Bia")),
        ("automation", "17", Author(kind="agent", id="17")),
        ("agent", None, Author(kind="agent")),
        ("bot", "", Author(kind="bot")),
        ("workflow", "17", Author(kind="agent", id="17")),
        ("user", "17", Author(kind="contact")),
        ("system", "17", Author(kind="system")),
    ],
)
def test_a_row_that_names_a_member_of_the_team_is_theirs(sender, agent, author):
    assert message(sender=sender, agent_name=agent).author == author


def test_what_came_in_has_two_ends_a_name_and_metas_time():
    result = normalised(webhook(), sender="user", message_status=None)
    assert result.conversation == Conversation(
        id=f"suporte/{PHONE}", provider_id=PHONE, contact=Contact(address=PHONE, name="Ana")
    )
    told = result.message
    assert (told.from_, told.to, told.author) == (PHONE, "5511900000001", Author(kind="contact", name="Ana"))
    assert (told.sent_at, told.text, told.wamid) == ("2025-10-09T08:53:20.000Z", "oi", "wamid.0")


def test_what_went_out_is_addressed_and_says_no_sender():
    result = message(send_body(to="+55 11 98888-0000"))
    assert (result.from_, result.to, result.author) == (None, PHONE, Author(kind="bot"))
    assert message("plain").to == PHONE
    assert message("plain", sender="user").from_ == PHONE
    assert (message("plain", sender="system").from_, message("plain", sender="system").to) == (None, None)


def test_the_id_that_meta_gives_may_come_later():
    assert message(wa_message_id=None).wamid is None
    assert message(wa_message_id="").wamid is None
    assert message(webhook(), sender="user", wa_message_id=None).wamid == WAMID


@pytest.mark.parametrize(
    "told", [f"{PHONE}-42", "551188880000-42", "88017XXXXX-23", "", None, "x", "+55 11 98888-0000-42", PHONE]
)
def test_a_row_of_this_subscriber_is_published_under_the_number_that_was_asked_for(told):
    assert normalised(whatsapp_bot_subscriber_subscriber_id=told).conversation.provider_id == PHONE


@pytest.mark.parametrize("told", ["5511977776666-42", "5511977776666"])
def test_a_row_of_another_subscriber_is_not_published_under_this_one(told):
    with pytest.raises(RowUnreadable) as caught:
        normalised(whatsapp_bot_subscriber_subscriber_id=told)
    assert caught.value.reason == "other_conversation"


# --- what was said --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind", "provider_type", "text"),
    [
        (send_body(), "text", "text", "Olá"),
        ({"messaging_product": "whatsapp", "to": PHONE, "text": "Olá"}, "text", None, "Olá"),
        ({"text": "Olá", "type": "text"}, "text", "text", "Olá"),
        ({"body": "Olá"}, "text", None, "Olá"),
        ("Olá", "text", None, "Olá"),
        ("{nome}, olá", "text", None, "{nome}, olá"),
        ('"Olá"', "text", None, '"Olá"'),
        ("[1, 2]", "text", None, "[1, 2]"),
        ("12", "text", None, "12"),
        ("null", "text", None, "null"),
        (json.dumps(json.dumps(send_body())), "text", "text", "Olá"),
    ],
)
def test_words_that_went_out_in_all_their_forms(content, kind, provider_type, text):
    result = message(content)
    assert (result.type, result.provider_type, result.text) == (kind, provider_type, text)


@pytest.mark.parametrize("nothing", ["", None])
def test_a_row_that_says_nothing_is_no_dead_letter(nothing):
    result = message(message_content=nothing)
    assert (result.type, result.text) == ("unsupported", None)


def test_a_content_may_be_an_object():
    assert message(message_content=send_body()).text == "Olá"
    assert message(message_content=webhook(), sender="user").sent_at == "2025-10-09T08:53:20.000Z"


def test_a_notice_of_the_platform():
    result = message("Conversation was assigned to Bia", sender="system", wa_message_id=None, message_status=None)
    assert (result.type, result.direction, result.author) == ("system", "internal", Author(kind="system"))
    assert (result.text, result.wamid) == ("Conversation was assigned to Bia", None)


def test_a_notice_of_metas_is_internal_whoever_the_row_says_sent_it():
    result = received("system", {"body": "User A changed from 1 to 2", "type": "user_changed_number"})
    assert (result.type, result.direction, result.author.kind) == ("system", "internal", "system")


def test_a_template_is_its_definition_with_its_variables_unresolved():
    definition = {
        "name": "aviso",
        "language": "pt_BR",
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Olá {{1}} #name#", "example": {"body_text": [["Ana"]]}}],
    }
    result = message(definition, sender="automation")
    assert (result.type, result.provider_type, result.text) == ("template", None, "Olá {{1}} #name#")
    assert result.template == Template(name="aviso", language="pt_BR", category="UTILITY")
    assert (result.author, result.interactive) == (Author(kind="automation"), None)


def test_a_form_that_came_back_is_json_three_levels_deep():
    answers = json.dumps({"screen": "A", "name": "Ana"})
    reply = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": answers}}
    result = received("interactive", reply)
    assert (result.type, result.provider_type, result.text) == ("form_reply", "interactive", "Sent")
    assert result.interactive == Interactive(kind="form_reply", title="flow", response={"screen": "A", "name": "Ana"})


def test_a_reaction_that_is_a_row_of_its_own():
    result = received("reaction", {"message_id": "wamid.9", "emoji": "👍"})
    assert result.reaction == Reaction(emoji="👍", target=Reference(wamid="wamid.9"))
    assert (result.type, result.text, result.direction) == ("reaction", None, "inbound")


def test_an_answer_to_another_message():
    assert received(context={"from": "1", "id": "wamid.8"}).reply_to == Reference(wamid="wamid.8")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("📷 Image: https://x.example/a.jpg", "image"),
        ("🖼️ Foto : https://x.example/a.jpg", "image"),
        ("🎥Vídeo: https://x.example/a.jpg", "video"),
        ("🎤 Voice message: https://x.example/a.jpg", "voice"),
        ("📄 Document: https://x.example/a.jpg ", "document"),
    ],
)
def test_a_file_that_the_platform_keeps_is_a_line_with_its_address(line, kind):
    for content in (line, send_body(body={"body": line}), {"text": line, "type": "text"}):
        result = message(content)
        assert (result.type, result.media, result.text) == (kind, Media(url="https://x.example/a.jpg"), line)


@pytest.mark.parametrize(
    "line",
    [
        "Image: https://x.example/a.jpg",
        "📍 Endereço: https://x.example/a.jpg",
        "📷 Image: https://x.example/a.jpg é esta",
        "📷 Image: ftp://x.example",
    ],
)
def test_other_lines_with_an_address_are_words(line):
    assert (message(line).type, message(line).media, message(line).text) == ("text", None, line)


def test_a_customer_may_write_such_a_line():
    result = received(body={"body": "📷 Image: https://x.example/a.jpg"})
    assert (result.type, result.media) == ("text", None)


def test_a_message_that_meta_does_not_show_says_why():
    errors = [{"code": 131051, "title": "Message type unknown", "error_data": {"details": "Not supported."}}]
    result = received("unsupported", {"type": "poll_creation"}, errors=errors)
    assert (result.type, result.provider_type) == ("unsupported", "poll_creation")
    assert result.status.error == StatusError(code="131051", message="Not supported.")


@pytest.mark.parametrize(
    "content",
    ['{"messaging_product":"wha', {"foo": 1}, {"type": "text", "text": {"body": ["x"]}}, {"nested": {"a": 1}}],
)
def test_a_content_that_nobody_can_read_is_a_dead_letter(content):
    with pytest.raises(RowUnreadable) as caught:
        message(content)
    assert caught.value.reason == "bad_shape"


# --- how it was delivered -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"message_status": None}, Status(at="2026-01-05T13:00:02.000Z")),
        ({"message_status": ""}, Status(at="2026-01-05T13:00:02.000Z")),
        ({"message_status": "sent"}, Status(state="sent", provider="sent", at="2026-01-05T13:00:02.000Z")),
        ({"message_status": "Read"}, Status(state="read", provider="Read", at="2026-01-05T13:00:02.000Z")),
        (
            {"message_status": "read", "read_time": "2026-01-05 10:01:00"},
            Status(state="read", provider="read", at="2026-01-05T13:01:00.000Z"),
        ),
        (
            {"message_status": "read", "read_time": "0000-00-00 00:00:00"},
            Status(state="read", provider="read", at="2026-01-05T13:00:02.000Z"),
        ),
        (
            {"message_status": "failed", "failed_time": "2026-01-05 10:02:00.5", "failed_reason": "Undeliverable"},
            Status(
                state="failed",
                provider="failed",
                at="2026-01-05T13:02:00.500Z",
                error=StatusError(message="Undeliverable"),
            ),
        ),
        (
            {"message_status": "delivered", "read_time": None, "delivery_status_updated_at": None},
            Status(state="delivered", provider="delivered"),
        ),
        ({"message_status": "queued", "delivery_status_updated_at": "soon"}, Status(state=None, provider="queued")),
        (
            {"message_status": None, "failed_reason": "Undeliverable"},
            Status(at="2026-01-05T13:00:02.000Z", error=StatusError(message="Undeliverable")),
        ),
        ({"message_status": 3}, Status(state=None, provider="3", at="2026-01-05T13:00:02.000Z")),
    ],
)
def test_the_status_is_what_the_row_says(fields, status):
    assert message(**fields).status == status


def test_what_came_in_or_is_nobodys_has_no_state():
    for sender in ("user", "system", "workflow"):
        status = message(sender=sender, message_status="read").status
        assert (status.state, status.provider) == (None, "read")


# --- reactions in the row -------------------------------------------------------------------------------


def reaction(emoji, kind="unknown", address=None, at=None):
    return EmbeddedReaction(emoji=emoji, by=Reactor(kind=kind, address=address), at=at)


@pytest.mark.parametrize(
    ("told", "reactions"),
    [
        (None, ()),
        ("", ()),
        ("👍", (reaction("👍"),)),
        ("❤️", (reaction("❤️"),)),
        ("👨‍👩‍👧", (reaction("👨‍👩‍👧"),)),
        ({"emoji": "👍"}, (reaction("👍"),)),
        ('{"emoji":"👍","message_id":"wamid.1"}', (reaction("👍"),)),
        ({"emoji": "👍", "from": f"+{PHONE}"}, (reaction("👍", "contact", PHONE),)),
        ({"emoji": "👍", "from": "5511900000001"}, (reaction("👍", "unknown", "5511900000001"),)),
        (
            {"from": PHONE, "timestamp": "1760000000", "type": "reaction", "reaction": {"emoji": "👍"}},
            (reaction("👍", "contact", PHONE, "2025-10-09T08:53:20.000Z"),),
        ),
        ({"reaction": "👍"}, (reaction("👍"),)),
        ('["👍", {"emoji": "😂"}, 7, null, ["x"]]', (reaction("👍"), reaction("😂"))),
        ({"emoji": None}, ()),
        ({"emoji": ""}, ()),
        ({"emoji": "like"}, ()),
        ("like", ()),
        ("“ok”", ()),
        ("👍" * 50, ()),
        ({"count": 1, "kinds": [[2764]]}, ()),
        ({"emoji": {"emoji": "👍"}}, ()),
        (7, ()),
        (True, ()),
        ([], ()),
        ([["👍"] * 5000], ()),
    ],
)
def test_reaction_data_is_taken_where_it_shows_an_emoji_and_never_harms(told, reactions):
    assert message(reaction_data=told).reactions == reactions


def test_no_more_reactions_than_a_conversation_can_have():
    assert len(message(reaction_data=["👍"] * 5000).reactions) == 20
