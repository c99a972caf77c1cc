"""All polling of one account on this worker: which feed next, within the budget, and what a failure leads to.

Feeds of all owned shards share one schedule and one budget here, so that the provider sees one evenly paced client.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random

from workers.account.background import AccountBackground
from workers.account.failures import AccountFailures
from workers.account.feeds import AccountFeeds
from workers.account.gone import GoneFeeds
from workers.account.histories import AccountHistories
from workers.account.pace import AccountPace
from workers.account.report import AccountReport
from workers.account.slots import PollSlots, Slot
from workers.account.tasks import AccountTasks
from workers.account.watch import AccountWatch
from workers.classifier import decide
from workers.errors import CursorUnreadable, PollFailed, ReopenShard
from workers.metrics import Metrics
from workers.model import Feed, HttpResponse, PageRef
from workers.poll import FeedPoll, Polled
from workers.poll_means import Account, Turn
from workers.polling.budget import Budget
from workers.polling.fetch import Fetcher
from workers.providers.base import Adapter
from workers.schedule.schedule import Schedule
from workers.shard import Shard

#: Makes what carries one poll of a feed through: `make_poll(feed, shard, account)`.
MakePoll = Callable[[Feed, Shard, Account], FeedPoll]


class AccountPoller:
    """Polls the feeds that are attached. `run` goes on until it is cancelled."""

    def __init__(self, adapter: Adapter, fetcher: Fetcher, metrics: Metrics, make_poll: MakePoll) -> None:
        self.adapter = adapter
        self.name = adapter.account.name
        self._fetcher, self._make_poll = fetcher, make_poll
        self._clock = asyncio.get_running_loop().time
        rate, random = adapter.account.requests_per_minute, Random()  # noqa: S311 - it spreads waits, it hides nothing
        self._budget = Budget(rate, clock=self._clock, random=random, hinted=lambda: self._schedule.hinted)
        self.background = AccountBackground(self._budget, rate, clock=self._clock, random=random)
        longest = adapter.account.max_interval_seconds
        self.report = AccountReport(adapter.provider, self.name, longest, metrics, self._clock)
        self._schedule = Schedule(max_interval=longest)
        names = {"provider": adapter.provider, "account": self.name}
        self._failures = AccountFailures(self._schedule, self._budget, self.report, self._clock, **names)
        self._feeds = AccountFeeds()
        self._gone = GoneFeeds(self._forget)
        self._histories = AccountHistories(adapter.provider, self.name, metrics, self._clock)
        self.watch = AccountWatch(
            feeds=self._feeds,
            schedule=self._schedule,
            budget=self._budget,
            histories=self._histories,
            failures=self._failures,
            report=self.report,
            pace=AccountPace(adapter.provider, self.name, longest, metrics, adapter.requests_per_poll),
            requests_per_poll=adapter.requests_per_poll,
            clock=self._clock,
        )
        self._tasks = AccountTasks()
        self._slots = PollSlots(fetcher.share)
        #: The feed whose poll is the probe of a refused or failing account.
        self._probe: str | None = None
        self._changed = asyncio.Event()
        self._history_waits = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()

    # --- feeds come and go --------------------------------------------------------------------------------

    def attach(self, feed: Feed, shard: Shard) -> None:
        """A feed to poll from now on, publishing through this shard."""
        if not self._feeds:
            self.report.first_feed()
        if feed.key in self._gone:
            self._forget(feed.key)
        self._feeds.add(feed, shard)
        if feed.key in self._failures.unreadable:  # asked for again: its cursor is what it was
            return
        self._schedule.add(feed.key, self._clock())
        if imprint := shard.take_up(feed.key):
            self._schedule.restore(feed.key, imprint, self._clock(), time.time())
        self._changed.set()

    def detach(self, key: str) -> None:
        """A feed not to poll any more. A poll under way is cancelled; what it has handed in is still committed."""
        self._feeds.remove(key)
        self._tasks.cancel(key)
        self._forget(key)

    def detach_shard(self, shard: Shard) -> None:
        """All feeds of a shard that is down or given up."""
        gone = self._feeds.remove_shard(shard)
        self._tasks.cancel_all(gone)
        self._gone.add(gone)

    def _forget(self, key: str) -> None:
        """Keep nothing of a feed that is not attached any more."""
        self._gone.discard(key)
        if self._probe == key:
            self._probe = None
        self._schedule.remove(key)
        self._histories.forget(key)
        self._failures.forget(key)

    def poll_now(self, key: str) -> None:
        """Poll this feed at once, and probe the account at once where it is paused."""
        self._schedule.poll_now(key)
        self._budget.probe_now()
        self._changed.set()

    def set_share(self, share: float) -> None:
        """The part of the account's budget that this worker may use: owned shards ÷ all shards."""
        self._budget.own(share)
        self.background.own(share)
        self.watch.tell_pace()

    def hold(self) -> None:
        """Begin no poll until `release`; those under way go on."""
        self._open.clear()

    def release(self) -> None:
        """Polls may begin again."""
        self._open.set()

    @property
    def busy(self) -> bool:
        """Whether a poll is under way."""
        return bool(self._tasks)

    # --- loops --------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            async with asyncio.TaskGroup() as loops:
                loops.create_task(self._poll_feeds())
                loops.create_task(self._read_histories())
                loops.create_task(self.watch.run())
                loops.create_task(self._gone.run())
        finally:
            self._tasks.cancel_every()

    async def _poll_feeds(self) -> None:
        while True:
            await self._until_due()
            slot, key = await self._slots.take(), None  # a poll may begin when fewer than the limit are under way
            try:
                await self._open.wait()
                await self._budget.take()
                if self._open.is_set():  # else the request is lost: kept, all workers would send theirs at one moment
                    key = self._next()
                    if self._budget.probing:
                        self._probe = key
            finally:
                if key is None:
                    slot.end()
            if key is not None:  # the slot is the poll's until it has ended
                self._tasks.begin(key, self._poll(key, slot), slot)

    def _next(self) -> str | None:
        """The feed whose turn it is; None: nothing is due."""
        while (key := self._schedule.next(self._clock())) is not None and key in self._gone:
            self._forget(key)
        return key

    async def _until_due(self) -> None:
        while True:
            self._changed.clear()
            now = self._clock()
            due = self._schedule.due_at(now)
            wait = None if due is None else due - now
            if wait is not None and wait <= 0:
                return
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                return

    async def _poll(self, key: str, slot: Slot) -> None:
        feed, shard = self._feeds[key]
        try:
            polled = await self._make_poll(feed, shard, self).live(slot.only_commits)
        except ReopenShard:
            self._schedule.failed(key, self._clock())
        except CursorUnreadable as error:
            self._failures.give_up(key, error, shard.number)
        except Exception as error:  # noqa: BLE001 - a fault of ours must stay with this feed, and be loud
            self._failures.failed(key, error, shard.number)
        else:
            self._succeeded(key, polled)
        finally:
            self.report.polled()
            if self._tasks.is_current(key):
                self._landed(key)

    def _landed(self, key: str) -> None:
        """A poll is over, whatever came of it: it is no probe any more, and not in flight."""
        if self._probe == key:
            self._probe = None
        self._schedule.failed(key, self._clock())
        self._changed.set()

    async def _read_histories(self) -> None:
        """One batch of one history at a time, in turn; the budget gives them only its stated share."""
        while True:
            await self._open.wait()
            key = self._histories.turn()
            if key is None:
                await self._some_history()
            elif key in self._gone:
                self._forget(key)
            else:
                await asyncio.wait([self._tasks.begin(key, self._read_history(key))])

    async def _some_history(self) -> None:
        """Wait until a history has something to read, or one that could not be read has rested."""
        self._history_waits.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._histories.rested_in()):
                await self._history_waits.wait()

    async def _read_history(self, key: str) -> None:
        feed, shard = self._feeds[key]
        try:
            polled = await self._make_poll(feed, shard, self).history()
        except (ReopenShard, CursorUnreadable):
            self._histories.failed(key)  # the shard, or the feed's own poll, tells it
        except Exception as error:  # noqa: BLE001 - as above
            # A history is read beside polls of its own feed: these say more of the key than its refusal does.
            rest = None if decide(error, key_is_good=True) == "pause the account" else self._histories.failed(key)
            self._failures.history_failed(key, error, shard.number, rest)
        else:
            self._histories.read(key, polled, shard.number)
            self._resume(recovered=self._failures.answered())

    # --- what a poll led to -------------------------------------------------------------------------------

    def _succeeded(self, key: str, polled: Polled) -> None:
        now = self._clock()
        epoch = time.time()  # messages have the times of providers' clocks: the schedule knows ages only
        self._schedule.done(key, now, [epoch - at / 1000 for at in polled.times])
        self._resume(recovered=self._failures.succeeded(key))
        self.report.succeeded()
        if polled.history and key in self._feeds:
            self._histories.waits(key, polled.pages)
            self._history_waits.set()

    def _resume(self, *, recovered: bool) -> None:
        """Histories and feeds that rested because the account failed go on where it has recovered."""
        if recovered:
            self._histories.recall()
            self._history_waits.set()
            self._changed.set()

    async def fetch(self, feed: Feed, ref: PageRef, turn: Turn) -> HttpResponse:
        """One page of a feed. The first request of a poll was paid for when the feed was picked."""
        if turn == "history":
            await self.background.take()
        elif turn == "more":
            await self._budget.take("more", probing=feed.key == self._probe)
        self.report.requested()
        return await self._fetcher.fetch(self.adapter.request(feed, ref), account=self.name)

    def imprint(self, key: str, times: Sequence[int]) -> bytes | None:
        """What the schedule will know of a feed after a poll that brought messages of these times (ms)."""
        epoch = time.time()
        return self._schedule.snapshot(key, self._clock(), epoch, [epoch - at / 1000 for at in times])

    async def take_discovery(self) -> None:
        """Wait until a request for the account's list of feeds may be sent; it is counted here."""
        await self.background.take()
        self.report.requested()

    def discovery_failed(self, error: PollFailed) -> None:
        """The account's list of feeds could not be read."""
        self._failures.list_failed(error, alone=not self._feeds)

    def discovery_succeeded(self) -> None:
        """The account's list of feeds was read. Of feeds that cannot be read it proves nothing."""
        alone = not self._feeds
        if alone:
            self.report.listed()
        if alone or not self._budget.probing:
            self._resume(recovered=self._failures.answered())
