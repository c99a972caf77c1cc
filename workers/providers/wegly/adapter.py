"""One account at Wegly: requests, the chat object, the timeline, and what they reach together.

Which of the two documents moves when something changes is not documented, so every poll reads both: the chat object
first, which leads on to the timeline. Where a chat has no timeline, its last message is all that is visible, and every
new one is told with a gap before it.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar
from uuid import UUID

from workers.errors import ConfigurationError, Refused
from workers.model import BrokenRow, Conversation, Feed, HttpRequest, HttpResponse, Normalised, Page, PageRef, RawRow
from workers.providers.account import AccountSettings
from workers.providers.answers import answer
from workers.providers.base import accepted, checked_values, conversation_id, feed_key, listed_once, percent
from workers.providers.decoding import Json
from workers.providers.exact_ids import exact_ids
from workers.providers.listing import address, id_at, listed
from workers.providers.reasons import unreadable
from workers.providers.wegly.chat import Chat, ChatRow, chat_in
from workers.providers.wegly.errors import NO_SUCH_PAGE, NO_TIMELINE, error_in
from workers.providers.wegly.message import message_of
from workers.providers.wegly.paging import after
from workers.providers.wegly.settings import WeglySettings
from workers.providers.wegly.steps import ChatRef, Lessons, Step, TimelineRef
from workers.providers.wegly.timeline import Records, last_message_of, listed_in, read_records


class Wegly:
    """One account at Wegly. A feed is one chat."""

    provider: ClassVar[str] = "wegly"
    feed_fields: ClassVar[tuple[str, ...]] = ("chat_id",)
    numbered: ClassVar[bool] = False
    requests_per_poll: ClassVar[int] = 2  # the chat object and its timeline

    def __init__(self, account: WeglySettings) -> None:
        self.account: AccountSettings = account
        self._listing, self._origin = account.chats, account.origin
        origin = () if account.origin is None else (("Origin", account.origin), ("Referer", f"{account.origin}/"))
        self._headers = (
            ("Authorization", f"Bearer {account.api_key.get_secret_value()}"),
            ("Accept", "application/json"),
            *origin,
        )
        #: How timelines are paged, as far as it was learned. It only spares requests.
        self._lessons = Lessons()

    def first(self) -> PageRef:
        """The chat object."""
        return ChatRef(number=1, limit=1)

    def standing_feeds(self) -> tuple[Feed, ...]:
        """The configured chats. Raises FeedRejected."""
        return listed_once(self.feed(values) for values in self.account.feeds)

    def feed(self, values: Mapping[str, str]) -> Feed:
        """The feed of one chat. Raises FeedRejected."""
        chat_id = _as_uuid(checked_values(self.feed_fields, values)[0])
        key = feed_key(self.account.name, (chat_id,))
        return Feed(key=key, account=self.account.name, values={"chat_id": chat_id})

    def conversation(self, feed: Feed) -> str | None:
        """The chat."""
        return feed.values["chat_id"]

    def request(self, feed: Feed, ref: PageRef) -> HttpRequest:
        """The chat object, or a page of the timeline."""
        url = f"{self.account.base_url}/chats/{percent(feed.values['chat_id'])}"
        if isinstance(ref, TimelineRef):
            url = f"{url}/timeline{ref.query}"
        return HttpRequest(method="GET", url=url, headers=self._headers)

    @exact_ids("id")
    def page(self, feed: Feed, ref: PageRef, response: HttpResponse) -> Page:
        """What the chat object or a page of its timeline shows. Raises PollFailed."""
        if isinstance(ref, TimelineRef):
            return self._timeline(ref, response)
        chat_id = feed.values["chat_id"]
        chat = chat_in(self._answer(response), conversation_id(self.account.name, chat_id), chat_id)
        if isinstance(ref, ChatRef) and ref.closes:
            return _last_message_only(chat)
        timeline = TimelineRef(number=ref.number + 1, limit=ref.limit, chat=chat)
        return Page(next=timeline, exhausted=False, leads_on=True, conversation=chat.state)

    def normalise(self, feed: Feed, row: RawRow) -> Normalised:
        """The message of a row. Raises RowUnreadable."""
        if not isinstance(row, ChatRow):
            raise unreadable("bad_shape", "the row was not read with its chat")
        chat_id = feed.values["chat_id"]
        conversation = Conversation(
            id=conversation_id(self.account.name, chat_id), provider_id=chat_id, contact=row.chat.contact
        )
        return Normalised(
            conversation=conversation, message=message_of(row), imported=row.message.get("is_history") is True
        )

    def discovery_request(self, number: int) -> HttpRequest:
        """Page `number` of the configured list of chats. Raises ConfigurationError where none is configured."""
        if self._listing is None:
            raise ConfigurationError(
                [f"accounts.{self.account.name}.chats: needed, since Wegly documents no list of chats"]
            )
        url = address(self.account.base_url, self._listing, number)
        return HttpRequest(method="GET", url=url, headers=self._headers)

    def discovered(self, number: int, response: HttpResponse) -> tuple[tuple[Feed, ...], bool]:  # noqa: ARG002 - any page
        """The chats on that page, and whether another may follow. Raises PollFailed."""
        listing = self._listing
        if listing is None:
            return (), False
        rows = listed(self._answer(response), listing, "chats")
        named = [{"chat_id": name} for name in (id_at(row, listing.chat_id) for row in rows) if name]
        return accepted(self.feed, named), bool(named and listing.page_parameter)

    def _timeline(self, ref: TimelineRef, response: HttpResponse) -> Page:
        if ref.first is None and response.status in NO_TIMELINE:
            return _last_message_only(ref.chat)
        refused = ref.first is not None and response.status in NO_SUCH_PAGE
        records, total = ([], None) if refused else listed_in(self._answer(response))
        shown, last = read_records(records, ref.chat), last_message_of(ref.chat)
        known = last if isinstance(last, ChatRow) else None
        step = after(ref, shown, total, known, self._lessons, refused=refused)
        self._lessons = self._lessons.after(step)
        rows = shown.rows
        if known is not None and step.newest and _is_missing(known, ref, shown, step):
            rows = (known, *rows)
        return Page(
            rows=rows,
            broken=shown.broken,
            next=step.next,
            exhausted=step.exhausted,
            short=step.short,
            proof=step.proof,
            skipped=shown.skipped,
            others=shown.others,
            total=total if _is_page_one(ref, step) else None,
            leads_on=step.leads_on,
        )

    def _answer(self, response: HttpResponse) -> Json:
        """The decoded body of a success. Raises PollFailed."""
        try:
            return answer(response, lambda value: error_in(value, response))
        except Refused as error:
            if response.status != HTTPStatus.FORBIDDEN or self._origin is not None:
                raise
            raise Refused(f"{error}: a key that is restricted to a domain needs `origin`") from None


def _last_message_only(chat: Chat) -> Page:
    """All that a chat object shows of its messages: what was written before the last one is hidden."""
    last = last_message_of(chat)
    return Page(
        rows=(last,) if isinstance(last, ChatRow) else (),
        broken=(last,) if isinstance(last, BrokenRow) else (),
        exhausted=last is None,
        reach="last_message_only",
    )


def _is_missing(last: ChatRow, ref: TimelineRef, shown: Records, step: Step) -> bool:
    """Whether the timeline should have shown the chat's last message by now, and has not."""
    if last.id in ref.seen or last.id in shown.ids:
        return False
    everything = step.exhausted or (ref.first is not None and ref.first.holds == "anything")
    return everything or shown.oldest is None or last.time >= shown.oldest


def _is_page_one(ref: TimelineRef, step: Step) -> bool:
    """Whether the page begins with the newest record, and others lie behind it."""
    in_order = ref.first is None or ref.first.holds == "oldest"
    return step.newest and in_order and step.next is not None


def _as_uuid(value: str) -> str:
    """A chat's id in the one form in which it is a key; ids are documented as UUIDs, in any case the same."""
    try:
        return str(UUID(value)) if len(value) == len(str(UUID(int=0))) else value
    except ValueError:
        return value
