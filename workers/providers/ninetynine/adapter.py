"""One business number at 99digital: requests, pages, and whose conversation a row belongs to."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from workers.errors import ConfigurationError, FeedRejected, ParkFeed, RowUnreadable
from workers.model import Feed, HttpRequest, HttpResponse, Normalised, Page, PageRef, RawRow
from workers.providers.account import AccountSettings
from workers.providers.answers import answer
from workers.providers.base import accepted, checked_values, conversation_with, digits, feed_key, listed_once
from workers.providers.exact_ids import exact_ids
from workers.providers.fields import word_or_none
from workers.providers.ninetynine.errors import UnknownNumber, error_in
from workers.providers.ninetynine.message import address, direction_of, message_of, sender_name
from workers.providers.ninetynine.settings import NinetyNineSettings
from workers.providers.reasons import no_page, unreadable
from workers.providers.rows import read_rows

#: Rows of every page: documented, not settable.
PAGE_ROWS = 50
#: The value that stands for the whole number.
WHOLE = "*"
#: Digits at the end of two phone numbers that make them one: national and international forms differ before them.
_SAME_DIGITS = 7


class NinetyNine:
    """One business number. A feed is all of it (`contact` is `*`) or one contact, as the account's scope says."""

    provider: ClassVar[str] = "99digital"
    feed_fields: ClassVar[tuple[str, ...]] = ("contact",)
    numbered: ClassVar[bool] = True
    requests_per_poll: ClassVar[int] = 1

    def __init__(self, account: NinetyNineSettings) -> None:
        self.account: AccountSettings = account
        self._scope, self._number, self._states = account.scope, account.number, account.states
        self._credentials = {"apiKey": account.api_key.get_secret_value(), "from": account.number}

    def first(self) -> PageRef:
        """The newest 50 rows."""
        return PageRef(number=1, limit=PAGE_ROWS)

    def standing_feeds(self) -> tuple[Feed, ...]:
        """The whole number, or the configured contacts. Raises FeedRejected."""
        listed = self.account.feeds
        if self._scope == "number" and not listed:
            listed = ({"contact": WHOLE},)
        return listed_once(self.feed(values) for values in listed)

    def feed(self, values: Mapping[str, str]) -> Feed:
        """The feed with this `contact`. Raises FeedRejected for the other scope: it would show everything twice."""
        contact = digits(checked_values(self.feed_fields, values)[0])
        if contact != WHOLE and self._scope == "number":
            raise FeedRejected(
                "overlap",
                'this account reads its whole number, with every contact; for single contacts set scope = "contacts"',
            )
        if contact == WHOLE and self._scope == "contacts":
            raise FeedRejected(
                "overlap", 'this account reads single contacts; for the whole number (*) set scope = "number"'
            )
        key = feed_key(self.account.name, (contact,))
        return Feed(key=key, account=self.account.name, values={"contact": contact})

    def conversation(self, feed: Feed) -> str | None:
        """The contact that the feed is; None for the whole number."""
        contact = feed.values["contact"]
        return None if contact == WHOLE else contact

    def request(self, feed: Feed, ref: PageRef) -> HttpRequest:
        """Page `ref.number` of the history; without `to` it is that of the whole number."""
        contact = self.conversation(feed)
        to = {} if contact is None else {"to": contact}
        return self._post("getHistory", {**to, "page": ref.number})

    @exact_ids("unique")
    def page(self, feed: Feed, ref: PageRef, response: HttpResponse) -> Page:
        """The rows shown. Raises PollFailed.

        Pages are documented as 50 rows by their rank in the history, so a shorter one should be the last; that rows
        are left out of a page, or pages are smaller, is nowhere ruled out, so the page behind it is its proof. What a
        page past the end looks like is not documented: nothing, null, or the failure that page one did not show. Any
        other failure is none that an end would cause, and is not taken for one.
        """
        try:
            body = answer(response, error_in)
        except (ParkFeed, UnknownNumber):
            if ref.number == 1:
                raise
            body = None
        if body is None and ref.number > 1:
            return Page()
        if type(body) is not list:
            raise no_page("not_a_page", "no array of messages")
        rows, broken = read_rows(body, id_field="unique", time_field="timestamp")
        if self.conversation(feed) is None:
            rows = tuple(replace(row, conversation=self._named(row.raw)) for row in rows)
        following = PageRef(number=ref.number + 1, limit=PAGE_ROWS)
        if len(body) < PAGE_ROWS:
            return Page(rows=rows, broken=broken, short=bool(body), proof=following if body else None)
        return Page(rows=rows, broken=broken, next=following, exhausted=False)

    def normalise(self, feed: Feed, row: RawRow) -> Normalised:
        """The message of a row. Raises RowUnreadable."""
        contact = self._contact_of(row.raw)
        provider_id = self.conversation(feed) or contact
        if provider_id is None:
            raise unreadable("no_conversation", "neither from nor to names a contact")
        if contact is not None and _are_other_people(contact, provider_id):
            raise unreadable("other_conversation", "from and to name another contact than the one that was asked for")
        name = self._contact_name(row.raw)
        conversation = conversation_with(self.account.name, provider_id, contact or provider_id, name)
        return Normalised(conversation=conversation, message=message_of(row, self._states))

    def discovery_request(self, number: int) -> HttpRequest:
        """Page `number` of the contacts, latest first. Raises ConfigurationError for a whole number: it is one feed."""
        if self._scope == "number":
            raise ConfigurationError(
                [f'accounts.{self.account.name}.scope: must be "contacts" to discover them; a whole number is one feed']
            )
        return self._post("getContacts", {"page": number})

    def discovered(self, number: int, response: HttpResponse) -> tuple[tuple[Feed, ...], bool]:
        """The contacts on that page, and whether another may follow. Raises PollFailed."""
        try:
            body = answer(response, error_in)
        except (ParkFeed, UnknownNumber):
            if number == 1:
                raise
            return (), False
        if body is None and number > 1:
            return (), False
        if type(body) is not list:
            raise no_page("not_a_page", "no array of contacts")
        told = (word_or_none(row, "contact_phone") for row in body)
        return accepted(self.feed, ({"contact": contact} for contact in told if contact)), bool(body)

    def _post(self, call: str, asked: Mapping[str, Any]) -> HttpRequest:
        return HttpRequest(
            method="POST",
            url=f"{self.account.base_url}/{call}",
            headers=(("Content-Type", "application/json"), ("Accept", "application/json")),
            # Requests of busy feeds are kept, and what orjson 3.12 made keeps 4 KB for its 100 bytes.
            body=msgspec.json.encode({**self._credentials, **asked}),
        )

    def _contact_of(self, raw: Mapping[str, Any]) -> str | None:
        """Who is not us: where the direction says, unless we stand there ourselves."""
        ends = ("to", "from") if direction_of(raw) == "outbound" else ("from", "to")
        people = [told for told in (address(raw, end) for end in ends) if told is not None]
        others = [told for told in people if told != self._number]
        notes_to_self = len(people) == len(ends) and not others
        return others[0] if others else self._number if notes_to_self else None

    def _named(self, raw: Mapping[str, Any]) -> str:
        """The contact, by whom rows of a whole number are told apart: one message to many may have one `unique`."""
        try:
            return self._contact_of(raw) or ""
        except RowUnreadable:
            return ""  # the row becomes a dead letter when it is read

    def _contact_name(self, raw: Mapping[str, Any]) -> str | None:
        return sender_name(raw) if direction_of(raw) == "inbound" else None


def _are_other_people(one: str, other: str) -> bool:
    """Whether two phone numbers differ. A hidden identity may stand for any number."""
    numbers = one.isdigit() and other.isdigit()
    return numbers and one[-_SAME_DIGITS:] != other[-_SAME_DIGITS:]
