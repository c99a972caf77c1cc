"""`make fuzz`: many damaged pages for every adapter.

FUZZ_PAGES pages for each provider (100 000), FUZZ_SEED (drawn anew, and printed), FUZZ_JOBS processes (2 at most),
FUZZ_PROVIDERS (all, separated by commas). Exit 1 when something did not hold; the page is kept, and named.
"""

import os
import secrets
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.pages import FUZZED, Source
from tests.fuzz.trial import Trials

#: Pages that a process tries before it tells how far it is: about a second.
CHUNK = 1000
#: Seconds between two lines of progress where they are not written over each other.
QUIET_SECONDS = 15.0
#: Failures of one provider that are told; one bug fails in many pages.
TOLD = 10
KEPT = Path(".cache/fuzz")


class Chunk(NamedTuple):
    """What a run of trials came to. `failures` are names and tracebacks."""

    counts: Counter[str]
    slowest: tuple[float, str]
    failures: list[tuple[str, str]]


@cache
def trials(provider: str) -> Trials:
    """The trials of one provider; its pages are made once a process."""
    with tempfile.TemporaryDirectory() as folder:
        return Trials(Source(provider, Path(folder)))


def chunk(provider: str, seed: str, first: int, count: int) -> Chunk:
    """Run these trials."""
    counts, slowest, failures = Counter[str](), (0.0, ""), []
    for number in range(first, first + count):
        name = f"{seed}/{provider}/{number}"
        try:
            result = trials(provider).run(name)
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            failures.append((name, traceback.format_exc(limit=-6)))
            continue
        counts.update(result.counts)
        slowest = max(slowest, (result.seconds, name))
    return Chunk(counts, slowest, failures)


def fuzz(provider: str, seed: str, pages: int, jobs: int) -> bool:
    """All trials of one provider. Whether all held."""
    counts, slowest, failures, begun = Counter[str](), (0.0, ""), [], time.monotonic()
    told = begun
    for part in _parts(provider, seed, pages, jobs):
        counts.update(part.counts)
        slowest = max(slowest, part.slowest)
        failures += part.failures
        for name, _ in part.failures:
            _say(f"FAILED {name}{' ' * 40}")
        done = counts["pages understood"] + counts["pages refused"] + len(failures)
        if sys.stderr.isatty() or time.monotonic() - told > QUIET_SECONDS:
            told = time.monotonic()
            end = "\r" if sys.stderr.isatty() else "\n"
            _say(
                f"{provider:<10} {done:>7} of {pages} pages, {done / (told - begun):.0f}/s, {len(failures)} failed", end
            )
    done = counts["pages understood"] + counts["pages refused"] + len(failures)
    took = time.monotonic() - begun
    listed = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    _say(f"{provider:<10} {done:>7} pages in {took:.0f} s: {listed}; slowest {1000 * slowest[0]:.0f} ms ({slowest[1]})")
    for name, text in failures[:TOLD]:
        _say(f"FAILED {name}, kept in {_kept(provider, name)}\n{text}")
    if len(failures) > TOLD:
        _say(f"… and {len(failures) - TOLD} more")
    return not failures


def _parts(provider: str, seed: str, pages: int, jobs: int) -> Iterator[Chunk]:
    work = [(provider, seed, first, min(CHUNK, pages - first)) for first in range(0, pages, CHUNK)]
    if jobs == 1:
        yield from (chunk(*each) for each in work)
        return
    with ProcessPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(chunk, *each) for each in work]):
            yield done.result()


def _kept(provider: str, name: str) -> Path:
    KEPT.mkdir(parents=True, exist_ok=True)
    file = KEPT / f"{name.replace('/', '-')}.json"
    file.write_bytes(trials(provider).drawn(name)[2].body)
    return file


def _say(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)


def main() -> None:
    """Fuzz every provider, or one trial again: `python -m tests.fuzz SEED/PROVIDER/NUMBER`."""
    if len(sys.argv) > 1:
        for name in sys.argv[1:]:
            _say(f"{name}: {dict(trials(name.split('/')[1]).run(name).counts)}")
        return
    seed = os.environ.get("FUZZ_SEED") or secrets.token_hex(4)
    pages = int(os.environ.get("FUZZ_PAGES") or 100_000)
    jobs = max(1, min(2, int(os.environ.get("FUZZ_JOBS") or 2), os.cpu_count() or 1))
    providers = [name for name in os.environ.get("FUZZ_PROVIDERS", "").split(",") if name] or list(FUZZED)
    _say(f"FUZZ_SEED={seed} FUZZ_PAGES={pages}: {', '.join(providers)}")
    held = [fuzz(provider, seed, pages, jobs) for provider in providers]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
