"""Questions to the brokers' administration: what of the library's ways must not reach whoever asks."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import errors as kafka_errors

from workers.errors import BrokerUnreachable, TopicError
from workers.settings.kafka import KafkaSettings
from workers.stream import admin, group

KAFKA = KafkaSettings(bootstrap_servers=("127.0.0.1:9",), shards=1)


class Describes:
    """A client that answers a question about a group with this error code."""

    def __init__(self, code: int, state: str = "") -> None:
        self._answer = (code, "afluente", state, "", "", [])

    async def describe_consumer_groups(self, groups):
        return [SimpleNamespace(groups=[self._answer])]


def asks(client, monkeypatch):
    async def asked(kafka, seconds, ask):
        return await ask(client)

    monkeypatch.setattr(group, "asked", asked)


@pytest.mark.parametrize("code", [14, 15, 16, 30])
async def test_a_group_that_the_broker_does_not_describe_is_not_taken_for_an_empty_one(code, monkeypatch):
    asks(Describes(code), monkeypatch)
    # `asked` repeats those that pass, and makes a TopicError of the others
    with pytest.raises(kafka_errors.for_code(code)):
        await group.described(KAFKA)


async def test_a_group_without_members_is_empty(monkeypatch):
    asks(Describes(0, "Empty"), monkeypatch)
    assert (await group.described(KAFKA)).members == ()


async def test_a_group_that_nobody_has_ever_joined_is_dead(monkeypatch):
    asks(Describes(69), monkeypatch)
    assert await group.described(KAFKA) == group.Group(state="Dead", members=())


def fails(monkeypatch, *failures):
    """The attempts of a question end in these ways, the last one of them again and again."""
    left = list(failures)

    async def once(kafka, ask):
        raise left.pop(0) if len(left) > 1 else left[0]

    monkeypatch.setattr(admin, "_once", once)
    monkeypatch.setattr(admin, "_AGAIN_SECONDS", 0.01)


async def test_a_cancellation_inside_the_library_is_asked_again_and_no_error_of_its_own(monkeypatch):
    fails(monkeypatch, asyncio.CancelledError())
    with pytest.raises(BrokerUnreachable):
        await admin.asked(KAFKA, 0.1, Describes(0).describe_consumer_groups)


async def test_a_refusal_says_so_at_once(monkeypatch):
    fails(monkeypatch, asyncio.CancelledError(), kafka_errors.GroupAuthorizationFailedError())
    with pytest.raises(TopicError, match="GroupAuthorizationFailed"):
        await admin.asked(KAFKA, 5, Describes(0).describe_consumer_groups)
