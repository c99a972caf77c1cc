"""The one place where an exception of a connection becomes a reason of ours.

Whatever engine is underneath, the rest of the program knows `Unreachable` alone. Its text names the host and what
the operating system or TLS said; never a path, a query, a header, or a byte that the other side sent, because any of
them can hold a credential. For the same reason callers raise it outside of their `except` block: the exception of the
engine, which knows the whole URL, must not travel along as its context.
"""

import os
import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import httpx

from workers.errors import Unreachable
from workers.polling.body import Garbled, TooLarge

#: Exceptions, the reason they become (a label of the metric), and its words. The first row that matches counts:
#: engines derive their classes from several of these, a timeout from OSError, a certificate error from ValueError.
_MEANINGS: Final[tuple[tuple[tuple[type[Exception], ...], str, str], ...]] = (
    ((TooLarge,), "too_large", "the body is too large"),
    ((TimeoutError, httpx.TimeoutException), "timeout", "no whole answer in time"),
    ((aiohttp.ClientConnectorDNSError, socket.gaierror), "dns", "the name does not resolve"),
    ((ssl.SSLError, aiohttp.ClientSSLError, aiohttp.ServerFingerprintMismatch), "tls", "no TLS connection"),
    ((aiohttp.ClientConnectorError, httpx.ConnectError, ConnectionRefusedError), "connect", "no connection"),
    ((aiohttp.ClientConnectionError, ConnectionError, OSError), "reset", "the connection was lost"),
    ((aiohttp.ClientPayloadError, httpx.NetworkError), "reset", "the connection was lost"),
    ((aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError), "request", "the URL cannot be asked"),
    ((httpx.InvalidURL, httpx.UnsupportedProtocol), "request", "the URL cannot be asked"),
    ((Garbled, aiohttp.ClientError, httpx.HTTPError), "protocol", "the answer is not HTTP"),
    ((ValueError, httpx.StreamError), "request", "the request cannot be written"),
)

#: Every reason that `Unreachable` can carry; `other` is an exception that no engine documents.
REASONS: Final = tuple(dict.fromkeys([*(reason for _, reason, _ in _MEANINGS), "other"]))


def unreachable(error: Exception, url: str) -> Unreachable:
    """What this exception means for the poll. Of `url` only the host is told."""
    if isinstance(error, Unreachable):
        return error
    for kinds, reason, words in _MEANINGS:
        if isinstance(error, kinds):
            return Unreachable(reason, f"{_host(url)}: {words}{_detail(error)}")
    return Unreachable("other", f"{_host(url)}: {type(error).__name__}")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "no host"
    except ValueError:
        return "no host"


def _detail(error: Exception) -> str:
    """What may be told of the cause: our own words, OpenSSL's, or the operating system's."""
    if isinstance(error, Garbled):
        return f" ({error})"
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(cause, ssl.SSLError):
        words = getattr(cause, "verify_message", None) or getattr(cause, "reason", None)
        return f" ({words})" if words else ""
    if isinstance(cause, OSError) and not isinstance(cause, socket.gaierror) and cause.errno:
        return f" ({os.strerror(cause.errno)})"
    return ""
