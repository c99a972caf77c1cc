import pytest
from hypothesis import given, settings

from tests.unit.providers.kit_pages import values, written
from workers.providers.decoding import decode
from workers.providers.meta import Webhook, unwrapped, webhook_in
from workers.providers.meta.webhook import sent_at

MESSAGE = {"from": "5511988880000", "id": "wamid.1", "timestamp": "1760000000", "type": "text", "text": {"body": "oi"}}
OTHER = {**MESSAGE, "id": "wamid.2"}
VALUE = {
    "messaging_product": "whatsapp",
    "metadata": {"display_phone_number": "+55 11 90000-0001", "phone_number_id": "1"},
    "contacts": [{"profile": {"name": "Ana"}, "wa_id": "5511988880000"}],
    "messages": [MESSAGE],
}
ENVELOPE = {"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [{"value": VALUE}]}]}


@pytest.mark.parametrize("content", [ENVELOPE, ENVELOPE["entry"][0], {"value": VALUE}, VALUE])
def test_the_envelope_is_found_at_whichever_level_it_begins(content):
    assert webhook_in(content) == Webhook(
        messages=(MESSAGE,), names={"5511988880000": "Ana"}, number="5511900000001", is_status=False
    )


@pytest.mark.parametrize(
    "content",
    [
        {},
        None,
        [VALUE],
        "x",
        MESSAGE,
        {"to": "1", "type": "text", "text": {"body": "x"}},
        {"messages": "x"},
        {"name": "t", "components": []},
        {**MESSAGE, "errors": [{"code": 1}]},
    ],
)
def test_what_is_no_envelope_is_none(content):
    assert webhook_in(content) is None


def test_of_several_messages_the_rows_own_is_taken():
    webhook = webhook_in({**VALUE, "messages": [MESSAGE, OTHER]})
    assert webhook.message("wamid.2") == OTHER
    assert webhook.message(None) == webhook.message("wamid.3") == MESSAGE


def test_messages_of_several_changes_are_found():
    several = {"entry": [{"changes": [{"value": VALUE}]}, {"changes": [{"value": {**VALUE, "messages": [OTHER]}}]}]}
    assert webhook_in(several).messages == (MESSAGE, OTHER)


def test_what_the_business_wrote_elsewhere_is_a_message_too():
    assert webhook_in({"message_echoes": [MESSAGE]}).messages == (MESSAGE,)


@pytest.mark.parametrize(
    ("value", "is_status"),
    [
        ({"statuses": [{"id": "wamid.1"}]}, True),
        ({"statuses": [{"id": "wamid.1"}], "messages": []}, True),
        ({"statuses": [{"id": "wamid.1"}], "messages": [MESSAGE]}, False),
        ({"statuses": []}, False),
        ({"messages": []}, False),
    ],
)
def test_whether_it_tells_of_deliveries_alone(value, is_status):
    assert webhook_in({"entry": [{"changes": [{"value": value}]}]}).is_status is is_status


def test_an_envelope_of_errors_is_a_message_that_is_not_shown():
    webhook = webhook_in({"metadata": {}, "errors": [{"code": 131000}]})
    assert webhook.message(None) == {"type": "unsupported", "errors": [{"code": 131000}]}


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("1760000000", 1_760_000_000_000),
        (1760000000, 1_760_000_000_000),
        ("x", None),
        (None, None),
        (0, None),
        ([], None),
    ],
)
def test_when_it_was_sent(told, moment):
    assert sent_at({"timestamp": told}) == moment


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ('{"a":1}', {"a": 1}),
        (' ["a"] ', ["a"]),
        ('"{\\"a\\":1}"', {"a": 1}),
        ('"in quotes"', '"in quotes"'),
        ('{"a":', '{"a":'),
        ("{name}", "{name}"),
        ("12", "12"),
        ("null", "null"),
        ("", ""),
        (12, 12),
        (None, None),
        ({"a": 1}, {"a": 1}),
    ],
)
def test_a_text_is_what_it_holds_where_that_is_an_object_or_a_list(text, held):
    assert unwrapped(text) == held


@given(content=values)
@settings(max_examples=200, deadline=None)
def test_any_content_is_an_envelope_or_none(content):
    for inner in (content, {"entry": content}, {"changes": content}, {"messages": content, "contacts": content}):
        found = webhook_in(decode(written(inner)))
        if found is not None:
            assert isinstance(found.message("wamid.1"), dict)
