import json
from urllib.parse import parse_qsl

import orjson
import pytest

from tests.unit.providers.kit import AdapterKit
from tests.unit.providers.kit_pages import written
from tests.unit.providers.wizebot_samples import (
    KEY,
    PHONE,
    PHONE_NUMBER_ID,
    answered,
    feed,
    page,
    row,
    send_body,
    webhook,
    wizebot,
)
from workers.errors import FeedRejected, PageUnreadable, ParkFeed, ProviderFailed, RateLimited, Refused
from workers.model import (
    Author,
    Button,
    Contact,
    Conversation,
    HttpResponse,
    Interactive,
    Message,
    Normalised,
    PageRef,
    Status,
)
from workers.providers.wizebot.paging import Following

#: The response of the page `obter-conversa-whatsapp`, as it stands there.
DOCUMENTED = r"""{
  "status": "1",
  "message": [
    {
      "id": 8443,
      "whatsapp_bot_subscriber_subscriber_id": "88017XXXXX-23",
      "whatsapp_bot_id": 23,
      "sender": "bot",
      "agent_name": null,
      "message_content": "{\"delay_in_reply\":0,\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"88017XXXX9003\",\"type\":\"interactive\",\"interactive\":{\"header\":{\"type\":\"text\",\"text\":\"Order gateway\"},\"body\":{\"text\":\"How would you like to purchase it?\"},\"type\":\"button\",\"action\":{\"buttons\":[{\"type\":\"reply\",\"reply\":{\"id\":\"5lvomLOuENXIe6D::gPeAiDDmVQR_jTR\",\"title\":\"Paypal pay\"}},{\"type\":\"reply\",\"reply\":{\"id\":\"YES_START_CHAT_WITH_HUMAN::CBaLoC4yTMyIljZ\",\"title\":\"COD\"}}]}}}",
      "conversation_time": "2024-07-28 13:21:03",
      "wa_message_id": "wamid.HBgNODgwMTcyMzMwOTAwMxUCABEYEjlGQkY3MEFEMEVGODhCNDkxNQA=",
      "reaction_data": null,
      "message_status": null,
      "delivery_status_updated_at": "2024-07-28 13:21:03",
      "failed_reason": ""
    }
  ]
}"""  # noqa: E501 - as it stands there


class TestWizebotByTheKit(AdapterKit):
    id_field, time_field, words_field, secret = "id", "conversation_time", "message_content", KEY
    errors_in_200 = (
        (b'{"status": "0", "message": "Subscriber not found."}', ParkFeed),
        (b'{"status": "0", "message": "Too Many Attempts."}', RateLimited),
        (b'{"status": "0", "message": "no idea"}', ProviderFailed),
    )

    def adapter(self):
        return wizebot()

    def feed(self):
        return feed()

    def row(self, number):
        return row(number) | {"id": f"{9000 - number}"}

    def envelope(self, rows):
        return {"status": "1", "message": rows}

    def served(self, request, rows):
        asked = dict(parse_qsl(request.body.decode()))
        skipped = 50 * (int(asked.get("offset", 1)) - 1)
        return written(self.envelope(rows[skipped : skipped + int(asked["limit"])]))


class TestWizebotByTheKitWhereOffsetSkipsRows(TestWizebotByTheKit):
    """The other reading of `offset`: it may be none of pages."""

    def served(self, request, rows):
        skipped = int(dict(parse_qsl(request.body.decode())).get("offset", 0))
        return written(self.envelope(rows[skipped : skipped + 50]))


class TestWizebotByTheKitAsText(TestWizebotByTheKit):
    """The same where the rows are a JSON text, as live siblings send them."""

    def envelope(self, rows):
        return {"status": 1, "message": json.dumps(rows)}

    def page_with(self, field, token):
        rows = json.dumps([self.row(0), {**self.row(1), field: "the marked place"}, self.row(2)])
        marked = rows.replace('"the marked place"', token)
        return self.answered(json.dumps({"status": "1", "message": marked}).encode())

    def test_a_page_that_begins_with_a_byte_order_mark_is_a_page(self):
        body = json.dumps(self.envelope([self.row(0)])).encode()
        assert len(self.answered(b"\xef\xbb\xbf" + body).rows) == 1


# --- the documented example -----------------------------------------------------------------------------


def test_the_documented_page_becomes_this_message():
    adapter = wizebot()
    of = adapter.feed({"phone_number": "8801723309003"})
    shown = adapter.page(of, adapter.first(), HttpResponse(status=200, body=DOCUMENTED.encode()))
    assert [adapter.normalise(of, one) for one in shown.rows] == [
        Normalised(
            conversation=Conversation(
                id="suporte/8801723309003", provider_id="8801723309003", contact=Contact(address="8801723309003")
            ),
            message=Message(
                id="8443",
                wamid="wamid.HBgNODgwMTcyMzMwOTAwMxUCABEYEjlGQkY3MEFEMEVGODhCNDkxNQA=",
                direction="outbound",
                author=Author(kind="bot"),
                from_=None,
                to="88017XXXX9003",
                sent_at="2024-07-28T16:21:03.000Z",
                type="interactive",
                provider_type="interactive",
                text="How would you like to purchase it?",
                interactive=Interactive(
                    kind="button",
                    header="Order gateway",
                    buttons=(
                        Button(id="5lvomLOuENXIe6D::gPeAiDDmVQR_jTR", title="Paypal pay"),
                        Button(id="YES_START_CHAT_WITH_HUMAN::CBaLoC4yTMyIljZ", title="COD"),
                    ),
                ),
                status=Status(state=None, provider=None, at="2024-07-28T16:21:03.000Z"),
            ),
        )
    ]
    assert (shown.next, shown.exhausted, shown.broken, shown.skipped) == (None, True, (), {})


# --- requests and feeds ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ref", "offset"),
    [
        (PageRef(number=1, limit=50), ""),
        (PageRef(number=2, limit=50), "&offset=2"),
        (PageRef(number=7, limit=50), "&offset=7"),
        (Following(number=3, limit=50, offset=82, before=frozenset("a")), "&offset=82"),
    ],
)
def test_the_request_is_the_documented_one(ref, offset):
    request = wizebot().request(feed(), ref)
    assert (request.method, request.url) == ("POST", "https://app.wizebot.com.br/api/v1/whatsapp/get/conversation")
    assert dict(request.headers) == {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    fields = f"apiToken={KEY}&phone_number_id={PHONE_NUMBER_ID}&phone_number={PHONE}&limit=50{offset}"
    assert request.body.decode() == fields


def test_a_key_of_any_characters_is_one_field():
    body = wizebot(api_key="7|a&b=c+d%2F/é".replace("é", "e")).request(feed(), PageRef()).body
    assert body.startswith(b"apiToken=7%7Ca%26b%3Dc%2Bd%252F%2Fe&phone_number_id=")


@pytest.mark.parametrize("told", ["5511988880000", "+55 (11) 98888-0000", " 5511988880000@s.whatsapp.net "])
def test_a_number_is_one_however_it_is_written(told):
    of = wizebot().feed({"phone_number": told})
    assert (of.key, of.values) == ("suporte/5511988880000", {"phone_number": "5511988880000"})
    assert wizebot().conversation(of) == "5511988880000"


def test_an_identity_in_the_place_of_a_number_is_kept_as_it_is():
    assert wizebot().feed({"phone_number": "BR.13491208655302741918"}).key == "suporte/BR.13491208655302741918"


@pytest.mark.parametrize("wrong", ["11988880000000000000000", "0119888", "ana", "5511*", "*", "12", "55-11-x"])
def test_what_is_no_number_is_refused_with_the_reason(wrong):
    with pytest.raises(FeedRejected, match="country code") as caught:
        wizebot().feed({"phone_number": wrong})
    assert caught.value.reason == "malformed"


def test_configured_subscribers_are_feeds_and_none_twice():
    assert wizebot(feeds=({"phone_number": PHONE},)).standing_feeds() == (feed(),)
    with pytest.raises(FeedRejected) as caught:
        wizebot(feeds=({"phone_number": PHONE}, {"phone_number": "+55 11 98888-0000"})).standing_feeds()
    assert caught.value.reason == "overlap"


# --- the forms of an answer -----------------------------------------------------------------------------

ROWS = [row(0), row(1), row(2)]


@pytest.mark.parametrize("status", ["1", 1, True, "true", None, "ok"])
@pytest.mark.parametrize(
    "listed",
    [
        ROWS,
        json.dumps(ROWS),
        json.dumps(json.dumps(ROWS)),
        {"0": ROWS[0], "1": ROWS[1], "2": ROWS[2]},
        json.dumps({"18": ROWS[0], "19": ROWS[1], "20": ROWS[2]}),
        json.dumps({"20": ROWS[0], "19": ROWS[1], "18": ROWS[2]}, indent=1),
    ],
)
def test_rows_are_read_in_the_order_in_which_they_were_sent_whatever_their_form(status, listed):
    shown = answered({"status": status, "message": listed, "nextOffset": 101})
    assert [(one.id, one.position) for one in shown.rows] == [("9000", 0), ("8999", 1), ("8998", 2)]
    assert shown.rows == page(*ROWS).rows


def test_a_single_row_may_stand_alone():
    assert [one.id for one in answered({"status": "1", "message": ROWS[0]}).rows] == ["9000"]


@pytest.mark.parametrize("nothing", [[], {}, "[]", "{}", '"[]"'])
def test_nothing_is_the_end_in_every_form(nothing):
    for number in (1, 2):
        shown = answered({"status": "1", "message": nothing}, ref=PageRef(number=number, limit=50))
        assert (shown.rows, shown.next, shown.exhausted) == ((), None, True)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "1"},
        {"status": "1", "message": None},
        {"status": "1", "message": ""},
        {"status": "1", "message": "?"},
        {"status": "1", "message": "[{"},
        {"status": "1", "message": 7},
        {"status": "1", "message": {"rows": []}},
        {"status": 1, "data": [{"sender": "user"}]},
        [],
        None,
        "1",
    ],
)
def test_another_shape_is_no_page(body):
    with pytest.raises(PageUnreadable) as caught:
        answered(body)
    assert caught.value.letter == "not_a_page"


# --- errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["0", 0, False, "1", 1, True, None])
@pytest.mark.parametrize("code", [200, 400, 401, 404, 500])
@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Invalid API Key.", Refused),
        ("WhatsApp account not found.", Refused),
        ("Subscriber not found.", ParkFeed),
        (" subscriber NOT found", ParkFeed),
        ("Missing required parameters.", ProviderFailed),
        ("Subscriber limit has been exceeded. You cannot have more subscribers.", ProviderFailed),
        ("Something went wrong or subscriber already exist.", ProviderFailed),
        ("Too Many Attempts.", RateLimited),
    ],
)
def test_a_documented_text_means_the_same_under_any_status(text, error, code, status):
    with pytest.raises(error):
        answered({"status": status, "message": text}, code)


@pytest.mark.parametrize("status", ["0", 0, False, " 0 ", "false", "error"])
@pytest.mark.parametrize("said", ["Something new.", None, [], {}, "[]", [row()], {"apiToken": ["is required"]}])
def test_a_failure_is_one_whatever_comes_with_it(status, said):
    with pytest.raises(ProviderFailed):
        answered({"status": status, "message": said})


def test_words_of_the_provider_are_not_repeated():
    for said in (f"Invalid API Key. {KEY}", f"Unknown token {KEY}"):
        with pytest.raises((Refused, ProviderFailed)) as caught:
            answered({"status": "0", "message": said})
        assert KEY not in str(caught.value)


def test_a_redirect_to_the_login_is_a_refusal():
    with pytest.raises(Refused):
        answered(b"<html>Redirecting to /login</html>", 302)


# --- rows that are no messages --------------------------------------------------------------------------


def delivered():
    told = {"id": "wamid.1", "status": "delivered", "timestamp": "1760000000", "recipient_id": PHONE}
    return {"entry": [{"changes": [{"value": {"statuses": [told]}}]}]}


def test_rows_that_tell_of_deliveries_are_counted_and_left_out():
    shown = page(row(0), row(1, delivered()), row(2, delivered()), row(3))
    assert [one.id for one in shown.rows] == ["9000", "8997"]
    assert (shown.skipped, shown.broken) == ({"status": 2}, ())


def test_a_delivery_without_a_time_is_one_too():
    content = {"entry": [{"changes": [{"value": {"statuses": [{"id": "wamid.1", "status": "read"}]}}]}]}
    assert page(row(0, content)).skipped == {"status": 1}


def test_a_row_with_deliveries_beside_a_message_is_a_message():
    both = webhook()
    both["entry"][0]["changes"][0]["value"]["statuses"] = [{"id": "wamid.1"}]
    assert len(page(row(0, both)).rows) == 1


# --- how far a page reaches -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "asks_on"), [(0, False), (1, False), (9, False), (10, True), (30, True), (50, True), (1000, True)]
)
def test_a_short_page_may_be_cut_by_a_limit_that_nobody_documented(shown, asks_on):
    got = page(*(row(number) for number in range(shown)))
    assert (got.next is not None, got.exhausted) == (asks_on, not asks_on)


def test_the_page_behind_a_short_one_is_its_proof_and_an_empty_one_needs_none():
    for number in (1, 2):
        shown = page(row(0), ref=PageRef(number=number, limit=50))
        assert (shown.short, shown.proof and shown.proof.number) == (True, number + 1)
    empty = answered({"status": "1", "message": []})
    assert (empty.short, empty.proof) == (False, None)


def test_a_page_with_fewer_rows_than_another_one_had_is_the_last():
    # Given an account that has shown 40 rows at once
    of = wizebot()
    page(*(row(number) for number in range(40)), of=of)
    # When, Then
    assert page(*(row(number) for number in range(39)), of=of).exhausted
    assert not page(*(row(number) for number in range(40)), of=of).exhausted


def test_rows_that_are_no_messages_fill_a_page_too():
    rows = [*(row(number) for number in range(48)), row(48, delivered()), {"id": None}]
    of = wizebot()
    page(*(row(number) for number in range(50)), of=of)
    assert not page(*rows, of=of).exhausted


def test_rows_that_are_listed_twice_make_no_page_larger():
    # Given an account whose pages of 20 have shown three rows twice
    of = wizebot()
    page(*(row(number) for number in range(20)), *(row(number) for number in range(3)), of=of)
    # When, Then a page without such rows is as full as any
    assert not page(*(row(number) for number in range(20)), of=of).exhausted
    assert page(*(row(number) for number in range(19)), of=of).exhausted


def listing(first, count):
    """Rows of a conversation, from this place on."""
    return [row(number) for number in range(first, first + count)]


def test_pages_that_share_nothing_are_counted_as_pages():
    of = wizebot()
    second = page(*listing(0, 50), of=of).next
    third = page(*listing(50, 50), ref=second, of=of).next
    assert [of.request(feed(), ref).body.rpartition(b"=")[2] for ref in (second, third)] == [b"2", b"3"]
    assert [(ref.number, ref.limit) for ref in (second, third)] == [(2, 50), (3, 50)]


def test_pages_that_moved_a_little_are_still_counted_as_pages():
    of = wizebot()
    second = page(*listing(0, 50), of=of).next
    assert page(*listing(30, 50), ref=second, of=of).next.offset == 3


def test_pages_that_show_nearly_the_same_are_counted_in_rows():
    # Given an installation where offset skips rows
    of = wizebot()
    second = page(*listing(0, 50), of=of).next
    # When
    third = page(*listing(2, 50), ref=second, of=of).next
    # Then the next page begins with the last ten rows of this one
    assert third.offset == 42
    fourth = page(*listing(42, 50), ref=third, of=of).next
    assert fourth.offset == 82
    # Then its end is one
    assert page(*listing(82, 18), ref=fourth, of=of).exhausted


def test_pages_counted_in_rows_that_do_not_join_are_read_again_later():
    of = wizebot()
    third = page(*listing(2, 50), ref=page(*listing(0, 50), of=of).next, of=of).next
    for rows in (listing(200, 50), []):
        with pytest.raises(ProviderFailed, match="do not join"):
            page(*rows, ref=third, of=of)


def test_the_same_page_again_is_all_that_can_be_asked_for_and_not_the_end():
    of = wizebot()
    shown = page(*listing(0, 50), ref=page(*listing(0, 50), of=of).next, of=of)
    assert (shown.next, shown.exhausted) == (None, False)


# --- what is nobody's business --------------------------------------------------------------------------


def test_access_tokens_of_meta_do_not_get_past_the_page():
    # Given a token where the product is known to show one, and inside what was sent
    token = "EAAG" + "aB3x" * 40
    inner = send_body(template={"link": f"https://x.example/?access_token={token}&a=1"})
    body = {"status": "1", "message": json.dumps([row(content=inner, template_json=f"curl -H 'Bearer {token}'")])}
    # When
    shown = answered(body)
    # Then
    assert "EAAG" not in orjson.dumps(shown.rows[0].raw).decode()
    assert "access_token=[credential removed]&a=1" in shown.rows[0].raw["message_content"]
    assert shown.rows[0].raw["template_json"] == "curl -H 'Bearer [credential removed]'"


def test_what_only_looks_like_a_token_stays():
    wamid = "wamid.HBg" + "EAAG" + "aB3x" * 40
    assert page(row(wa_message_id=wamid)).rows[0].raw["wa_message_id"] == wamid
