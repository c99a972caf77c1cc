"""WizeBot's API as its page documents it, and a switch for each thing that no page does."""

import re
from urllib.parse import urlencode

import orjson
import pytest

from workers.simulator.rooms.base import Call

FIELDS = [
    "id",
    "whatsapp_bot_subscriber_subscriber_id",
    "whatsapp_bot_id",
    "sender",
    "agent_name",
    "message_content",
    "conversation_time",
    "wa_message_id",
    "reaction_data",
    "message_status",
    "delivery_status_updated_at",
    "failed_reason",
]
LOCAL = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


class Subject:
    """A simulated account, and calls to it."""

    def __init__(self, bench, *switches, **settings):
        self.world = bench(providers=("ogmma", "99digital", "wizebot"), switches=switches, **settings)
        self.account = self.world.world.accounts["suporte"]
        self.conversation = self.account.conversations[0]

    def call(self, path="get/conversation", method="POST", headers=None, as_json=False, **asked):
        own = {"apiToken": self.account.api_key, "phone_number_id": self.account.channels[0].id}
        fields = {k: v for k, v in {**own, **asked}.items() if v is not None}
        body = orjson.dumps(fields) if as_json else urlencode(fields).encode()
        query, body = ({k: str(v) for k, v in fields.items()}, b"") if method == "GET" else ({}, body)
        call = Call(method, ("whatsapp", *path.split("/")), query, headers or {}, body)
        return self.world.call("wizebot", call).answer

    def messages(self, limit=50, **asked):
        return self.call(**{"phone_number": self.conversation.contact.address, "limit": limit, **asked})

    def told(self, **asked):
        return orjson.loads(self.messages(**asked).body)

    def rows(self, **asked):
        return self.told(**asked)["message"]

    def newest(self, count=None):
        return [int(message.id) for message in reversed(self.conversation.messages)][:count]


@pytest.fixture
def subject(bench):
    return lambda *switches, **settings: Subject(bench, *switches, **settings)


def test_rows_have_the_documented_fields_in_their_documented_forms(subject):
    one = subject("wizebot.content=documented", history=50)
    told = one.told()
    assert list(told) == ["status", "message"]
    assert told["status"] == "1"
    assert len(told["message"]) == 50
    for row in told["message"]:
        assert list(row) == FIELDS
        assert isinstance(row["id"], int)
        assert row["whatsapp_bot_subscriber_subscriber_id"] == f"{one.conversation.contact.address}-42"
        assert row["sender"] in {"user", "bot"}
        assert row["agent_name"] in {None, "17"}
        assert isinstance(orjson.loads(row["message_content"]), dict)
        assert re.fullmatch(LOCAL, row["conversation_time"])
        assert re.fullmatch(LOCAL, row["delivery_status_updated_at"])
        assert row["wa_message_id"].startswith("wamid.")
        assert row["message_status"] in {None, "sent", "delivered", "read", "failed"}
        assert (row["failed_reason"] == "") == (row["message_status"] != "failed")
    assert [row["id"] for row in told["message"]] == one.newest(50)


def test_every_shape_of_content_occurs(subject):
    one = subject("wizebot.limit_cap=none", history=1500)
    contents = [row["message_content"] for row in one.rows(limit=1500)]
    held = [orjson.loads(content) if content.startswith("{") else content for content in contents]
    envelopes = [content["entry"][0]["changes"][0]["value"] for content in held if "entry" in content]
    received = [value["messages"][0] for value in envelopes]
    assert {message["type"] for message in received} >= {
        *("text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "button"),
        *("reaction", "order"),
    }
    assert {m["interactive"]["type"] for m in received if m["type"] == "interactive"} == {
        *("button_reply", "list_reply", "nfm_reply")
    }
    forms = {
        "send body": lambda c: c.get("type") == "text" and "delay_in_reply" in c,
        "bare text": lambda c: set(c) == {"messaging_product", "to", "text"},
        "text and type": lambda c: set(c) == {"text", "type"},
        "body": lambda c: set(c) == {"body"},
        "buttons": lambda c: c.get("type") == "interactive" and c["interactive"]["type"] == "button",
        "list": lambda c: c.get("type") == "interactive" and c["interactive"]["type"] == "list",
        "definition": lambda c: "components" in c and "type" not in c and "to" not in c,
        "template": lambda c: c.get("type") == "template",
        "file line": lambda c: "https://" in str(c.get("text")) and c.get("type") == "text",
    }
    objects = [content for content in held if isinstance(content, dict)]
    assert [name for name, is_one in forms.items() if not any(map(is_one, objects))] == []
    assert any(isinstance(content, str) for content in held)
    assert {row["sender"] for row in one.rows(limit=1500)} == {"user", "bot", "automation", "system"}


@pytest.mark.parametrize(
    ("form", "opens"), [("array", "["), ("object", "{"), ("text_array", '"['), ("text_object", '"{')]
)
def test_rows_come_in_four_forms_that_say_the_same(subject, form, opens):
    one = subject(history=30)
    plain = one.rows()
    one.world.turn(None, "wizebot.message_form", form)
    body = one.messages().body.decode()
    assert body.startswith('{"status":"1","message":' + opens)
    told = orjson.loads(body)["message"]
    held = orjson.loads(told) if isinstance(told, str) else told
    assert (list(held.values()) if isinstance(held, dict) else held) == plain
    if isinstance(held, dict):
        assert list(held) == [str(key) for key in range(30)]
    assert orjson.loads(one.messages(offset=9).body)["message"] in ([], {}, "[]", "{}")


@pytest.mark.parametrize(("form", "status"), [("text", "1"), ("number", 1), ("boolean", True)])
def test_a_status_has_three_forms(subject, form, status):
    one = subject(f"wizebot.status_form={form}")
    assert one.told()["status"] is status or one.told()["status"] == status
    failed = orjson.loads(one.messages(phone_number="1").body)
    assert failed == {"status": {"text": "0", "number": 0, "boolean": False}[form], "message": "Subscriber not found."}


@pytest.mark.parametrize(
    ("reading", "asked", "first"),
    [
        ("page_or_zero", {}, 0),
        ("page_or_zero", {"offset": 0}, 0),
        ("page_or_zero", {"offset": 1}, 0),
        ("page_or_zero", {"offset": 3}, 20),
        ("page", {}, 0),
        ("page", {"offset": 1}, 0),
        ("page", {"offset": 2}, 10),
        ("rows", {}, 0),
        ("rows", {"offset": 0}, 0),
        ("rows", {"offset": 1}, 1),
        ("rows", {"offset": 7}, 7),
    ],
)
def test_offset_has_three_readings(subject, reading, asked, first):
    one = subject(f"wizebot.offset={reading}", history=40)
    assert [row["id"] for row in one.rows(limit=10, **asked)] == one.newest()[first : first + 10]


def test_a_page_zero_may_be_refused(subject):
    one = subject("wizebot.offset=page")
    assert one.told(offset=0) == {"status": "0", "message": "Missing required parameters."}


@pytest.mark.parametrize(("cap", "shown"), [("10", 10), ("20", 20), ("50", 50), ("100", 100), ("none", 120)])
def test_a_limit_may_be_cut(subject, cap, shown):
    one = subject(f"wizebot.limit_cap={cap}", history=120)
    assert len(one.rows(limit=1000)) == shown
    assert [row["id"] for row in one.rows(limit=1000, offset=2)] == one.newest()[shown : 2 * shown]


@pytest.mark.parametrize("missing", ["limit", "phone_number", "phone_number_id"])
def test_a_call_that_lacks_something_is_told_so_inside_a_200(subject, missing):
    answer = subject().messages(**{missing: None})
    assert answer.status == 200
    assert orjson.loads(answer.body) == {"status": "0", "message": "Missing required parameters."}


def test_another_number_is_no_account_of_this_key(subject):
    told = orjson.loads(subject().messages(phone_number_id="1").body)
    assert told == {"status": "0", "message": "WhatsApp account not found."}


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("status_0", {"status": "0", "message": "Subscriber not found."}),
        ("status_1", {"status": "1", "message": "Subscriber not found."}),
        ("empty", {"status": "1", "message": []}),
    ],
)
def test_a_subscriber_who_does_not_exist_is_told_in_three_ways(subject, word, told):
    assert orjson.loads(subject(f"wizebot.not_found={word}").messages(phone_number="5511").body) == told


@pytest.mark.parametrize(
    ("word", "wrong", "missing"), [("in_band", 200, 200), ("http_401", 401, 401), ("redirect_302", 401, 302)]
)
def test_a_wrong_key_and_none_are_refused_as_the_switch_says(subject, word, wrong, missing):
    one = subject(f"wizebot.refusal={word}")
    refused = one.messages(apiToken="nobody")
    assert (refused.status, orjson.loads(refused.body)) == (wrong, {"status": "0", "message": "Invalid API Key."})
    assert one.messages(apiToken=None).status == missing
    assert one.world.exchange.strangers["wizebot"] == 2
    assert not list(one.world.ledger.entries())


def test_a_call_may_be_a_form_json_or_a_query_and_the_key_a_bearer(subject):
    one = subject()
    expected = one.rows()
    number, limit = one.conversation.contact.address, 50
    assert orjson.loads(one.messages(as_json=True).body)["message"] == expected
    assert orjson.loads(one.call(method="GET", phone_number=number, limit=limit).body)["message"] == expected
    bearer = {"Authorization": f"Bearer {one.account.api_key}"}
    assert orjson.loads(one.messages(apiToken=None, headers=bearer).body)["message"] == expected


def test_local_times_are_those_of_the_zone(subject):
    one = subject("wizebot.content=documented", history=40)
    sent = next(row for row in one.rows() if row["sender"] == "bot")
    one.world.turn(None, "wizebot.zone", "UTC")
    utc = next(row for row in one.rows() if row["id"] == sent["id"])
    hours = [int(row["conversation_time"][11:13]) for row in (utc, sent)]
    assert (hours[0] - hours[1]) % 24 == 3
    one.world.turn(None, "wizebot.times", "fraction")
    assert all(re.fullmatch(LOCAL + r"\.\d{3}000", row["conversation_time"]) for row in one.rows())
    settings = one.world.exchange.rooms["wizebot"].account_settings(one.account)
    assert settings == {"phone_number_id": one.account.channels[0].id, "timezone": "UTC"}


def test_a_message_may_appear_up_to_25_minutes_after_its_time(subject):
    # Given
    one = subject("wizebot.lag_minutes=25", history=0)
    made = [one.world.world.append(one.conversation, text="x") for _ in range(40)]
    # When
    shown = []
    for one.world.seconds in (0, 600, 1200, 1500):
        shown.append(len(one.rows()))
    # Then
    assert 20 < shown[0] < shown[1] < shown[2] < shown[3] == len(made)


def test_further_fields_appear_as_the_switches_say(subject):
    one = subject("wizebot.next_offset=present", "wizebot.extra_fields=present", history=50)
    told = one.told()
    assert told["nextOffset"] == 51
    assert all(list(row) == [*FIELDS, "read_time", "failed_time"] for row in told["message"])
    read = [row["read_time"] for row in told["message"] if row["message_status"] == "read"]
    assert read
    assert all(re.fullmatch(LOCAL, moment) for moment in read)


@pytest.mark.parametrize("form", ["emoji", "object", "list", "odd"])
def test_reaction_data_can_be_anything(subject, form):
    one = subject(f"wizebot.reaction_data={form}", history=50)
    assert {type(row["reaction_data"]) for row in one.rows()} == {type(None), str}


def test_an_id_of_metas_may_come_later_or_never(subject):
    one = subject("wizebot.wamid=late", "wizebot.content=documented", history=0)
    waiting = one.world.world.append(one.conversation, text="x", inbound=False, status="pending")
    assert [row["wa_message_id"] for row in one.rows()] == [None]
    one.world.world.set_status(waiting, "sent")
    assert one.rows()[0]["wa_message_id"].startswith("wamid.")
    one.world.turn(None, "wizebot.wamid", "never")
    assert [row["wa_message_id"] for row in one.rows()] == [None]


def test_rows_of_deliveries_stand_beside_messages_and_count_as_rows(subject):
    one = subject("wizebot.status_rows=1", history=60)
    rows = one.rows() + one.rows(offset=2) + one.rows(offset=3)
    told = [orjson.loads(row["message_content"]) for row in rows if '"statuses"' in row["message_content"]]
    sent = [message for message in one.conversation.messages if not message.inbound]
    assert len(one.rows()) == 50
    assert len(told) == len(sent) > 5
    assert len(rows) == 60 + len(sent)
    assert {value["entry"][0]["changes"][0]["value"]["statuses"][0]["status"] for value in told} == {"delivered"}


def test_senders_and_types_that_nobody_has_seen(subject):
    one = subject("wizebot.strange_senders=1", "wizebot.unsupported=1", history=50)
    assert {row["sender"] for row in one.rows()} == {"user", "workflow"}
    assert any('"unsupported"' in row["message_content"] for row in one.rows())


def test_a_spoilt_row_has_no_time_at_all(subject):
    one = subject("poison=1", history=50)
    for row in one.rows():
        if isinstance(row, dict) and row["conversation_time"] == "some time ago":
            assert "timestamp" not in row["message_content"]


def test_subscribers_are_listed_the_latest_first(subject):
    one = subject(conversations=360)
    asked = {"path": "subscriber/list", "limit": 1000, "orderBy": 1}
    latest = sorted(one.account.conversations, key=lambda c: c.changed_ms, reverse=True)
    first, second, third = (orjson.loads(one.call(**asked, offset=page).body)["message"] for page in (1, 2, 3))
    assert [row["chat_id"] for row in first + second] == [c.contact.address for c in latest]
    assert (len(first), len(second), third) == (100, 20, [])
    assert list(first[0]) == [
        *("subscriber_id", "chat_id", "first_name", "last_name", "email", "gender", "label_names", "assigned_agent_id")
    ]
    assert first[0]["email"] == "null"
    one.world.turn(None, "wizebot.subscriber_times", "present")
    assert "last_message_time" in orjson.loads(one.call(**asked).body)["message"][0]
    one.world.turn(None, "wizebot.subscriber_list", "off")
    assert one.call(**asked).status == 404


def test_no_shape_that_is_wrong_holds_a_row(subject):
    for body in subject().world.exchange.rooms["wizebot"].wrong_shapes():
        assert b'"id"' not in body
        orjson.loads(body)


def test_ids_grow_with_time_and_do_not_collide(subject):
    one = subject(history=0)
    made = [one.world.world.append(one.conversation, text="x") for _ in range(2000)]
    assert len({message.id for message in made}) == 2000
    one.world.seconds = 1
    one.rows()
    later = one.world.world.append(one.conversation, text="x")
    assert int(later.id) > max(int(message.id) for message in made)


def texts(value):
    """Every text inside a row, however deep its JSON is written."""
    if isinstance(value, str):
        inner = orjson.loads(value) if value.startswith("{") else None
        return [value, *(texts(inner) if inner else [])]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in inner for text in texts(item)]


def test_the_ledger_knows_what_was_shown(subject):
    one = subject("wizebot.limit_cap=none", history=300)
    rows = {str(row["id"]): row for row in one.rows(limit=300)}
    entries = list(one.world.ledger.entries())
    assert len(entries) == 300
    for entry in entries:
        content = entry.content()
        row, (state,) = rows[content["message"]], content["states"]
        assert content["conversation"] == one.conversation.contact.address
        assert state["status"] == row["message_status"]
        if entry.message.kind not in {"location", "contacts"}:
            shown = texts(row)
            assert state["text"] in {None, *shown}
            assert state["media"] is None or any(text.endswith(state["media"]) for text in shown)
