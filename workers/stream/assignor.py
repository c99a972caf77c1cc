"""Which worker owns which shard: rendezvous hashing on stable worker ids, balanced to within one shard.

Every worker sends its id along when it joins the group; the worker that the broker elects computes the
assignment from nothing but the ids. So few shards move when a worker comes or goes, and a worker that comes
back under its old id gets its old shards back. The address that a worker serves stands beside its id, for whoever
asks the group who its members are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from xxhash import xxh3_64_intdigest

#: Says that a member's user data is `<worker id> NUL <address>` of ours. Another first byte is another format.
_MARK, _END = b"\x01", b"\x00"

#: Bytes of user data that are looked at; longer ones come from someone else.
_LONGEST = 1024


def rendezvous(partitions: Iterable[int], workers: Iterable[str], topic: str = "") -> dict[int, str]:
    """The owner of each partition: the same answer whatever the order of the arguments.

    All pairs of worker and partition are taken from the highest score down; a pair is skipped when the
    partition has an owner or the worker has its share. Shares differ by at most one. Raises ValueError
    without workers.
    """
    wanted, candidates = set(partitions), set(workers)
    if not candidates:
        raise ValueError("no worker to own the shards")
    share, larger_shares = divmod(len(wanted), len(candidates))
    scored = ((_score(worker, topic, partition), worker, partition) for worker in candidates for partition in wanted)
    owners: dict[int, str] = {}
    load = dict.fromkeys(candidates, 0)
    for _, worker, partition in sorted(scored, reverse=True):
        if partition in owners or load[worker] > share or (load[worker] == share and not larger_shares):
            continue
        larger_shares -= load[worker] == share
        load[worker] += 1
        owners[partition] = worker
    return owners


class RendezvousAssignor:
    """The group protocol around `rendezvous`, as aiokafka calls it: one object for one consumer.

    aiokafka's own assignors keep state in their class; an object per consumer cannot mix two workers up.
    The number of shards is a setting, so metadata that a broker does not have yet leaves no shard alone.
    """

    name = "afluente-rendezvous"
    version = 0

    def __init__(self, worker_id: str, shards: int, address: str = "") -> None:
        self._worker_id, self._address = worker_id, address
        self._shards = shards

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """What this member tells: its topics, its worker id, and where it serves."""
        told = _MARK + self._worker_id.encode() + _END + self._address.encode()
        return ConsumerProtocolMemberMetadata(self.version, sorted(topics), told)

    def assign(
        self,
        cluster: ClusterMetadata,  # noqa: ARG002 - aiokafka calls it so
        members: Mapping[str, ConsumerProtocolMemberMetadata],
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """The assignment of every member; called on the elected one, with aiokafka's records."""
        member_of = _distinct({member: told_in(told.user_data)[0] for member, told in members.items()})
        mine: dict[str, list[tuple[str, list[int]]]] = {member: [] for member in members}
        for topic in sorted({topic for told in members.values() for topic in told.subscription}):
            readers = [worker for worker, member in member_of.items() if topic in members[member].subscription]
            owned = defaultdict(list)
            for partition, worker in rendezvous(range(self._shards), readers, topic).items():
                owned[member_of[worker]].append(partition)
            for member, partitions in owned.items():
                mine[member].append((topic, sorted(partitions)))
        return {member: ConsumerProtocolMemberAssignment(self.version, owned, b"") for member, owned in mine.items()}

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Nothing is remembered: the next assignment follows from the ids alone."""


def told_in(user_data: bytes | None) -> tuple[str, str]:
    """The worker id and the address in a member's user data; '' where they are not ours or not there."""
    if not user_data or user_data[:1] != _MARK or len(user_data) > _LONGEST:
        return "", ""
    worker_id, _, address = user_data[1:].partition(_END)
    return worker_id.decode(errors="replace"), address.decode(errors="replace")


def _distinct(ids: Mapping[str, str]) -> dict[str, str]:
    """Worker id → member. Members without an id, or with one that another has too, go by their member id."""
    member_of: dict[str, str] = {}
    for member, worker in sorted(ids.items()):
        known = worker and worker not in member_of
        member_of[worker if known else f"member {member}"] = member
    return member_of


def _score(worker: str, topic: str, partition: int) -> int:
    return xxh3_64_intdigest(f"{worker}\0{topic}\0{partition}".encode(errors="replace"))
