import asyncio
import gzip
import re
import socket
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

import httpx
import pytest

from workers.errors import BodyTooLarge, Unreachable
from workers.model import HttpRequest
from workers.polling.fetch import Fetcher
from workers.polling.transport import PooledTransport, shared_tls

SECRET = "s3cr3t-key"
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n[]"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A loopback server that reads requests and lets a test write the answers, byte by byte."""

    def __init__(self, answer: Answer | bytes) -> None:
        self.answer = answer
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.connections = 0
        self.closed = 0
        self.origin = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                self.bodies.append(await reader.readexactly(length))
                self.heads.append(head)
                if isinstance(self.answer, bytes):
                    writer.write(self.answer)
                    await writer.drain()
                else:
                    await self.answer(head, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away: what these tests are about
        finally:
            self.closed += 1
            writer.close()


@asynccontextmanager
async def serving(answer: Answer | bytes) -> AsyncIterator[Server]:
    server = Server(answer)
    tasks: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        tasks.add(task)
        try:
            await server.serve(reader, writer)
        finally:
            tasks.discard(task)

    listening = await asyncio.start_server(accepted, "127.0.0.1", 0)
    server.origin = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def pooled(**options) -> AsyncIterator[PooledTransport]:
    transport = PooledTransport(**options)
    try:
        yield transport
    finally:
        await transport.aclose()


async def get(transport: PooledTransport, url: str, **headers: str) -> bytes:
    response = await transport.handle_async_request(httpx.Request("GET", url, headers=headers))
    return await response.aread()


async def failure(transport: PooledTransport, url: str, **headers: str) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        await get(transport, url, **headers)
    # Whatever fails: nothing of the request travels with the exception.
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert SECRET not in repr(error)
    return error


async def test_an_answer_comes_whole_with_its_status_and_headers():
    answer = b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nX-Twice: a\r\nX-Twice: b\r\ncontent-length: 4\r\n\r\nwait"
    async with serving(answer) as server, pooled() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", f"{server.origin}/"))
    assert response.status_code == 429
    assert response.headers["retry-after"] == "7"
    assert response.headers.get_list("x-twice") == ["a", "b"]
    assert await response.aread() == b"wait"


async def test_a_request_is_sent_as_it_was_made():
    async with serving(OK) as server, pooled() as transport:
        # Given an address that an adapter has quoted, a header, and a body
        url = f"{server.origin}/a%2Fb%20c/%C3%A9%7E?q=%2B55&r=a%20b&empty="
        request = httpx.Request("POST", url, headers={"X-Key": "v"}, content=b'{"a":1}')
        # When it is sent
        await transport.handle_async_request(request)
    # Then nothing of it was quoted again or left out
    head = server.heads[0].decode().lower()
    assert head.startswith("post /a%2fb%20c/%c3%a9%7e?q=%2b55&r=a%20b&empty= http/1.1\r\n")
    assert "x-key: v\r\n" in head
    assert server.bodies == [b'{"a":1}']
    # And only encodings are offered that are decoded, by a client that names itself
    assert "accept-encoding: gzip, deflate\r\n" in head
    assert "user-agent: afluente/" in head


async def test_accounts_at_one_address_each_send_their_own_key_however_often_they_ask():
    async with serving(OK) as server, pooled() as transport:
        # Given two accounts that ask for the same page, in turn and again
        fetcher = Fetcher(transport)
        for key in ("one", "two", "one", "two"):
            asked = HttpRequest(method="GET", url=f"{server.origin}/feed?limit=50", headers=(("x-key", key),))
            await fetcher.fetch(asked, account=key)
    # Then what is kept of a request is never sent for another
    sent = [re.search(r"x-key: (\w+)\r\n", head.decode().lower())[1] for head in server.heads]
    assert sent == ["one", "two", "one", "two"]


@pytest.mark.parametrize(
    ("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
async def test_an_encoded_answer_is_handed_on_decoded(encoding, encode):
    body = encode(b"[1, 2]" * 100)
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(body)}\r\n\r\n"
    async with serving(head.encode() + body) as server, pooled() as transport:
        assert await get(transport, server.origin) == b"[1, 2]" * 100


async def test_connections_are_kept_and_used_again():
    async with serving(OK) as server, pooled() as transport:
        for _ in range(10):
            await get(transport, server.origin)
    assert (server.connections, len(server.heads)) == (1, 10)


async def test_a_connection_that_the_server_closed_is_replaced():
    # Given a server that closes after each answer without announcing it
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await writer.drain()
        writer.close()

    async with serving(answer) as server, pooled() as transport:
        for _ in range(3):
            assert await get(transport, server.origin) == b"[]"
            await asyncio.sleep(0.05)


async def test_a_redirect_is_an_answer_and_is_not_followed():
    answer = b"HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"
    async with serving(answer) as server, pooled() as transport:
        response = await transport.handle_async_request(httpx.Request("GET", server.origin))
    assert response.status_code == 302
    assert len(server.heads) == 1


async def test_nothing_of_the_environment_or_of_earlier_answers_is_sent(monkeypatch, tmp_path):
    # Given a proxy and a .netrc in the environment, and a server that sets a cookie
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    cookie = OK.replace(b"\r\n\r\n", b"\r\nset-cookie: a=b; path=/\r\n\r\n")
    async with serving(cookie) as server, pooled() as transport:
        # When two requests are sent
        for _ in range(2):
            await get(transport, server.origin)
    # Then they went straight to it, without credentials or cookies
    for head in server.heads:
        assert b"authorization" not in head.lower()
        assert b"cookie" not in head.lower()


async def test_the_pool_survives_cancellation_under_contention():
    # Given ten connections, and thirty tasks whose requests are cancelled at any moment, but for one in eight
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.005)
        writer.write(OK)
        await writer.drain()

    async with serving(answer) as server, pooled(connections=10) as transport:
        loop = asyncio.get_running_loop()
        end, cut, done = loop.time() + 2, 0, 0

        async def impatient(number: int) -> None:
            nonlocal cut, done
            for turn in count():
                if loop.time() >= end:
                    return
                patience = 10 if turn % 8 == 7 else 0.001 * (1 + (number + cut) % 30)
                try:
                    async with asyncio.timeout(patience):
                        await get(transport, server.origin)
                        done += 1
                except (TimeoutError, asyncio.CancelledError):  # on a busy loop, two timers may cancel at once
                    cut += 1

        await asyncio.gather(*(impatient(number) for number in range(30)))
        assert cut > 100
        assert done > 0
        # When twenty plain requests follow
        async with asyncio.timeout(10):
            bodies = await asyncio.gather(*(get(transport, server.origin) for _ in range(20)))
        # Then all of them are answered
        assert bodies == [b"[]"] * 20


async def test_a_cancelled_request_is_cancelled_and_its_connection_not_used_again():
    # Given an answer that is half read
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/slow" in head:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhalf")
            await asyncio.sleep(60)
        writer.write(OK)

    async with serving(answer) as server, pooled(connections=1) as transport:
        task = asyncio.create_task(get(transport, f"{server.origin}/slow"))
        await asyncio.sleep(0.1)
        # When it is cancelled
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # Then the only slot is free, on another connection
        async with asyncio.timeout(5):
            assert await get(transport, server.origin) == b"[]"
        assert server.connections == 2


async def silent(head: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def dripping(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def dripping_headers(head: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        writer.write(f"x-{number}: y\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("answer", [silent, dripping, dripping_headers])
async def test_an_exchange_ends_at_its_deadline_however_the_server_keeps_it_busy(answer):
    async with serving(answer) as server, pooled(deadline_seconds=0.3) as transport:
        begun = asyncio.get_running_loop().time()
        # When the answer does not end
        error = await failure(transport, f"{server.origin}/{SECRET}?key={SECRET}")
        # Then the deadline ends it
        assert error.reason == "timeout"
        assert 0.2 < asyncio.get_running_loop().time() - begun < 5


async def test_an_endless_body_stops_at_the_bound_with_bounded_memory():
    # Given a body that never ends
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(CHUNKED)
        while True:
            writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            await writer.drain()

    async with serving(answer) as server, pooled(body_limit=1_000_000) as transport:
        tracemalloc.start()
        try:
            # When it is read
            assert (await failure(transport, server.origin)).reason == "too_large"
            # Then a little more than the bound was ever in memory, server included
            assert tracemalloc.get_traced_memory()[1] < 4_000_000
        finally:
            tracemalloc.stop()
        await asyncio.sleep(0.1)
        assert server.closed == 1


async def test_a_body_that_announces_itself_too_large_is_not_read():
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n")
        await asyncio.sleep(60)

    async with serving(answer) as server, pooled(body_limit=1_000) as transport:
        async with asyncio.timeout(5):
            assert (await failure(transport, server.origin)).reason == "too_large"


@pytest.mark.parametrize("announced", [False, True])
@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate", "br"])
async def test_a_body_that_is_too_large_comes_with_its_status_and_how_it_begins(announced, encoding, monkeypatch):
    # Given a body that is too large for its bound, before it is decoded or after
    monkeypatch.setattr("workers.polling.body.BEGINNING", 300)
    text = "".join(f"{number * 7919 % 10_007} é " for number in range(4000)).encode()
    sent = {"gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)(text)
    head = f"HTTP/1.1 203 OK\r\ncontent-encoding: {encoding}\r\ncontent-type: text/x; a=b\r\n"
    if announced:
        whole = f"{head}content-length: {len(sent)}\r\n\r\n".encode() + sent
    else:
        whole = f"{head}transfer-encoding: chunked\r\n\r\n{len(sent):x}\r\n".encode() + sent + b"\r\n0\r\n\r\n"
    async with serving(whole) as server, pooled(body_limit=2000) as transport:
        # When
        error = await failure(transport, server.origin)
    # Then
    assert isinstance(error, BodyTooLarge)
    assert (error.reason, error.status, error.content_type) == ("too_large", 203, "text/x; a=b")
    if encoding == "br":
        assert error.received == b""
    else:
        assert error.received.startswith(text[:100])
        assert text.startswith(error.received)
        assert len(error.received) <= 300


async def test_a_compressed_bomb_stops_at_the_bound():
    # Given 50 MB in 50 KB
    bomb = gzip.compress(bytes(50_000_000), compresslevel=1)
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(bomb)}\r\n\r\n"
    async with serving(head.encode() + bomb) as server, pooled(body_limit=1_000_000) as transport:
        tracemalloc.start()
        try:
            # When / Then
            assert (await failure(transport, server.origin)).reason == "too_large"
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", "reset"),
        (CHUNKED + b"5\r\nhal", "reset"),
        (b"", "reset"),
        (b"HTTP/1.1 200", "reset"),
        (b"SSH-2.0-" + SECRET.encode() + b"\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: " + b"b" * 100_000 + b"\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\nxx", "protocol"),
        (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx", "protocol"),
    ],
)
async def test_a_broken_answer_has_a_reason_and_is_asked_for_once(answer, reason):
    # Given a server that writes this and closes
    async def close_after(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with serving(close_after) as server, pooled() as transport:
        # When / Then
        assert (await failure(transport, f"{server.origin}/?key={SECRET}", key=SECRET)).reason == reason
        assert len(server.heads) == 1


async def test_a_request_whose_kept_connection_dies_is_not_sent_again_unseen():
    # Given a kept connection whose second request is received and never answered
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        if len(server.heads) > 1:
            writer.transport.abort()
            return
        writer.write(OK)
        await writer.drain()

    async with serving(answer) as server, pooled() as transport:
        await get(transport, server.origin)
        # When it breaks
        error = await failure(transport, server.origin)
    # Then the poll failed, and the provider saw two requests: those that a budget has allowed
    assert error.reason == "reset"
    assert len(server.heads) == 2


async def test_a_closed_port_is_no_connection():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        async with pooled() as transport:
            error = await failure(transport, f"http://127.0.0.1:{reserved.getsockname()[1]}/?key={SECRET}")
    assert error.reason == "connect"
    assert "refused" in str(error)


async def test_a_name_that_does_not_resolve_is_said_to_be_that(monkeypatch):
    async def no_answer(*args, **options):
        raise socket.gaierror(socket.EAI_NONAME, f"unknown {SECRET}")

    async with pooled() as transport:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", no_answer)
        error = await failure(transport, f"http://api.invalid/?key={SECRET}")
    assert (error.reason, str(error)) == ("dns", "api.invalid: the name does not resolve")


async def test_a_server_without_tls_is_a_failure_of_tls():
    async with serving(b"HTTP/1.1 400 plain\r\n\r\n") as server, pooled(deadline_seconds=5) as transport:

        async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"this is not a TLS record at all\r\n")
            await writer.drain()
            writer.close()

        server.serve = plain
        error = await failure(transport, server.origin.replace("http:", "https:") + f"/?key={SECRET}")
    assert error.reason == "tls"


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("ftp://127.0.0.1/", {}),
        ("http:///path", {}),
        ("http://127.0.0.1:1/", {"key": f"{SECRET}\r\nx-injected: 1"}),
        ("http://127.0.0.1:1/", {"key": f"{SECRET}\0"}),
    ],
)
async def test_a_request_that_cannot_be_sent_is_refused_without_telling_it(url, headers):
    async with serving(OK) as server, pooled() as transport:
        error = await failure(transport, url.replace("http://127.0.0.1:1", server.origin), **headers)
        assert server.heads == []
    assert error.reason == "request"


async def test_after_closing_every_request_fails_and_closing_again_is_harmless():
    async with serving(OK) as server:
        transport = PooledTransport()
        await get(transport, server.origin)
        await transport.aclose()
        await transport.aclose()
        assert (await failure(transport, server.origin)).reason == "other"


async def test_one_tls_context_serves_all_transports_and_checks_names():
    assert shared_tls() is shared_tls()
    assert shared_tls().check_hostname
