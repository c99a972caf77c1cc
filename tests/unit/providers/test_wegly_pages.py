import re
from urllib.parse import urlsplit

import orjson
import pytest

from tests.unit.providers.kit import AdapterKit
from tests.unit.providers.kit_pages import written
from tests.unit.providers.kit_polls import Reader
from tests.unit.providers.wegly_samples import (
    AGENT,
    CHAT,
    KEY,
    THEIRS,
    chat,
    chat_page,
    feed,
    heard,
    record,
    response,
    spoken,
    timeline,
    timeline_ref,
    wegly,
)
from workers.errors import PageUnreadable, ParkFeed, ProviderFailed, RateLimited, Refused
from workers.model import Assignee, Contact, ConversationState
from workers.providers.wegly.steps import ChatRef

#: Records of a page of the API below.
PAGE = 20


class TestWeglyByTheKit(AdapterKit):
    """Rows are message objects, each in a record of the timeline; answers that are no success are those to the chat."""

    id_field, time_field, words_field, secret = "id", "meta_timestamp", "body_text", KEY
    errors_in_200 = (
        (b'{"statusCode":401,"message":"Unauthorized"}', Refused),
        (b'{"statusCode":429}', RateLimited),
        (b'{"statusCode":500,"message":"?"}', ProviderFailed),
        (b'{"message":"?"}', ProviderFailed),
        (b'{"error":"?"}', ProviderFailed),
        (b'{"success":false}', ProviderFailed),
    )

    def adapter(self):
        return wegly()

    def feed(self):
        return feed()

    def row(self, number):
        return spoken(number)

    def envelope(self, rows):
        listed = [record(row, id=row.get("id") if isinstance(row, dict) else "e") for row in rows]
        return {"total": len(rows), "records": listed}

    def answered(self, body, status=200, retry_after=None):
        if status == 200:
            return timeline(body, retry_after=retry_after)
        return chat_page(body, status, retry_after=retry_after)

    def served(self, request, rows):
        """A chat with a timeline whose pages are numbered from 1."""
        path, query = urlsplit(request.url).path, urlsplit(request.url).query
        if not path.endswith("/timeline"):
            return written(chat(rows[0] if rows and isinstance(rows[0], dict) else None))
        number = int(query.removeprefix("page=") or 1) if query.startswith("page=") else 1
        begin = max(0, number - 1) * PAGE
        return written({**self.envelope(rows[begin : begin + PAGE]), "total": len(rows)})

    def test_an_api_that_shows_one_page_whatever_is_asked_is_not_asked_for_ever(self):
        # Given a timeline that shows its first page whatever is asked
        rows = self.rows(*range(self.history_rows))
        first = written({**self.envelope(rows[:PAGE]), "total": len(rows)})

        def answer(request):
            return first if "/timeline" in request.url else self.served(request, rows)

        # When
        events = Reader(self, answer).poll()
        # Then all that is shown is told, and what is not shown is told to be missing
        created = [event["subject"] for event in events if event["type"].endswith("created")]
        assert created == self.ids(*reversed(range(PAGE)))
        gaps = [event["data"]["gap"] for event in events if event["type"].endswith("gap")]
        assert [(gap["reason"], gap["before"]["id"]) for gap in gaps] == [("page_limit", created[0])]


# --- the chat object --------------------------------------------------------------------------------------


def test_the_chat_object_leads_on_to_the_timeline_and_tells_the_conversation():
    page = chat_page()
    assert (page.rows, page.broken, page.leads_on, page.exhausted) == ((), (), True, False)
    request = wegly().request(feed(), page.next)
    assert request.url == f"https://api.wegly.com.br/integrations/external/chats/{CHAT}/timeline"
    assert page.conversation == ConversationState(
        id=f"escola/{CHAT}",
        provider_id=CHAT,
        contact=Contact(address=THEIRS, name="Ana"),
        state="open",
        assigned_to=Assignee(id=AGENT["id"], name="Bia"),
        unread=2,
        updated_at="2026-01-05T13:00:00.000Z",
    )


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ({"contact_name": None}, {"contact": Contact(address=THEIRS, name="ana!")}),
        ({"contact_number": None}, {"contact": Contact(address="0b6f0c1e-0000-4000-8000-0000000000d1", name="Ana")}),
        ({"status": "WAITING_FOR_AGENT"}, {"state": "waiting_for_agent"}),
        (
            {"status": None, "unread_count": None, "updated_at": None},
            {"state": None, "unread": None, "updated_at": None},
        ),
        ({"assigned_agent": None, "assigned_agent_id": None}, {"assigned_to": None}),
        ({"assigned_agent": None, "assigned_agent_id": "a7"}, {"assigned_to": Assignee(id="a7")}),
        ({"status": {}, "unread_count": [], "assigned_agent": 7, "phone_number": "x"}, {"state": None, "unread": None}),
    ],
)
def test_what_a_chat_does_not_tell_is_not_known(said, known):
    state = chat_page(chat(**said)).conversation
    assert {name: getattr(state, name) for name in known} == known


@pytest.mark.parametrize("body", [{}, [], None, 7, {"id": CHAT}, {"total": 0, "records": []}, chat(id="another")])
def test_what_is_no_chat_is_an_unreadable_page(body):
    with pytest.raises(PageUnreadable):
        chat_page(orjson.dumps(body))


@pytest.mark.parametrize(("status", "error"), [(404, ParkFeed), (410, ParkFeed), (401, Refused), (500, ProviderFailed)])
def test_a_chat_that_does_not_answer_is_told_apart(status, error):
    with pytest.raises(error):
        chat_page(b"", status)


def test_a_key_that_is_not_allowed_is_told_what_may_be_missing():
    with pytest.raises(Refused, match="origin"):
        chat_page(b"", 403)
    with pytest.raises(Refused, match=r"^HTTP 403$"):
        chat_page(b"", 403, of=wegly(origin="https://painel.example"))


# --- the timeline ------------------------------------------------------------------------------------------


def test_a_messages_identity_is_its_own_and_not_that_of_its_record():
    page = timeline({"total": 1, "records": [record(spoken(), id="of the event")]})
    assert [row.id for row in page.rows] == [spoken()["id"]]
    page = timeline({"total": 1, "records": [record({**spoken(), "id": None}, id="of the event")]})
    assert [(broken.reason, broken.row_id) for broken in page.broken] == [("no_id", None)]


def test_entries_that_are_no_messages_are_counted_by_their_word():
    events = [
        {"id": "a", "event_type": "ASSIGNED", "event_at": "2026-01-05T12:00:00Z"},
        {"id": "b", "event_type": "assigned", "message": None},
        {"id": "c", "event_type": "MESSAGE_DELETED", "message": None},
        {"event_type": "NOTE", "note": {"text": "?"}},
        record(spoken(), event_type="message"),
        {"message": spoken(1)},
        record(spoken(2), event_type="TEMPLATE_MESSAGE"),
    ]
    page = timeline({"total": 7, "records": events})
    assert page.skipped == {"assigned": 2, "message_deleted": 1, "note": 1}
    assert [row.id for row in page.rows] == [spoken(number)["id"] for number in range(3)]
    assert page.broken == ()


@pytest.mark.parametrize(
    "strange", [None, 7, "x", [], {"event_type": "MESSAGE"}, {"event_type": "MESSAGE", "message": []}, {}]
)
def test_a_record_without_a_message_is_a_dead_letter(strange):
    page = timeline({"total": 2, "records": [strange, record(spoken())]})
    assert (len(page.rows), len(page.broken)) == (1, 1)


@pytest.mark.parametrize(
    ("message", "event", "time"),
    [
        ({"meta_timestamp": "2026-01-05T12:00:00Z"}, {"event_at": "2027-01-05T12:00:00Z"}, 1_767_614_400_000),
        ({"meta_timestamp": "1767614400"}, {}, 1_767_614_400_000),
        ({"meta_timestamp": 1_767_614_400}, {}, 1_767_614_400_000),
        ({"meta_timestamp": 1_767_614_400_123}, {}, 1_767_614_400_123),
        ({"meta_timestamp": "soon"}, {"event_at": "2026-01-05T12:00:00Z"}, 1_767_614_400_000),
        ({"meta_timestamp": None}, {"event_at": "2026-01-05T12:00:00Z"}, 1_767_614_400_000),
        ({"meta_timestamp": None, "created_at": "2026-01-05T12:00:01Z"}, {}, 1_767_614_401_000),
    ],
)
def test_the_time_of_a_message_is_metas_or_else_that_of_its_record(message, event, time):
    page = timeline({"total": 1, "records": [record(spoken(**message), **event)]})
    assert [row.time for row in page.rows] == [time]


def test_a_message_that_two_records_of_a_page_show_is_read_as_the_newer_one_shows_it():
    later = record(spoken(3, status="read"), event_type="MESSAGE_EDITED", event_at="2026-01-06T00:00:00Z")
    earlier = record(spoken(3), event_at="2026-01-05T00:00:00Z")
    for listed in ([later, earlier], [earlier, later]):
        page = timeline({"total": 2, "records": listed})
        assert [row.message["status"] for row in page.rows] == ["read"]


def test_records_may_stand_bare():
    assert len(timeline([record(spoken())]).rows) == 1


@pytest.mark.parametrize("body", [{}, {"total": 0}, {"records": {}}, 7, None])
def test_what_is_no_timeline_is_an_unreadable_page(body):
    with pytest.raises(PageUnreadable):
        timeline(orjson.dumps(body))


@pytest.mark.parametrize(
    ("status", "error"), [(403, Refused), (401, Refused), (429, RateLimited), (503, ProviderFailed)]
)
def test_a_timeline_that_is_refused_is_not_taken_for_a_missing_one(status, error):
    with pytest.raises(error):
        timeline(b"", status)


# --- the last message alone ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 405, 410, 501])
def test_where_there_is_no_timeline_the_last_message_is_all_that_is_shown(status):
    page = timeline(b"", status, ref=timeline_ref(heard()))
    assert [row.id for row in page.rows] == [heard()["id"]]
    assert (page.next, page.exhausted, page.reach) == (None, False, "last_message_only")


def test_a_chat_without_messages_hides_none():
    page = timeline(b"", 404, ref=timeline_ref(None))
    assert (page.rows, page.next, page.exhausted) == ((), None, True)


def test_a_last_message_that_cannot_be_told_from_others_is_a_dead_letter():
    page = timeline(b"", 404, ref=timeline_ref({**heard(), "id": None}))
    assert [broken.reason for broken in page.broken] == ["no_id"]


def test_a_last_message_without_a_time_has_that_of_the_chat():
    page = timeline(b"", 404, ref=timeline_ref(heard(meta_timestamp=None), last_message_at="2026-01-05T12:00:00Z"))
    assert [row.time for row in page.rows] == [1_767_614_400_000]


def test_a_last_message_that_the_timeline_does_not_show_yet_is_not_left_out():
    # Given a chat object that is ahead of its timeline
    body = {"total": 2, "records": [record(spoken(1)), record(spoken(2))]}
    # When, Then
    assert [row.id for row in timeline(body, ref=timeline_ref(heard(0))).rows] == [
        spoken(number)["id"] for number in (0, 1, 2)
    ]


def test_a_last_message_that_stands_on_an_older_page_is_not_read_twice():
    # Given a first page of younger entries, none of which is a message
    events = [{"id": f"e{n}", "event_type": "NOTE", "event_at": f"2026-01-06T00:00:{59 - n}Z"} for n in range(20)]
    page = timeline({"total": 40, "records": events}, ref=timeline_ref(heard(0)))
    assert page.rows == ()
    assert page.next is not None


# --- what is asked for next ------------------------------------------------------------------------------------


def page_of(*numbers, total=100, last=None, **fields):
    listed = [record(spoken(number), event_at=spoken(number)["meta_timestamp"]) for number in numbers]
    return timeline({"total": total, "records": listed, **fields}, ref=timeline_ref(last))


def asked(page):
    return re.sub(r".*/timeline", "", wegly().request(feed(), page.next).url)


def test_a_page_that_shows_all_records_is_the_whole_timeline():
    page = page_of(*range(20), total=20)
    assert (page.next, page.exhausted, page.leads_on) == (None, True, False)


def test_newest_records_first_are_page_one_and_more_is_behind_them():
    page = page_of(*range(20), last=spoken(0))
    assert (page.leads_on, page.exhausted, page.total) == (False, False, 100)
    assert asked(page) == "?page=1"


def test_a_page_of_the_oldest_records_leads_on():
    page = page_of(*range(99, 79, -1), last=spoken(0))
    assert (page.leads_on, page.total) == (True, None)


def test_a_page_of_the_newest_records_in_ascending_order_is_page_one():
    page = page_of(*range(19, -1, -1), last=spoken(0))
    assert (page.leads_on, page.total) == (False, 100)
    assert page.rows[-1].position == 0 or page.rows[0].position == 19


def test_a_page_that_should_show_the_last_message_and_does_not_proves_nothing():
    assert page_of(*range(1, 21), last=spoken(0)).leads_on


def test_what_was_understood_once_is_asked_at_once_by_the_next_poll():
    # Given an adapter that has seen a second page
    of = wegly()
    first = timeline(
        {"total": 100, "records": [record(spoken(n)) for n in range(20)]}, of=of, ref=timeline_ref(spoken(0))
    )
    same = timeline({"total": 100, "records": [record(spoken(n)) for n in range(20)]}, of=of, ref=first.next)
    timeline({"total": 100, "records": [record(spoken(n)) for n in range(20, 40)]}, of=of, ref=same.next)
    # When
    again = timeline(
        {"total": 100, "records": [record(spoken(n)) for n in range(20)]}, of=of, ref=timeline_ref(spoken(0))
    )
    # Then
    assert asked(first) == "?page=1"
    assert asked(same) == asked(again) == "?page=2"


def test_a_way_that_is_refused_leads_to_the_next_one_and_at_last_to_an_end():
    page, ways = page_of(*range(20), last=spoken(0)), []
    while page.next is not None:
        ways.append(asked(page))
        page = timeline(b'{"statusCode":400}', 400, ref=page.next)
    assert ways == ["?page=1", "?page=2", "?offset=19", "?skip=19"]
    assert (page.exhausted, page.reach) == (False, "page_limit")


def test_where_only_the_oldest_records_can_be_had_the_chat_is_asked_for_its_last_message():
    page = page_of(*range(99, 79, -1), last=spoken(0))
    while not isinstance(page.next, ChatRef):
        page = timeline(b"", 400, ref=page.next)
        assert page.leads_on
    of = wegly()
    assert of.request(feed(), page.next).url.endswith(f"/chats/{CHAT}")
    closing = of.page(feed(), page.next, response(chat(heard(0))))
    assert [row.id for row in closing.rows] == [heard(0)["id"]]
    assert (closing.next, closing.exhausted, closing.reach) == (None, False, "last_message_only")
