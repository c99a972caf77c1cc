"""Trying what a configuration names, once: Kafka with its topics, and each account with one request."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

from workers.cli.amounts import counted
from workers.cli.doubts import not_kept
from workers.cli.verdict import Verdict, verdict
from workers.discovery import DiscoveringAdapter, discovers
from workers.errors import ParkFeed, PollFailed, RowUnreadable, StopWorker
from workers.model import Feed, Page, PageRef, RawRow, Record
from workers.polling.fetch import Fetcher
from workers.providers.base import Adapter
from workers.settings.settings import Settings
from workers.stream import topics
from workers.times import iso, span

#: Seconds for the brokers, and for each provider, to answer: a person waits.
KAFKA_SECONDS = 10.0
ACCOUNT_SECONDS = 15.0
#: Milliseconds by which a message may lie in the future: clocks differ by seconds, time zones by half an hour at least.
_CLOCK_MS = 120_000


class Trial(Record, frozen=True, kw_only=True):
    """One thing that was tried, and what it came to."""

    subject: str
    account: str | None
    found: Verdict


async def trials(settings: Settings, adapters: Iterable[Adapter]) -> AsyncIterator[Trial]:
    """Everything, each told as soon as it is known."""
    adapters = tuple(adapters)
    fetcher = Fetcher.pooled(len(adapters), deadline_seconds=ACCOUNT_SECONDS)
    try:
        work = [_kafka(settings), *(_account(adapter, fetcher) for adapter in adapters)]
        for done in asyncio.as_completed(work):
            for trial in await done:
                yield trial
    finally:
        await fetcher.close()


async def _kafka(settings: Settings) -> list[Trial]:
    def trial(found: Verdict) -> Trial:
        return Trial(subject="Kafka", account=None, found=found)

    try:
        report = await topics.check(settings.kafka, settings.topics, KAFKA_SECONDS)
    except StopWorker as error:
        return [trial(Verdict(word="unreachable", said=str(error)))]
    if not report.problems:
        return [
            trial(
                Verdict(
                    word="ok",
                    said=f"{', '.join(settings.kafka.bootstrap_servers)} answers, and all four topics are right",
                )
            )
        ]
    if settings.kafka.create_topics and len(report.missing) == len(report.problems):
        said = f"{', '.join(settings.kafka.bootstrap_servers)} answers; `afluente run` will make what is missing"
        return [trial(Verdict(word="ok", said=f"{said}: {', '.join(report.missing)}"))]
    return [trial(Verdict(word="wrong", said=f"topic {problem}")) for problem in report.problems]


async def _account(adapter: Adapter, fetcher: Fetcher) -> list[Trial]:
    name, standing = adapter.account.name, adapter.standing_feeds()
    found = []
    if standing:
        found.append(await _feed(adapter, standing[0], fetcher))
    if adapter.account.discover and discovers(adapter):
        found.append(await _discovery(adapter, fetcher))
    if not found:
        found = [Verdict(word="not tried", said="the configuration lists none of its feeds")]
    return [Trial(subject=f"{name} at {adapter.account.base_url}", account=name, found=one) for one in found]


async def _feed(adapter: Adapter, feed: Feed, fetcher: Fetcher) -> Verdict:
    try:
        page = await _first_rows(adapter, feed, fetcher)
    except ParkFeed as error:
        found = verdict(error)
        return Verdict(word=found.word, said=f"feed {feed.key}: {found.said}", advice=found.advice)
    except PollFailed as error:
        return verdict(error)
    return _seen(adapter, feed, page)


async def _first_rows(adapter: Adapter, feed: Feed, fetcher: Fetcher) -> Page:
    """The first page that shows rows, or that a poll would begin with. Raises PollFailed."""
    ref: PageRef | None = adapter.first()
    page = Page()
    while ref is not None:
        page = adapter.page(feed, ref, await fetcher.fetch(adapter.request(feed, ref), account=feed.account))
        ref = page.next if page.leads_on and not page.rows else None
    return page


async def _discovery(adapter: DiscoveringAdapter, fetcher: Fetcher) -> Verdict:
    try:
        response = await fetcher.fetch(adapter.discovery_request(1), account=adapter.account.name)
        feeds, _ = adapter.discovered(1, response)
    except PollFailed as error:
        found = verdict(error)
        return Verdict(word=found.word, said=f"discovery: {found.said}", advice=found.advice)
    said = f"the first page of its list names {counted(len(feeds), 'feed')}"
    return Verdict(word="ok", said=said, advice=not_kept(adapter, len(feeds)) or "")


def _seen(adapter: Adapter, feed: Feed, page: Page) -> Verdict:
    times = [row.time for row in page.rows]
    if not times and not page.broken:
        return Verdict(word="ok", said=f"{feed.key} has no messages yet")
    unreadable = len(page.broken) + sum(not _readable(adapter, feed, row) for row in page.rows)
    letters = f", {unreadable} of them unreadable: they would be dead letters" if unreadable else ""
    newest = max(times, default=None)
    when = f", the newest of {iso(newest)}" if newest is not None else ""
    said = f"{feed.key} shows {counted(len(page.rows) + len(page.broken), 'message')}{when}{letters}"
    return Verdict(word="ok", said=said, advice=_clock_advice(newest))


def _clock_advice(newest: int | None) -> str:
    ahead = (newest or 0) - time.time_ns() // 1_000_000
    if ahead <= _CLOCK_MS:
        return ""
    return f"that is {span(ahead / 1000)} in the future: is this machine's clock right, or a time zone wrong?"


def _readable(adapter: Adapter, feed: Feed, row: RawRow) -> bool:
    try:
        adapter.normalise(feed, row)
    except RowUnreadable:
        return False
    return True
