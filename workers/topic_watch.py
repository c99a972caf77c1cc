"""The topics while a worker runs: one that disappears ends it, and what else is wrong with them by now is said.

Kafka's client asks on for ever for a topic that was deleted, without a word to whoever waits for it.
"""

import asyncio
from typing import Final

from workers import logs
from workers.errors import BrokerUnreachable, TopicError
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.stream import topics

#: Seconds between two looks: one connection and three requests each.
LOOK_SECONDS: Final = 30.0
#: Looks in a row at which a topic must be missing: a broker that has just begun may not know of all yet.
LOOKS: Final = 2


class TopicWatch:
    """Looks at the topics of one worker; they were right when it began."""

    def __init__(self, kafka: KafkaSettings, names: TopicNames, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._kafka, self._names, self._look_seconds = kafka, names, look_seconds
        self._missed = 0
        self._said: tuple[str, ...] = ()
        self._log = logs.logger("topics")

    async def run(self) -> None:
        """Look until cancelled. Raises TopicError where a topic is gone."""
        while True:
            await asyncio.sleep(self._look_seconds)
            try:
                report = await topics.check(self._kafka, self._names)
            except (BrokerUnreachable, TopicError):
                continue  # shards and group have deadlines of their own, and say what they miss
            self._judge(report)

    def _judge(self, report: topics.TopicReport) -> None:
        self._missed = self._missed + 1 if report.missing else 0
        if self._missed >= LOOKS:
            raise TopicError("; ".join(report.problems))
        if report.problems != self._said and not report.missing:
            self._said = report.problems
            self._log.warning("topics_wrong", problems=list(report.problems))
