"""A million feeds over shards, and shards over workers: how even it is, and what a worker that dies leaves to others.

Nothing is polled: keys go to shards by the product's partitioner, shards to workers by its assignor.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import count, islice
from statistics import fmean

from tests.benchmarks.document import Line
from workers.stream.assignor import rendezvous
from workers.stream.partition import murmur2

#: Accounts that the feeds belong to, in equal parts.
ACCOUNTS = 10
#: Shards and workers that are looked at.
PLACES = ((96, 10), (96, 20), (192, 20))
#: The fullest worker carries at most this part more than the mean: a shard more than others have, and uneven keys.
MOST_ABOVE = 0.15
#: Seed-like start of the conversations' numbers, which look like Ogmma's object ids.
_FIRST_ID = 0x66AA_0000_0000_0000_0000_0000


def shard_lines(quick: bool) -> tuple[object, list[Line]]:
    """Every place, as rows for programs and lines for people."""
    feeds = 10_000 if quick else 1_000_000
    hashes = [murmur2(key) & 0x7FFFFFFF for key in islice(_keys(), feeds)]
    got = [_spread(hashes, shards, workers) for shards, workers in PLACES]
    return got, [line for row in got for line in _lines(row)]


def _keys() -> Iterable[bytes]:
    for number in count():
        yield f"account-{number % ACCOUNTS}/66aa00000000000000000009/{_FIRST_ID + 7919 * number:024x}".encode()


def _spread(hashes: list[int], shards: int, workers: int) -> dict[str, float]:
    """Feeds of workers now, and after one of them died."""
    full = Counter(one % shards for one in hashes)
    names = [f"worker-{number}" for number in range(workers)]
    before, after = rendezvous(range(shards), names), rendezvous(range(shards), names[1:])
    moved = [shard for shard in before if before[shard] != after[shard]]
    feeds = _by_worker(before, full)
    taken = Counter[str]()
    for shard in moved:
        taken[after[shard]] += full[shard]
    return {
        "feeds": len(hashes),
        "shards": shards,
        "workers": workers,
        "fullest": max(feeds.values()),
        "fullest_to_mean": max(feeds.values()) / fmean(feeds.values()),
        "moved": sum(full[shard] for shard in moved),
        "of_the_dead": feeds[names[0]],
        "most_taken": max(taken.values()),
        "fullest_after": max(_by_worker(after, full).values()),
    }


def _by_worker(owners: dict[int, str], full: Counter[int]) -> Counter[str]:
    feeds = Counter[str]()
    for shard, worker in owners.items():
        feeds[worker] += full[shard]
    return feeds


def _lines(row: dict[str, float]) -> list[Line]:
    where = f"{row['feeds']} feeds, {row['shards']} shards, {row['workers']} workers"
    above = row["fullest_to_mean"] - 1
    died = (
        f"{row['moved']} feeds move, {row['of_the_dead']} were the dead one's; "
        f"{row['most_taken']} at most to one worker; then the fullest has {row['fullest_after']}"
    )
    fullest = f"{row['fullest']} feeds = mean {above:+.1%}"
    return [
        (f"{where}: the fullest worker", fullest, f"≤ mean +{MOST_ABOVE:.0%}", above <= MOST_ABOVE),
        (f"{where}: one worker dies", died, "", None),
    ]
