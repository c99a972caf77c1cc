"""What an adapter is, and the few rules that all adapters share. Pure: no I/O, no clock, no asyncio.

An adapter turns a feed into requests, a response into a page of raw rows, and a raw row into a message.
One poll uses it so:

    request = adapter.request(feed, ref)          # complete, secrets inside
    page = adapter.page(feed, ref, response)      # raw rows; raises a PollFailed for anything but a page
    normalised = adapter.normalise(feed, row)     # only for rows that are new or changed; raises RowUnreadable
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import ClassVar, Protocol
from urllib.parse import quote

from workers.errors import FeedRejected, ParkFeed, ProviderFailed, RateLimited, Redirected, Refused
from workers.model import Contact, Conversation, Feed, HttpRequest, HttpResponse, Normalised, Page, PageRef, RawRow
from workers.providers.account import AccountSettings


class Adapter(Protocol):
    """One account at one provider."""

    provider: ClassVar[str]
    #: Names of a feed's own values, in the order of its key.
    feed_fields: ClassVar[tuple[str, ...]]
    #: Whether any page can be asked for by its number (then long histories are read from their old end).
    numbered: ClassVar[bool]
    #: Requests of a poll that finds nothing new: 1, or more where its newest end stands in several documents.
    requests_per_poll: ClassVar[int]
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

    def conversation(self, feed: Feed) -> str | None:
        """The provider's id of the one conversation that the feed shows; None for a feed of many."""
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
    """An adapter whose provider can list feeds.

    A provider may show its last page again for every page beyond it: whoever walks the list stops at a page that
    brings no feed which the pages before it did not bring.
    """

    def discovery_request(self, number: int) -> HttpRequest:
        """The request for page `number` (1-based). Raises ConfigurationError where this account has no list."""
        ...

    def discovered(self, number: int, response: HttpResponse) -> tuple[tuple[Feed, ...], bool]:
        """The feeds on that page, and whether another page may follow. Raises PollFailed."""
        ...


@lru_cache(maxsize=4096)  # of the feeds that are busy now: the address of each request is made of them
def percent(value: str) -> str:
    """Percent-encode one value of a feed key or conversation id; RFC 3986 unreserved characters stay."""
    return quote(value, safe="-._~")


def feed_key(account: str, values: tuple[str, ...]) -> str:
    """The key of a feed: `<account>/<value>/…`, each value percent-encoded ('*' stays: it means all)."""
    return "/".join([account, *("*" if value == "*" else percent(value) for value in values)])


@lru_cache(maxsize=4096)  # rows of one page share few conversations
def conversation_id(account: str, provider_id: str) -> str:
    """The id of a conversation, and Kafka key of its events: `<account>/<provider_id>`, percent-encoded."""
    return f"{account}/{percent(provider_id)}"


@lru_cache(maxsize=4096)  # as above
def conversation_with(account: str, provider_id: str, address: str | None, name: str | None = None) -> Conversation:
    """The conversation with this person."""
    contact = Contact(address=address, name=name)
    return Conversation(id=conversation_id(account, provider_id), provider_id=provider_id, contact=contact)


def checked_values(fields: tuple[str, ...], values: Mapping[str, str]) -> tuple[str, ...]:
    """The values of exactly these fields, each a short text, without the space around it. Raises FeedRejected."""
    unknown, missing = sorted(set(values) - set(fields)), [name for name in fields if name not in values]
    if unknown or missing:
        wrong = [f"unknown {name}" for name in unknown] + [f"missing {name}" for name in missing]
        raise FeedRejected("malformed", f"a feed takes {', '.join(fields)}: {', '.join(wrong)}")
    return tuple(_checked(name, values[name]) for name in fields)


#: Longest value of a feed, in characters: keys of Kafka records and paths of requests are made of them.
LONGEST_VALUE = 256


def _checked(name: str, value: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise FeedRejected("malformed", f"{name} must be a non-empty text")
    bare = value.strip()
    # '.' and '..' stand for other places in a path, even when they are percent-encoded (RFC 3986 section 6.2.2.2).
    if len(bare) > LONGEST_VALUE or not bare.isprintable() or bare in {".", ".."}:
        raise FeedRejected("malformed", f"{name} must be at most {LONGEST_VALUE} printable characters, not '.' or '..'")
    return bare


def listed_once(feeds: Iterable[Feed]) -> tuple[Feed, ...]:
    """These feeds. Raises FeedRejected where one is listed twice."""
    by_key: dict[str, Feed] = {}
    for feed in feeds:
        if feed.key in by_key:
            raise FeedRejected("overlap", f"{feed.key} is listed twice")
        by_key[feed.key] = feed
    return tuple(by_key.values())


def accepted(feed: Callable[[Mapping[str, str]], Feed], found: Iterable[Mapping[str, str]]) -> tuple[Feed, ...]:
    """The feeds that a provider listed, each once; what cannot be a feed of this account is left out."""
    by_key: dict[str, Feed] = {}
    for values in found:
        try:
            one = feed(values)
        except FeedRejected:
            continue
        by_key[one.key] = one
    return tuple(by_key.values())


@lru_cache(maxsize=4096)  # rows of one page share few addresses
def digits(value: str) -> str:
    """A phone number as digits only, a hidden identity verbatim.

    '+55 (11) 98888-0000' is a number: nothing but digits and the marks people write between them; so is the address
    '5511988880000@s.whatsapp.net' that WhatsApp makes of one. 'IL.1605000000000001' and '123@lid' are not.
    """
    bare = value.strip()
    stripped = bare.translate(_NUMBER_MARKS)
    if stripped.isascii() and stripped.isdigit():
        return stripped
    address = _NUMBER_ADDRESS.fullmatch(bare)
    return address[1] if address else bare


_NUMBER_MARKS = str.maketrans("", "", "+-() \u00a0")
_NUMBER_ADDRESS = re.compile(r"([0-9]+)(?::[0-9]+)?@(?:s\.whatsapp\.net|c\.us)")


def raise_for_status(response: HttpResponse) -> None:
    """Raise what an HTTP status outside 2xx means, by what the worker does next.

    401 and 403 are our credentials or rights; 404 and 410 a feed that is not there; 429 a pause of the whole
    account, and so is a 503 that names a time (RFC 9110 section 10.2.3); a redirect is never followed, since it
    would carry the credentials elsewhere (one sibling of WizeBot redirects when the key is missing: refused).
    Everything else is the provider's trouble.
    """
    status = response.status
    if status in _SUCCESSES:
        return
    text = f"HTTP {status}"
    later = status == HTTPStatus.SERVICE_UNAVAILABLE and response.retry_after
    if status == HTTPStatus.TOO_MANY_REQUESTS or later:
        raise RateLimited(text, response.retry_after)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise Refused(text)
    if status in _REDIRECTS:
        raise Redirected(f"{text}, a redirect")
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise ParkFeed(text)
    raise ProviderFailed(text)


_SUCCESSES, _REDIRECTS = range(200, 300), range(300, 400)
