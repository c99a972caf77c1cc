import json

import orjson
import pytest

from tests.unit.providers.kit import AdapterKit
from tests.unit.providers.kit_pages import written
from tests.unit.providers.ninetynine_samples import CONTACT, KEY, NUMBER, answered, by_contact, feed_of, row, whole
from workers.errors import FeedRejected, PageUnreadable, ParkFeed, ProviderFailed, RateLimited, Refused
from workers.model import Author, Contact, Conversation, HttpResponse, Message, Normalised, Page, PageRef, Status

#: The response of the page `whatsapp-api/get-history`, as it stands there.
DOCUMENTED = b"""[
{"unique": "3EB08F941940DDC30F58", "timestamp": "1614198777", "direction": "2", "from": "972501234567",
"to": "972502222222", "type": "chat", "state": 1, "message": "outgoing message"},
{"unique": "3EB08F941940DDCFGF58", "timestamp": "1614198211", "direction": "1", "from": "972523443432",
"to": "972501234567", "type": "chat", "state": 0, "message": "incoming message"}
]"""


class TestNinetyNineByTheKit(AdapterKit):
    id_field, time_field, words_field, secret = "unique", "timestamp", "message", KEY
    errors_in_200 = (
        (b'{"status": "FAIL", "reason": 3}', Refused),
        (b'[{"status": "FAIL", "reason": 4}]', ParkFeed),
        (b'{"status": "FAIL", "reason": 6}', ProviderFailed),
    )

    def adapter(self):
        return whole()

    def feed(self):
        return feed_of(whole())

    def row(self, number):
        return row(number)

    def envelope(self, rows):
        return rows

    def served(self, request, rows):
        number = json.loads(request.body)["page"]
        return written(rows[50 * (number - 1) : 50 * number])


class TestNinetyNineContactsByTheKit(TestNinetyNineByTheKit):
    def adapter(self):
        return by_contact()

    def feed(self):
        return feed_of(by_contact(), CONTACT)


# --- the documented example -----------------------------------------------------------------------------


def test_the_documented_page_becomes_these_two_messages():
    of = whole(number="972501234567")
    page = of.page(feed_of(of), of.first(), HttpResponse(status=200, body=DOCUMENTED))
    assert [of.normalise(feed_of(of), shown) for shown in page.rows] == [
        Normalised(
            conversation=Conversation(
                id="clinica/972502222222", provider_id="972502222222", contact=Contact(address="972502222222")
            ),
            message=Message(
                id="3EB08F941940DDC30F58",
                direction="outbound",
                author=Author(kind="unknown"),
                from_="972501234567",
                to="972502222222",
                sent_at="2021-02-24T20:32:57.000Z",
                type="text",
                provider_type="chat",
                text="outgoing message",
                status=Status(state=None, provider="1"),
            ),
        ),
        Normalised(
            conversation=Conversation(
                id="clinica/972523443432", provider_id="972523443432", contact=Contact(address="972523443432")
            ),
            message=Message(
                id="3EB08F941940DDCFGF58",
                direction="inbound",
                author=Author(kind="contact"),
                from_="972523443432",
                to="972501234567",
                sent_at="2021-02-24T20:23:31.000Z",
                type="text",
                provider_type="chat",
                text="incoming message",
                status=Status(state=None, provider="0"),
            ),
        ),
    ]
    assert (page.next, page.exhausted) == (None, True)


# --- requests and feeds ---------------------------------------------------------------------------------


def test_the_request_for_a_whole_number_names_no_contact():
    request = whole().request(feed_of(whole()), PageRef(number=3, limit=50))
    assert (request.method, request.url) == ("POST", "https://api.99digital.co.il/whatsapp/v2/getHistory")
    assert orjson.loads(request.body) == {"apiKey": KEY, "from": NUMBER, "page": 3}
    assert ("Content-Type", "application/json") in request.headers


@pytest.mark.parametrize("contact", [CONTACT, "IL.1605000000000001"])
def test_the_request_for_a_contact_names_it(contact):
    request = by_contact().request(feed_of(by_contact(), contact), by_contact().first())
    assert orjson.loads(request.body) == {"apiKey": KEY, "from": NUMBER, "to": contact, "page": 1}


def test_a_whole_number_is_one_feed():
    assert [feed.key for feed in whole().standing_feeds()] == ["clinica/*"]
    assert [feed.key for feed in whole(feeds=({"contact": "*"},)).standing_feeds()] == ["clinica/*"]
    assert whole().conversation(feed_of(whole())) is None


def test_contacts_are_feeds_whichever_way_their_numbers_are_written():
    of = by_contact(feeds=({"contact": "+972 50-000-0002"}, {"contact": "IL.1605000000000001"}))
    assert [feed.key for feed in of.standing_feeds()] == ["clinica/972500000002", "clinica/IL.1605000000000001"]
    assert of.conversation(of.standing_feeds()[0]) == CONTACT
    with pytest.raises(FeedRejected, match="listed twice"):
        by_contact(feeds=({"contact": "+972500000002"}, {"contact": CONTACT})).standing_feeds()


@pytest.mark.parametrize(("of", "contact"), [(whole, CONTACT), (by_contact, "*")])
def test_a_feed_of_the_other_scope_would_show_everything_twice(of, contact):
    with pytest.raises(FeedRejected, match="set scope") as caught:
        of().feed({"contact": contact})
    assert caught.value.reason == "overlap"


# --- how far a page reaches -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "number", "following", "exhausted"),
    [
        (0, 1, None, True),
        (49, 1, None, True),
        (50, 1, 2, False),
        (53, 1, 2, False),
        (50, 7, 8, False),
        (1, 7, None, True),
    ],
)
def test_a_page_that_is_not_full_is_the_last(shown, number, following, exhausted):
    page = answered([row(number) for number in range(shown)], number=number)
    assert (page.next and page.next.number, page.exhausted) == (following, exhausted)


@pytest.mark.parametrize(("shown", "proof"), [(0, None), (1, 8), (49, 8), (50, None)])
def test_the_page_behind_a_short_one_is_its_proof(shown, proof):
    page = answered([row(number) for number in range(shown)], number=7)
    assert (page.short, page.proof and page.proof.number) == (proof is not None, proof)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 200),
        (None, 200),
        ({"status": "FAIL", "reason": 2}, 200),
        ({"status": "FAIL", "reason": 2}, 400),
        ([{"status": "FAIL", "reason": 2}], 200),
        ({}, 404),
        (b"", 404),
    ],
)
def test_past_the_end_there_is_nothing_in_whatever_form(body, status):
    assert answered(body, status, number=2) == Page()


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"status": "FAIL", "reason": 6}, 200, ProviderFailed),
        ({"status": "FAIL", "reason": 3}, 200, Refused),
        ({}, 500, ProviderFailed),
        ({}, 200, PageUnreadable),
    ],
)
def test_a_failure_is_not_taken_for_the_end(body, status, error):
    with pytest.raises(error):
        answered(body, status, number=2)


# --- errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 401, 404, 500])
@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("reason", "error"), [(2, Refused), ("2", Refused), (3, Refused), (" 3 ", Refused), (4, ParkFeed)]
)
def test_a_known_reason_counts_under_any_status_and_in_either_form(status, wrapped, reason, error):
    failure = {"status": "FAIL", "reason": reason}
    with pytest.raises(error):
        answered([failure] if wrapped else failure, status)


def test_words_of_a_failure_are_not_repeated_since_they_may_echo_the_key():
    with pytest.raises(ProviderFailed) as caught:
        answered({"status": "FAIL", "reason": f"{KEY} is not known"})
    assert str(caught.value) == "a failure without a code"


def test_too_much_is_too_much_whatever_the_reason():
    with pytest.raises(RateLimited):
        answered({"status": "FAIL", "reason": 3}, 429)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "FAIL", "reason": 6},
        {"status": "FAIL", "reason": 99},
        {"status": "FAIL", "reason": "out of order"},
        {"status": "FAIL"},
        {"status": "fail", "reason": None},
        {"status": False, "reason": {}},
        {"status": 0},
        {"status": "ERROR"},
        {"reason": 5},
        [{"status": "FAIL", "reason": 6}],
    ],
)
def test_any_other_failure_is_the_providers(body):
    with pytest.raises(ProviderFailed):
        answered(body)


@pytest.mark.parametrize("body", [{}, None, "OK", {"status": "OK", "reason": 1}, {"status": "OK", "messages": None}, 0])
def test_another_shape_is_no_page(body):
    with pytest.raises(PageUnreadable) as caught:
        answered(body)
    assert caught.value.letter == "not_a_page"


def test_a_lone_broken_row_is_no_failure():
    nameless = {name: value for name, value in row(status="FAIL").items() if name != "unique"}
    for broken in (row(unique=None), row(timestamp=None), nameless):
        assert len(answered([broken]).broken) == 1


# --- one `unique` in several conversations --------------------------------------------------------------

OTHERS = ("972500000003", "972500000004")


class WholeNumber(TestNinetyNineByTheKit):
    """The kit's ways of reading, for the tests below."""

    __test__ = False


def sent_to_all(**fields):
    """A message to three contacts, under one name, as three rows."""
    return [row(number, unique="3EB0FF", to=to, **fields) for number, to in enumerate((*OTHERS, CONTACT))]


def told(events):
    return [
        (event["type"].rpartition(".")[2], event["partitionkey"].partition("/")[2], event["subject"])
        for event in events
    ]


@pytest.mark.parametrize("same_second", [True, False])
def test_one_message_to_many_is_one_in_each_conversation(same_second):
    # Given
    rows = sent_to_all(timestamp="1760000100") if same_second else sent_to_all()
    reader = WholeNumber().reader(rows)
    # When, Then
    expected = [("created", contact, "3EB0FF") for contact in (*OTHERS, CONTACT)]
    assert sorted(told(reader.messages())) == sorted(expected)
    assert reader.poll() == []
    # When one of them changes
    rows[1] = {**rows[1], "message": "other words"}
    # Then it alone is told of
    assert told(reader.messages()) == [("updated", OTHERS[1], "3EB0FF")]


def test_a_cursor_that_knows_rows_by_their_id_alone_goes_on():
    # Given a number that was read before conversations were told apart
    rows = [*sent_to_all()[2:], row(7)]
    adapter = whole()
    adapter._named = lambda _: ""
    kit = WholeNumber()
    kit.adapter = lambda: adapter
    reader = kit.reader(rows)
    assert len(reader.messages()) == 2
    # When it is read as it is now
    del adapter._named
    # Then nothing is said twice, an update is one, and what was mistaken for a known row is told
    assert reader.poll() == []
    rows[1] = {**rows[1], "message": "other words"}
    assert told(reader.messages()) == [("updated", CONTACT, rows[1]["unique"])]
    rows[:0] = sent_to_all()[:2]
    assert sorted(told(reader.messages())) == [("created", contact, "3EB0FF") for contact in OTHERS]
    assert reader.poll() == []


def test_the_same_message_has_the_same_event_whether_it_is_known_by_its_id_alone_or_not():
    # Given
    adapter = whole()
    adapter._named = lambda _: ""
    kit = WholeNumber()
    kit.adapter = lambda: adapter
    # When, Then
    before, now = (of.reader([row(1), row(2)]).messages() for of in (kit, WholeNumber()))
    assert [event["id"] for event in before] == [event["id"] for event in now]


def test_rows_of_one_contact_are_known_by_their_id_as_ever():
    of = by_contact()
    page = of.page(feed_of(of, CONTACT), of.first(), HttpResponse(status=200, body=json.dumps([row()]).encode()))
    assert [shown.conversation for shown in page.rows] == [""]
