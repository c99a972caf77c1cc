"""A running cluster from outside: the group as Kafka knows it, and what each of its workers says of itself.

Nothing is joined, owned or changed. A worker that cannot be reached from here still shows by its shards.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec
import orjson

from workers.errors import WorkerSilent
from workers.metrics import ACCOUNT_STATES
from workers.model import Record
from workers.providers.account import AccountSettings
from workers.settings.settings import Settings
from workers.stream import group
from workers.stream.group import Member
from workers.stream.partition import partition_of

#: Seconds for a worker to tell of itself: its answer is a few KB, and a frozen worker never gives it.
WORKER_SECONDS = 2.0

Details = Mapping[str, Any]

#: What `merged` needs of each part.
_COUNTS = ("overdue", "gaps", "dead_letters", "published")
_MOMENTS = ("last_success", "last_message")
_TOLD = {
    *("provider", "state", "since", "feeds", "requests_per_minute", "max_interval_seconds"),
    *(*_COUNTS, *_MOMENTS, "longest_wait_seconds", "paused_seconds"),
}


class WorkerStatus(Record, frozen=True, kw_only=True):
    """One worker. `told` is its `/readyz`, empty where it did not answer."""

    member: Member
    told: Details

    @property
    def state(self) -> str:
        """One word: `joined`, `restoring`, `fenced`, `joining`, `draining`, or `unreachable`."""
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
        told = await asyncio.gather(*(_ready(session, member.address) for member in found.members))
    workers = tuple(WorkerStatus(member=member, told=said) for member, said in zip(found.members, told, strict=True))
    owned = {shard for member in found.members for shard in member.shards}
    return Cluster(
        group=settings.kafka.group,
        state=found.state,
        workers=workers,
        accounts={name: _account(workers, account) for name, account in settings.accounts.items()},
        unowned=tuple(sorted(set(range(settings.kafka.shards)) - owned)),
    )


async def asked_of_owner(settings: Settings, key: str, path: str) -> tuple[str, dict[str, Any] | None]:
    """Who owns a feed's shard, and what that worker says of the feed (empty: nothing); None where it does not answer.

    Raises as `observed` does, and WorkerSilent where nobody owns the shard.
    """
    shard = partition_of(key.encode(), settings.kafka.shards)
    found = await group.described(settings.kafka)
    owner = next((member for member in found.members if shard in member.shards), None)
    if owner is None:
        raise WorkerSilent(f"nobody owns shard {shard}: see `afluente status`")
    timeout = aiohttp.ClientTimeout(total=WORKER_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        said = await _told(session, f"{owner.address}{path}?{urlencode({'feed': key})}") if owner.address else {}
    return f"worker {owner.worker}", dict(said) if "feed" in said else None


def merged(told: Iterable[Details]) -> Details:
    """One account from what each worker says of it: the most telling state, counts summed, the newest times.

    `paused_seconds`: until the first worker asks again, of those that wait.

    A state that this version does not know is told where there is no other. A worker that has none of the account's
    feeds says nothing of how it does.
    """
    everyone = list(told)
    parts = [part for part in everyone if sum(part["feeds"].values())] or everyone
    if not parts:
        return {}
    states = [part["state"] for part in parts]
    state = next((state for state in ACCOUNT_STATES if state in states), states[0])
    return {
        "provider": parts[0]["provider"],
        "state": state,
        "since": _since(parts, state),
        "feeds": _summed(part["feeds"] for part in parts),
        "requests_per_minute": round(sum(part["requests_per_minute"] for part in everyone), 1),
        "max_interval_seconds": parts[0]["max_interval_seconds"],
        **{name: sum(part[name] for part in parts) for name in _COUNTS},
        "longest_wait_seconds": max(part["longest_wait_seconds"] for part in parts),
        "paused_seconds": min((part["paused_seconds"] for part in parts if part["paused_seconds"]), default=0.0),
        **{name: _newest(part[name] for part in parts) for name in _MOMENTS},
        "backfill": _backfill(part["backfill"] for part in parts if "backfill" in part),
    }


def _since(parts: Iterable[Details], state: str) -> str:
    """Since when this is the most telling state: since a worker has it, and none has one that tells more."""
    more = ACCOUNT_STATES[: ACCOUNT_STATES.index(state)] if state in ACCOUNT_STATES else ()
    begun: str = min(part["since"] for part in parts if part["state"] == state)
    return max([begun, *(str(part["since"]) for part in parts if part.get("before") in more)])


def _account(workers: Iterable[WorkerStatus], account: AccountSettings) -> Details:
    """What all of them say of one account, beside what is configured; empty where none says anything."""
    found = merged(_of(workers, account.name))
    return found and {**found, "requests_per_minute_configured": account.requests_per_minute}


def _of(workers: Iterable[WorkerStatus], account: str) -> list[Details]:
    """What they say of it, as far as it is all there: a worker of another version may tell less, or otherwise."""
    said = (worker.told.get("accounts", {}).get(account) for worker in workers)
    return [part for part in said if isinstance(part, dict) and part.keys() >= _TOLD]


def _summed(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in counts:
        for name, count in part.items():
            total[name] = total.get(name, 0) + count
    return total


def _backfill(told: Iterable[Details]) -> Details:
    """Histories over all workers: counts summed; what one worker does not know yet is not known (None)."""
    parts = list(told)
    unknown = any(part["pages_left"] is None for part in parts)
    waits = [part["seconds_left"] for part in parts if part["feeds_left"]]
    return {
        **{name: sum(part[name] for part in parts) for name in ("feeds_left", "feeds_done", "messages", "pages_done")},
        "pages_left": None if unknown else sum(part["pages_left"] for part in parts),
        "messages_per_second": round(sum(part["messages_per_second"] for part in parts), 1),
        "seconds_left": None if None in waits else max(waits, default=0.0),
    }


def _newest(times: Iterable[str | None]) -> str | None:
    return max((time for time in times if time), default=None)


async def _ready(session: aiohttp.ClientSession, address: str) -> Details:
    """What a worker's `/readyz` says, whether it is ready or not; empty where there is no such answer."""
    return await _told(session, f"{address}/readyz") if address else {}


async def _told(session: aiohttp.ClientSession, url: str) -> Details:
    try:
        async with session.get(url) as answer:
            said = orjson.loads(await answer.read())
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _worker_json(worker: WorkerStatus) -> dict[str, Any]:
    member = msgspec.structs.asdict(worker.member)
    serving = worker.told.get("shards", {}).get("serving")
    return {**member, "shards": list(worker.member.shards), "state": worker.state, "serving": serving}
