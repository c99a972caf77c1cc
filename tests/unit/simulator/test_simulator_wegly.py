"""Wegly's API as its pages document it, and a switch for each thing that no page does."""

import re
from itertools import chain

import orjson
import pytest

from workers.simulator.rooms.base import Call

CHAT = [
    *("id", "wa_contact_id", "contact_name", "contact_number", "status", "chat_type", "unread_count"),
    *("is_manually_unread", "priority", "archived_at", "assigned_agent_id", "phone_number", "assigned_agent"),
    *("last_message_at", "last_message", "crm_person", "remote_profile_name", "last_customer_msg_at"),
    *("session_expires_at", "created_at", "updated_at", "participants", "crm_marketing_lead_source"),
    "assignable_agents",
]
#: Of the chat object's last message, and what only the timeline adds.
LAST = {
    *("id", "type", "origin", "from_me", "sent_via", "status", "body_text", "content_payload", "reactions"),
    *("meta_timestamp", "is_history", "history_phase", "history_chunk_order", "history_progress"),
    *("is_media_placeholder", "agent", "user", "crm_marketing_lead_source"),
}
TIMELINE = {"created_at", "media", "call", "quoted_message"}
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


class Subject:
    """A simulated account, and calls to it."""

    def __init__(self, bench, *switches, **settings):
        given = {"providers": ("ogmma", "99digital", "wegly"), "history": 45, "conversations": 4, **settings}
        self.world = bench(switches=switches, **given)
        self.account = self.world.world.accounts["escola"]
        self.conversation = self.account.conversations[0]

    def call(self, *path, headers=None, method="GET", **query):
        sent = {"Authorization": f"Bearer {self.account.api_key}", **(headers or {})}
        call = Call(method, path, {name: str(value) for name, value in query.items()}, sent)
        return self.world.call("wegly", call).answer

    def chat(self, **how):
        return orjson.loads(self.call("chats", self.conversation.id, **how).body)

    def timeline(self, **query):
        return self.call("chats", self.conversation.id, "timeline", **query)

    def told(self, **query):
        return orjson.loads(self.timeline(**query).body)

    def ids(self, **query):
        told = self.told(**query)
        return [record["message"]["id"] for record in told["records"] if record["message"]]

    def newest(self):
        return [message.id for message in reversed(self.conversation.messages)]


@pytest.fixture
def subject(bench):
    return lambda *switches, **settings: Subject(bench, *switches, **settings)


# --- what is documented -------------------------------------------------------------------------------------------


def test_a_chat_has_the_documented_fields_in_their_order(subject):
    # Given
    one = subject()
    # When
    chat = one.chat()
    # Then
    assert list(chat) == CHAT
    assert (chat["id"], re.fullmatch(UUID, chat["id"]) is not None) == (one.conversation.id, True)
    assert (chat["contact_name"], chat["contact_number"]) == (
        one.conversation.contact.name,
        one.conversation.contact.address,
    )
    assert chat["status"] in {"OPEN", "RESOLVED", "SNOOZED"}
    assert set(chat["phone_number"]) == {"id", "display_number", "raw_number", "phone_number_id"}
    assert set(chat["last_message"]) == LAST
    assert chat["last_message"]["id"] == one.newest()[0]
    for name in ("last_message_at", "created_at", "updated_at"):
        assert re.fullmatch(TIME, chat[name])


def test_a_timeline_lists_records_with_their_messages_and_counts_them(subject):
    one = subject()
    told = one.told()
    assert list(told) == ["total", "records"]
    assert (told["total"], len(told["records"])) == (45, 20)
    for record in told["records"]:
        assert list(record) == ["id", "event_type", "event_at", "message"]
        assert re.fullmatch(UUID, record["id"])
        assert record["id"] != record["message"]["id"]
        assert set(record["message"]) == LAST | TIMELINE
    assert one.ids() == one.newest()[:20]


def test_only_the_bearer_of_a_key_is_answered(subject):
    one = subject()
    assert one.call("chats", one.conversation.id, headers={"Authorization": "Bearer x"}).status == 401
    assert one.call("chats", "0b6f0c1e-0000-4000-8000-000000000001").status == 404
    assert one.call("chats", one.conversation.id, method="POST").status == 404
    assert one.call("chats", "notifications", "unread").status == 200


def test_what_is_shown_is_in_the_ledger_whichever_document_showed_it(subject):
    one = subject()
    one.chat()
    assert one.world.ledger.shown("escola") == 1
    one.timeline()
    assert one.world.ledger.shown("escola") == 20
    entry = next(one.world.ledger.entries())
    assert (entry.feed, entry.conversation) == ((one.conversation.id,), one.conversation.id)
    assert len(entry.states) == 1


# --- what is not: one switch for each ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paging", "queries"),
    [
        ("page_from_1", [{}, {"page": 2}, {"page": 3}, {"page": 4}]),
        ("page_from_0", [{}, {"page": 1}, {"page": 2}, {"page": 3}]),
        ("offset", [{}, {"offset": 20}, {"offset": 40}, {"offset": 60}]),
        ("skip", [{}, {"skip": 20}, {"skip": 40}, {"skip": 60}]),
    ],
)
def test_pages_are_asked_for_in_the_way_that_the_switch_says_and_in_no_other(subject, paging, queries):
    one = subject(f"wegly.timeline_paging={paging}")
    shown = [one.ids(**query) for query in queries]
    assert list(chain.from_iterable(shown)) == one.newest()
    assert shown[-1] == []
    assert one.ids(before=7, **queries[1]) == shown[1]
    assert one.ids(number=2) == shown[0]


def test_everything_at_once_or_nothing_but_the_first_page(subject):
    assert subject("wegly.timeline_paging=everything").ids(page=3) == subject().newest()
    assert subject("wegly.timeline_paging=none").ids(page=3, offset=20) == subject().newest()[:20]


def test_parameters_that_are_not_known_may_be_refused(subject):
    one = subject("wegly.unknown_parameters=refused")
    assert [one.timeline(**query).status for query in ({}, {"page": 2}, {"offset": 20})] == [200, 200, 400]
    assert one.timeline(page="x").status == 400


@pytest.mark.parametrize(
    ("word", "status", "count"), [("empty", 200, 0), ("last_page", 200, 5), ("not_found", 404, None)]
)
def test_a_page_past_the_end(subject, word, status, count):
    answer = subject(f"wegly.past_end={word}").timeline(page=9)
    assert answer.status == status
    assert count is None or len(answer.rows) == count


def test_the_order_of_the_list_and_that_of_a_page(subject):
    newest = subject().newest()
    assert subject("wegly.timeline_order=oldest_first").ids() == newest[::-1][:20]
    assert subject("wegly.order=turned").ids() == newest[:20][::-1]
    assert subject("wegly.timeline_order=oldest_first", "wegly.order=turned").ids() == newest[::-1][:20][::-1]
    mixed = subject("wegly.timeline_order=mixed")
    every = [*mixed.ids(), *mixed.ids(page=2), *mixed.ids(page=3)]
    assert sorted(every) == sorted(newest)
    assert every not in (newest, newest[::-1])


def test_entries_that_are_no_messages_stand_between_and_may_or_may_not_count(subject):
    for word, total in (("records", 90), ("messages", 45), ("page", 20), ("absent", None)):
        told = subject("wegly.events=1", f"wegly.total={word}").told()
        assert told.get("total") == total
        kinds = [record["event_type"] for record in told["records"]]
        assert kinds.count("MESSAGE") == 10
        assert all(record["message"] is None for record in told["records"] if record["event_type"] != "MESSAGE")


@pytest.mark.parametrize(("word", "status"), [("on", 200), ("not_found", 404), ("not_allowed", 405)])
def test_a_timeline_may_not_exist(subject, word, status):
    one = subject(f"wegly.timeline={word}")
    assert one.timeline().status == status
    assert one.chat()["last_message"]["id"] == one.newest()[0]


def test_a_restricted_key_is_answered_with_its_domain_in_either_header(subject):
    one = subject("wegly.origin=restricted")
    path = ("chats", one.conversation.id)
    sent = [
        {},
        {"Origin": "https://painel.example"},
        {"Referer": "https://painel.example/x"},
        {"Origin": "https://evil.example"},
    ]
    assert [one.call(*path, headers=headers).status for headers in sent] == [403, 200, 200, 403]
    assert one.world.exchange.rooms["wegly"].account_settings(one.account) == {"origin": "https://painel.example"}


@pytest.mark.parametrize(
    ("form", "begin"),
    [
        *(("nest", b'{"statusCode":404'), ("message", b'{"message"'), ("error", b'{"error"')),
        *(("empty", b""), ("html", b"<!doctype")),
    ],
)
def test_errors_have_any_body(subject, form, begin):
    assert subject(f"wegly.errors={form}").call("chats", "x").body.startswith(begin)


@pytest.mark.parametrize(
    ("form", "kind"), [("iso", str), ("seconds_text", str), ("seconds", int), ("millis", int), ("null", type(None))]
)
def test_metas_time_has_any_form_and_the_ledger_the_time_that_it_tells(subject, form, kind):
    one = subject(f"wegly.meta_timestamp={form}")
    record = one.told()["records"][0]
    assert type(record["message"]["meta_timestamp"]) is kind
    message = one.conversation.messages[-1]
    shown = next(entry for entry in one.world.ledger.entries() if entry.message is message)
    assert shown.time_ms == (message.at_ms // 1000 * 1000 if form.startswith("seconds") else message.at_ms)


def test_words_of_origin_and_status_and_author(subject):
    one = subject("wegly.origin_words=other", "wegly.statuses=upper", "wegly.sent_via=unheard")
    messages = [record["message"] for record in one.told()["records"]]
    assert {message["origin"] for message in messages} == {"FROM_CUSTOMER", "FROM_COMPANY"}
    assert all(message["status"].isupper() for message in messages)
    assert {message["sent_via"] for message in messages} == {"CONTACT", "PANEL_V2"}


def test_a_file_is_filled_in_later(subject):
    # Given a file that was sent just now
    one = subject("wegly.media_seconds=30", rate=20.0, limit=200, history=0)
    one.world.seconds = 10
    files = [record["message"] for record in one.told(limit=100)["records"] if record["message"]["media"]]
    assert files
    assert {(file["is_media_placeholder"], file["media"]["is_downloaded"], file["media"]["url"]) for file in files} == {
        (True, False, None)
    }
    # When
    one.world.seconds = 60
    shown = {record["message"]["id"]: record["message"] for record in one.told(limit=100)["records"]}
    # Then
    later = [shown[file["id"]] for file in files if file["id"] in shown]
    assert all(file["media"]["is_downloaded"] and file["media"]["url"] for file in later)


def test_imported_history_appears_late_and_is_marked(subject):
    one = subject("wegly.imported=0.5", "wegly.import_seconds=100")
    early = one.told()["total"]
    one.world.seconds = 200
    told = one.told()
    assert early < told["total"] == 45
    assert {record["message"]["is_history"] for record in told["records"]} == {True, False}


def test_the_two_generations_of_the_reference(subject):
    older, newer = (subject(f"wegly.generation={name}").told()["records"][0]["message"] for name in ("older", "newer"))
    assert "created_at" in older
    assert "content_payload" not in older
    assert "content_payload" in newer
    assert "created_at" not in newer


def test_what_else_a_message_may_have(subject):
    one = subject("wegly.reactions=1", "wegly.quotes=1", "wegly.calls=1", "wegly.media_type=media", "wegly.groups=1")
    messages = [record["message"] for record in one.told(limit=100)["records"]]
    assert any(message["reactions"] for message in messages)
    assert all(message["quoted_message"]["id"] for message in messages)
    assert {message["type"] for message in messages if message["media"]} == {"media"}
    assert any(message["call"] and message["call"]["duration_ms"] == 61_000 for message in messages)
    assert one.chat()["chat_type"] == "GROUP"


@pytest.mark.parametrize(("word", "status"), [("off", 404), ("records", 200), ("bare", 200)])
def test_chats_may_be_listed(subject, word, status):
    answer = subject(f"wegly.chat_list={word}").call("chats")
    assert answer.status == status
    assert len(answer.rows) == (len(subject().account.conversations) if status == 200 else 0)


def test_a_spoilt_message_says_neither_when_it_was_sent_nor_when_it_was_listed(subject):
    one = subject("poison=1")
    for record in one.told(limit=100)["records"]:
        message = record["message"]
        assert "event_at" not in record
        assert not isinstance(message, dict) or message["id"] is None or message["created_at"] is None
    assert one.world.ledger.shown("escola") == 0


def test_a_chat_does_not_tell_the_time_of_a_last_message_that_is_spoilt(subject):
    assert subject("poison=1").chat()["last_message_at"] is None
    assert subject().chat()["last_message_at"] is not None


def test_what_both_documents_show_is_one_state_with_all_that_they_say(subject):
    # Given a chat whose last message is a file, asked for as a poll does, twice
    one = subject()
    for _ in range(2):
        one.chat()
        one.timeline()
    # Then
    entry = one.world.ledger.entry(one.conversation.messages[-1])
    assert len(entry.states) == 1
    assert {"direction", "from", "reply_to", "type"} <= entry.content()["facts"].keys()


def test_the_configuration_names_every_chat(subject):
    one = subject()
    room = one.world.exchange.rooms["wegly"]
    assert room.feeds(one.account) == [{"chat_id": chat.id} for chat in one.account.conversations]
