from urllib.parse import parse_qs

import orjson
import pytest
from pydantic import ValidationError

from tests.unit.providers.wizebot_samples import KEY, PHONE, PHONE_NUMBER_ID, account, wizebot
from workers.errors import PageUnreadable, ParkFeed, ProviderFailed, Refused
from workers.model import HttpResponse
from workers.providers import PROVIDERS, adapter
from workers.providers.wizebot import Wizebot, WizebotSettings


def test_the_registry_knows_the_provider():
    assert PROVIDERS["wizebot"] is WizebotSettings
    assert isinstance(adapter(account()), Wizebot)


def test_one_business_number_is_one_account_whichever_key_reads_it():
    assert (
        account(name="a", api_key="x").identity() == account(name="b", phone_number_id=" 111 222333444555").identity()
    )
    assert account().identity() != account(phone_number_id="111222333444556").identity()
    assert KEY not in str(account().identity())


@pytest.mark.parametrize("wrong", ["", "abc", "12", "1" * 30, "111222333444555x"])
def test_what_is_no_id_of_a_number_is_refused(wrong):
    with pytest.raises(ValidationError, match="id of a phone number"):
        account(phone_number_id=wrong)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("America/SaoPaulo", "did you mean America/Sao_Paulo"),
        ("Brazil", "time zone"),
        ("", "time zone"),
        ("../etc/passwd", "time zone"),
        ("America", "time zone"),
        ("UTC\x00", "time zone"),
        ("-03:00", "time zone"),
    ],
)
def test_what_is_no_zone_is_refused_with_a_near_one(wrong, hint):
    with pytest.raises(ValidationError, match=hint):
        account(timezone=wrong)


def test_a_zone_that_is_not_configured_is_doubtful():
    bare = WizebotSettings(name="suporte", api_key=KEY, phone_number_id=PHONE_NUMBER_ID)
    assert bare.timezone == "America/Sao_Paulo"
    assert [field for field, _ in bare.doubts()] == ["timezone"]
    assert account(timezone="America/Sao_Paulo").doubts() == ()


def test_a_message_may_appear_half_an_hour_late():
    assert account().settle_ms == 1_800_000
    assert account(settle_seconds=60).settle_ms == 60_000


# --- discovery ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "offset"), [(1, None), (2, ["2"]), (9, ["9"])])
def test_subscribers_are_asked_for_page_by_page_the_latest_first(number, offset):
    request = wizebot(discover=True).discovery_request(number)
    assert (request.method, request.url) == ("POST", "https://app.wizebot.com.br/api/v1/whatsapp/subscriber/list")
    asked = parse_qs(request.body.decode())
    assert asked.pop("offset", None) == offset
    assert asked == {"apiToken": [KEY], "phone_number_id": [PHONE_NUMBER_ID], "limit": ["100"], "orderBy": ["1"]}


def subscriber(**fields):
    return {"subscriber_id": 7, "chat_id": PHONE, "first_name": "Ana", "last_name": "null", "email": "null", **fields}


def found(body, number=1, status=200):
    feeds, more = wizebot().discovered(number, HttpResponse(status=status, body=orjson.dumps(body)))
    return [feed.values["phone_number"] for feed in feeds], more


@pytest.mark.parametrize("as_text", [False, True])
def test_subscribers_are_found_in_every_form(as_text):
    rows = [subscriber(), subscriber(chat_id=5511977776666, last_message_time="2026-01-05 09:00:00", unseen_count=2)]
    for form in (rows, {"0": rows[0], "1": rows[1]}):
        message = orjson.dumps(form).decode() if as_text else form
        assert found({"status": "1", "message": message, "nextOffset": 2}) == ([PHONE, "5511977776666"], True)


@pytest.mark.parametrize(
    ("row", "numbers"),
    [
        (subscriber(chat_id="+55 11 98888-0000"), [PHONE]),
        (subscriber(chat_id="null"), []),
        (subscriber(chat_id=None, subscriber_id=f"{PHONE}-42"), [PHONE]),
        (subscriber(chat_id="null", subscriber_id=f"{PHONE}-42"), [PHONE]),
        (subscriber(chat_id=None), []),
        (subscriber(chat_id=["x"]), []),
        (subscriber(chat_id="webchat-12"), []),
        (None, []),
        ({}, []),
        ("x", []),
    ],
)
def test_what_cannot_be_asked_for_is_left_out(row, numbers):
    assert found({"status": "1", "message": [row]}) == (numbers, True)


@pytest.mark.parametrize("nothing", [[], "[]", "{}", {}])
def test_the_list_ends_where_nothing_is_listed(nothing):
    assert found({"status": "1", "message": nothing}, 3) == ([], False)


@pytest.mark.parametrize("status", ["0", "1"])
def test_an_account_without_subscribers_has_none(status):
    assert found({"status": status, "message": "Subscriber not found."}) == ([], False)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"status": "0", "message": "Invalid API Key."}, 200, Refused),
        ({"status": "0", "message": "?"}, 200, ProviderFailed),
        ({"message": "Unauthenticated."}, 401, Refused),
        ({"status": "1"}, 200, PageUnreadable),
        (None, 200, PageUnreadable),
        ({"message": ""}, 404, ParkFeed),
    ],
)
def test_subscribers_that_cannot_be_read_are_said(body, status, error):
    with pytest.raises(error):
        found(body, status=status)
