import errno
import socket
import ssl

import aiohttp
import httpx
import pytest
from aiohttp.client_reqrep import ConnectionKey
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.errors import Unreachable
from workers.polling.body import Garbled, TooLarge
from workers.polling.unreachable import REASONS, unreachable

SECRET = "s3cr3t-key"
URL = f"https://{SECRET}:x@api.example:8443/v1/{SECRET}?token={SECRET}#{SECRET}"
KEY = ConnectionKey("api.example", 8443, True, True, None, None, None)
REFUSED = ConnectionRefusedError(errno.ECONNREFUSED, f"refused {SECRET}")
UNTRUSTED = ssl.SSLCertVerificationError(1, f"[SSL] {SECRET}")
UNTRUSTED.verify_message = "self-signed certificate"

MEANINGS = [
    (TooLarge(), "too_large", ""),
    (TimeoutError(SECRET), "timeout", ""),
    (aiohttp.ConnectionTimeoutError(f"Connection timeout to host {URL}"), "timeout", ""),
    (aiohttp.SocketTimeoutError(), "timeout", ""),
    (httpx.PoolTimeout(SECRET), "timeout", ""),
    (socket.gaierror(socket.EAI_NONAME, SECRET), "dns", ""),
    (aiohttp.ClientConnectorDNSError(KEY, OSError(None, SECRET)), "dns", ""),
    (aiohttp.ClientConnectorCertificateError(KEY, UNTRUSTED), "tls", "self-signed certificate"),
    (aiohttp.ClientConnectorSSLError(KEY, ssl.SSLError(1, SECRET)), "tls", ""),
    (ssl.SSLError(1, SECRET), "tls", ""),
    (aiohttp.ClientConnectorError(KEY, REFUSED), "connect", "Connection refused"),
    (httpx.ConnectError(SECRET), "connect", ""),
    (REFUSED, "connect", "Connection refused"),
    (aiohttp.ServerDisconnectedError(SECRET), "reset", ""),
    (aiohttp.ClientOSError(errno.ECONNRESET, SECRET), "reset", "Connection reset by peer"),
    (aiohttp.ClientConnectionResetError(SECRET), "reset", ""),
    (aiohttp.ClientPayloadError(SECRET), "reset", ""),
    (BrokenPipeError(errno.EPIPE, SECRET), "reset", "Broken pipe"),
    (httpx.ReadError(SECRET), "reset", ""),
    (aiohttp.InvalidURL(URL), "request", ""),
    (httpx.InvalidURL(URL), "request", ""),
    (httpx.UnsupportedProtocol(URL), "request", ""),
    (ValueError(SECRET), "request", ""),
    (aiohttp.ClientResponseError(None, (), message=SECRET), "protocol", ""),
    (httpx.RemoteProtocolError(SECRET), "protocol", ""),
    (Garbled("a compressed body that breaks off"), "protocol", "breaks off"),
    (RuntimeError(SECRET), "other", "RuntimeError"),
]


@pytest.mark.parametrize(("error", "reason", "words"), MEANINGS, ids=lambda value: type(value).__name__)
def test_each_exception_has_one_reason_and_its_text_names_the_host_alone(error, reason, words):
    # When any exception of an engine is translated
    failure = unreachable(error, URL)
    # Then its reason is of the closed set, and the text holds neither path, query, credentials nor foreign words
    assert failure.reason == reason
    assert failure.reason in REASONS
    assert str(failure).startswith("api.example: ")
    assert words in str(failure)
    assert SECRET not in repr(failure)


def test_the_reasons_are_a_closed_set():
    assert {"connect", "dns", "tls", "timeout", "reset", "protocol", "too_large", "request", "other"} == set(REASONS)


def test_what_is_ours_already_stays_as_it_is():
    failure = Unreachable("dns", "text")
    assert unreachable(failure, URL) is failure


@given(st.text() | st.sampled_from(["http://[::1", "http://", "//", "http://[v1.x]/"]))
@settings(max_examples=100)
def test_no_address_makes_the_translation_itself_fail(url):
    assert unreachable(TimeoutError(), url).reason == "timeout"
