"""The two APIs, as their pages document them: fields, paging, errors, and a switch for each thing not documented."""

import re

import orjson
import pytest

OGMMA_FIELDS = [
    "id",
    "conversationId",
    "channelId",
    "type",
    "direction",
    "status",
    "content",
    "mediaUrl",
    "from",
    "to",
    "createdAt",
    "updatedAt",
]
NINETYNINE_FIELDS = ["unique", "timestamp", "direction", "from", "to", "type", "state", "message"]


def content(outgoing):
    return orjson.loads(outgoing.answer.body)


# --- Ogmma -----------------------------------------------------------------------------------------------


def test_ogmma_shows_the_documented_fields_in_their_documented_forms(bench):
    # Given
    world = bench(history=200)

    # When
    told = content(world.messages(limit="500"))

    # Then
    assert list(told) == ["data", "meta"]
    assert told["meta"] == {"limit": 500}
    conversation = world.loja.conversations[0]
    for row in told["data"]:
        assert list(row) == OGMMA_FIELDS
        assert re.fullmatch("[0-9a-f]{24}", row["id"])
        assert (row["conversationId"], row["channelId"]) == (conversation.id, conversation.channel.id)
        assert row["type"] in {"text", "image", "video", "audio", "document"}
        assert row["status"] in {"PENDING", "SENT", "DELIVERED", "READ", "FAILED"}
        assert isinstance(row["content"], str)
        assert row["mediaUrl"] is None or row["mediaUrl"].startswith("https://")
        ends = [conversation.contact.address, conversation.channel.number]
        assert [row["from"], row["to"]] == (ends if row["direction"] == "INBOUND" else ends[::-1])
        for moment in (row["createdAt"], row["updatedAt"]):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment)
        assert row["createdAt"] <= row["updatedAt"]
    assert {row["direction"] for row in told["data"]} == {"INBOUND", "OUTBOUND"}


def test_ogmma_shows_the_newest_rows_first_50_unless_asked_and_never_more_than_500(bench, rows):
    # Given
    world = bench(history=600, switches=("ogmma.requests_per_minute=0",))
    newest = [message.id for message in reversed(world.loja.conversations[0].messages)]

    # When / Then
    assert [row["id"] for row in rows(world.messages())] == newest[:50]
    assert [row["id"] for row in rows(world.messages(limit="7"))] == newest[:7]
    assert [row["id"] for row in rows(world.messages(limit="500"))] == newest[:500]
    over = content(world.messages(limit="9999"))
    assert (len(over["data"]), over["meta"]) == (500, {"limit": 500})


@pytest.mark.parametrize("limit", ["0", "-1", "abc", "1.5", ""])
def test_ogmma_refuses_a_limit_that_is_none(bench, limit):
    outgoing = bench().messages(limit=limit)
    assert outgoing.answer.status == 400
    assert content(outgoing)["code"] == "VALIDATION_ERROR"


def test_ogmma_refuses_missing_and_wrong_keys_with_the_documented_body(bench):
    # Given
    world = bench()
    call = world.get(("channels",))

    # When
    missing = world.call("ogmma", type(call)("GET", call.path))
    wrong = world.call("ogmma", world.get(("channels",), "oapi_sk_live_nobody"))

    # Then
    assert missing.answer.status == wrong.answer.status == 401
    assert content(missing) == {"message": "Token de autenticacao invalido ou ausente.", "code": "UNAUTHORIZED"}
    assert content(wrong)["code"] == "UNAUTHORIZED"
    assert world.exchange.strangers["ogmma"] == 2
    assert not list(world.ledger.entries())


def test_ogmma_answers_429_beyond_60_requests_a_minute_and_again_200_in_the_next(bench):
    # Given
    world = bench()

    # When
    statuses = [world.messages().answer.status for _ in range(61)]
    refusal = world.messages()
    world.seconds = 60.0
    after = world.messages()

    # Then
    assert statuses == [200] * 60 + [429]
    assert content(refusal) == {
        "message": "Limite de requisicoes excedido. Tente novamente em alguns segundos.",
        "code": "RATE_LIMIT_EXCEEDED",
    }
    assert refusal.answer.headers == {}
    assert after.answer.status == 200
    assert world.exchange.meters["loja"].too_many == 2


def test_a_sliding_window_lets_through_only_what_the_last_60_seconds_leave(bench):
    # Given
    world = bench(switches=("ogmma.requests_per_minute=2", "ogmma.rate_limit_window=sliding"))

    # When
    statuses = []
    for second in (0, 30, 59, 61, 62, 91):
        world.seconds = second
        statuses.append(world.messages().answer.status)

    # Then
    assert statuses == [200, 200, 429, 200, 429, 200]


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("retry_after", {"Retry-After": "61"}),
        ("retry_after_date", {"Retry-After": "Thu, 09 Oct 2025 08:54:21 GMT"}),
        ("x_ratelimit", {"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "61"}),
        ("ratelimit", {"RateLimit": "limit=1, remaining=0, reset=61"}),
    ],
)
def test_a_limit_can_be_told_in_every_known_header(bench, style, expected):
    # Given
    world = bench(switches=("ogmma.requests_per_minute=1", f"ogmma.rate_limit_headers={style}"))
    world.messages()

    # When
    refusal = world.messages()

    # Then
    assert refusal.answer.status == 429
    assert dict(refusal.answer.headers) == expected


@pytest.mark.parametrize(
    ("word", "status", "body"),
    [
        ("message_code", 404, b'"code":"NOT_FOUND"'),
        ("error", 404, b'{"error":'),
        ("empty", 404, b""),
        ("html", 404, b"<!doctype html>"),
        ("empty_page", 200, b'{"data":[],"meta":{"limit":50}}'),
    ],
)
def test_a_conversation_that_does_not_exist_is_answered_as_the_switch_says(bench, word, status, body):
    # Given
    world = bench(switches=(f"ogmma.not_found={word}",))
    channel = world.loja.channels[0].id

    # When
    outgoing = world.call("ogmma", world.get(("channels", channel, "conversations", "0" * 24)))

    # Then
    assert outgoing.answer.status == status
    assert body in outgoing.answer.body


def test_a_conversation_is_found_below_its_own_channel_only(bench):
    # Given
    world = bench()
    conversation = world.loja.conversations[0]
    other = next(c for c in world.loja.channels if c is not conversation.channel)

    # When
    outgoing = world.call("ogmma", world.get(("channels", other.id, "conversations", conversation.id)))

    # Then
    assert outgoing.answer.status == 404


def test_content_can_be_an_object(bench, rows):
    # Given
    world = bench(history=300, switches=("ogmma.requests_per_minute=0",))
    strings = rows(world.messages(limit="300"))

    # When
    world.turn("loja", "ogmma.content", "object_for_media")
    for_media = rows(world.messages(limit="300"))
    world.turn("loja", "ogmma.content", "object")
    objects = rows(world.messages(limit="300"))

    # Then
    assert all(isinstance(row["content"], str) for row in strings)
    assert all(
        isinstance(row["content"], dict) == (row["mediaUrl"] is not None) for row in for_media if row["type"] != "text"
    )
    assert all(isinstance(row["content"], dict) for row in objects)
    said = {row["id"]: row["content"] for row in strings}
    assert all(row["content"]["text"] == said[row["id"]] for row in objects if set(row["content"]) == {"text"})


def test_unheard_words_of_status_and_type_can_occur(bench, rows):
    # Given
    world = bench(history=400, switches=("ogmma.statuses=extra", "ogmma.types=extended"))

    # When
    told = rows(world.messages(limit="400"))

    # Then
    assert {"SERVER_ACK", "RECEIVED", "PLAYED"} <= {row["status"] for row in told}
    assert {"ptt", "location", "reaction"} <= {row["type"] for row in told}


def test_only_the_two_documented_states_can_occur(bench, rows):
    told = rows(bench(history=200, switches=("ogmma.statuses=documented",)).messages(limit="200"))
    assert {row["status"] for row in told} == {"DELIVERED", "READ"}


def test_rows_of_a_page_can_be_in_the_other_order(bench, rows):
    world = bench(history=30, switches=("ogmma.order=oldest_first",))
    told = [row["createdAt"] for row in rows(world.messages(limit="10"))]
    assert told == sorted(told)
    assert rows(world.messages(limit="10"))[-1]["id"] == world.loja.conversations[0].messages[-1].id


def test_rows_of_one_time_can_change_places_and_no_others(bench, rows):
    # Given
    world = bench(history=0, switches=("ogmma.ties=changing",))
    into = world.loja.conversations[0]
    for number in range(8):
        world.world.append(into, text=str(number), at_ms=1_760_000_000_000 - number // 4)

    # When
    orders = {tuple(row["content"] for row in rows(world.messages())) for _ in range(20)}

    # Then
    assert len(orders) > 5
    assert all(sorted(order[:4]) == ["0", "1", "2", "3"] for order in orders)


@pytest.mark.parametrize(
    ("where", "flat", "below"),
    [("conversations", 200, 404), ("channel", 404, 200), ("both", 200, 200), ("off", 404, 404)],
)
def test_conversations_are_listed_where_the_switch_says(bench, where, flat, below):
    # Given
    world = bench(switches=(f"ogmma.conversation_list={where}",))

    # When
    first = world.call("ogmma", world.get(("conversations",)))
    second = world.call("ogmma", world.get(("channels", world.loja.channels[0].id, "conversations")))

    # Then
    assert (first.answer.status, second.answer.status) == (flat, below)


def test_a_conversation_list_has_the_documented_fields_the_latest_first_and_pages(bench):
    # Given
    world = bench(conversations=60)
    touched = world.loja.conversations[17]
    world.world.append(touched, text="latest")

    # When
    told = content(world.call("ogmma", world.get(("conversations",))))
    rest = content(world.call("ogmma", world.get(("conversations",), page="2")))

    # Then
    assert told["data"][0]["id"] == touched.id
    assert told["data"][0]["lastMessage"] == "latest"
    assert set(told["data"][0]) == {
        "id",
        "channelId",
        "contact",
        "assignedTo",
        "departmentId",
        "status",
        "lastMessage",
        "unreadCount",
        "createdAt",
        "updatedAt",
    }
    assert told["pagination"] == {"page": 1, "limit": 20, "total": 30, "totalPages": 2}
    ids = [row["id"] for row in told["data"] + rest["data"]]
    assert sorted(ids) == sorted(c.id for c in world.loja.conversations)


def test_a_page_past_all_messages_has_no_rows(bench):
    world = bench(history=20)
    room, messages = world.exchange.rooms["ogmma"], world.loja.conversations[0].messages
    assert [len(room.page(world.loja, messages, skip, 15)) for skip in (0, 10, 20, 30)] == [15, 10, 0, 0]


# --- 99digital -------------------------------------------------------------------------------------------


def test_99digital_shows_the_documented_fields_in_their_documented_forms(bench):
    # Given
    world = bench(history=100)
    number = world.clinica.channels[0].number

    # When
    told = [row for page in range(1, 5) for row in content(world.history(page))]

    # Then
    assert len(told) == 200
    for row in told:
        assert list(row) == NINETYNINE_FIELDS
        assert re.fullmatch("3EB0[0-9A-F]{16}", row["unique"])
        assert re.fullmatch(r"\d{10}", row["timestamp"])
        assert row["direction"] in {"1", "2"}
        assert type(row["state"]) is int
        allowed = (
            {"chat", "image", "audio", "video", "location", "ptt", "document"}
            if row["direction"] == "1"
            else {"chat", "file", "location", "ptt"}
        )
        assert row["type"] in allowed
        assert row["to" if row["direction"] == "1" else "from"] == number
    assert {row["state"] for row in told if row["direction"] == "1"} == {0}
    assert {0, 1, 3} <= {row["state"] for row in told if row["direction"] == "2"}


def test_99digital_pages_are_50_newest_first_and_cover_the_whole_number_without_a_gap(bench):
    # Given
    world = bench(history=60)
    newest = [message.id for message in reversed(world.clinica.messages)]

    # When
    pages = [[row["unique"] for row in content(world.history(page))] for page in range(1, 5)]

    # Then
    assert [len(page) for page in pages] == [50, 50, 20, 0]
    assert [name for page in pages for name in page] == newest


def test_99digital_shows_one_contact_where_it_is_asked_for_one(bench):
    # Given
    world = bench(history=20)
    conversation = world.clinica.conversations[1]

    # When
    told = content(world.history(1, to=conversation.contact.address))
    nobody = content(world.history(1, to="972500000000"))

    # Then
    assert [row["unique"] for row in told] == [m.id for m in reversed(conversation.messages)]
    assert nobody == []
    assert content(world.history(1, to="")) == content(world.history(1))


@pytest.mark.parametrize(
    ("form", "status", "body"),
    [
        ("object", 200, {"status": "FAIL", "reason": 3}),
        ("http", 401, {"status": "FAIL", "reason": 3}),
        ("array", 200, [{"status": "FAIL", "reason": 3}]),
    ],
)
def test_99digital_tells_of_a_wrong_key_in_the_form_of_the_switch(bench, form, status, body):
    outgoing = bench(switches=(f"99digital.errors={form}",)).history(1, apiKey="wrong")
    assert (outgoing.answer.status, content(outgoing)) == (status, body)
    assert not outgoing.shown


@pytest.mark.parametrize("page", [None, 0, -1, "x", True, 1.5])
def test_99digital_refuses_a_page_that_is_none(bench, page):
    assert content(bench().history(page))["status"] == "FAIL"


def test_99digital_refuses_a_number_that_it_does_not_know_and_a_body_that_is_no_json(bench):
    world = bench()
    assert content(world.history(1, **{"from": "972770000000"})) == {"status": "FAIL", "reason": 2}
    call = type(world.get(("x",)))("POST", ("getHistory",), {}, {}, b"{page:1")
    assert content(world.call("99digital", call)) == {"status": "FAIL", "reason": 2}


@pytest.mark.parametrize(
    ("word", "check"),
    [
        ("empty", lambda told, _: told == []),
        ("fail", lambda told, _: told["status"] == "FAIL"),
        ("null", lambda told, _: told is None),
        ("last_page", lambda told, last: told == last != []),
    ],
)
def test_99digital_answers_a_page_past_the_end_as_the_switch_says(bench, word, check):
    world = bench(history=30, switches=(f"99digital.past_end={word}",))
    assert check(content(world.history(9)), content(world.history(2)))


@pytest.mark.parametrize("size", ["20", "48", "50"])
def test_99digital_pages_have_as_many_rows_as_the_switch_says(bench, size):
    # Given
    world = bench(history=30, switches=(f"99digital.page_rows={size}",))
    # When
    pages = [content(world.history(number)) for number in range(1, 8)]
    # Then each row stands on one of them
    count = len(world.clinica.messages)
    assert len(pages[0]) == int(size)
    assert len({row["unique"] for page in pages for row in page}) == sum(map(len, pages)) == count


def test_rows_that_count_on_a_page_can_be_left_out_of_it(bench, rows):
    # Given
    world = bench(history=200)
    whole = [row["id"] for row in rows(world.messages(limit="50"))]
    # When
    world.turn("loja", "ogmma.thin_pages", 0.2)
    thin = [row["id"] for row in rows(world.messages(limit="50"))]
    # Then
    assert 20 < len(thin) < 50
    assert thin == [name for name in whole if name in thin]


@pytest.mark.parametrize(("meta", "told"), [("kept", {"limit": 20}), ("asked", {"limit": 50}), ("absent", None)])
def test_a_lower_limit_is_told_as_the_switch_says(bench, meta, told):
    world = bench(history=200, switches=("ogmma.limit_cap=20", f"ogmma.meta={meta}"))
    answered = content(world.messages(limit="50"))
    assert (len(answered["data"]), answered.get("meta")) == (20, told)


def test_99digital_has_every_reading_of_state_type_and_reason(bench):
    # Given
    world = bench(history=200)

    def told():
        return [row for page in range(1, 9) for row in content(world.history(page))]

    # When / Then
    world.turn("clinica", "99digital.state_codes", "text")
    assert {type(row["state"]) for row in told()} == {str}
    world.turn("clinica", "99digital.state_codes", "flat")
    assert {row["state"] for row in told()} == {0, 1}
    world.turn("clinica", "99digital.text_type", "text")
    assert "chat" not in {row["type"] for row in told()}
    world.turn("clinica", "99digital.text_type", "mixed")
    assert {"chat", "text"} <= {row["type"] for row in told()}
    world.turn("clinica", "99digital.types", "extended")
    assert {"button", "reaction"} <= {row["type"] for row in told()}
    world.turn("clinica", "99digital.reason", "failed")
    assert all(("reason" in row) == (row["direction"] == "2" and row["state"] == 0) for row in told())
    world.turn("clinica", "99digital.reason", "always")
    assert all("reason" in row for row in told())


def test_99digital_shows_some_contacts_under_a_hidden_identity_everywhere_the_same(bench):
    # Given
    world = bench(conversations=40, history=3, switches=("99digital.hidden_identities=0.5",))

    # When
    told = [row for page in (1, 2) for row in content(world.history(page))]
    senders = {row["from"] if row["direction"] == "1" else row["to"] for row in told}
    listed = {row["contact_phone"] for row in content(world.post("getContacts", page=1))}
    hidden = {name for name in senders if name.startswith("IL.")}

    # Then
    assert senders == listed
    assert 0 < len(hidden) < 20
    assert all(re.fullmatch(r"IL\.\d{16}", name) for name in hidden)
    assert content(world.history(1, to=min(hidden)))


def test_99digital_lists_contacts_50_a_page_the_latest_first(bench):
    # Given
    world = bench(conversations=120, history=1)
    touched = world.clinica.conversations[33]
    world.world.append(touched, text="latest")

    # When
    pages = [content(world.post("getContacts", page=page)) for page in (1, 2, 3)]

    # Then
    assert [len(page) for page in pages] == [50, 10, 0]
    first = pages[0][0]
    assert first["contact_phone"] == touched.contact.address
    assert set(first) == {
        "contact_phone",
        "contact_name",
        "update_time",
        "online_contact_id",
        "online_conversation_id",
        "contact_profilePic",
    }
    assert type(first["update_time"]) is int


def test_99digital_keeps_no_limit_unless_one_is_set(bench):
    # Given
    free, limited = bench(), bench(switches=("99digital.requests_per_minute=3",))

    # When
    statuses = [[world.history(1).answer.status for _ in range(80)] for world in (free, limited)]

    # Then
    assert set(statuses[0]) == {200}
    assert statuses[1] == [200] * 3 + [429] * 77
