"""A conversation as a whole: told once, told again when a part of it changes, and never for nothing."""

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.support.histories import Size
from tests.support.model_provider import normalise
from tests.support.rows import FIRST, NO_SETTLE, NOW, page, row, rows
from workers.events import schemas
from workers.events.encoding import EventEncoder
from workers.events.payload import ConversationName
from workers.events.source import Source
from workers.model import Assignee, Contact, ConversationState, Feed
from workers.reconcile.batches import Batches
from workers.reconcile.conversation import CONVERSATION_PARTS, tell
from workers.reconcile.cursor import Cursor
from workers.reconcile.cursor_records import Restored, records
from workers.reconcile.outcome import Outcome
from workers.reconcile.plan import LivePlan
from workers.reconcile.walk import LiveWalk
from workers.redaction import REMOVED, Redactor

STATE = ConversationState(
    id="escola/c1",
    provider_id="c1",
    contact=Contact(address="5511988880000", name="Ana"),
    state="open",
    assigned_to=Assignee(id="a1", name="Bia"),
    unread=2,
    updated_at="2026-01-05T12:00:00.000Z",
)
EMPTY = Cursor(contact=1)
CHANGES = {
    "contact": {"contact": Contact(address="5511988880000", name="Ana Lima")},
    "state": {"state": "resolved"},
    "assigned_to": {"assigned_to": None},
    "unread": {"unread": 0},
}


def changed(**fields):
    return msgspec.structs.replace(STATE, **fields)


def restored(cursor):
    reading = Restored()
    for key, value in records("escola/c1", None, cursor):
        reading.apply(key, value)
    return dict(reading.cursors())["escola/c1"]


# --- what is told ---------------------------------------------------------------------------------------------


def test_a_conversation_is_told_when_it_first_appears():
    cursor, told = tell(EMPTY, STATE)
    assert (told.state, told.changed, told.revision) == (STATE, (), 0)
    assert tell(cursor, STATE) == (cursor, None)


def test_a_provider_that_tells_no_state_is_not_told_of():
    assert tell(EMPTY, None) == (EMPTY, None)


@pytest.mark.parametrize("name", CONVERSATION_PARTS)
def test_each_part_that_changes_is_named(name):
    cursor, _ = tell(EMPTY, STATE)
    after, told = tell(cursor, changed(**CHANGES[name]))
    assert (told.changed, told.revision) == ((name,), 1)
    assert tell(after, changed(**CHANGES[name]))[1] is None


def test_a_touch_without_news_says_nothing():
    cursor, _ = tell(EMPTY, STATE)
    assert tell(cursor, changed(updated_at="2027-01-05T12:00:00.000Z")) == (cursor, None)


def test_a_state_that_returns_is_a_new_event_with_a_new_id():
    cursor, ids = EMPTY, []
    for state in (STATE, changed(state="resolved"), STATE, changed(state="resolved")):
        cursor, told = tell(cursor, state)
        ids.append(encoded(told)["id"])
    assert len(set(ids)) == 4


@given(st.lists(st.sampled_from([STATE, *(changed(**fields) for fields in CHANGES.values())])), st.data())
def test_whatever_happens_each_change_is_told_once_and_survives_restarts(states, data):
    cursor, told, last = EMPTY, [], None
    for state in states:
        cursor, change = tell(cursor, state)
        assert (change is None) is (last == state)
        told += [change] if change else []
        last = state
        cursor = restored(cursor) if data.draw(st.booleans()) else cursor
    assert [change.revision for change in told] == list(range(len(told)))


def test_a_cursor_without_a_conversation_is_written_as_it_always_was():
    (_, value), *_ = records("k", None, Cursor(contact=7))
    assert value == b'{"v":1,"contact":7}'
    assert restored(Cursor(contact=7, beneath=3)).beneath == 3


# --- with the messages of its poll ------------------------------------------------------------------------------


def outcomes(cursor, shown, state, **plan):
    walk = LiveWalk(cursor, NO_SETTLE, FIRST, NOW)
    walk.take(msgspec.structs.replace(page(shown), conversation=state))
    batches = Batches(LivePlan(walk, cursor, NO_SETTLE, NOW, b"digest"), normalise, NO_SETTLE, NOW)
    found = []
    while batch := batches.next(cursor, lambda base, outcome: Size()):
        found.append(batch[0])
        cursor = batch[0].cursor
    return found


def test_a_poll_tells_it_behind_its_last_message_in_the_same_transaction():
    found = outcomes(None, rows(1200), STATE)
    assert [outcome.conversation is not None for outcome in found] == [False, False, True]
    assert found[-1].changes
    kinds = [event.kind for event in encoder().events(found[-1], NOW)]
    assert kinds == ["created"] * 200 + ["conversation"]


def test_a_poll_without_messages_tells_a_change_and_keeps_it():
    (first,) = outcomes(None, [row("m")], STATE)
    (quiet,) = outcomes(first.cursor, [row("m")], STATE)
    (change,) = outcomes(first.cursor, [row("m")], changed(unread=3))
    assert (quiet.durable, quiet.conversation) == (False, None)
    assert (change.durable, change.conversation.changed, change.changes) == (True, ("unread",), ())


# --- as an event ------------------------------------------------------------------------------------------------


def encoder(max_bytes=900_000, secret="nothing-of-the-kind"):
    feed = Feed(key="escola/c1", account="escola", values={"chat_id": "c1"})
    name = ConversationName(id="escola/c1", provider_id="c1")
    source = Source(
        provider="wegly", account="escola", feed=feed, conversation=name, mode="structured", max_bytes=max_bytes
    )
    return EventEncoder(source, Redactor([secret]))


def encoded(change, **options):
    (event,) = encoder(**options).events(Outcome(cursor=EMPTY, conversation=change), NOW)
    return orjson.loads(event.value)


def test_the_event_is_that_of_the_contract():
    event = encoded(tell(EMPTY, STATE)[1])
    assert event["type"] == "afluente.conversation.updated"
    assert event["subject"] == event["partitionkey"] == "escola/c1"
    assert event["time"] == "2026-01-05T12:00:00.000Z"
    assert event["dataschema"] == "urn:afluente:schema:conversation:v1"
    assert event["data"] == {
        "provider": "wegly",
        "account": "escola",
        "channel": "whatsapp",
        "conversation": {
            "id": "escola/c1",
            "provider_id": "c1",
            "contact": {"address": "5511988880000", "name": "Ana"},
            "state": "open",
            "assigned_to": {"id": "a1", "name": "Bia"},
            "unread": 2,
            "updated_at": "2026-01-05T12:00:00.000Z",
        },
        "changed": [],
        "observed_at": event["data"]["observed_at"],
    }
    Draft202012Validator(schemas.schema("conversation")).validate(event["data"])


def test_a_conversation_that_does_not_tell_its_time_has_that_of_its_observation():
    event = encoded(tell(EMPTY, changed(updated_at=None))[1])
    assert event["time"] == event["data"]["observed_at"]


def test_an_echoed_key_leaves_no_trace_in_it():
    event = encoded(tell(EMPTY, changed(contact=Contact(address="1", name="topsecret")))[1], secret="topsecret")
    assert event["data"]["conversation"]["contact"]["name"] == REMOVED


def test_a_conversation_that_fits_no_record_is_a_dead_letter_once():
    change = tell(EMPTY, changed(contact=Contact(address="1", name="x" * 5000)))[1]
    event = encoded(change, max_bytes=3000)
    assert (event["type"], event["data"]["reason"], event["data"]["row_id"]) == (
        "afluente.dead-letter", "too_large", "escola/c1",
    )  # fmt: skip
