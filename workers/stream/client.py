"""How every Kafka client of this process is made, and how one is ended that may not answer any more.

aiokafka's own `stop()` waits for what the brokers owe, and with the brokers gone it waits for ever
(aio-libs/aiokafka#1101). So each client ends in one of two ways: `ended` asks politely within a deadline,
`discard` takes its tasks and its sockets away at once. This is the only module that looks inside aiokafka.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError

from workers import logs
from workers.settings.kafka import KafkaSettings

#: Milliseconds until an unanswered request counts as lost and its connection as dead.
REQUEST_TIMEOUT_MS = 10_000

#: Milliseconds between two attempts of the library.
RETRY_BACKOFF_MS = 50

#: Milliseconds after which a broker ends a transaction by itself. Ours are ended by `PUBLISH_SECONDS` long before.
TRANSACTION_TIMEOUT_MS = 30_000

#: Most bytes of a batch before compression. The brokers' default limit is 1 048 588 (`max.message.bytes`).
MAX_BATCH_BYTES = 900_000

#: Bytes of one partition in one answer to a restoring reader: few round trips, and one answer is parsed in slices.
READ_BYTES = 4 * 1024 * 1024

#: Milliseconds that a broker may hold back an answer when there is nothing to read. Requests behind it wait.
READ_WAIT_MS = 100

#: Milliseconds beyond the session timeout for a join. The group waits for a dead member until its session ends,
#: and a request that is given up earlier would only be repeated.
JOIN_MARGIN_MS = 5_000

#: Milliseconds without a read after which the library would leave the group. The pump never pauses, and our own
#: watchdog knows more, so this is only a last resort.
MAX_POLL_INTERVAL_MS = 600_000

#: Longest time between two heartbeats (milliseconds). A rebalance is learnt of by heartbeat: this is what a live
#: worker adds to the time in which a dead worker's shards move (session timeout + 3 s).
LONGEST_HEARTBEAT_MS = 1_000

#: Seconds, and attempts, for the tasks of a discarded client to end; each attempt cancels those that are left.
_DISCARD_SECONDS, _DISCARD_ATTEMPTS = 1.0, 5

#: Attributes of a client whose objects run its tasks.
_PARTS = ("client", "_client", "_sender", "_message_accumulator", "_coordinator", "_fetcher")

Client: TypeAlias = AIOKafkaProducer | AIOKafkaConsumer | AIOKafkaAdminClient

_log = logs.logger("kafka")
_discarding: set[asyncio.Task[None]] = set()


def producer(kafka: KafkaSettings, transactional_id: str) -> AIOKafkaProducer:
    """A transactional producer, not yet started."""
    return AIOKafkaProducer(
        **kafka.client_options(),
        transactional_id=transactional_id,
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        retry_backoff_ms=RETRY_BACKOFF_MS,
        max_batch_size=MAX_BATCH_BYTES,
        linger_ms=0,  # batches are complete when they are handed over
        compression_type="zstd",
    )


def reader(kafka: KafkaSettings) -> AIOKafkaConsumer:
    """A consumer outside any group that sees committed records only, not yet started."""
    return AIOKafkaConsumer(
        **kafka.client_options(),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=READ_BYTES,
        fetch_max_wait_ms=READ_WAIT_MS,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        retry_backoff_ms=RETRY_BACKOFF_MS,
    )


def member(kafka: KafkaSettings, assignor: object) -> AIOKafkaConsumer:
    """A consumer that takes part in the workers' group, not yet started."""
    session_ms = 1000 * kafka.session_timeout_seconds
    join_ms = session_ms + JOIN_MARGIN_MS
    return AIOKafkaConsumer(
        **kafka.client_options(),
        group_id=kafka.group,
        partition_assignment_strategy=(assignor,),  # exactly one: with several, aiokafka joins once for each
        session_timeout_ms=session_ms,
        heartbeat_interval_ms=min(session_ms // 5, LONGEST_HEARTBEAT_MS),
        rebalance_timeout_ms=join_ms,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=READ_WAIT_MS,
        request_timeout_ms=join_ms,
        retry_backoff_ms=RETRY_BACKOFF_MS,
    )


def admin(kafka: KafkaSettings) -> AIOKafkaAdminClient:
    """An admin client, not yet started."""
    return AIOKafkaAdminClient(
        **kafka.client_options(), request_timeout_ms=REQUEST_TIMEOUT_MS, retry_backoff_ms=RETRY_BACKOFF_MS
    )


class PartCancelled(KafkaError):  # type: ignore[misc]  # aiokafka ships no types
    """The library cancelled one of its own tasks, and somebody of ours waited for it."""

    retriable = True


#: How uvloop says that a connection was closed while the library wrote to it.
_CLOSED: Final = "the handler is closed"


@contextmanager
def connection_errors() -> Iterator[None]:
    """Calls of the library, whose failures are KafkaError.

    What uvloop raises where a connection is cut at the moment of a write is none, and the library passes it on.
    """
    try:
        yield
    except RuntimeError as error:
        if _CLOSED not in str(error):
            raise
        raise KafkaConnectionError("the connection was closed while it was written to") from error


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Calls of the library, with a deadline: TimeoutError when it passes, and CancelledError only if it is meant.

    aiokafka lets the cancellation of its own tasks escape now and then (`AIOKafkaConsumer.stop` while a fetch waits
    to be repeated). Taken for an order to end, that would end whatever task of ours was waiting, without a word.
    """
    async with asyncio.timeout(seconds):
        try:
            with connection_errors():
                yield
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise PartCancelled("aiokafka cancelled a part of itself") from None


async def ended(client: Client, seconds: float) -> bool:
    """End a client in order, or discard it when that takes longer than `seconds`. Whether it ended in order."""
    try:
        async with within(seconds):
            await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())
    except (KafkaError, TimeoutError) as failure:
        _log.warning("client_discarded", client=type(client).__name__, error=repr(failure))
        discard(client)
        return False
    except BaseException:
        discard(client)
        raise
    return True


def discard(client: Client) -> None:
    """End a client at once: nothing is flushed, nobody is told, nothing is waited for.

    What it had sent may still take effect; what it had not sent never will. Its tasks end in the background.
    """
    client._closed = True  # noqa: SLF001 - else its __del__ complains
    task = asyncio.get_running_loop().create_task(_discard(client))
    _discarding.add(task)
    task.add_done_callback(_discarding.discard)


def discarding() -> int:
    """How many discarded clients still have running tasks: near 0, or something is wrong with the library."""
    return len(_discarding)


async def _discard(client: Client) -> None:
    parts = {id(vars(client)[name]) for name in _PARTS if vars(client).get(name) is not None}
    _cut_connections(client)
    for _ in range(_DISCARD_ATTEMPTS):
        tasks = [task for task in asyncio.all_tasks() if id(_owner(task)) in parts]
        if not tasks:
            break
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=_DISCARD_SECONDS / _DISCARD_ATTEMPTS)
    _cut_connections(client)  # one may have been opened meanwhile
    _look_at_failures(client)


def _owner(task: asyncio.Task[Any]) -> object:
    """The `self` of the coroutine that a task runs."""
    frame = getattr(task.get_coro(), "cr_frame", None)
    return None if frame is None else frame.f_locals.get("self")


def _cut_connections(client: Client) -> None:
    network = vars(client).get("client") or vars(client)["_client"]
    for connection in list(network._conns.values()):  # noqa: SLF001 - there is no public way
        writer = connection._writer  # noqa: SLF001 - gone after close
        connection.close(reason=CloseReason.SHUTDOWN)
        if writer is not None:
            writer.transport.abort()  # close alone would wait until a dead peer has taken what is buffered


def _look_at_failures(client: Client) -> None:
    """Look at the errors that a dead sender left behind, or asyncio logs for each that nobody did."""
    transactions, queue = vars(client).get("_txn_manager"), vars(client).get("_message_accumulator")
    left = [transactions.wait_for_transaction_end()] if transactions else []
    for batches in queue._batches.values() if queue else ():  # noqa: SLF001 - there is no public way
        for batch in batches:
            left += [batch.future, batch._drain_waiter]  # noqa: SLF001 - there is no public way
    for future in left:
        if future is not None and future.done() and not future.cancelled():
            future.exception()
