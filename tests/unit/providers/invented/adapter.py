"""Fonte, which does not exist: one chat is one list of messages, newest first, in pages of 40."""

from collections.abc import Mapping
from typing import ClassVar

from tests.unit.providers.invented.message import message_of
from tests.unit.providers.invented.settings import FonteSettings
from workers.errors import PageUnreadable, ParkFeed, PollFailed, ProviderFailed, RateLimited, Refused
from workers.model import Contact, Conversation, Feed, HttpRequest, HttpResponse, Normalised, Page, PageRef, RawRow
from workers.providers.account import AccountSettings
from workers.providers.answers import answer
from workers.providers.base import checked_values, conversation_id, digits, feed_key, listed_once, percent
from workers.providers.decoding import Json
from workers.providers.exact_ids import exact_ids
from workers.providers.fields import word, word_or_none
from workers.providers.reasons import no_page, unreadable
from workers.providers.rows import read_rows

#: Rows of a page: as many as Fonte shows at most.
PAGE_ROWS = 40
#: Errors by their documented codes. What is not here makes the feed wait.
_ERRORS: Mapping[str, type[PollFailed]] = {"bad_key": Refused, "slow_down": RateLimited, "no_such_chat": ParkFeed}


class Fonte:
    """One business line at Fonte. A feed is the chat with one contact."""

    provider: ClassVar[str] = "fonte"
    feed_fields: ClassVar[tuple[str, ...]] = ("contact",)
    #: Any page can be asked for by its number, so long histories are read from their old end.
    numbered: ClassVar[bool] = True
    #: A poll that finds nothing new asks for the first page alone.
    requests_per_poll: ClassVar[int] = 1

    def __init__(self, account: FonteSettings) -> None:
        self.account: AccountSettings = account
        self._line = percent(account.line)
        self._headers = (("X-Api-Key", account.api_key.get_secret_value()), ("Accept", "application/json"))

    def first(self) -> PageRef:
        """The newest 40 rows."""
        return PageRef(number=1, limit=PAGE_ROWS)

    def standing_feeds(self) -> tuple[Feed, ...]:
        """The configured chats. Raises FeedRejected."""
        return listed_once(self.feed(values) for values in self.account.feeds)

    def feed(self, values: Mapping[str, str]) -> Feed:
        """The chat with a contact. Raises FeedRejected."""
        contact = digits(checked_values(self.feed_fields, values)[0])
        return Feed(key=feed_key(self.account.name, (contact,)), account=self.account.name, values={"contact": contact})

    def conversation(self, feed: Feed) -> str | None:
        """The contact."""
        return feed.values["contact"]

    def request(self, feed: Feed, ref: PageRef) -> HttpRequest:
        """One page of the chat."""
        chat = f"{self.account.base_url}/lines/{self._line}/chats/{percent(feed.values['contact'])}"
        return HttpRequest(method="GET", url=f"{chat}?page={ref.number}", headers=self._headers)

    @exact_ids("id")
    def page(self, feed: Feed, ref: PageRef, response: HttpResponse) -> Page:
        """The rows shown. Raises PollFailed."""
        body = answer(response, _error_in)
        listed = body.get("messages") if type(body) is dict else None
        if type(listed) is not list:
            raise _not_a_page(body)
        rows, broken = read_rows(listed, id_field="id", time_field="at")
        following = PageRef(number=ref.number + 1, limit=PAGE_ROWS) if len(listed) == PAGE_ROWS else None
        return Page(rows=rows, broken=broken, next=following, exhausted=following is None)

    def normalise(self, feed: Feed, row: RawRow) -> Normalised:
        """The message of a row. Raises RowUnreadable."""
        contact = feed.values["contact"]
        told = word(row.raw, "contact")
        if told is not None and digits(told) != contact:
            raise unreadable("other_conversation", "contact is not the one whose chat was asked for")
        conversation = Conversation(
            id=conversation_id(self.account.name, contact),
            provider_id=contact,
            contact=Contact(address=contact, name=word_or_none(row.raw, "contact_name")),
        )
        return Normalised(conversation=conversation, message=message_of(row, contact))


def _error_in(body: Json) -> PollFailed | None:
    """The error that a body states, whatever its status: `{"problem": {"code": "bad_key"}}`."""
    code = word_or_none(body.get("problem"), "code") if type(body) is dict else None
    kind = _ERRORS.get(code or "")
    return None if kind is None else kind(f"Fonte says: {code}")


def _not_a_page(body: Json) -> ProviderFailed | PageUnreadable:
    if type(body) is dict and "problem" in body:
        return ProviderFailed("an error inside a success, with a code that is not known")
    return no_page("not_a_page", "no list under `messages`")
