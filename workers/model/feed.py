"""What is asked of a provider, and what it answers."""

from collections.abc import Mapping
from typing import Any, Literal

from workers.model.record import Record


class Feed(Record, frozen=True, kw_only=True):
    """One pollable list of messages. `key` names it everywhere; `values` are its own values, in key order."""

    key: str
    account: str
    values: Mapping[str, str]


class PageRef(Record, frozen=True, kw_only=True):
    """Which page of a feed to ask for: 1-based `number` (1 = newest rows) and `limit` in rows."""

    number: int = 1
    limit: int = 50


class HttpRequest(Record, frozen=True, kw_only=True):
    """One request, complete. It is the only record that holds a secret; its repr shows none."""

    method: Literal["GET", "POST"]
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {self.url.split('?', 1)[0]})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("method", self.method), ("url", self.url.split("?", 1)[0])]


class HttpResponse(Record, frozen=True, kw_only=True):
    """One whole response: status, media type, decompressed body, and `Retry-After` verbatim where there was one."""

    status: int
    body: bytes
    content_type: str = ""
    retry_after: str | None = None
