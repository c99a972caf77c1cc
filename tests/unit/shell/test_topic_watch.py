"""Topics that change under a running worker."""

import asyncio

import pytest
import structlog

from workers import topic_watch
from workers.errors import BrokerUnreachable, TopicError
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream.topics import TopicReport
from workers.topic_watch import TopicWatch

RIGHT = TopicReport(problems=(), limits={})
GONE = TopicReport(problems=("afluente.feeds: does not exist: make it",), limits={}, missing=("afluente.feeds",))
WRONG = TopicReport(problems=("afluente.messages: has min.insync.replicas=3 with 1 replicas",), limits={})
SILENT = BrokerUnreachable("no broker answered")


@pytest.fixture
def shown(monkeypatch):
    """Watch topics that look like this, one look after the other, and are right after that. The lines that it logs."""

    async def watched(*looks):
        left, over = list(looks), asyncio.Event()

        async def check(*_):
            if not left:
                over.set()
                return RIGHT
            look = left.pop(0)
            if isinstance(look, Exception):
                raise look
            return look

        monkeypatch.setattr(topic_watch.topics, "check", check)
        with structlog.testing.capture_logs() as lines:
            watch = asyncio.create_task(TopicWatch(KafkaSettings(), TopicNames(), look_seconds=0).run())
            ended = asyncio.create_task(over.wait())
            await asyncio.wait([watch, ended], return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            if not watch.cancel():  # it has ended by itself
                await watch
        return lines

    return watched


async def test_a_topic_that_is_gone_ends_the_worker_with_its_name(shown):
    with pytest.raises(TopicError, match=r"afluente\.feeds: does not exist"):
        await shown(RIGHT, GONE, GONE)


async def test_a_topic_that_is_missed_once_is_no_topic_that_is_gone(shown):
    # A broker that has just begun does not know of all of them; one that is silent proves nothing either
    assert await shown(GONE, RIGHT, GONE, RIGHT, SILENT, GONE, RIGHT) == []


async def test_what_else_became_wrong_is_said_once(shown):
    lines = await shown(WRONG, WRONG, SILENT, WRONG)
    assert [line["problems"] for line in lines if line["problems"]] == [list(WRONG.problems)]
