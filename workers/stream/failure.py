"""What failures of Kafka mean: a label for those of a transaction, the end of the worker for some of its membership.

The label is for people and metrics only. What happens next never depends on it, with one exception: `fenced`
means that a newer owner may exist, and the shard is given up before it is opened again.
"""

import asyncio

from aiokafka import errors as kafka

from workers.errors import StopWorker, TopicError
from workers.settings.kafka import KafkaSettings

#: Every value of `afluente_transaction_failures_total{reason}`.
REASONS = (
    "cancelled",  # the worker stopped it: a shutdown, or a shard that was taken away
    "fenced",  # Kafka knows a newer owner, or ended the transaction because it took too long
    "open",  # no producer id in time: no broker, or no transaction coordinator
    "refused",  # a topic or a transactional id is not ours to write
    "rejected",  # a broker answered with any other error that no repetition mends
    "restore",  # the cursors could not be read to their end in time
    "state",  # client and broker disagree about the transaction, or about what has been sent
    "timeout",  # the deadline passed
    "too_large",  # a record, or a batch, exceeds the topic's limit
    "unavailable",  # no connection, or no leader of a partition
)

_CLASSES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((asyncio.CancelledError,), "cancelled"),
    ((TimeoutError,), "timeout"),
    ((kafka.ProducerFenced, kafka.InvalidProducerEpoch), "fenced"),
    ((kafka.MessageSizeTooLargeError, kafka.RecordListTooLargeError), "too_large"),
    (
        (
            kafka.TopicAuthorizationFailedError,
            kafka.ClusterAuthorizationFailedError,
            kafka.TransactionalIdAuthorizationFailed,
        ),
        "refused",
    ),
    (
        (
            AssertionError,  # how aiokafka says that a call does not fit its state
            kafka.IllegalOperation,
            kafka.InvalidTxnState,
            kafka.InvalidProducerIdMapping,
            kafka.UnknownProducerId,
            kafka.OutOfOrderSequenceNumber,
            kafka.ProducerClosed,
        ),
        "state",
    ),
)


def reason_of(failure: BaseException) -> str:
    """The label of a failure inside a transaction."""
    # aiokafka wraps what ended its sender: "Unexpected error during batch delivery", and the cause behind it.
    cause = failure.__cause__ if type(failure) is kafka.KafkaError and failure.__cause__ else failure
    for classes, reason in _CLASSES:
        if isinstance(cause, classes):
            return reason
    return "unavailable" if getattr(cause, "retriable", False) else "rejected"


def described(failure: BaseException) -> str:
    """A failure in one line, with the cause that aiokafka hides behind its general error."""
    return " ← ".join(_line(error) for error in (failure, failure.__cause__) if error is not None)


def _line(error: BaseException) -> str:
    name, text = type(error).__name__, " ".join(str(error).split())
    return text if name in text else f"{name}: {text}".removesuffix(": ")


def fatal(failure: Exception, settings: KafkaSettings, feeds: str) -> StopWorker | None:
    """The end of the worker that a failure of its membership means at once; None where joining again may help."""
    if isinstance(failure, kafka.TopicAuthorizationFailedError):
        return TopicError(f"{feeds}: Kafka does not let this user read it (allow Read and Describe)")
    if isinstance(failure, kafka.GroupAuthorizationFailedError):
        return StopWorker(f"Kafka does not let this user join the group {settings.group} (allow Read on the group)")
    if isinstance(failure, kafka.InconsistentGroupProtocolError):
        return StopWorker(
            f"the group {settings.group} has members that are no workers of ours: choose another kafka.group"
        )
    if isinstance(failure, kafka.InvalidSessionTimeoutError):
        return StopWorker(
            f"kafka.session_timeout_seconds = {settings.session_timeout_seconds} lies outside the brokers' "
            "group.min.session.timeout.ms and group.max.session.timeout.ms"
        )
    return None
