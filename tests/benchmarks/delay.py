"""The schedule through the running product, beside the simulation of the same hour, feeds, budget and memory.

The same schedule is warmed by simulation from midnight until the hour begins, twice: one goes on in the simulation, the
other in an account poller, with real HTTP, budget and Kafka. Delays go from a message's own time to its commit.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

import numpy as np
import uvloop

from tests.benchmarks.ground import ACCOUNT, Ground, ground, settings_on
from tests.benchmarks.growing_pages import ROW_ID, GrowingPages, growing_pages
from tests.benchmarks.hastened import HastenedSchedule
from tests.benchmarks.pages import CHANNEL, conversation
from tests.benchmarks.schedule.policies import Product
from tests.benchmarks.schedule.simulation import Result, run
from tests.benchmarks.schedule.workload import DAY, HISTORY_DAYS, Floats, Workload, workload
from workers.demo.reading import Reader
from workers.settings.settings import Settings
from workers.shard import Shard
from workers.stream.record import KafkaRecord

#: Conversations, and the seconds of a round (conversations ÷ requests per second).
FEEDS, ROUND = 3_000, 300.0
#: Simulated seconds in a real one. A commit of 80 ms is then one simulated second, a twentieth of the mean delay.
SPEED = 15.0
#: Real seconds of the measurement.
SECONDS = 160.0
#: When the measured time begins, in seconds since day 0: the afternoon of the first day, when people write.
BEGINS = HISTORY_DAYS * DAY + 14.5 * 3600
#: What the provider allows in 60 s, in budgets: at 150 requests a second one that is 20 ms late stands beside three.
PROVIDER_LEEWAY = 1.01
SHARDS = 4
#: How far the product's mean may be from the simulation's: the goal.
LEEWAY = 0.15

Figures = dict[str, float]


@dataclass
class Deliveries:
    """When rows were committed (epoch seconds), and the seconds that this was after their feed was picked."""

    picked: dict[str, float]
    at: dict[tuple[int, int], float] = field(default_factory=dict)
    carried: dict[tuple[int, int], float] = field(default_factory=dict)
    #: Polls that failed: the provider's limit was hit, or the machine is too busy to measure.
    failed: int = 0

    def watch(self, shard: Shard, messages: str) -> None:
        """Note each row of this shard as it is committed."""
        commit: Callable[..., Any] = shard.commit

        async def noted(key: str, cursor: Any, records: Sequence[KafkaRecord], size: int) -> float:
            at: float = await commit(key, cursor, records, size)
            for record in records:
                if record.topic == messages and record.value is not None:
                    row = row_of(record.value)
                    self.at[row] = at
                    self.carried[row] = at - self.picked[key]
            return at

        shard.commit = noted  # type: ignore[method-assign]


@dataclass(frozen=True)
class Waited:
    """Delays in simulated seconds, until the commit and until the pick; what did not come waited until the end."""

    whole: Floats
    picked: Floats

    @classmethod
    def of(cls, noted: Deliveries, times: Sequence[Sequence[float]], begun: float, seconds: float) -> "Waited":
        """Of the rows of the measured time; `times` in real seconds after `begun` (epoch), as the server has them."""
        end = begun + seconds
        rows = [((feed, place), begun + at) for feed, mine in enumerate(times) for place, at in enumerate(mine)]
        whole, picked = [], []
        for row, at in rows:
            if at >= begun:
                committed = noted.at.get(row, end)
                whole.append(min(committed, end) - at)
                picked.append(min(committed - noted.carried.get(row, 0.0), end) - at)
        return cls(np.array(whole) * SPEED, np.array(picked) * SPEED)


def row_of(event: bytes) -> tuple[int, int]:
    """The conversation and the place in it of the row that an event tells of."""
    found = ROW_ID.search(event)
    assert found is not None, "an event of a row that nobody shows"
    return int(found[1], 16), int(found[2], 16)


def measure(bootstrap: str, *, feeds: int = FEEDS, seconds: float = SECONDS) -> Figures:
    """Delays in simulated seconds: `product` from message to commit, `picked` from message to the poll that finds it.

    `simulated` are those of the simulation; `carried_ms` are real milliseconds from the pick to the commit.
    """
    load, per_second = workload("W1", feeds, HISTORY_DAYS + 1, 21), feeds / ROUND
    keys = [f"{ACCOUNT}/{CHANNEL}/{conversation(number)}" for number in range(feeds)]
    first, second = (_warmed(load, per_second, keys) for _ in range(2))
    span = (BEGINS, BEGINS, BEGINS + seconds * SPEED)
    left = _unread(load, first, keys, span[-1])
    simulated = run(left, first, per_second, span)
    times = [[(at - BEGINS) / SPEED for at in mine] for mine in left.times]
    per_minute = per_second * SPEED * 60
    with (
        growing_pages(times, int(PROVIDER_LEEWAY * per_minute)) as server,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        schedule = HastenedSchedule(second.schedule, SPEED, BEGINS)
        begun, noted = runner.run(_measured(bootstrap, server, schedule, per_minute, seconds))
    used = schedule.picks / (seconds * per_second * SPEED)
    figures = _figures(simulated, Waited.of(noted, times, begun, seconds), fmean(noted.carried.values()))
    return {**figures, "budget_used": round(used, 4), "failed_polls": noted.failed}


def _warmed(load: Workload, per_second: float, keys: Sequence[str]) -> Product:
    policy = Product(len(keys), per_second, keys=keys)
    midnight = HISTORY_DAYS * DAY
    run(load, policy, per_second, (midnight, BEGINS, BEGINS))
    return policy


def _unread(load: Workload, policy: Product, keys: Sequence[str], end: float) -> Workload:
    """The workload without what was polled before the measurement begins, and what comes after its end."""
    schedule = policy.schedule
    seen = [schedule._roster.times[schedule._feeds[key] >> 1] for key in keys]
    pairs = zip(load.times, seen, strict=True)
    return replace(load, times=[[at for at in mine if last < at < end] for mine, last in pairs])


async def _measured(
    bootstrap: str, server: GrowingPages, schedule: HastenedSchedule, per_minute: float, seconds: float
) -> tuple[float, Deliveries]:
    settings, noted = _settings(bootstrap, server.origin, per_minute), Deliveries(schedule.picked)
    async with ground(settings) as place:
        await place.own_all()
        _prepare(place, schedule, noted, settings.topics.messages)
        running = asyncio.create_task(place.poller.run())
        await asyncio.sleep(1)
        begun_ms = time.time_ns() // 1_000_000
        await asyncio.to_thread(server.begin, begun_ms)
        schedule.begin()
        place.poller.release()
        await asyncio.sleep(seconds)
        place.poller.hold()
        while place.poller.busy:  # noqa: ASYNC110 - a moment, and once
            await asyncio.sleep(0.01)
        running.cancel()
        noted.failed = _failed(place)
    found = Counter(await _published(bootstrap, settings.topics.messages))
    noted_once = Counter(noted.at.keys())
    assert found == noted_once, f"more in the topic: {found - noted_once}, less: {noted_once - found}"
    return begun_ms / 1000, noted


def _settings(bootstrap: str, origin: str, per_minute: float) -> Settings:
    settings = settings_on(bootstrap, SHARDS, origin)
    # The usual settle window in hastened time: else every busy conversation would be read beyond its first page.
    told = {"requests_per_minute": per_minute, "settle_seconds": int(300 / SPEED)}
    account = settings.accounts[ACCOUNT].model_copy(update=told)
    return settings.model_copy(update={"accounts": {ACCOUNT: account}})


def _prepare(place: Ground, schedule: HastenedSchedule, noted: Deliveries, messages: str) -> None:
    """Every feed at its shard, under the schedule that was warmed; nothing is polled yet."""
    place.schedule_by(schedule)
    place.poller.hold()
    for shard in place.shards.values():
        noted.watch(shard, messages)
    for number in range(len(schedule)):
        (feed,) = place.feeds([number])
        place.poller.attach(feed, place.shards[number % SHARDS])


def _failed(place: Ground) -> int:
    samples = [one for family in place.metrics.poll_failures.collect() for one in family.samples]
    return int(sum(one.value for one in samples if one.name.endswith("_total")))


async def _published(bootstrap: str, topic: str) -> list[tuple[int, int]]:
    """The rows that a consumer of committed records finds, each as often as it stands there."""
    reader = Reader(bootstrap, (topic,))
    async with reader.opened():
        seen = await reader.rest()
    return [row_of(str(one.data).encode()) for one in seen]


def _figures(simulated: Result, waited: Waited, carried: float) -> Figures:
    product, picked = (float(delays.mean()) for delays in (waited.whole, waited.picked))
    return {
        "messages": len(waited.whole),
        "speed": SPEED,
        "simulated_mean": round(simulated.mean, 2),
        "product_mean": round(product, 2),
        "picked_mean": round(picked, 2),
        "carried_ms": round(1000 * carried, 1),
        "product_to_simulated": round(product / simulated.mean, 3),
        "picked_to_simulated": round(picked / simulated.mean, 3),
        **{f"simulated_p{p}": round(simulated.percentile(p), 1) for p in (50, 95, 99)},
        **{f"product_p{p}": round(float(np.percentile(waited.whole, p)), 1) for p in (50, 95, 99)},
    }
