"""One worker with 100 000 feeds beside one with 200, in one run: what many feeds cost a running worker.

Both run whole, in processes of their own, on the real broker: definitions from the feeds topic, cursors of thirty rows
restored, polls over HTTP, commits. Then a second worker joins and takes half of the shards, and leaves again.
"""

import asyncio
from contextlib import ExitStack
from statistics import median
from typing import Any

from tests.benchmarks import many_feeds
from tests.benchmarks.ground import ACCOUNT, settings_on
from tests.benchmarks.page_server import page_server
from tests.benchmarks.rounds import Spent, ratio, rotated
from tests.benchmarks.worker_process import WorkerProcess, worker_process
from workers.settings.settings import Settings
from workers.stream import topics

#: Feeds of the worker that the large one is compared with.
FEW = 200
#: What the provider allows while nothing is measured, and the bound that it cannot keep: nearly all feeds are overdue.
REQUESTS_PER_MINUTE, MAX_INTERVAL = 600.0, 10.0
#: What a page shows in the rounds: what was known already, and a new message each time.
MODES = ("same", "new1")
#: Feeds of half of the shards, at least: how many a second worker has once it serves.
STAND_SECONDS = 5.0

Figures = dict[str, Any]


def measure(
    bootstrap: str, *, feeds: int = 100_000, shards: int = 12, rounds: int = 6, count: int = 1500, decisions: int = 50_000
) -> Figures:
    """Figures of the worker with many feeds, `few_` those of the other. Times in seconds or ms, memory in bytes."""
    with ExitStack() as stack:
        server = stack.enter_context(page_server(many_feeds.SHOWN))
        many_there, few_there = (_prepared(bootstrap, shards, server.origin, count) for count in (feeds, FEW))
        many = stack.enter_context(worker_process(*many_there, "many"))
        served = many.ask("has", feeds)
        few = stack.enter_context(worker_process(*few_there, "few"))
        few.ask("has", FEW)
        workers = {"many": many, "few": few}
        got: Figures = {"feeds": feeds, "shards": shards, **_named("serve", served)}
        got |= _standing(workers)
        for mode in MODES:
            server.mode(mode)
            got |= _polled(mode, workers, rounds, count)
        got |= _memory(workers, feeds)
        got |= {f"{name}decisions": round(worker.ask("decisions", decisions)) for name, worker in _prefixed(workers)}
        got |= _rebalanced(many, many_there, feeds)
    return got


def _prepared(bootstrap: str, shards: int, origin: str, feeds: int) -> tuple[Settings, dict[str, int]]:
    """Topics with so many feeds in them."""
    settings = settings_on(bootstrap, shards, origin)
    told = {"requests_per_minute": REQUESTS_PER_MINUTE, "max_interval_seconds": MAX_INTERVAL}
    account = settings.accounts[ACCOUNT].model_copy(update=told)
    settings = settings.model_copy(update={"accounts": {ACCOUNT: account}})

    async def created() -> dict[str, int]:
        await topics.create(settings.kafka, settings.topics)
        return (await topics.check(settings.kafka, settings.topics)).limits

    limits = asyncio.run(created())
    many_feeds.fill(settings, limits, feeds)
    return settings, limits


def _standing(workers: dict[str, WorkerProcess]) -> Figures:
    got: Figures = {}
    for prefix, worker in _prefixed(workers):
        got |= _named(f"{prefix}standing", worker.ask("stands", STAND_SECONDS))
    return got


def _polled(mode: str, workers: dict[str, WorkerProcess], rounds: int, count: int) -> Figures:
    spent: dict[str, list[Spent]] = {name: [] for name in workers}
    before = {name: worker.ask("counts") for name, worker in workers.items()}
    for worker in workers.values():
        worker.ask("polls", count)  # the first round warms up
        worker.ask("again")
    for turn in range(rounds):
        for name in rotated(list(workers), turn):
            spent[name].append(workers[name].ask("polls", count))
    got: Figures = {}
    for prefix, worker in _prefixed(workers):
        mine = spent["few" if prefix else "many"]
        counts, then = worker.ask("counts"), before["few" if prefix else "many"]
        transactions, polls = (counts[key] - then[key] for key in ("transactions", "polls"))
        got[f"{prefix}{mode}_cpu_us"] = round(median(one.cpu_us for one in mine))
        got[f"{prefix}{mode}_polls_per_second"] = round(median(one.rate for one in mine))
        got[f"{prefix}{mode}_polls_per_transaction"] = round(polls / transactions, 1) if transactions else None
        got[f"{prefix}overdue"] = counts["overdue"]
        got |= _named(f"{prefix}{mode}", worker.ask("stands", 0.1))
    got[f"{mode}_ratio"] = round(ratio(*([one.cpu_us for one in spent[name]] for name in ("many", "few"))), 2)
    return got


def _memory(workers: dict[str, WorkerProcess], feeds: int) -> Figures:
    many, few = (workers[name].ask("memory") for name in ("many", "few"))
    each = (many["bytes"] - few["bytes"]) / (feeds - FEW)
    return {"bytes": many["bytes"], "bytes_per_feed": round(each), "bytes_beside_feeds": round(many["bytes"] - feeds * each)}


def _rebalanced(many: WorkerProcess, there: tuple[Settings, dict[str, int]], feeds: int) -> Figures:
    """A second worker takes half of the shards, and gives them back."""
    many.ask("again")
    with worker_process(*there, "second") as second:
        half = second.ask("serves_something")
        lost = many.ask("has", feeds - half["feeds"])
        got = {"moved": half["feeds"], **_named("taking", half), **_named("losing", lost)}
    back = many.ask("has", feeds)
    return {**got, **_named("regaining", back)}


def _prefixed(workers: dict[str, WorkerProcess]) -> list[tuple[str, WorkerProcess]]:
    return [("", workers["many"]), ("few_", workers["few"])]


def _named(name: str, figures: Figures) -> Figures:
    return {f"{name}_{key}": value for key, value in figures.items()}
