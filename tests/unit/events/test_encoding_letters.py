"""Dead letters and gaps: identity, limits, and what they may not say."""

import base64

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.events.encoded import FEED, SECRET, SEEN, change, data, headers, identity, letter, of_letters, records
from workers.events.letters import PAYLOAD_LIMIT
from workers.events.payload import Http
from workers.model import Contact, ConversationState
from workers.reconcile.cursor import Cursor, Newest
from workers.reconcile.outcome import ConversationChange, Gap, Outcome
from workers.redaction import REMOVED, Redactor

STATE = ConversationState(
    id="loja/v", provider_id="v", contact=Contact(address=None), updated_at="1970-01-01T00:00:00.005Z"
)


def first(**fields):
    return of_letters(letter(**fields))[0]


# --- dead letters ------------------------------------------------------------------------------------------


def test_a_letter_says_everything_that_is_known_of_the_broken_thing():
    record = of_letters(letter(row_id="m1"), answered=Http(status=200, content_type="application/json"))[0]
    assert data(record) == {
        "provider": "ogmma",
        "account": "loja",
        "feed": {"key": FEED.key, "channel_id": "c", "conversation_id": "v"},
        "reason": "no_id",
        "detail": "it has none",
        "scope": "row",
        "row_id": "m1",
        "digest": b"123456".hex(),
        "payload": "{}",
        "payload_encoding": "utf-8",
        "truncated": False,
        "http": {"status": 200, "content_type": "application/json"},
        "observed_at": "2026-01-05T12:00:07.000Z",
    }
    assert (record.topic, record.key) == ("dead_letters", FEED.key.encode())
    assert headers(record)["ce_type"] == "afluente.dead-letter"
    assert headers(record)["ce_subject"] == FEED.key
    assert headers(record)["ce_dataschema"] == "urn:afluente:schema:dead-letter:v1"


def test_the_same_broken_thing_has_one_id_whatever_is_said_of_it():
    one = identity(first())
    assert one == identity(first(detail="said otherwise", reason="bad_time", payload="[]"))
    assert one == identity(of_letters(letter(), now=SEEN + 1)[0])
    assert one == identity(of_letters(letter(), mode="structured")[0])


def test_another_thing_scope_or_account_has_another_id():
    ids = {
        identity(first()),
        identity(first(digest=b"654321")),
        identity(first(scope="page")),
        identity(of_letters(letter(), account="other")[0]),
    }
    assert len(ids) == 4


def test_a_payload_is_cut_at_256_kib_and_says_so():
    whole, cut = first(payload="x" * PAYLOAD_LIMIT), first(payload="x" * (PAYLOAD_LIMIT + 1))
    assert (len(data(whole)["payload"]), data(whole)["truncated"]) == (256 * 1024, False)
    assert (len(data(cut)["payload"]), data(cut)["truncated"]) == (256 * 1024, True)


def test_the_limit_counts_bytes_and_no_character_is_cut_in_two():
    told = data(first(payload="x" + "🙂" * PAYLOAD_LIMIT))
    assert told["truncated"]
    assert 256 * 1024 - 4 < len(told["payload"].encode()) <= 256 * 1024
    assert set(told["payload"]) == {"x", "🙂"}


def test_base64_that_was_cut_can_still_be_read():
    body = bytes(range(256)) * 2048
    record = first(payload=body, scope="page")
    assert (data(record)["payload_encoding"], data(record)["truncated"]) == ("base64", True)
    assert body.startswith(base64.b64decode(data(record)["payload"], validate=True))


@given(st.integers(0, 20_000), st.sampled_from(["x", "é", '"', "\x01"]), st.sampled_from(["binary", "structured"]))
@settings(max_examples=40)
def test_no_letter_is_larger_than_a_record_may_be(length, character, mode):
    record = of_letters(letter(payload=character * length, detail="d" * 9999), max_bytes=6000, mode=mode)[0]
    assert record.size <= 6000
    assert data(record)["truncated"] is (len(data(record)["payload"]) < length)


def test_the_letter_of_a_page_tells_of_its_own_answer():
    record = of_letters(letter(scope="page", status=500), answered=Http(status=200, content_type="text/html"))[0]
    assert data(record)["http"] == {"status": 500, "content_type": None}


@pytest.mark.parametrize("field", ["payload", "detail", "row_id", "content_type"])
@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_no_part_of_a_letter_holds_a_secret(field, mode):
    record = of_letters(letter(**{field: f"before {SECRET} after"}, scope="page"), mode=mode)[0]
    assert SECRET.encode() not in record.value
    assert REMOVED.encode() in record.value


def test_a_secret_that_the_cut_would_go_through_is_removed_before():
    told = data(first(payload="x" * (PAYLOAD_LIMIT - 10) + SECRET))
    assert SECRET[:8] not in told["payload"]
    assert told["payload"].endswith("x" + REMOVED[:10])


# --- gaps --------------------------------------------------------------------------------------------------


def gap(*, conversation=True, **fields):
    told = Gap(**{"reason": "page_limit", "after": Newest(id="m1", time=1), "before": Newest(id="", time=2), **fields})
    outcome = Outcome(cursor=Cursor(contact=1), gaps=(told,))
    return records(outcome)[0] if conversation else records(outcome, conversation=None)[0]


def test_a_gap_says_its_bounds_and_null_where_one_is_not_known():
    told = data(gap())["gap"]
    assert told == {
        "reason": "page_limit",
        "after": {"id": "m1", "sent_at": "1970-01-01T00:00:00.001Z"},
        "before": {"id": None, "sent_at": "1970-01-01T00:00:00.002Z"},
        "at_least": None,
    }
    assert data(gap(after=None, at_least=7))["gap"]["after"] == {"id": None, "sent_at": None}


def test_the_key_of_a_gap_is_the_conversation_or_the_feed_where_it_has_many():
    assert gap().key == b"loja/v"
    assert gap(conversation=False).key == FEED.key.encode()
    assert data(gap(conversation=False))["conversation"] is None
    assert headers(gap())["ce_subject"] == FEED.key


def test_the_same_gap_has_one_id_and_another_gap_another():
    assert identity(gap()) == identity(gap())
    others = {identity(gap(reason="memory")), identity(gap(after=None)), identity(gap(at_least=1))}
    assert identity(gap()) not in others
    assert len(others) == 3


def test_a_gap_behind_a_message_whose_id_holds_a_secret_is_one_before_and_after_a_restart():
    # Given the message as it was seen, and as a cursor stores it
    seen = Newest(id=f"{SECRET}-good", time=1)
    stored = seen.without_secrets(Redactor([SECRET]).redact)
    # Then
    assert SECRET.encode() not in gap(after=seen).value
    assert identity(gap(after=stored)) == identity(gap(after=seen))


def test_gaps_come_before_the_messages_that_follow_them_and_letters_last():
    told = Gap(reason="memory", before=Newest(id="", time=2))
    outcome = Outcome(cursor=Cursor(contact=1), changes=(change(),), gaps=(told,), letters=(letter(),))
    assert [record.kind for record in records(outcome)] == ["gap", "created", "dead_letter"]


def test_a_gap_is_of_the_time_at_which_it_ends_so_events_ascend():
    assert headers(gap())["ce_time"] == "1970-01-01T00:00:00.002Z"
    assert headers(gap(before=None))["ce_time"] == "1970-01-01T00:00:00.001Z"
    assert headers(gap(before=None, after=None))["ce_time"] == "2026-01-05T12:00:07.000Z"


@pytest.mark.parametrize(("updated_at", "place"), [("1970-01-01T00:00:00.005Z", 1), (None, 2)])
def test_what_is_told_of_a_conversation_stands_among_its_messages_by_its_time(updated_at, place):
    # Given messages from before and behind a change of the conversation, or one of an unknown time
    state = msgspec.structs.replace(STATE, updated_at=updated_at)
    told = ConversationChange(state=state, changed=("state",), revision=1, digest=b"d")
    changes = (change(time=2), change(time=9))
    # When
    kinds = [record.kind for record in records(Outcome(cursor=Cursor(contact=1), changes=changes, conversation=told))]
    # Then
    assert kinds.index("conversation") == place
    assert len(kinds) == 3
