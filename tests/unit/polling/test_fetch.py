import asyncio
import gzip
import logging

import httpx
import pytest

from workers.errors import Unreachable
from workers.model import HttpRequest, HttpResponse
from workers.polling.fetch import Fetcher

SECRET = "s3cr3t-key"
REQUEST = HttpRequest(
    method="GET", url=f"https://api.example/v1/feed?key={SECRET}", headers=(("authorization", f"Bearer {SECRET}"),)
)


def to(host: str) -> HttpRequest:
    return HttpRequest(method="GET", url=f"https://{host}/")


class Hanging(httpx.AsyncBaseTransport):
    """Answers at once, except for hosts that hang; knows how many exchanges are and were open."""

    def __init__(self) -> None:
        self.open = self.most = 0
        self.ended = asyncio.Event()
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            if request.url.host.startswith("hangs"):
                await self.ended.wait()
            await asyncio.sleep(0)
            return httpx.Response(200, content=b"[]")
        finally:
            self.open -= 1

    async def aclose(self) -> None:
        self.closed = True


def answering(response: httpx.Response | Exception) -> Fetcher:
    def handler(request: httpx.Request) -> httpx.Response:
        if isinstance(response, Exception):
            raise response
        return response

    return Fetcher(httpx.MockTransport(handler))


async def test_a_response_comes_with_what_the_next_room_needs():
    # Given a transport of httpx's own kind
    headers = {"content-type": "application/json; charset=utf-8", "retry-after": "Mon, 05 Jan 2026 12:00:00 GMT"}
    fetcher = answering(httpx.Response(503, headers=headers, content=b'{"error": 1}'))
    # When / Then: any status is a response, and Retry-After is handed on as it stands
    assert await fetcher.fetch(REQUEST) == HttpResponse(
        status=503,
        body=b'{"error": 1}',
        content_type="application/json; charset=utf-8",
        retry_after="Mon, 05 Jan 2026 12:00:00 GMT",
    )


async def test_a_response_without_these_headers_says_so():
    response = await answering(httpx.Response(204)).fetch(REQUEST)
    assert (response.status, response.body, response.content_type, response.retry_after) == (204, b"", "", None)


async def test_a_foreign_transport_may_answer_encoded_or_in_a_stream():
    async def parts():
        yield b"[1,"
        yield b"2]"

    encoded = httpx.Response(
        200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(gzip.compress(b"[1,2]"))
    )
    assert (await answering(encoded).fetch(REQUEST)).body == b"[1,2]"
    assert (await answering(httpx.Response(200, content=parts())).fetch(REQUEST)).body == b"[1,2]"


async def test_a_request_reaches_the_transport_whole_each_time():
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append((request.method, str(request.url), request.headers["x-key"], request.content))
        return httpx.Response(200)

    fetcher = Fetcher(httpx.MockTransport(handler))
    # Given two requests that differ in their body alone
    for body in (b"one", b"two", b"one"):
        request = HttpRequest(method="POST", url="https://api.example/a%2Fb", headers=(("X-Key", "v"),), body=body)
        await fetcher.fetch(request)
    # Then none is taken for the other
    assert seen == [("POST", "https://api.example/a%2Fb", "v", body) for body in (b"one", b"two", b"one")]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectError(SECRET), "connect"),
        (httpx.ReadTimeout(SECRET), "timeout"),
        (httpx.RemoteProtocolError(SECRET), "protocol"),
        (RuntimeError(SECRET), "other"),
        (Unreachable("dns", "ours"), "dns"),
    ],
)
async def test_every_failure_is_unreachable_and_holds_nothing_of_the_request(error, reason, caplog):
    caplog.set_level(logging.DEBUG)
    # When a transport of any kind fails
    with pytest.raises(Unreachable) as caught:
        await answering(error).fetch(REQUEST)
    # Then there is a reason, and no secret in the exception, behind it, or in a log
    assert caught.value.reason == reason
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert SECRET not in repr(caught.value) + caplog.text + repr(REQUEST)


async def test_a_key_that_no_header_can_hold_is_told_without_the_key():
    request = HttpRequest(method="GET", url="https://api.example/", headers=(("x-key", f"{SECRET}é"),))
    with pytest.raises(Unreachable) as caught:
        await answering(httpx.Response(200)).fetch(request)
    assert caught.value.reason == "request"
    assert caught.value.__context__ is None


async def test_a_provider_that_hangs_holds_its_own_share_of_connections_and_no_more():
    # Given four accounts on twelve connections, one of them with many requests that never end
    transport = Hanging()
    fetcher = Fetcher(transport, connections=12, accounts=4)
    stuck = [asyncio.create_task(fetcher.fetch(to("hangs.example"), account="stuck")) for _ in range(50)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert transport.open == 3
    # When the others go on
    async with asyncio.timeout(5):
        for _ in range(20):
            await asyncio.gather(
                *(fetcher.fetch(to("works.example"), account=name) for name in "abc" for _ in range(4))
            )
    # Then they are answered as if nothing were wrong
    assert transport.open == 3
    transport.ended.set()
    assert len(await asyncio.gather(*stuck)) == 50


async def test_all_accounts_together_never_open_more_than_the_connections():
    # Given more accounts than connections
    transport = Hanging()
    fetcher = Fetcher(transport, connections=5, accounts=40)
    # When all of them ask at once
    tasks = [fetcher.fetch(to("works.example"), account=str(number % 40)) for number in range(200)]
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks)
    # Then each was served, five at a time
    assert transport.most == 5


async def test_a_cancelled_exchange_gives_its_slot_back():
    # Given an account whose only slot hangs, and one more request in the queue
    transport = Hanging()
    fetcher = Fetcher(transport, connections=1)
    tasks = [asyncio.create_task(fetcher.fetch(to("hangs.example"))) for _ in range(2)]
    await asyncio.sleep(0.01)
    # When both are cancelled
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(task.cancelled() for task in tasks)
    # Then the slot is free
    async with asyncio.timeout(5):
        assert (await fetcher.fetch(to("works.example"))).body == b"[]"


async def test_closing_closes_the_transport():
    transport = Hanging()
    await Fetcher(transport).close()
    assert transport.closed


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example/v1/channels/66aa/conversations/7?limit=50",
        "https://api.example:8443/v1/x/",
        "https://api.example/v1/../x?a=1&b=2",
        "https://api.example/v1/x%20y?a=%C3%A9",
        "https://API.example/x?",
        "https://api.example:443/x#part",
        "https://api.example",
        "https://bücher.example/ü",
    ],
)
async def test_a_request_is_sent_as_httpx_would_have_made_it(url):
    # Given
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.method, str(request.url), request.url.raw_path, request.headers.raw, request.content))
        return httpx.Response(200)

    # When it is sent twice
    fetcher = Fetcher(httpx.MockTransport(answer))
    for _ in range(2):
        await fetcher.fetch(HttpRequest(method="GET", url=url, headers=(("authorization", "x"),)))
    # Then
    made = httpx.Request("GET", url, headers=(("authorization", "x"),))
    assert sent == [("GET", str(made.url), made.url.raw_path, made.headers.raw, b"")] * 2
