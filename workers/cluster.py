"""A running cluster from outside: the group as Kafka knows it, and what each of its workers says of itself.

Nothing is joined, owned or changed. A worker that cannot be reached from here still shows by its shards.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import aiohttp
import msgspec
import orjson

from workers.metrics import ACCOUNT_STATES
from workers.model import Record
from workers.settings.settings import Settings
from workers.stream import group
from workers.stream.group import Member

#: Seconds for a worker to tell of itself: its answer is a few KB, and a frozen worker never gives it.
WORKER_SECONDS = 2.0

Details = Mapping[str, Any]


class WorkerStatus(Record, frozen=True, kw_only=True):
    """One worker. `told` is its `/readyz`, empty where it did not answer."""

    member: Member
    told: Details

    @property
    def state(self) -> str:
        """One word: `serving`, `restoring`, `fenced`, `joining`, `draining`, or `unreachable`."""
        return str(self.told.get("state", "unreachable"))


class Cluster(Record, frozen=True, kw_only=True):
    """Group, workers, and each account over all workers that told of it, by name."""

    group: str
    state: str
    workers: tuple[WorkerStatus, ...]
    accounts: Mapping[str, Details]
    unowned: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """The cluster as one JSON line."""
        return {
            "group": self.group,
            "state": self.state,
            "unowned_shards": list(self.unowned),
            "workers": [_worker_json(worker) for worker in self.workers],
            "accounts": dict(self.accounts),
        }


async def observed(settings: Settings) -> Cluster:
    """The cluster now. Raises BrokerUnreachable, and TopicError where Kafka refuses to tell."""
    found = await group.described(settings.kafka)
    timeout = aiohttp.ClientTimeout(total=WORKER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        told = await asyncio.gather(*(_told(session, member.address) for member in found.members))
    workers = tuple(WorkerStatus(member=member, told=said) for member, said in zip(found.members, told, strict=True))
    owned = {shard for member in found.members for shard in member.shards}
    return Cluster(
        group=settings.kafka.group,
        state=found.state,
        workers=workers,
        accounts={name: merged(_of(workers, name)) for name in settings.accounts},
        unowned=tuple(sorted(set(range(settings.kafka.shards)) - owned)),
    )


def merged(told: Iterable[Details]) -> Details:
    """One account from what each worker says of it: the most telling state, counts summed, the newest times.

    A worker that has none of the account's feeds says nothing of how it does.
    """
    everyone = list(told)
    parts = [part for part in everyone if sum(part["feeds"].values())] or everyone
    if not parts:
        return {}
    state = next(state for state in ACCOUNT_STATES if any(part["state"] == state for part in parts))
    return {
        "provider": parts[0]["provider"],
        "state": state,
        "since": min(part["since"] for part in parts if part["state"] == state),
        "feeds": _summed(part["feeds"] for part in parts),
        "requests_per_minute": round(sum(part["requests_per_minute"] for part in everyone), 1),
        "max_interval_seconds": parts[0]["max_interval_seconds"],
        **{name: sum(part[name] for part in parts) for name in ("overdue", "gaps", "dead_letters", "published")},
        **{name: max(part[name] for part in parts) for name in ("longest_wait_seconds", "paused_seconds")},
        **{name: _newest(part[name] for part in parts) for name in ("last_success", "last_message")},
    }


def _of(workers: Iterable[WorkerStatus], account: str) -> list[Details]:
    said = (worker.told.get("accounts", {}).get(account) for worker in workers)
    return [part for part in said if isinstance(part, dict)]


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in counts:
        for name, count in part.items():
            total[name] = total.get(name, 0) + count
    return total


def _newest(times: Iterable[str | None]) -> str | None:
    return max((time for time in times if time), default=None)


async def _told(session: aiohttp.ClientSession, address: str) -> Details:
    """What a worker's `/readyz` says, whether it is ready or not; empty where there is no such answer."""
    if not address:
        return {}
    try:
        async with session.get(f"{address}/readyz") as answer:
            said = orjson.loads(await answer.read())
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _worker_json(worker: WorkerStatus) -> dict[str, Any]:
    member = msgspec.structs.asdict(worker.member)
    serving = worker.told.get("shards", {}).get("serving")
    return {**member, "shards": list(worker.member.shards), "state": worker.state, "serving": serving}
