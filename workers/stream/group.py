"""Who takes part in the workers' group, as the brokers tell it: for `status`, which is no member itself."""

from typing import Any

from aiokafka import errors as kafka_errors
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

from workers.model import Record
from workers.settings.kafka import KafkaSettings
from workers.stream.admin import ADMIN_SECONDS, asked
from workers.stream.assignor import told_in

#: GROUP_ID_NOT_FOUND, for which aiokafka has no name: what brokers say of a group that nobody has ever joined, where
#: they do not call it dead.
_UNKNOWN_GROUP = 69


class Member(Record, frozen=True, kw_only=True):
    """One worker. `address` is where it says that it serves ('' where it does not), `host` where Kafka sees it."""

    worker: str
    address: str
    host: str
    shards: tuple[int, ...]


class Group(Record, frozen=True, kw_only=True):
    """The group. `state` is Kafka's word: `Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty`, `Dead`."""

    state: str
    members: tuple[Member, ...]


async def described(kafka: KafkaSettings, seconds: float = ADMIN_SECONDS) -> Group:
    """The group as it is now. Raises BrokerUnreachable, and TopicError where Kafka refuses to tell."""

    async def ask(client: AIOKafkaAdminClient) -> Group:
        (answer,) = await client.describe_consumer_groups([kafka.group])
        ((code, _, state, _, _, members, *_),) = answer.groups
        if code == _UNKNOWN_GROUP:
            return Group(state="Dead", members=())
        if code:  # aiokafka hands on what the broker refuses as a group without members
            raise kafka_errors.for_code(code)(f"group {kafka.group}")
        found = sorted((_member(member) for member in members), key=lambda member: member.worker)
        return Group(state=state, members=tuple(found))

    return await asked(kafka, seconds, ask)


def _member(told: tuple[Any, ...]) -> Member:
    """One entry of DescribeGroups; while the group rebalances its two last fields may be empty."""
    member_id, _, host, metadata, assignment = told[:5]
    worker, address = told_in(ConsumerProtocolMemberMetadata.decode(metadata).user_data) if metadata else ("", "")
    owned = ConsumerProtocolMemberAssignment.decode(assignment).assignment if assignment else []
    shards = sorted(partition for _, partitions in owned for partition in partitions)
    return Member(worker=worker or member_id, address=address, host=host.removeprefix("/"), shards=tuple(shards))
