"""Message events: identity, both content modes, the raw payload, and what fits no record."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.events.encoded import SECRET, SEEN, change, data, headers, identity, of_changes
from workers.model import Media, Status
from workers.redaction import REMOVED

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=40)


def first(*changes, **fields):
    return of_changes(*changes, **fields)[0]


# --- identity ----------------------------------------------------------------------------------------------


def test_the_same_event_has_the_same_id_whenever_and_however_it_is_written():
    one = identity(first(change()))
    assert one == identity(first(change(), now=SEEN + 1))
    assert one == identity(first(change(), mode="structured"))
    assert one == identity(first(change(origin="backfill")))
    assert len(one) == 32


@pytest.mark.parametrize(
    "other",
    [
        {"provider": "wizebot"},
        {"account": "other"},
        {"change": {"conversation": "w"}},
        {"change": {"message": {"id": "m2"}}},
        {"change": {"kind": "updated", "changed": ("text",)}},
        {"change": {"message": {"revision": 1}}},
    ],
)
def test_the_id_tells_everything_apart_that_it_is_made_of(other):
    fields = {name: value for name, value in other.items() if name != "change"}
    assert identity(first(change(**other.get("change", {})), **fields)) != identity(first(change()))


def test_the_new_state_is_part_of_an_updates_id_and_not_of_a_creations():
    def updated(digest):
        return identity(first(change(kind="updated", changed=("text",), digest=digest)))

    assert updated(b"one") != updated(b"two")
    assert identity(first(change(digest=b"one"))) == identity(first(change(digest=b"two")))


@given(WORDS, WORDS)
@settings(max_examples=100)
def test_no_two_lists_of_texts_make_one_id(one, two):
    # Given a conversation and a message whose names could run into one another
    joined = identity(first(change(conversation=one + two, message={"id": "x"})))
    assert joined != identity(first(change(conversation=one, message={"id": two + "x"})))


# --- attributes --------------------------------------------------------------------------------------------


def test_an_event_has_the_attributes_of_the_contract():
    record = first(change(kind="updated", changed=("text",), message={"revision": 3}))
    assert headers(record) == {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": identity(record),
        "ce_source": "/afluente/ogmma/loja",
        "ce_type": "afluente.message.updated",
        "ce_subject": "m1",
        "ce_time": "2026-01-05T12:00:00.000Z",
        "ce_dataschema": "urn:afluente:schema:message:v1",
        "ce_partitionkey": "loja/v",
    }
    assert record.key == b"loja/v"
    assert (record.topic, record.kind) == ("messages", "updated")


def test_structured_mode_says_the_same_in_one_value():
    # Given the same event in both modes
    binary, structured = first(change()), first(change(), mode="structured")
    # When the structured one is taken apart
    value = orjson.loads(structured.value)
    # Then attributes, data and key are those of the other
    assert structured.headers == (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
    assert structured.key == binary.key
    attributes = {f"ce_{name}": told for name, told in value.items() if name not in {"data", "datacontenttype"}}
    assert {**attributes, "content-type": value["datacontenttype"]} == headers(binary)
    assert value["data"] == data(binary)


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_every_field_of_the_contract_is_present_whatever_the_provider_told(mode):
    told = data(first(change(), mode=mode))
    assert list(told) == [
        "provider", "account", "channel", "conversation", "message", "changed", "origin", "observed_at",
    ]  # fmt: skip
    assert list(told["message"]) == [
        "id", "wamid", "revision", "direction", "author", "from", "to", "sent_at", "type", "provider_type", "text",
        "media", "location", "contacts", "interactive", "template", "order", "call", "reaction", "reactions",
        "reply_to", "forwarded", "status",
    ]  # fmt: skip
    assert list(told["message"]["status"]) == ["state", "provider", "at", "error"]
    assert told["observed_at"] == "2026-01-05T12:00:07.000Z"


# --- raw ---------------------------------------------------------------------------------------------------


def test_the_raw_payload_is_there_only_where_the_account_asks_for_it():
    raw = {"id": "m1", "nested": [{"deep": 1}]}
    assert "raw" not in data(first(change(raw=raw)))
    assert data(first(change(raw=raw), include_raw=True))["raw"] == raw
    assert data(first(change(raw=None), include_raw=True))["raw"] is None


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_a_secret_leaves_neither_in_the_raw_payload_nor_in_the_message_nor_in_the_key(mode):
    # Given a provider that echoes the account's key wherever it can
    raw = {"echo": SECRET, SECRET: [f"Bearer {SECRET}"]}
    message = {"id": SECRET, "text": f"key {SECRET}", "media": Media(url=f"https://x/?k={SECRET}")}
    # When the event is written with its raw payload
    record = first(change(raw=raw, message=message, conversation=SECRET), include_raw=True, mode=mode)
    # Then nothing of it holds the key
    assert SECRET.encode() not in record.value + record.key + b"".join(value for _, value in record.headers)
    assert data(record)["message"]["text"] == f"key {REMOVED}"
    assert data(record)["raw"]["echo"] == REMOVED


# --- order and size ----------------------------------------------------------------------------------------


def test_events_come_in_the_order_of_the_changes():
    changes = [change(message={"id": f"m{number}"}) for number in range(5)]
    assert [headers(record)["ce_subject"] for record in of_changes(*changes)] == ["m0", "m1", "m2", "m3", "m4"]


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_what_fits_no_record_is_a_truncated_letter_and_its_neighbours_are_events(mode):
    # Given a message that is larger than a record may be, between two others
    large = change(message={"id": "large", "text": "x" * 20_000}, raw={"id": "large", "text": "x" * 20_000})
    # When they are written
    records = of_changes(change(), large, change(message={"id": "m2"}), max_bytes=10_000, mode=mode)
    # Then it is told of, in its place, with as much of it as fits
    assert [record.topic for record in records] == ["messages", "dead_letters", "messages"]
    told = data(records[1])
    assert (told["reason"], told["scope"], told["row_id"], told["truncated"]) == ("too_large", "row", "large", True)
    assert told["payload"].startswith('{"id":"large","text":"xxx')
    assert all(record.size <= 10_000 for record in records)


def test_two_sizes_of_one_message_are_two_letters_and_the_same_one_is_one():
    def told(digest):
        return identity(first(change(message={"text": "x" * 20_000}, digest=digest), max_bytes=10_000))

    assert told(b"one") == told(b"one")
    assert told(b"one") != told(b"two")


@given(st.integers(0, 3000), st.sampled_from(["x", "é", "🙂", '"', "\x01"]), st.sampled_from(["binary", "structured"]))
@settings(max_examples=60)
def test_no_record_is_larger_than_it_may_be_whatever_it_holds(length, character, mode):
    record = first(
        change(message={"text": character * length}, raw={"t": character * length}), max_bytes=3000, mode=mode
    )
    assert record.size <= 3000
    assert len(record.value) + sum(len(name) + len(value) for name, value in record.headers) <= record.size


def test_a_status_says_the_providers_word_as_text():
    told = data(first(change(message={"status": Status(provider="7")})))["message"]["status"]
    assert told == {"state": None, "provider": "7", "at": None, "error": None}
