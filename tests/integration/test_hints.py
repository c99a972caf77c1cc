"""Somebody asks for a conversation: it is read with the next requests, whatever else its account has to do."""

import asyncio
import time

import pytest

from tests.support.watched import Watched
from workers.simulator import SimulationSettings
from workers.stream.feeds_topic import DefinitionWriter

pytestmark = pytest.mark.kafka

#: Requests per minute of the account: one each half second.
RATE = 120
#: Conversations that take two requests each to be read for the first time, for two minutes.
CONVERSATIONS = 120
#: Requests that may go out before the hinted feed's first: one that was due while the hint was on its way, one that
#: another hint or feed had the right to, one under way.
BEFORE = 3


async def test_a_hint_is_read_next_while_every_other_poll_needs_more_pages(broker, topic_prefix):
    # Given a slow account whose conversations are all longer than a page, most of them never read so far
    world = SimulationSettings(
        seed=4, providers=("ogmma",), conversations=CONVERSATIONS, history=80, rate=0.0, status_seconds=0.0
    )
    async with Watched(broker.bootstrap, topic_prefix, world, requests_per_minute=RATE) as stage:
        stage.start("one")
        await stage.ready("one")
        await asyncio.sleep(5)
        feed = next(one for one in reversed(stage.feeds("loja")) if not stage.onlooker.of(one.key))
        # When
        async with DefinitionWriter(stage.kafka, stage.names) as writer:
            await writer.write([feed], poll_now=True)
        written = time.monotonic()
        async with asyncio.timeout(20):
            while len(stage.onlooker.of(feed.key)) < 2:  # noqa: ASYNC110 - the onlooker tells nobody
                await asyncio.sleep(0.05)
        # Then its first page is asked for at once, and its second right behind
        first, second = stage.onlooker.of(feed.key)
        arrived = stage.onlooker.arrived()
        assert sum(written <= at < first for at in arrived) <= BEFORE
        assert sum(first < at < second for at in arrived) <= 1
