import orjson
import pytest
from pydantic import ValidationError

from tests.unit.providers.wegly_samples import CHAT, KEY, account, wegly
from workers.errors import ConfigurationError, PageUnreadable, ParkFeed, Refused
from workers.model import HttpResponse
from workers.providers import PROVIDERS, adapter
from workers.providers.wegly import Wegly, WeglySettings


def test_the_registry_knows_the_provider():
    assert PROVIDERS["wegly"] is WeglySettings
    assert isinstance(adapter(account()), Wegly)


def test_one_key_is_one_account_and_its_identity_does_not_tell_the_key():
    assert account(name="a").identity() == account(name="b").identity()
    assert account().identity() != account(api_key="another-key").identity()
    assert account().identity() != account(base_url="https://elsewhere.example/external").identity()
    assert KEY not in str(account().identity())


def test_the_address_is_the_documented_one():
    of = wegly()
    request = of.request(of.feed({"chat_id": CHAT}), of.first())
    assert request.url == f"https://api.wegly.com.br/integrations/external/chats/{CHAT}"
    assert request.headers == (("Authorization", f"Bearer {KEY}"), ("Accept", "application/json"))


def test_a_restricted_key_is_sent_with_its_domain_in_both_headers():
    of = wegly(origin="https://painel.example")
    headers = dict(of.request(of.feed({"chat_id": CHAT}), of.first()).headers)
    assert (headers["Origin"], headers["Referer"]) == ("https://painel.example", "https://painel.example/")


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://painel.example/", "https://painel.example"),
        (" https://Painel.example:8443 ", "https://painel.example:8443"),
        ("http://[::1]:80", "http://[::1]:80"),
    ],
)
def test_an_origin_is_brought_into_the_form_of_a_browser(given, origin):
    assert account(origin=given).origin == origin


@pytest.mark.parametrize(
    "wrong",
    [
        *("", "painel.example", "ftp://painel.example", "https://", "https://a.example/path", "https://u:p@a.example"),
        *("https://a.example?x", "https://a.example#x", "https://a.example:port", "https://a .example"),
        *("https://é.example", "https://a.example\r\nX: y"),
    ],
)
def test_what_is_no_origin_is_refused(wrong):
    with pytest.raises(ValidationError, match="origin"):
        account(origin=wrong)


def test_a_chat_has_one_key_in_whatever_case_its_id_is_written():
    of = wegly()
    assert of.feed({"chat_id": f" {CHAT.upper()} "}) == of.feed({"chat_id": CHAT})
    assert of.feed({"chat_id": "Chat-7"}).key == "escola/Chat-7"


# --- discovery ------------------------------------------------------------------------------------------


LISTING = {"path": "/chats?status=OPEN"}


def test_without_a_configured_list_nothing_can_be_discovered():
    with pytest.raises(ValidationError, match="documents no list of chats"):
        account(discover=True)
    with pytest.raises(ConfigurationError, match=r"accounts\.escola\.chats"):
        wegly().discovery_request(1)
    assert wegly().discovered(1, HttpResponse(status=200, body=b"{}")) == ((), False)


def test_the_list_is_where_the_account_says():
    request = wegly(discover=True, chats=LISTING, origin="https://painel.example").discovery_request(3)
    assert request.url == "https://api.wegly.com.br/integrations/external/chats?status=OPEN&page=3"
    assert ("Authorization", f"Bearer {KEY}") in request.headers
    assert ("Origin", "https://painel.example") in request.headers


@pytest.mark.parametrize(
    ("listing", "body", "found", "more"),
    [
        (LISTING, {"total": 2, "records": [{"id": CHAT}, {"id": CHAT.upper()}]}, [CHAT], True),
        (LISTING, {"records": [{"name": "x"}, None, "x", {"id": "."}, {"id": {}}]}, [], True),
        (LISTING, {"records": []}, [], False),
        ({**LISTING, "rows": "", "page_parameter": ""}, [{"id": CHAT}], [CHAT], False),
        ({**LISTING, "rows": "a.b", "chat_id": "chat.id"}, {"a": {"b": [{"chat": {"id": CHAT}}]}}, [CHAT], True),
    ],
)
def test_chats_are_found_under_their_configured_names(listing, body, found, more):
    response = HttpResponse(status=200, body=orjson.dumps(body))
    feeds, follows = wegly(discover=True, chats=listing).discovered(1, response)
    assert [feed.key for feed in feeds] == [f"escola/{key}" for key in found]
    assert follows is more


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [({"data": []}, 200, PageUnreadable), ([], 200, PageUnreadable), ({}, 401, Refused), ({}, 404, ParkFeed)],
)
def test_a_list_that_cannot_be_read_is_said(body, status, error):
    with pytest.raises(error):
        wegly(chats=LISTING).discovered(1, HttpResponse(status=status, body=orjson.dumps(body)))
