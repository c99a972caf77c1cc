"""One poll of one feed, read from top to bottom: request, page, walk, batches, commit.

The pure rooms decide; this file only carries: responses to the walk, outcomes to the shard, counts to the metrics.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import msgspec

from workers.encoded import Encoded, encoded
from workers.errors import BodyTooLarge, PageUnreadable
from workers.events.encoding import EventEncoder
from workers.events.payload import NOT_ANSWERED, Http
from workers.model import Feed, HttpResponse, Page, PageRef, Record
from workers.poll_means import FIRST, MORE, Account, PollMeans, Turn
from workers.reconcile.batches import Batches, EventsTooLarge
from workers.reconcile.cursor import Cursor, HistoryPages, contacted
from workers.reconcile.cursor_records import records as cursor_records
from workers.reconcile.history import HistoryWalk
from workers.reconcile.outcome import Outcome
from workers.reconcile.page_letter import page_digest, page_letter
from workers.reconcile.plan import HistoryPlan, LivePlan, Plan
from workers.reconcile.sent_text import SentText
from workers.reconcile.walk import LiveWalk
from workers.shard import Shard

#: Unreadable pages of a feed that are known when they come again: a provider has few ways to be down.
_PAGES_TOLD = 8
#: Bytes of a body beyond which it is read beside the event loop. A page of 500 rows is below it; a body of 8 MiB that
#: is hard to read takes seconds, in which no other account would be polled and no heartbeat sent.
_HEAVY_BYTES = 512 * 1024
_SUCCESSES: Final = range(200, 300)
#: One at a time, so that what one of them is decoded to is all the memory that they take together.
_heavy_reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heavy-page")


class Polled(Record, frozen=True, kw_only=True):
    """What a poll came to: the provider times (ms) of new messages, whether a history waits behind them, how far it is.

    `pages` is None while the length of that history is not known.
    """

    times: tuple[int, ...] = ()
    history: bool = False
    pages: HistoryPages | None = None


class FeedPoll:
    """One poll of a feed, or one batch of its history."""

    __slots__ = (
        "_account",
        "_adapter",
        "_answered",
        "_begun",
        "_counts",
        "_encoder",
        "_means",
        "_rules",
        "_sent",
        "_unreadable_at",
        "feed",
        "shard",
    )

    def __init__(self, feed: Feed, shard: Shard, account: Account, means: PollMeans) -> None:
        self.feed, self.shard, self._account, self._means = feed, shard, account, means
        self._adapter, self._rules, self._counts = means.adapter, means.rules, means.counts
        self._encoder: EventEncoder | None = None
        self._answered, self._sent = NOT_ANSWERED, SentText()
        self._begun = 0.0
        #: When (monotonic seconds) a page came that nobody can read; what is told of it is no part of the looking.
        self._unreadable_at: float | None = None

    async def live(self, only_commits: Callable[[int], None] = lambda _: None) -> Polled:
        """Read the newest end of the feed and commit what is news. Raises PollFailed, ReopenShard, CursorUnreadable.

        `only_commits` is called with the bytes of the last commit, behind which nothing is done or asked for.
        """
        now, cursor, begun = _now_ms(), self._contacted(), time.monotonic()
        self._begun = now / 1000
        try:
            batches = await self._look(cursor, now)
        finally:
            self._counts.looked((self._unreadable_at or time.monotonic()) - begun)
        # What the cursor says by now: a batch of the history may have come in between.
        return _polled(self._contacted()) if batches is None else await self._publish(batches, now, only_commits)

    async def history(self) -> Polled:
        """Read and commit one batch of the feed's history; `history` of the result says whether more is left."""
        now = _now_ms()
        self._begun = now / 1000
        batches = await self._look_back(now)
        return Polled() if batches is None else await self._publish(batches, now, lambda _: None)

    async def _look(self, cursor: Cursor | None, now: int) -> Batches | None:
        """What the newest end of the feed comes to; None: nothing can be news."""
        first = self._adapter.first()
        response = await self._fetch(first, FIRST)
        page, opening = page_digest(response), True
        if _is_unchanged(cursor, page, now):
            return None
        walk = LiveWalk(cursor, self._rules, first, now)
        while (ref := walk.want) is not None:
            if ref is not first:
                response = await self._fetch(ref, MORE)
                page = page_digest(response, page) if opening else page
                if opening and _is_unchanged(cursor, page, now):
                    return None
            shown = await self._read(ref, response)
            opening = opening and shown.leads_on
            walk.take(shown)
        self._counts.skipped(walk.skipped)
        return self._batches(LivePlan(walk, self._contacted(), self._rules, now, page), now)

    async def _look_back(self, now: int) -> Batches | None:
        """What one batch of the feed's history comes to; None: there is none."""
        cursor = self._contacted()
        if cursor is None or cursor.history is None:
            return None
        walk = HistoryWalk(cursor, self._rules, self._adapter.first())
        while walk.want is not None:
            ref = walk.want
            walk.take(await self._read(ref, await self._fetch(ref, "history")))
        self._counts.skipped(walk.skipped)
        cursor = self._contacted()
        if cursor is None or cursor.history is None:
            return None
        return self._batches(HistoryPlan(walk, cursor.history), now)

    def _batches(self, plan: Plan, now: int) -> Batches:
        normalise, imprint = partial(self._adapter.normalise, self.feed), partial(self._account.imprint, self.feed.key)
        return Batches(plan, normalise, self._rules, now, imprint)

    async def _fetch(self, ref: PageRef, turn: Turn) -> HttpResponse:
        try:
            return await self._account.fetch(self.feed, ref, turn)
        except BodyTooLarge as error:
            failure = error
        if failure.status in _SUCCESSES:  # of failures no body is told, whatever its size
            self._unreadable_at = time.monotonic()
            response = HttpResponse(status=failure.status, body=failure.received, content_type=failure.content_type)
            await self._tell_page(failure, response)
        raise failure

    async def _read(self, ref: PageRef, response: HttpResponse) -> Page:
        self._answered = Http.of(response)
        try:
            page = await self._page(ref, response)
        except PageUnreadable as error:
            failure = error.with_traceback(None)  # its frames hold all that the body was decoded to
            self._unreadable_at = time.monotonic()
        else:
            self._sent.keep(response.body)
            return page
        await self._tell_page(failure, response)
        raise failure

    async def _page(self, ref: PageRef, response: HttpResponse) -> Page:
        if len(response.body) <= _HEAVY_BYTES:
            return self._adapter.page(self.feed, ref, response)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(_heavy_reading, self._adapter.page, self.feed, ref, response)

    async def _publish(self, batches: Batches, now: int, only_commits: Callable[[int], None]) -> Polled:
        times: list[int] = []
        while (ready := self._next(batches, now)) is not None:
            if batches.done:
                self._sent.forget()
                only_commits(ready.size)
            await self._commit(ready)
            times += ready.times
        return _polled(self._contacted(), tuple(times))

    def _next(self, batches: Batches, now: int) -> Encoded | None:
        batch = batches.next(self.shard.cursor(self.feed.key), partial(self._encoded, now=now))
        if batch is None:
            return None
        outcome, ready = batch
        self._counts.left_out(outcome.left_out)
        return ready

    async def _commit(self, ready: Encoded) -> None:
        if not ready.records:  # a durable outcome has its cursor's, at least
            self.shard.keep(self.feed.key, ready.cursor)
            return
        at = await self.shard.commit(self.feed.key, ready.cursor, ready.records, ready.size)
        self._counts.published(ready.news, begun=self._begun, at=at)

    async def _tell_page(self, error: PageUnreadable | BodyTooLarge, response: HttpResponse) -> None:
        """A dead letter for a page that nobody can read: once per reason until the feed succeeds again."""
        key, now = self.feed.key, _now_ms()
        cursor = self.shard.cursor(key) or Cursor(contact=0)
        if error.letter in cursor.letters:
            return
        letter = page_letter(error, response)
        after = msgspec.structs.replace(cursor, letters=(*cursor.letters, error.letter))
        if letter.digest in cursor.pages_told:  # the same page as before the last success
            self.shard.keep(key, after)
            return
        after = msgspec.structs.replace(after, pages_told=(letter.digest, *cursor.pages_told)[:_PAGES_TOLD])
        outcome = Outcome(cursor=after, letters=(letter,))
        await self._commit(self._encoded(cursor, outcome, now=now))

    def _contacted(self) -> Cursor | None:
        return contacted(self.shard.cursor(self.feed.key))

    def _encoded(self, before: Cursor, outcome: Outcome, *, now: int) -> Encoded:
        if not outcome.durable:
            return Encoded(cursor=outcome.cursor)
        means = self._means
        if self._encoder is None:  # most polls bring no news
            self._encoder = means.make_encoder(self.feed, self._answered)
        outcome = self._sent.told(outcome)
        events = self._encoder.events(outcome, now)
        if self._encoder.too_large:  # then the cursor must not say that they were published
            raise EventsTooLarge(self._encoder.too_large)
        changed = cursor_records(self.feed.key, before, outcome.cursor, self._encoder.redacted)
        return encoded(
            outcome,
            events,
            changed,
            self.shard.number,
            topics=means.topics,
            shards=means.shards,
            cursor_bytes=means.cursor_bytes,
        )


def _polled(cursor: Cursor | None, times: tuple[int, ...] = ()) -> Polled:
    history = None if cursor is None else cursor.history
    return Polled(times=times, history=history is not None, pages=history.progress() if history else None)


def _is_unchanged(cursor: Cursor | None, page: bytes, now: int) -> bool:
    """Whether nothing can be news: the same bytes as last time, and no walk or word is owed."""
    if cursor is None or cursor.page != page:
        return False
    owed = cursor.again is not None and cursor.again.due <= now
    return not owed and not cursor.letters


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
