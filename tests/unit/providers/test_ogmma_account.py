import orjson
import pytest
from pydantic import ValidationError

from tests.unit.providers.ogmma_samples import KEY, account, ogmma
from workers.errors import ConfigurationError, PageUnreadable, ParkFeed, Refused
from workers.model import HttpResponse
from workers.providers import PROVIDERS, adapter
from workers.providers.ogmma import Ogmma, OgmmaSettings


def test_the_registry_knows_the_provider():
    assert PROVIDERS["ogmma"] is OgmmaSettings
    assert isinstance(adapter(account()), Ogmma)


def test_one_key_is_one_account_and_its_identity_does_not_tell_the_key():
    assert account(name="a").identity() == account(name="b").identity()
    assert account().identity() != account(api_key="another").identity()
    assert account().identity() != account(base_url="https://elsewhere.example/v1").identity()
    assert KEY not in str(account().identity())


@pytest.mark.parametrize("wrong", ["", " \n", "with space", "zwei\nzeilen", "chavé"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(wrong):
    with pytest.raises(ValidationError) as caught:
        account(api_key=wrong)
    assert wrong.strip() == "" or wrong not in str(caught.value)


def test_a_key_from_a_file_may_end_with_a_line_break():
    assert account(api_key=f"{KEY}\n").secrets() == (KEY,)


# --- discovery ------------------------------------------------------------------------------------------


LISTING = {"path": "/conversations?status=OPEN"}


def test_without_a_configured_list_nothing_can_be_discovered():
    with pytest.raises(ValidationError, match="documents no list of conversations"):
        account(discover=True)
    with pytest.raises(ConfigurationError, match=r"accounts\.loja\.conversations"):
        ogmma().discovery_request(1)


@pytest.mark.parametrize(
    ("listing", "url"),
    [
        (LISTING, "https://oapi.ogmma.com.br/v1/conversations?status=OPEN&page=3"),
        ({"path": "/conversations", "page_parameter": "p"}, "https://oapi.ogmma.com.br/v1/conversations?p=3"),
        ({"path": "/conversations", "page_parameter": ""}, "https://oapi.ogmma.com.br/v1/conversations"),
    ],
)
def test_the_list_is_where_the_account_says(listing, url):
    request = ogmma(discover=True, conversations=listing).discovery_request(3)
    assert request.url == url
    assert ("Authorization", f"Bearer {KEY}") in request.headers


@pytest.mark.parametrize("path", ["conversations", "/a/../b", "/..?x", "/a#b", "/a b", "/.", "//é"])
def test_a_path_that_leads_elsewhere_is_refused(path):
    with pytest.raises(ValidationError):
        account(conversations={"path": path})


@pytest.mark.parametrize(
    ("listing", "body", "found", "more"),
    [
        (LISTING, {"data": [{"id": "v1", "channelId": "c1"}, {"id": 7, "channelId": "c2"}]}, ["c1/v1", "c2/7"], True),
        (LISTING, {"data": [{"id": "v1", "channelId": "c1"}] * 2}, ["c1/v1"], True),
        (LISTING, {"data": [{"id": "v1"}, {"channelId": "c"}, None, "x", {"id": ".", "channelId": "c"}]}, [], True),
        (LISTING, {"data": []}, [], False),
        ({**LISTING, "rows": "", "page_parameter": ""}, [{"id": "v1", "channelId": "c1"}], ["c1/v1"], False),
        (
            {**LISTING, "rows": "result.items", "conversation_id": "conversation.id", "channel": "c9"},
            {"result": {"items": [{"conversation": {"id": "v1"}}]}},
            ["c9/v1"],
            True,
        ),
    ],
)
def test_conversations_are_found_under_their_configured_names(listing, body, found, more):
    response = HttpResponse(status=200, body=orjson.dumps(body))
    feeds, follows = ogmma(discover=True, conversations=listing).discovered(1, response)
    assert [feed.key for feed in feeds] == [f"loja/{key}" for key in found]
    assert follows is more


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"data": {}}, 200, PageUnreadable),
        ([], 200, PageUnreadable),
        ({"message": "?", "code": "UNAUTHORIZED"}, 401, Refused),
        ({}, 404, ParkFeed),
    ],
)
def test_a_list_that_cannot_be_read_is_said(body, status, error):
    with pytest.raises(error):
        ogmma(conversations=LISTING).discovered(1, HttpResponse(status=status, body=orjson.dumps(body)))
