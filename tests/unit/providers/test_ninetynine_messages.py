import pytest

from tests.unit.providers.ninetynine_samples import CONTACT, NUMBER, by_contact, inbound, message, normalised, whole
from workers.errors import RowUnreadable
from workers.model import (
    Author,
    Contact,
    ContactCard,
    Conversation,
    Interactive,
    Location,
    Media,
    Phone,
    Reaction,
    Reference,
    Status,
    StatusError,
)

# --- whose conversation ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "conversation"),
    [
        ({"direction": "2"}, CONTACT),
        ({"direction": 2}, CONTACT),
        ({"direction": "1", "from": CONTACT, "to": NUMBER}, CONTACT),
        ({"direction": 1, "from": "IL.1605000000000001", "to": NUMBER}, "IL.1605000000000001"),
        ({"direction": "1", "from": "+972 50-000-0002", "to": NUMBER}, CONTACT),
        ({"direction": "1", "from": int(CONTACT), "to": NUMBER}, CONTACT),
        # we stand where the contact should: the other end is the contact
        ({"direction": "1", "from": NUMBER, "to": CONTACT}, CONTACT),
        ({"direction": "2", "from": CONTACT, "to": NUMBER}, CONTACT),
        ({"direction": "1", "from": None, "to": CONTACT}, CONTACT),
        ({"direction": None, "from": CONTACT, "to": NUMBER}, CONTACT),
        # notes to oneself
        ({"direction": "2", "from": NUMBER, "to": NUMBER}, NUMBER),
    ],
)
def test_in_a_whole_number_the_conversation_is_the_rows_contact(fields, conversation):
    result = normalised(**fields)
    assert result.conversation == Conversation(
        id=f"clinica/{conversation}", provider_id=conversation, contact=Contact(address=conversation)
    )


@pytest.mark.parametrize("ends", [{"from": None, "to": None}, {"from": NUMBER, "to": ""}, {"from": "", "to": NUMBER}])
def test_a_row_of_nobody_is_a_dead_letter(ends):
    with pytest.raises(RowUnreadable) as caught:
        normalised(**ends)
    assert caught.value.reason == "no_conversation"


@pytest.mark.parametrize(
    ("told", "address"),
    [(CONTACT, CONTACT), ("0500000002", "0500000002"), ("IL.1605000000000001", "IL.1605000000000001"), (None, CONTACT)],
)
def test_in_the_feed_of_a_contact_the_conversation_is_that_contact(told, address):
    result = normalised(by_contact(), CONTACT, to=told)
    assert result.conversation == Conversation(
        id=f"clinica/{CONTACT}", provider_id=CONTACT, contact=Contact(address=address)
    )


def test_a_row_of_another_contact_is_not_published_under_this_one():
    with pytest.raises(RowUnreadable) as caught:
        normalised(by_contact(), CONTACT, to="972500000003")
    assert caught.value.reason == "other_conversation"


def test_the_id_of_a_conversation_is_percent_encoded():
    assert normalised(to="a/b é").conversation.id == "clinica/a%2Fb%20%C3%A9"


# --- who, when, how it was delivered --------------------------------------------------------------------


@pytest.mark.parametrize("told", ["3", "", None, "out", True])
def test_a_direction_never_seen_is_unknown(told):
    result = message(direction=told)
    assert (result.direction, result.author, result.status.state) == ("unknown", Author(kind="unknown"), None)


@pytest.mark.parametrize(
    ("state", "states", "status"),
    [
        (0, {}, Status(state="failed", provider="0")),
        ("0", {}, Status(state="failed", provider="0")),
        (0.0, {}, Status(state="failed", provider="0")),
        (1, {}, Status(state=None, provider="1")),
        (-1, {}, Status(state=None, provider="-1")),
        ("read", {}, Status(state=None, provider="read")),
        (1, {"1": "sent"}, Status(state="sent", provider="1")),
        (" 1 ", {" 1": "sent"}, Status(state="sent", provider="1")),
        (0, {"0": "pending"}, Status(state="pending", provider="0")),
        (None, {"0": "failed"}, Status()),
    ],
)
def test_a_state_means_what_is_documented_or_configured(state, states, status):
    assert normalised(whole(states=states), state=state).message.status == status
    received = normalised(whole(states=states), **{"state": state, "direction": "1", "from": CONTACT, "to": NUMBER})
    assert received.message.status == Status(provider=status.provider)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"state": 0, "reason": 7}, StatusError(code="7")),
        ({"state": 0, "reason": "too late"}, StatusError(message="too late")),
        ({"state": 0, "reason": 1}, None),
        ({"state": 0, "reason": ""}, None),
        ({"state": 1, "reason": 7}, None),
    ],
)
def test_a_reason_explains_a_failure(fields, error):
    assert message(**fields).status.error == error


def test_seconds_and_other_units_of_time():
    for told in ("1760000100", 1760000100, "1760000100.0", " 1760000100 ", 1760000100000, "1760000100000"):
        assert message(timestamp=told).sent_at == "2025-10-09T08:55:00.000Z"


# --- what was said --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "received", "sent"),
    [
        ("chat", "text", "text"),
        ("text", "text", "text"),
        ("image", "image", "image"),
        ("audio", "audio", "audio"),
        ("video", "video", "video"),
        ("location", "location", "location"),
        ("ptt", "voice", "voice"),
        ("document", "document", "document"),
        ("file", "document", "document"),
        ("button", "button_reply", "interactive"),
        ("list", "list_reply", "interactive"),
        ("contacts", "contacts", "contacts"),
        ("reaction", "reaction", "reaction"),
        ("order", "order", "order"),
        ("revoked", "unsupported", "unsupported"),
        (None, "unsupported", "unsupported"),
    ],
)
def test_every_type_of_history_and_webhook_has_a_word(told, received, sent):
    assert (inbound(type=told).type, message(type=told).type) == (received, sent)
    assert message(type=told).provider_type == told


@pytest.mark.parametrize("told", ["chat", "text", "order", "button", "list", "revoked", None])
def test_words_are_kept_under_any_type(told):
    assert inbound(type=told, message="שלום").text == "שלום"
    assert inbound(type=told, message=12).text == "12"
    assert inbound(type=told, message="").text is None


@pytest.mark.parametrize("told", ["image", "audio", "video", "ptt", "document", "file"])
def test_a_file_is_a_link_until_it_is_gone(told):
    link = "https://files.99digital.example/a.jpg"
    assert (message(type=told, message=f" {link} ").media, message(type=told, message=link).text) == (
        Media(url=link),
        None,
    )
    assert message(type=told, message=link, caption="look").text == "look"
    gone = message(type=told, message="file was deleted")
    assert (gone.media, gone.text) == (Media(available=False), "file was deleted")
    assert (message(type=told, message="").media, message(type=told, message=None).text) == (
        Media(available=False),
        None,
    )


@pytest.mark.parametrize(
    ("told", "text", "location"),
    [
        ("32.0853,34.7818", None, Location(latitude=32.0853, longitude=34.7818)),
        (" -1 , +2.5 ", None, Location(latitude=-1.0, longitude=2.5)),
        ("Tel Aviv", "Tel Aviv", None),
        ("200,10", "200,10", None),
        ("", None, None),
    ],
)
def test_a_place(told, text, location):
    result = inbound(type="location", message=told)
    assert (result.text, result.location) == (text, location)


def test_the_name_of_a_place_is_its_text():
    assert inbound(type="location", message="32.1,34.8", caption="Big Ben").text == "Big Ben"


def test_a_contact_card_is_a_phone_number():
    result = inbound(type="contacts", message="+972 50-111-1111")
    assert (result.text, result.contacts) == (None, (ContactCard(phones=(Phone(number="972501111111"),)),))
    result = inbound(type="contacts", message="Dana, 0501111111")
    assert (result.text, result.contacts) == ("Dana, 0501111111", ())


def test_a_chosen_button_or_row():
    result = inbound(type="button", message="כן")
    assert (result.text, result.interactive) == ("כן", Interactive(kind="button_reply", title="כן"))
    assert inbound(type="list", message="A").interactive == Interactive(kind="list_reply", title="A")


def test_a_reaction_and_its_removal():
    result = inbound(type="reaction", message="👍", quoteUnique="3EB0")
    assert result.reaction == Reaction(emoji="👍", target=Reference(id="3EB0"))
    assert (result.text, result.reply_to) == (None, None)
    assert inbound(type="reaction", message="").reaction == Reaction(emoji=None, target=Reference())


def test_fields_of_the_webhook_are_read_where_a_row_has_them():
    result = normalised(
        **{"direction": "1", "from": CONTACT, "to": NUMBER},
        senderName="Dana",
        isForwarded=True,
        quote=True,
        quoteUnique="3EB0",
    )
    assert result.conversation.contact == Contact(address=CONTACT, name="Dana")
    assert result.message.author == Author(kind="contact", name="Dana")
    assert result.message.forwarded is True
    assert result.message.reply_to == Reference(id="3EB0")
    assert inbound(isForwarded=False, quoteUnique=False).reply_to is None
    assert normalised(senderName="us").conversation.contact.name is None


@pytest.mark.parametrize(
    "fields",
    [{"message": {"body": "x"}}, {"message": ["x"]}, {"type": ["chat"]}, {"to": {"phone": "1"}}, {"state": [1]}],
)
def test_a_shape_that_nobody_knows_is_a_dead_letter(fields):
    with pytest.raises(RowUnreadable) as caught:
        message(**fields)
    assert caught.value.reason == "bad_shape"


@pytest.mark.parametrize("strange", [{"question": "?"}, ["a", "b"]])
def test_a_type_never_seen_is_no_dead_letter_for_its_content(strange):
    result = message(type="poll", message=strange)
    assert (result.type, result.provider_type, result.text) == ("unsupported", "poll", None)
