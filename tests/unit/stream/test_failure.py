import asyncio

import pytest
from aiokafka import errors as kafka

from workers.stream.failure import REASONS, described, reason_of


def wrapped(cause: Exception) -> kafka.KafkaError:
    """What aiokafka makes of an error that ended its sender."""
    general = kafka.KafkaError("Unexpected error during batch delivery")
    general.__cause__ = cause
    return general


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (kafka.ProducerFenced(), "fenced"),
        (wrapped(kafka.ProducerFenced()), "fenced"),
        (kafka.MessageSizeTooLargeError(), "too_large"),
        (kafka.TopicAuthorizationFailedError("t"), "refused"),
        (kafka.OutOfOrderSequenceNumber(), "state"),
        (wrapped(kafka.InvalidTxnState()), "state"),
        (AssertionError("Invalid state transition"), "state"),
        (kafka.LeaderNotAvailableError(), "unavailable"),
        (kafka.KafkaConnectionError(), "unavailable"),
        (TimeoutError(), "timeout"),
        (asyncio.CancelledError(), "cancelled"),
        (kafka.UnknownError(), "rejected"),
        (ValueError("anything"), "rejected"),
    ],
)
def test_every_failure_has_a_label_of_the_closed_set(failure, reason):
    assert reason_of(failure) == reason
    assert reason in REASONS


@pytest.mark.parametrize("error", sorted(kafka.kafka_errors.values(), key=lambda error: error.errno))
def test_every_answer_of_a_broker_has_a_label(error):
    assert reason_of(error()) in REASONS


def test_a_description_is_one_line_and_tells_the_hidden_cause():
    assert described(wrapped(kafka.InvalidTxnState("a\nb"))) == (
        "KafkaError: Unexpected error during batch delivery ← [Error 48] InvalidTxnState: a b"
    )
    assert described(TimeoutError()) == "TimeoutError"
