"""What one try of an account comes to, for each way in which it can end."""

import time

import httpx
import orjson
import pytest

from workers.cli.accounts import adapters_of
from workers.cli.context import Configuration
from workers.cli.trial import _account
from workers.polling.fetch import Fetcher
from workers.times import iso


@pytest.fixture
def tried(folder):
    """`await tried("loja", handler)`: the verdicts of one account whose provider answers by `handler`."""

    async def tried(account, handler):
        settings = Configuration(folder / "afluente.toml").settings()
        fetcher = Fetcher(httpx.MockTransport(handler))
        return [trial.found for trial in await _account(adapters_of(settings)[account], fetcher)]

    return tried


def row(time_ms: int, **fields: object) -> dict[str, object]:
    return {
        "id": "66aa12",
        "conversationId": "66aa01",
        "channelId": "66aa09",
        "direction": "INBOUND",
        "status": "READ",
        "type": "text",
        "content": {"text": "oi"},
        "createdAt": iso(time_ms),
        **fields,
    }


def page(*rows: object) -> httpx.Response:
    return httpx.Response(200, content=orjson.dumps({"data": rows}), headers={"content-type": "application/json"})


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(
    ("answer", "word", "advised"),
    [
        (httpx.Response(401, json={"message": "Chave inválida", "code": "UNAUTHORIZED"}), "refused", "renew"),
        (httpx.Response(302, headers={"location": "http://elsewhere"}), "refused", "renew"),
        (httpx.Response(302, headers={"location": "http://elsewhere"}), "refused", "base_url"),
        (httpx.Response(404, json={}), "not found", "compare its values"),
        (httpx.Response(429, headers={"retry-after": "5"}), "rate limited", "requests_per_minute"),
        (httpx.Response(503), "failed", "later"),
        (httpx.Response(200, html="<html>hello</html>"), "unreadable", "base_url"),
        (httpx.Response(200, json={"status": "fine"}), "unreadable", "base_url"),
    ],
)
async def test_every_refusal_has_its_word_and_says_what_to_do(tried, answer, word, advised):
    (found,) = await tried("loja", lambda _: answer)
    assert (found.word, found.failed) == (word, True)
    assert advised in found.advice


async def test_a_provider_that_cannot_be_reached_is_told_by_its_host(tried):
    (found,) = await tried("loja", refused)
    assert (found.word, found.failed) == ("unreachable", True)
    assert found.said.startswith("oapi.ogmma.com.br: no connection")


async def test_a_page_is_told_by_its_size_and_its_newest_message(tried):
    # Given
    now = time.time_ns() // 1_000_000
    # When
    (found,) = await tried("loja", lambda _: page(row(now - 60_000), row(now - 50_000, id="66aa13")))
    # Then
    assert (found.word, found.failed, found.advice) == ("ok", False, "")
    assert found.said == f"loja/66aa09/66aa01 shows 2 messages, the newest of {iso(now - 50_000)}"


async def test_rows_that_would_be_dead_letters_are_counted(tried):
    now = time.time_ns() // 1_000_000
    (found,) = await tried("loja", lambda _: page(row(now), {"id": "x"}, row(now, id="y", conversationId="other")))
    assert "3 messages" in found.said
    assert "2 of them unreadable" in found.said


async def test_an_empty_feed_is_right(tried):
    (found,) = await tried("loja", lambda _: page())
    assert (found.word, found.said) == ("ok", "loja/66aa09/66aa01 has no messages yet")


async def test_messages_of_the_future_put_the_clocks_in_doubt(tried):
    (found,) = await tried("loja", lambda _: page(row(time.time_ns() // 1_000_000 + 3 * 3_600_000)))
    assert found.word == "ok"
    assert "3 h in the future" in found.advice


async def test_an_account_without_feeds_is_not_tried(tried, folder):
    # Given
    text = (folder / "afluente.toml").read_text()
    (folder / "afluente.toml").write_text(text.replace("feeds = ", "# "))
    # When / Then
    (found,) = await tried("loja", refused)
    assert (found.word, found.failed) == ("not tried", False)


async def test_a_list_of_feeds_is_tried_where_the_account_discovers(tried, folder):
    # Given
    text = (folder / "afluente.toml").read_text()
    contacts = 'scope = "contacts"\ndiscover = true\nstates = { "1" = "sent" }'
    (folder / "afluente.toml").write_text(text.replace('states = { "1" = "sent" }', contacts))
    answer = httpx.Response(200, json=[{"contact_phone": "972500000002"}])
    # When
    (found,) = await tried("clinica", lambda _: answer)
    # Then
    assert (found.word, found.said) == ("ok", "the first page of its list names 1 feed")


async def test_a_list_of_more_feeds_than_the_budget_keeps_is_told(tried, folder):
    # Given an account that may ask once a minute, and a list of a hundred feeds
    text = (folder / "afluente.toml").read_text()
    contacts = 'scope = "contacts"\ndiscover = true\nrequests_per_minute = 1\nstates = { "1" = "sent" }'
    (folder / "afluente.toml").write_text(text.replace('states = { "1" = "sent" }', contacts))
    answer = httpx.Response(200, json=[{"contact_phone": f"9725000{number:05d}"} for number in range(100)])
    # When
    (found,) = await tried("clinica", lambda _: answer)
    # Then
    assert found.word == "ok"
    assert found.advice.startswith("100 feeds at 1/min are visited every 100 min")
    assert "at most 40 feeds keep 60 min" in found.advice
