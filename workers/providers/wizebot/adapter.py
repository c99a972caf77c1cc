"""One business number at WizeBot: requests, pages, and the subscribers that it has."""

import re
from collections.abc import Mapping
from datetime import tzinfo
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import urlencode

from workers.errors import FeedRejected, ParkFeed
from workers.model import Conversation, Feed, HttpRequest, HttpResponse, Normalised, Page, PageRef, RawRow
from workers.providers.account import AccountSettings
from workers.providers.answers import answer
from workers.providers.base import accepted, checked_values, conversation_id, digits, feed_key, listed_once
from workers.providers.exact_ids import exact_ids
from workers.providers.fields import word
from workers.providers.reasons import unreadable
from workers.providers.wizebot.errors import error_in
from workers.providers.wizebot.listing import listed_in, phone_numbers_in
from workers.providers.wizebot.message import heard
from workers.providers.wizebot.paging import following, offset_of
from workers.providers.wizebot.rows import ID, read_rows
from workers.providers.wizebot.secrets import without_tokens
from workers.providers.wizebot.settings import WizebotSettings

#: Rows asked for: as many as a sibling's documentation allows.
PAGE_ROWS = 50
#: Rows that any installation shows at once: as many as the documented example asks for.
FEWEST_ROWS = 10
#: Subscribers asked for: as many as a sibling's documentation allows.
LIST_ROWS = 100
#: `orderBy` of the list of subscribers: whoever wrote or was written to last comes first.
_LATEST_FIRST = "1"
#: A phone number with its country code, or an identity in the place of a hidden one (`BR.13491208655302741918`).
_SUBSCRIBER = re.compile(r"[1-9][0-9]{4,19}|[A-Z]{2}\.[0-9A-Za-z]+")
#: Digits at the end of two phone numbers that make them one: WhatsApp knows Brazilian ones without their ninth digit.
_SAME_DIGITS = 7


class Wizebot:
    """One business number. A feed is the conversation with one subscriber.

    Any page may be asked for by its number, in every reading of `offset` that is known (see paging.py), so long
    histories are read from their old end.
    """

    provider: ClassVar[str] = "wizebot"
    feed_fields: ClassVar[tuple[str, ...]] = ("phone_number",)
    numbered: ClassVar[bool] = True
    requests_per_poll: ClassVar[int] = 1

    def __init__(self, account: WizebotSettings) -> None:
        self.account: AccountSettings = account
        self._zone: tzinfo = account.zone
        self._credentials = {"apiToken": account.api_key.get_secret_value(), "phone_number_id": account.phone_number_id}
        #: The most rows that a page has shown, up to those asked for: one with fewer is taken for the last where known
        #: rows bear it out, whatever the installation's own limit is. It only spares requests.
        self._full_page = FEWEST_ROWS

    def first(self) -> PageRef:
        """The newest 50 rows."""
        return PageRef(number=1, limit=PAGE_ROWS)

    def standing_feeds(self) -> tuple[Feed, ...]:
        """The configured subscribers. Raises FeedRejected."""
        return listed_once(self.feed(values) for values in self.account.feeds)

    def feed(self, values: Mapping[str, str]) -> Feed:
        """The feed of one subscriber. Raises FeedRejected."""
        number = digits(checked_values(self.feed_fields, values)[0])
        if not _SUBSCRIBER.fullmatch(number):
            raise FeedRejected("malformed", "phone_number must be a number with its country code, like 5511988880000")
        key = feed_key(self.account.name, (number,))
        return Feed(key=key, account=self.account.name, values={"phone_number": number})

    def conversation(self, feed: Feed) -> str | None:
        """The subscriber's number."""
        return feed.values["phone_number"]

    def request(self, feed: Feed, ref: PageRef) -> HttpRequest:
        """One page of the conversation."""
        asked = {"phone_number": feed.values["phone_number"], "limit": ref.limit}
        return self._post("get/conversation", asked, offset_of(ref))

    @exact_ids(ID, rows="message")
    def page(self, feed: Feed, ref: PageRef, response: HttpResponse) -> Page:  # noqa: ARG002 - one form for all feeds
        """The rows shown. Raises PollFailed."""
        listed = listed_in(answer(without_tokens(response), error_in))
        rows, broken, statuses, ids = read_rows(listed, self._zone)
        after = following(ref, ids, len(listed))
        # A row that is listed twice makes no page larger: the next one without such rows would pass for the last.
        distinct = len(ids) + sum(one.row_id is None for one in broken)
        self._full_page = max(self._full_page, min(distinct, ref.limit))
        exhausted = len(listed) < min(self._full_page, ref.limit)
        short = exhausted and bool(listed)  # only an empty page was ever seen to be the end
        return Page(
            rows=rows,
            broken=broken,
            next=None if exhausted else after,
            exhausted=exhausted,
            short=short,
            proof=after if short else None,
            skipped={"status": len(statuses)} if statuses else {},
            others=frozenset(statuses),
        )

    def normalise(self, feed: Feed, row: RawRow) -> Normalised:
        """The message of a row. Raises RowUnreadable.

        A row that names another subscriber is not published under this one: that would put one customer's words
        into another's history. A number that is masked, as in the documented example, names nobody.
        """
        phone = feed.values["phone_number"]
        if _are_other_people(_subscriber(row.raw), phone):
            raise unreadable("other_conversation", "the row's subscriber is not the one that was asked for")
        message, contact = heard(row, phone, self._zone)
        conversation = Conversation(id=conversation_id(self.account.name, phone), provider_id=phone, contact=contact)
        return Normalised(conversation=conversation, message=message)

    def discovery_request(self, number: int) -> HttpRequest:
        """Page `number` of the subscribers, latest first. Only siblings document the list."""
        asked = {"limit": LIST_ROWS, "orderBy": _LATEST_FIRST}
        return self._post("subscriber/list", asked, None if number == 1 else number)

    def discovered(self, number: int, response: HttpResponse) -> tuple[tuple[Feed, ...], bool]:  # noqa: ARG002 - any page
        """The subscribers on that page, and whether another may follow. Raises PollFailed."""
        try:
            listed = listed_in(answer(without_tokens(response), error_in))
        except ParkFeed:
            if response.status != HTTPStatus.OK:
                raise  # the installation has no such list
            return (), False  # "Subscriber not found.": there is none
        numbers = ({"phone_number": number} for number in phone_numbers_in(listed))
        return accepted(self.feed, numbers), bool(listed)

    def _post(self, call: str, asked: Mapping[str, Any], offset: int | None) -> HttpRequest:
        fields = {**self._credentials, **asked, **({} if offset is None else {"offset": offset})}
        return HttpRequest(
            method="POST",
            url=f"{self.account.base_url}/whatsapp/{call}",
            headers=(("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")),
            body=urlencode(fields).encode(),
        )


def _subscriber(raw: Mapping[str, Any]) -> str | None:
    """The number in `whatsapp_bot_subscriber_subscriber_id`, which is `<number>-<id of the bot>`."""
    told = word(raw, "whatsapp_bot_subscriber_subscriber_id")
    return told and digits(told.rpartition("-")[0] or told)


def _are_other_people(one: str | None, other: str) -> bool:
    """Whether two phone numbers differ; what is no number says nothing."""
    numbers = one is not None and one.isdecimal() and other.isdecimal()
    return numbers and str(one)[-_SAME_DIGITS:] != other[-_SAME_DIGITS:]
