import orjson
import pytest
from pydantic import ValidationError

from tests.unit.providers.ninetynine_samples import KEY, NUMBER, account, by_contact, whole
from workers.errors import ConfigurationError, PageUnreadable, ProviderFailed, Refused
from workers.model import HttpResponse
from workers.providers import PROVIDERS, adapter
from workers.providers.ninetynine import NinetyNine, NinetyNineSettings


def test_the_registry_knows_the_provider():
    assert PROVIDERS["99digital"] is NinetyNineSettings
    assert isinstance(adapter(account()), NinetyNine)


def test_one_number_is_one_account_whichever_key_reads_it():
    assert account(name="a", api_key="x").identity() == account(name="b", number="+972 77-000-0001").identity()
    assert account().identity() != account(number="972770000002").identity()


@pytest.mark.parametrize("wrong", ["", "abc", "12", "0770000001", "1" * 16, "972770000001x"])
def test_what_is_no_number_is_refused(wrong):
    with pytest.raises(ValidationError, match="phone number"):
        account(number=wrong)


@pytest.mark.parametrize("wrong", [{"1": "gone"}, {"1": None}, {"": "sent"}])
def test_a_table_of_states_takes_states_of_the_contract(wrong):
    with pytest.raises(ValidationError):
        account(states=wrong)


def test_a_whole_number_remembers_more_rows_than_a_contact():
    assert (account().remembered, account(scope="contacts").remembered) == (5000, 500)
    assert (account(remember=70).remembered, account(scope="contacts", remember=70).remembered) == (70, 70)


# --- discovery ------------------------------------------------------------------------------------------


def test_a_whole_number_has_nothing_to_discover():
    with pytest.raises(ValidationError, match="contacts"):
        account(discover=True)
    with pytest.raises(ConfigurationError, match=r"accounts\.clinica\.scope"):
        whole().discovery_request(1)


def test_contacts_are_asked_for_page_by_page():
    request = by_contact(discover=True).discovery_request(4)
    assert (request.method, request.url) == ("POST", "https://api.99digital.co.il/whatsapp/v2/getContacts")
    assert orjson.loads(request.body) == {"apiKey": KEY, "from": NUMBER, "page": 4}


@pytest.mark.parametrize(
    ("number", "body", "status", "found", "more"),
    [
        (1, [{"contact_phone": "972500000002"}, {"contact_phone": "IL.16"}], 200, ["972500000002", "IL.16"], True),
        (1, [{"contact_phone": 972500000002}, {"contact_phone": "+972500000002"}], 200, ["972500000002"], True),
        (1, [{"contact_phone": None}, {}, None, "x", {"contact_phone": ["y"]}, {"contact_phone": "*"}], 200, [], True),
        (1, [], 200, [], False),
        (2, None, 200, [], False),
        (2, {"status": "FAIL", "reason": 2}, 200, [], False),
        (2, {}, 404, [], False),
    ],
)
def test_contacts_are_found(number, body, status, found, more):
    response = HttpResponse(status=status, body=orjson.dumps(body))
    feeds, follows = by_contact().discovered(number, response)
    assert [feed.values["contact"] for feed in feeds] == found
    assert follows is more


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"status": "FAIL", "reason": 3}, Refused),
        ({"status": "FAIL", "reason": 2}, Refused),
        ({"status": "FAIL", "reason": 9}, ProviderFailed),
        ({"contacts": []}, PageUnreadable),
        (None, PageUnreadable),
    ],
)
def test_contacts_that_cannot_be_read_are_said(body, error):
    with pytest.raises(error):
        by_contact().discovered(1, HttpResponse(status=200, body=orjson.dumps(body)))
