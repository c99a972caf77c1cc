"""What an adapter is, and the few rules that all adapters share. Pure: no I/O, no clock, no asyncio.

An adapter turns a feed into requests, a response into a page of raw rows, and a raw row into a message.
One poll uses it so:

    request = adapter.request(feed, ref)          # complete, secrets inside
    page = adapter.page(feed, ref, response)      # raw rows; raises a PollFailed for anything but a page
    normalised = adapter.normalise(feed, row)     # only for rows that are new or changed; raises RowUnreadable
"""

from collections.abc import Mapping
from typing import ClassVar, Protocol
from urllib.parse import quote

from workers.errors import FeedRejected, ParkFeed, ProviderFailed, RateLimited, Refused
from workers.model import Feed, HttpRequest, HttpResponse, Normalised, Page, PageRef, RawRow
from workers.providers.account import AccountSettings


class Adapter(Protocol):
    """One account at one provider."""

    provider: ClassVar[str]
    #: Names of a feed's own values, in the order of its key.
    feed_fields: ClassVar[tuple[str, ...]]
    #: Whether any page can be asked for by its number (then long histories are read from their old end).
    numbered: ClassVar[bool]
    account: AccountSettings

    def first(self) -> PageRef:
        """The page that every poll begins with: the newest rows."""
        ...

    def standing_feeds(self) -> tuple[Feed, ...]:
        """Feeds that the configuration implies or lists. Raises FeedRejected."""
        ...

    def feed(self, values: Mapping[str, str]) -> Feed:
        """The feed with these values, checked. Raises FeedRejected."""
        ...

    def many_conversations(self, feed: Feed) -> bool:
        """Whether rows of this feed belong to several conversations."""
        ...

    def request(self, feed: Feed, ref: PageRef) -> HttpRequest:
        """The request for one page."""
        ...

    def page(self, feed: Feed, ref: PageRef, response: HttpResponse) -> Page:
        """The rows of a response. Raises PollFailed (and nothing else) for what is not a page."""
        ...

    def normalise(self, feed: Feed, row: RawRow) -> Normalised:
        """The message of a row. Raises RowUnreadable (and nothing else)."""
        ...


class DiscoversFeeds(Protocol):
    """An adapter whose provider can list feeds."""

    def discovery_request(self, number: int) -> HttpRequest:
        """The request for page `number` (1-based) of the list."""
        ...

    def discovered(self, number: int, response: HttpResponse) -> tuple[tuple[Feed, ...], bool]:
        """The feeds on that page, and whether another page may follow. Raises PollFailed."""
        ...


def percent(value: str) -> str:
    """Percent-encode one value of a feed key or conversation id; RFC 3986 unreserved characters stay."""
    return quote(value, safe="-._~")


def feed_key(account: str, values: tuple[str, ...]) -> str:
    """The key of a feed: `<account>/<value>/…`, each value percent-encoded ('*' stays: it means all)."""
    return "/".join([account, *("*" if value == "*" else percent(value) for value in values)])


def checked_values(fields: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    """The values of exactly these fields, each a non-empty text. Raises FeedRejected."""
    unknown, missing = sorted(set(values) - set(fields)), [name for name in fields if name not in values]
    if unknown or missing:
        wrong = [f"unknown {name}" for name in unknown] + [f"missing {name}" for name in missing]
        raise FeedRejected("malformed", f"a feed takes {', '.join(fields)}: {', '.join(wrong)}")
    for name in fields:
        if not isinstance(values[name], str) or not values[name].strip():
            raise FeedRejected("malformed", f"{name} must be a non-empty text")
    return tuple(values[name] for name in fields)


def digits(value: str) -> str:
    """A phone number as digits only, a hidden identity verbatim.

    '+55 (11) 98888-0000' is a number: nothing but digits and the marks people write between them.
    'IL.1605000000000001' is not.
    """
    bare = value.strip()
    stripped = bare.translate(_NUMBER_MARKS)
    return stripped if stripped.isascii() and stripped.isdigit() else bare


_NUMBER_MARKS = str.maketrans("", "", "+-() \u00a0")


def raise_for_status(response: HttpResponse) -> None:
    """Raise what an HTTP status outside 2xx means, by what the worker does next.

    401 and 403 are our credentials or rights; 404 and 410 a feed that is not there; 429 a pause of the whole
    account, and so is a 503 that names a time (RFC 9110 section 10.2.3); a redirect is never followed, since it
    would carry the credentials elsewhere (one sibling of WizeBot redirects when the key is missing: refused).
    Everything else is the provider's trouble.
    """
    status = response.status
    if 200 <= status < 300:
        return
    text = f"HTTP {status}"
    if status == 429 or (status == 503 and response.retry_after):
        raise RateLimited(text, response.retry_after)
    if status in {401, 403} or 300 <= status < 400:
        raise Refused(text)
    if status in {404, 410}:
        raise ParkFeed(text)
    raise ProviderFailed(text)
