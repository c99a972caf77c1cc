"""A cluster gets more shards while people write: the workers stop, all that they know is copied, others go on."""

import pytest

from tests.support.stage import Stage
from workers.demo.reading import Reader
from workers.errors import TopicError
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.simulator import SimulationSettings
from workers.stream import moving, topics

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

FEW, MORE = 2, 7

WORLD = SimulationSettings(
    seed=5,
    conversations=30,
    history=20,
    rate=60.0,
    late_seconds=3.0,
    status_seconds=3.0,
    switches=("ogmma.requests_per_minute=0",),
)


async def seen_more(stage: Stage, events: int) -> None:
    """So many events more are published."""
    before = await stage.events()

    async def enough() -> bool:
        return await stage.events() >= before + events

    await stage.until(enough, 60, f"{events} more events are published", every=0.5)


async def test_workers_with_more_shards_go_on_where_those_with_fewer_ended(broker, topic_prefix):
    async with Stage(broker.bootstrap, topic_prefix, WORLD, shards=FEW) as stage:
        # Given a worker of two shards that is at work
        stage.start("a")
        await stage.ready("a")
        await seen_more(stage, 100)
        before = moving.Place(kafka=stage.kafka, names=stage.names)
        names = TopicNames(**{name: f"{topic_prefix}-more.{name}" for name in TopicNames.model_fields})
        kafka = KafkaSettings(
            bootstrap_servers=stage.kafka.bootstrap_servers, group=f"{topic_prefix}-more", shards=MORE
        )
        await topics.create(kafka, names)
        # When somebody copies too early, it is refused
        with pytest.raises(TopicError, match="stop its workers first"):
            await moving.copy(before, moving.Place(kafka=kafka, names=names))
        # When the worker has stopped, and its knowledge goes to seven shards of two others
        stage.terminate("a")
        assert await stage.exit_code("a", 30) == 0
        copied = await moving.copy(before, moving.Place(kafka=kafka, names=names))
        assert copied.cursors
        ended = await stage.verdict()
        assert (ended.twice, ended.disordered) == (0, 0), ended
        stage.kafka, stage.names = kafka, names
        stage.reader = Reader(broker.bootstrap, (names.messages, names.dead_letters))
        async with stage.reader.opened():
            stage.start("b", "c")
            await stage.ready("b", "c")
            await seen_more(stage, 100)
            # Then what was shown is published once, in one of both topics, and in its last state
            stage.hush()
            verdict = await stage.settled()
            assert (verdict.twice, verdict.lost, verdict.invented, verdict.outdated) == (0, 0, 0, 0), verdict
