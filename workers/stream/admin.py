"""One question to the brokers' administration, asked until they answer or a deadline passes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiokafka import errors as kafka_errors
from aiokafka.admin import AIOKafkaAdminClient

from workers.errors import BrokerUnreachable, TopicError
from workers.settings.kafka import KafkaSettings
from workers.stream.client import admin, discard, ended, within
from workers.stream.failure import described

#: Seconds for the brokers to answer: long enough for one that is being restarted.
ADMIN_SECONDS = 30.0

#: Seconds between two attempts, and for the client to take its leave.
_AGAIN_SECONDS, _END_SECONDS = 1.0, 1.0

T = TypeVar("T")


async def asked(kafka: KafkaSettings, seconds: float, ask: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
    """The answer to `ask(client)`. Raises BrokerUnreachable after `seconds`, TopicError on a refusal."""
    last: Exception | None = None
    try:
        async with asyncio.timeout(seconds):
            while True:
                try:
                    async with within(seconds):
                        return await _once(kafka, ask)
                except kafka_errors.KafkaError as failure:
                    if not failure.retriable:
                        raise TopicError(f"Kafka refused: {described(failure)}") from failure
                    last = failure
                await asyncio.sleep(_AGAIN_SECONDS)
    except TimeoutError:
        why = f" ({described(last)})" if last else ""
        raise BrokerUnreachable(
            f"no broker of {', '.join(kafka.bootstrap_servers)} answered within {seconds:g} s{why}: "
            "check kafka.bootstrap_servers, and kafka.tls and kafka.sasl"
        ) from last


async def _once(kafka: KafkaSettings, ask: Callable[[AIOKafkaAdminClient], Awaitable[T]]) -> T:
    client = admin(kafka)
    try:
        await client.start()
        answer = await ask(client)
    except BaseException:
        discard(client)
        raise
    await ended(client, _END_SECONDS)
    return answer
