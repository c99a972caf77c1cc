"""What a worker finds at a provider's list: written page by page, once, and never at the cost of anything else."""

import asyncio
import json
from itertools import pairwise

import httpx
import pytest

from tests.support.virtual_time import in_virtual_time
from workers import finder
from workers.errors import PollFailed, RateLimited
from workers.finder import FeedFinder
from workers.polling.fetch import Fetcher
from workers.providers import PROVIDERS, adapter
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream.feeds_topic import StoredDefinition


class Topic:
    """The feeds topic: what stands in it, and the keys that were written, batch by batch."""

    def __init__(self) -> None:
        self.stands: list[str] = []
        self.written: list[list[str]] = []
        self.reads = 0

    async def stored(self, *_: object) -> list[StoredDefinition]:
        self.reads += 1
        keys = [*self.stands, *(key for batch in self.written for key in batch)]
        return [StoredDefinition(partition=0, key=key.encode(), value=b"{}") for key in keys]

    def writer(self, *_: object) -> "Topic":
        return self

    async def __aenter__(self) -> "Topic":
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    async def write(self, feeds) -> None:
        self.written.append([feed.key for feed in feeds])


class Account:
    """An account that may ask at any time."""

    def __init__(self) -> None:
        self.failed: list[PollFailed] = []
        self.succeeded = 0

    async def take_discovery(self) -> None:
        await asyncio.sleep(0)

    def discovery_failed(self, error: PollFailed) -> None:
        self.failed.append(error)

    def discovery_succeeded(self) -> None:
        self.succeeded += 1


@pytest.fixture
def topic(monkeypatch):
    topic = Topic()
    monkeypatch.setattr(finder, "stored_definitions", topic.stored)
    monkeypatch.setattr(finder, "DefinitionWriter", topic.writer)
    monkeypatch.setattr(finder, "FIRST_LOOK_SECONDS", 0)
    return topic


def finder_of(page, asking: Account, look_seconds: float = 0.01) -> FeedFinder:
    """A finder of the account's home worker, whose provider answers with `page`."""
    account = PROVIDERS["99digital"](
        name="clinica", provider="99digital", api_key="a-key", number="972770000001", scope="contacts"
    )
    kafka, fetcher = KafkaSettings(), Fetcher(httpx.MockTransport(page))
    one = FeedFinder(adapter(account), fetcher, asking, kafka, TopicNames(), look_seconds=look_seconds)
    one.own(frozenset(range(kafka.shards)))
    return one


async def looks(answer, times: int) -> list[PollFailed]:
    """Look so many times at a list whose pages are what `answer` makes of their numbers. What failed."""
    begun, enough, asking = 0, asyncio.Event(), Account()

    def page(request: httpx.Request) -> httpx.Response:
        nonlocal begun
        number = json.loads(request.content)["page"]
        begun += number == 1
        if begun > times:  # the last of them has ended when the next begins
            enough.set()
        found = answer(number)
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    running = asyncio.create_task(finder_of(page, asking).run())
    async with asyncio.timeout(30):
        await enough.wait()
    running.cancel()
    return asking.failed


def rows(*contacts: int) -> list[dict[str, str]]:
    return [{"contact_phone": f"97250000000{contact}"} for contact in contacts]


async def test_new_feeds_are_written_once_and_those_that_stand_in_the_topic_are_left_alone(topic):
    # Given a feed that somebody paused
    topic.stands = ["clinica/972500000002"]
    # When the list is looked at again and again
    await looks(lambda number: rows(1, 2, 3) if number == 1 else [], times=3)
    # Then
    assert topic.written == [["clinica/972500000001", "clinica/972500000003"]]
    assert topic.reads == 1


async def test_a_list_that_always_fails_at_its_last_page_has_given_all_the_others(topic):
    pages = {1: rows(1), 2: rows(2)}
    failed = await looks(lambda number: pages.get(number) or httpx.Response(429), times=3)
    assert [type(error) for error in failed] == [RateLimited] * 3
    assert topic.written == [["clinica/972500000001"], ["clinica/972500000002"]]


async def test_a_fault_of_the_program_stays_with_the_list_and_the_next_look_goes_on(topic, monkeypatch):
    # Given a first look that meets a fault of ours
    faults = [ZeroDivisionError()]

    async def stored(*_: object) -> list[StoredDefinition]:
        if faults:
            raise faults.pop()
        return await topic.stored()

    monkeypatch.setattr(finder, "stored_definitions", stored)
    # When
    await looks(lambda number: rows(1) if number == 1 else [], times=2)
    # Then
    assert topic.written == [["clinica/972500000001"]]


def test_a_list_that_fails_is_looked_at_less_and_less_often_and_soon_after_it_was_read_as_always(topic):
    async def story() -> list[float]:
        # Given a list that fails ten times, is read, and fails again
        def page(request: httpx.Request) -> httpx.Response:
            if json.loads(request.content)["page"] == 1:
                looked.append(asyncio.get_running_loop().time())
            return httpx.Response(200, json=[]) if len(looked) == 11 else httpx.Response(500)

        looked: list[float] = []
        running = asyncio.create_task(finder_of(page, Account(), look_seconds=100).run())
        # When
        await asyncio.sleep(1000)
        running.cancel()
        return [round(after - before) for before, after in pairwise(looked)]

    waits = in_virtual_time(story())
    # Then it is looked at no more often than a feed that fails, and no less often than a list that does not
    assert waits[:10] == [2, 4, 8, 16, 32, 64, 100, 100, 100, 100]
    assert waits[10:13] == [100, 2, 4]


async def test_a_worker_that_is_no_longer_its_home_reads_and_writes_no_further(topic):
    # Given a list without an end
    asked = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["page"])
        if len(asked) == 2:
            one.own(frozenset())  # its shards go to another worker while the second page is read
        return httpx.Response(200, json=rows(len(asked)))

    one = finder_of(page, Account())
    # When
    running = asyncio.create_task(one.run())
    await asyncio.sleep(0.3)
    running.cancel()
    # Then
    assert asked == [1, 2]
    assert topic.written == [["clinica/972500000001"]]
