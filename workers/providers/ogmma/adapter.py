"""One account at Ogmma: requests, pages, and what they reach."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from msgspec.structs import replace

from workers.errors import ConfigurationError
from workers.model import Feed, HttpRequest, HttpResponse, Normalised, Page, PageRef, RawRow
from workers.providers.account import AccountSettings
from workers.providers.answers import answer
from workers.providers.base import accepted, checked_values, conversation_with, feed_key, listed_once, percent
from workers.providers.exact_ids import exact_ids
from workers.providers.fields import word
from workers.providers.listing import address
from workers.providers.ogmma.errors import error_in, not_a_page
from workers.providers.ogmma.listing import conversations_in
from workers.providers.ogmma.message import contact_address, direction_of, message_of
from workers.providers.ogmma.settings import OgmmaSettings
from workers.providers.reasons import unreadable
from workers.providers.rows import read_rows

#: Rows that a poll asks for first: the documented default.
FEW = 50
#: Rows that are asked for when those were all taken: the documented maximum.
MOST = 500
_WHOLE = re.compile(r"[0-9]{1,9}")


class Ogmma:
    """One account at Ogmma. A feed is one conversation of one channel."""

    provider: ClassVar[str] = "ogmma"
    feed_fields: ClassVar[tuple[str, ...]] = ("channel_id", "conversation_id")
    numbered: ClassVar[bool] = False
    requests_per_poll: ClassVar[int] = 1

    def __init__(self, account: OgmmaSettings) -> None:
        self.account: AccountSettings = account
        self._listing = account.conversations
        self._headers = (
            ("Authorization", f"Bearer {account.api_key.get_secret_value()}"),
            ("Accept", "application/json"),
        )

    def first(self) -> PageRef:
        """The newest 50 rows."""
        return PageRef(number=1, limit=FEW)

    def standing_feeds(self) -> tuple[Feed, ...]:
        """The configured conversations. Raises FeedRejected."""
        return listed_once(self.feed(values) for values in self.account.feeds)

    def feed(self, values: Mapping[str, str]) -> Feed:
        """The feed of one conversation. Raises FeedRejected."""
        checked = checked_values(self.feed_fields, values)
        key = feed_key(self.account.name, checked)
        return Feed(key=key, account=self.account.name, values=dict(zip(self.feed_fields, checked, strict=True)))

    def conversation(self, feed: Feed) -> str | None:
        """The conversation that the feed is."""
        return feed.values["conversation_id"]

    def request(self, feed: Feed, ref: PageRef) -> HttpRequest:
        """The newest `ref.limit` messages."""
        channel, conversation = (percent(feed.values[name]) for name in self.feed_fields)
        url = f"{self.account.base_url}/channels/{channel}/conversations/{conversation}?limit={ref.limit}"
        return HttpRequest(method="GET", url=url, headers=self._headers)

    @exact_ids("id")
    def page(self, feed: Feed, ref: PageRef, response: HttpResponse) -> Page:  # noqa: ARG002 - one form for all feeds
        """The rows shown, and whether a larger page is worth asking for. Raises PollFailed."""
        body = answer(response, lambda value: error_in(value, response))
        listed = body.get("data") if type(body) is dict else None
        if type(listed) is not list:
            raise not_a_page(body)
        rows, broken = read_rows(listed, id_field="id", time_field="createdAt")
        return replace(_reach(len(listed), ref.limit, _stated_limit(body)), rows=rows, broken=broken)

    def normalise(self, feed: Feed, row: RawRow) -> Normalised:
        """The message of a row. Raises RowUnreadable.

        A row that names another conversation is not published under this one: that would put one customer's words
        into another's history. `channelId` is not compared; a conversation has one channel.
        """
        provider_id = feed.values["conversation_id"]
        told = word(row.raw, "conversationId")
        if told is not None and told.casefold() != provider_id.casefold():
            raise unreadable("other_conversation", "conversationId is not the conversation that was asked for")
        direction = direction_of(row)
        conversation = conversation_with(self.account.name, provider_id, contact_address(row, direction))
        return Normalised(conversation=conversation, message=message_of(row, direction), touched=True)

    def discovery_request(self, number: int) -> HttpRequest:
        """Page `number` of the configured list of conversations. Raises ConfigurationError where none is configured."""
        if self._listing is None:
            raise ConfigurationError(
                [f"accounts.{self.account.name}.conversations: needed, since Ogmma documents no list of conversations"]
            )
        return HttpRequest(
            method="GET", url=address(self.account.base_url, self._listing, number), headers=self._headers
        )

    def discovered(self, number: int, response: HttpResponse) -> tuple[tuple[Feed, ...], bool]:  # noqa: ARG002 - any page
        """The conversations on that page, and whether another may follow. Raises PollFailed."""
        if self._listing is None:
            return (), False
        body = answer(response, lambda value: error_in(value, response))
        named = conversations_in(body, self._listing)
        return accepted(self.feed, named), bool(named and self._listing.page_parameter)


def _stated_limit(body: Mapping[str, Any]) -> int | None:
    meta = body.get("meta")
    limit = meta.get("limit") if type(meta) is dict else None
    if type(limit) is str and _WHOLE.fullmatch(limit):
        limit = int(limit)
    return limit if type(limit) is int and limit > 0 else None


def _reach(shown: int, asked: int, stated: int | None) -> Page:
    """A page without its rows: what to ask for next, and whether no older rows exist.

    A full page of 50 is followed by one of 500. A full page of 500 is the end of what this API shows, and so is one
    that the provider cut to a limit of its own. Fewer rows than could be shown should be all there are: they are only
    `short`, since rows may be left out, and the limit that is stated need not be the one that was kept.
    """
    limit = min(asked, stated or asked)
    wider = PageRef(number=1, limit=MOST) if asked < MOST else None
    if shown >= limit or (wider is None and _looks_cut(shown, stated)):
        return Page(next=wider, exhausted=False)
    return Page(short=shown > 0, proof=wider if shown else None)


def _looks_cut(shown: int, stated: int | None) -> bool:
    """Whether the largest page has as many rows as the one before it, or a round number where no limit is stated."""
    return shown == FEW or (stated is None and shown > 0 and shown % FEW == 0)
