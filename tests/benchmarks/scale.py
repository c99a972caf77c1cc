"""One worker with 100 000 feeds beside one with a thousand, in one run: what many feeds cost a running worker.

Both run whole, in processes of their own, on the real broker: definitions from the feeds topic, cursors of thirty rows
restored, polls over HTTP at the same pace, commits. Then a second worker takes half of the shards, and leaves again.
"""

from contextlib import ExitStack
from statistics import median
from typing import Any

from tests.benchmarks import many_feeds
from tests.benchmarks.document import Line
from tests.benchmarks.ground import ACCOUNT, settings_on
from tests.benchmarks.page_server import page_server
from tests.benchmarks.rounds import ratio
from tests.benchmarks.worker_process import WorkerProcess, worker_process
from workers.settings.settings import Settings

#: Feeds of the worker that the large one is compared with, and the number of its first conversation.
FEW, FEW_FROM = 1_000, 10_000_000
#: Accounts that share the feeds.
ACCOUNTS = 10
#: Polls per second of each worker, over all accounts; half as many where each poll brings a message.
POLLS = 600
#: The greatest interval in seconds, which that cannot keep: nearly all feeds are overdue, as after an outage.
MAX_INTERVAL = 10.0
#: What pages show (what was known already, or a new message each time), and the part of the polls that then are made.
MODES = {"same": 1.0, "new1": 0.5}
#: Goals: bytes of a feed; bytes of a busy worker beside its feeds; the longest block in ms; CPU of a poll, many / few.
MOST_BYTES, MOST_BESIDE, MOST_BLOCK, MOST_RATIO = 3_000, 100_000_000, 50.0, 1.3

#: When blocks are measured, by the name of the figures.
BLOCKS = {
    "serve": "restoring and attaching all",
    "many_same": "polling unchanged pages",
    "many_new1": "polling and committing",
    "losing": "half of them go to another worker",
    "regaining": "they come back",
}

Figures = dict[str, Any]


def measure(
    bootstrap: str, *, feeds: int = 100_000, shards: int = 12, rounds: int = 3, seconds: float = 10.0
) -> Figures:
    """Figures of the worker with many feeds, `few_` those of the other. Times in seconds or ms, memory in bytes."""
    with ExitStack() as stack:
        server = stack.enter_context(page_server(many_feeds.SHOWN))
        many_there = _prepared(bootstrap, shards, server.origin, 0, feeds)
        few_there = _prepared(bootstrap, shards, server.origin, FEW_FROM, FEW)
        many = stack.enter_context(worker_process(*many_there, "many"))
        got: Figures = {"feeds": feeds, "shards": shards, **_named("serve", many.ask("has", feeds))}
        few = stack.enter_context(worker_process(*few_there, "few"))
        got |= _named("few_serve", few.ask("has", FEW))
        workers = {"many": many, "few": few}
        for mode, share in MODES.items():
            server.mode(mode)
            for worker in workers.values():
                worker.ask("pace", share)
            got |= _worked(mode, workers, rounds, seconds)
        got |= _memory(workers, feeds)
        server.mode("same")
        for name, worker in workers.items():
            got |= _named(f"{name}_standing", worker.ask("stands", seconds / 2))
            got[f"{name}_collect_ms"] = round(worker.ask("collected"), 1)
        return got | _rebalanced(many, many_there, feeds)


def _prepared(bootstrap: str, shards: int, origin: str, first: int, feeds: int) -> tuple[Settings, dict[str, int]]:
    settings = settings_on(bootstrap, shards, origin)
    told = {"requests_per_minute": 60 * POLLS / ACCOUNTS, "max_interval_seconds": MAX_INTERVAL}
    names = [f"{ACCOUNT}{number}" for number in range(ACCOUNTS)]
    accounts = {name: settings.accounts[ACCOUNT].model_copy(update={"name": name, **told}) for name in names}
    settings = settings.model_copy(update={"accounts": accounts})
    return settings, many_feeds.fill(settings, first, feeds)


def _worked(mode: str, workers: dict[str, WorkerProcess], rounds: int, seconds: float) -> Figures:
    """Both poll at once, so that whatever else the machine does meets them alike."""
    got: dict[str, list[Figures]] = {name: [] for name in workers}
    for turn in range(rounds + 1):
        for worker in workers.values():
            worker.begin("works", seconds)
        for name, worker in workers.items():
            spent = worker.answer()
            if turn:  # the first one warms up
                got[name].append(spent)
    figures: Figures = {}
    for name, mine in got.items():
        middle = {key: round(median(one[key] for one in mine), 1) for key in mine[0] if not key.startswith("block")}
        blocks = {key: max(one[key] for one in mine) for key in mine[0] if key.startswith("block")}
        figures |= _named(f"{name}_{mode}", middle | blocks)
    many, few = ([one["cpu_us"] for one in got[name]] for name in ("many", "few"))
    return figures | {f"{mode}_ratio": round(ratio(many, few), 2)}


def _memory(workers: dict[str, WorkerProcess], feeds: int) -> Figures:
    many, few = (worker.ask("memory") for worker in workers.values())
    each = (many - few) / (feeds - FEW)
    return {"bytes": many, "bytes_per_feed": round(each), "bytes_beside_feeds": round(many - feeds * each)}


def _rebalanced(many: WorkerProcess, there: tuple[Settings, dict[str, int]], feeds: int) -> Figures:
    """A second worker takes half of the shards, and gives them back."""
    many.ask("again")
    with worker_process(*there, "second") as second:
        half = second.ask("serves_something")
        lost = many.ask("has", feeds - half["feeds"])
        many.ask("again")
    back = many.ask("has", feeds)
    return {"moved": half["feeds"], **_named("taking", half), **_named("losing", lost), **_named("regaining", back)}


def _named(name: str, figures: Figures) -> Figures:
    return {f"{name}_{key}": value for key, value in figures.items()}


def scale_lines(bootstrap: str, quick: bool) -> tuple[object, list[Line]]:
    """The figures with their goals."""
    got = measure(bootstrap, **({"feeds": 3_000, "shards": 2, "rounds": 1, "seconds": 1.0} if quick else {}))
    feeds = f"{got['feeds']:,} feeds".replace(",", " ")
    lines = [
        (f"{feeds}: start to all of them attached and polled", f"{got['serve_seconds']} s", "", None),
        _held(
            f"{feeds}: memory of a feed with {many_feeds.ROWS} remembered rows", got["bytes_per_feed"], MOST_BYTES, "B"
        ),
        _held(
            f"{feeds}: memory of the busy worker beside them", got["bytes_beside_feeds"] / 1e6, MOST_BESIDE / 1e6, "MB"
        ),
    ]
    for mode, what in (("same", "unchanged pages"), ("new1", "a new message in each page")):
        many, few = (f"{got[f'{name}_{mode}_cpu_us']:.0f}" for name in ("many", "few"))
        rate = (
            f"{got[f'many_{mode}_polls_per_second']:.0f} polls/s, {got[f'many_{mode}_events_per_second']:.0f} events/s"
        )
        rate += f" in {got[f'many_{mode}_transactions']:.0f} transactions/s"
        figure = f"{many} / {few} µs = {got[f'{mode}_ratio']}"
        met = got[f"{mode}_ratio"] <= MOST_RATIO
        lines += [
            (f"{feeds}, {what}: what is carried", rate, "", None),
            (f"CPU of a poll, {feeds} / {FEW} feeds, {what}", figure, f"≤ {MOST_RATIO:g}", met),
        ]
    standing = f"{got['many_standing_cpu_ms_per_second']:.0f} / {got['few_standing_cpu_ms_per_second']:.0f} ms"
    lines.append((f"CPU of a second without a poll, {feeds} / {FEW} feeds", standing, "", None))
    return got, lines + [_block(f"{feeds}: {what}", got, name) for name, what in BLOCKS.items()]


def _held(what: str, figure: float, most: float, unit: str) -> Line:
    return what, f"{figure:.0f} {unit}", f"≤ {most:g} {unit}", figure <= most


def _block(what: str, got: Figures, name: str) -> Line:
    """By CPU: what other processes of a shared machine took is no block of ours."""
    cpu, wall = got[f"{name}_block_cpu_ms"], got[f"{name}_block_ms"]
    figure = f"{cpu:.0f} ms CPU ({wall:.0f} ms by the clock)"
    return f"{what}, longest block of the event loop", figure, f"≤ {MOST_BLOCK:g} ms", cpu <= MOST_BLOCK
