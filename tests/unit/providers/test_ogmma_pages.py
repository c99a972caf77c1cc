from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.unit.providers.kit import AdapterKit
from tests.unit.providers.kit_pages import written
from tests.unit.providers.ogmma_samples import CHANNEL, CONVERSATION, KEY, answered, feed, ogmma, row
from workers.errors import FeedRejected, PageUnreadable, ParkFeed, ProviderFailed, RateLimited, Refused
from workers.model import Author, Contact, Conversation, Message, Normalised, PageRef, Status

#: The response of the page `messages/list-messages`, as it stands there.
DOCUMENTED = """{
"data": [
{"id": "6650a1b2c3d4e5f6a7b8c9f0", "conversationId": "6650a1b2c3d4e5f6a7b8c9d1",
"channelId": "6650a1b2c3d4e5f6a7b8c9d2",
"type": "text", "direction": "OUTBOUND", "status": "DELIVERED", "content": "Ola! Como posso ajudar?", "mediaUrl": null,
"from": "5511999998888", "to": "5511977776666",
"createdAt": "2024-01-15T10:30:00.000Z", "updatedAt": "2024-01-15T10:30:05.000Z"},
{"id": "6650a1b2c3d4e5f6a7b8c9f1", "conversationId": "6650a1b2c3d4e5f6a7b8c9d1",
"channelId": "6650a1b2c3d4e5f6a7b8c9d2",
"type": "text", "direction": "INBOUND", "status": "READ",
"content": "Preciso de ajuda com meu pedido", "mediaUrl": null,
"from": "5511977776666", "to": "5511999998888",
"createdAt": "2024-01-15T10:29:00.000Z", "updatedAt": "2024-01-15T10:29:01.000Z"}],
"meta": {"limit": 50}
}"""


class TestOgmmaByTheKit(AdapterKit):
    id_field, time_field, words_field, secret = "id", "createdAt", "content", KEY
    errors_in_200 = (
        (b'{"message": "x", "code": "UNAUTHORIZED"}', Refused),
        (b'{"message": "x", "code": "RATE_LIMIT_EXCEEDED"}', RateLimited),
        (b'{"error": "x"}', ProviderFailed),
    )

    def adapter(self):
        return ogmma()

    def feed(self):
        return feed()

    def row(self, number):
        return row(number)

    def envelope(self, rows):
        return {"data": rows, "meta": {"limit": 50}}

    def served(self, request, rows):
        limit = int(dict(parse_qsl(urlsplit(request.url).query))["limit"])
        return written({"data": rows[:limit], "meta": {"limit": limit}})


# --- the documented example -----------------------------------------------------------------------------


def test_the_documented_page_becomes_these_two_messages():
    page = answered(DOCUMENTED.encode())
    conversation = Conversation(
        id="loja/6650a1b2c3d4e5f6a7b8c9d1", provider_id=CONVERSATION, contact=Contact(address="5511977776666")
    )
    assert [ogmma().normalise(feed(), shown) for shown in page.rows] == [
        Normalised(
            conversation=conversation,
            touched=True,
            message=Message(
                id="6650a1b2c3d4e5f6a7b8c9f0",
                direction="outbound",
                author=Author(kind="unknown"),
                from_="5511999998888",
                to="5511977776666",
                sent_at="2024-01-15T10:30:00.000Z",
                type="text",
                provider_type="text",
                text="Ola! Como posso ajudar?",
                status=Status(state="delivered", provider="DELIVERED", at="2024-01-15T10:30:05.000Z"),
            ),
        ),
        Normalised(
            conversation=conversation,
            touched=True,
            message=Message(
                id="6650a1b2c3d4e5f6a7b8c9f1",
                direction="inbound",
                author=Author(kind="contact"),
                from_="5511977776666",
                to="5511999998888",
                sent_at="2024-01-15T10:29:00.000Z",
                type="text",
                provider_type="text",
                text="Preciso de ajuda com meu pedido",
                status=Status(state=None, provider="READ", at="2024-01-15T10:29:01.000Z"),
            ),
        ),
    ]
    assert (page.next, page.exhausted, page.broken) == (None, True, ())


# --- requests and feeds ---------------------------------------------------------------------------------


def test_the_request_is_the_documented_one():
    request = ogmma().request(feed(), PageRef(number=1, limit=500))
    assert request.method == "GET"
    assert request.url == (
        "https://oapi.ogmma.com.br/v1/channels/6650a1b2c3d4e5f6a7b8c9d2"
        "/conversations/6650a1b2c3d4e5f6a7b8c9d1?limit=500"
    )
    assert dict(request.headers) == {"Authorization": f"Bearer {KEY}", "Accept": "application/json"}
    assert request.body is None


@pytest.mark.parametrize(
    ("channel", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("../..", "..%2F.."),
        ("a%2Fb", "a%252Fb"),
        ("é", "%C3%A9"),
        ("a?b#c", "a%3Fb%23c"),
        ("*", "%2A"),
    ],
)
def test_no_identity_changes_the_path(channel, segment):
    of = ogmma().feed({"channel_id": channel, "conversation_id": "1"})
    assert ogmma().request(of, ogmma().first()).url.split("/v1/")[1] == f"channels/{segment}/conversations/1?limit=50"


def test_the_key_of_a_feed_names_channel_and_conversation():
    assert feed().key == f"loja/{CHANNEL}/{CONVERSATION}"
    assert ogmma().feed({"channel_id": " a/b ", "conversation_id": "c d"}).key == "loja/a%2Fb/c%20d"
    assert ogmma().conversation(feed()) == CONVERSATION


def test_configured_conversations_are_feeds_and_none_twice():
    listed = {"channel_id": CHANNEL, "conversation_id": CONVERSATION}
    assert ogmma(feeds=(listed,)).standing_feeds() == (feed(),)
    with pytest.raises(FeedRejected) as caught:
        ogmma(feeds=(listed, dict(reversed(listed.items())))).standing_feeds()
    assert caught.value.reason == "overlap"


# --- how far a page reaches -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "asked", "meta", "following", "exhausted"),
    [
        (0, 50, {"limit": 50}, None, True),
        (49, 50, {"limit": 50}, None, True),
        (50, 50, {"limit": 50}, 500, False),
        (120, 50, {"limit": 50}, 500, False),
        (50, 50, None, 500, False),
        (20, 50, {"limit": 20}, 500, False),
        (20, 50, {"limit": "20"}, 500, False),
        (20, 50, {"limit": 0}, None, True),
        (20, 50, {"limit": "many"}, None, True),
        (20, 50, "odd", None, True),
        (499, 500, {"limit": 500}, None, True),
        (500, 500, {"limit": 500}, None, False),
        (501, 500, {"limit": 500}, None, False),
        # the provider cuts to a limit of its own, and says so, or does not
        (100, 500, {"limit": 100}, None, False),
        (50, 500, {"limit": 50}, None, False),
        (50, 500, {"limit": 500}, None, False),
        (50, 500, None, None, False),
        (51, 500, None, None, True),
        (100, 500, None, None, False),
        (100, 500, {"limit": 500}, None, True),
        (0, 500, None, None, True),
    ],
)
def test_how_far_a_page_reaches(shown, asked, meta, following, exhausted):
    page = answered({"data": [row(number) for number in range(shown)], "meta": meta}, limit=asked)
    assert (page.next and page.next.limit, page.exhausted) == (following, exhausted)


@pytest.mark.parametrize(
    ("shown", "asked", "short", "proof"),
    [(0, 50, False, None), (1, 50, True, 500), (49, 50, True, 500), (50, 50, False, None), (499, 500, True, None)],
)
def test_a_larger_page_is_the_proof_of_a_short_one(shown, asked, short, proof):
    page = answered({"data": [row(number) for number in range(shown)], "meta": {"limit": asked}}, limit=asked)
    assert (page.short, page.proof and page.proof.limit) == (short, proof)


@pytest.mark.parametrize("told", ["2026-01-05t12:00:00.000z", "2026-01-05T12:00:00z", "2026-01-05t09:00:00-03:00"])
def test_the_letters_of_a_time_may_be_small(told):
    assert answered({"data": [row(createdAt=told)]}).rows[0].time == 1_767_614_400_000


def test_broken_rows_count_as_shown():
    page = answered({"data": [*(row(number) for number in range(49)), {"id": None}], "meta": {"limit": 50}})
    assert (len(page.rows), len(page.broken), page.exhausted) == (49, 1, False)


# --- errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
def test_a_rate_limit_is_one_under_any_status(status):
    body = {
        "message": "Limite de requisicoes excedido. Tente novamente em alguns segundos.",
        "code": "RATE_LIMIT_EXCEEDED",
    }
    with pytest.raises(RateLimited) as caught:
        answered(body, status, retry_after="7")
    assert caught.value.retry_after == "7"


@pytest.mark.parametrize("status", [200, 400, 401, 500])
@pytest.mark.parametrize(
    "body",
    [
        {"message": "Token de autenticacao invalido ou ausente.", "code": "UNAUTHORIZED"},
        {"message": "Chave de API inválida ou expirada.", "code": "unauthorized"},
        {"message": "Chave de API inválida ou expirada."},
        {"message": "Permissão insuficiente.", "code": "FORBIDDEN"},
    ],
)
def test_refused_credentials_are_refused_under_any_status(status, body):
    with pytest.raises(Refused):
        answered(body, status)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"message": "Conversa não encontrada.", "code": "NOT_FOUND"}, 200, ParkFeed),
        ({"message": "Conversa não encontrada.", "code": "CONVERSATION_NOT_FOUND"}, 400, ParkFeed),
        ({"message": "?", "code": "VALIDATION_ERROR"}, 400, ProviderFailed),
        ({"message": "?", "code": "SOMETHING_NEW"}, 404, ParkFeed),
        ({"message": "?", "code": "SOMETHING_NEW"}, 200, ProviderFailed),
        ({"message": "?", "code": "UNAUTHORIZED"}, 429, RateLimited),
        ({"statusCode": 500, "message": "?"}, 404, ParkFeed),
        ({"statusCode": 401, "message": "?"}, 200, Refused),
        ({"statusCode": 429, "message": "?"}, 200, RateLimited),
        ({"statusCode": 500, "message": "?"}, 200, ProviderFailed),
        ({"code": 404}, 200, ParkFeed),
        ({"error": "Email já está em uso"}, 200, ProviderFailed),
        ({"success": False, "data": None}, 200, ProviderFailed),
        ({"data": None, "message": "Chave de API inválida"}, 200, ProviderFailed),
    ],
)
def test_errors_inside_an_answer(body, status, error):
    with pytest.raises(error):
        answered(body, status)


@pytest.mark.parametrize("body", [[], None, "ok", {}, {"data": {}}, {"data": "[]"}, 7, {"messages": []}])
def test_another_shape_is_no_page(body):
    with pytest.raises(PageUnreadable) as caught:
        answered(body)
    assert caught.value.letter == "not_a_page"


def test_a_page_with_a_word_about_success_is_a_page():
    assert len(answered({"success": True, "code": 200, "message": "ok", "data": [row()]}).rows) == 1
