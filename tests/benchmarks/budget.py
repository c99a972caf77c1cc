"""How often a provider is asked in any 60 seconds, by its own clock, while workers are started, killed and stopped."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.arrivals import most_in
from tests.support.watched import Watched
from workers.simulator import SimulationSettings

#: Requests per minute of the account: ten a second.
RATE = 600
#: Seconds of the promise.
WINDOW = 60.0
#: Conversations: more than the budget could ask for each second, on each worker.
CONVERSATIONS = 200
SHARDS = 20
#: Seconds between two replaced workers: a session ends and what it held is polled again in less.
PEACE = 10.0
#: Seconds for a worker to drain.
LEAVE_SECONDS = 20.0

Row = dict[str, float]


def measure(bootstrap: str, *, workers: int, seconds: float = 120.0) -> Row:
    """The greatest window with so many workers, beside its bound.

    Keys: `workers`, `moves` (workers that went and came back), `requests`, `seconds`, `most_in_60_s`, `bound`, and
    `late_ms`: how late the provider's own loop was at most. What it saw may be closer together by that than what was
    sent.
    """
    return asyncio.run(_measured(bootstrap, workers, seconds))


async def _measured(bootstrap: str, workers: int, seconds: float) -> Row:
    names = [f"worker-{number}" for number in range(workers)]
    async with _stage(bootstrap) as stage:
        stage.start(*names)
        await stage.ready(*names)
        await asyncio.sleep(seconds / 2)  # windows are full when the first worker goes
        for move in range(moves := int(seconds / 2 / PEACE)):
            await _replace(stage, names[move % workers], killed=move % 2 == 0)
            await asyncio.sleep(PEACE)
        arrived = stage.onlooker.arrived()
        return {
            "workers": workers,
            "moves": moves,
            "requests": len(arrived),
            "seconds": round(arrived[-1] - arrived[0]),
            "most_in_60_s": most_in(arrived, WINDOW),
            "bound": RATE + workers,
            "late_ms": round(1000 * stage.onlooker.late(arrived[0], arrived[-1])),
        }


async def _replace(stage: Watched, name: str, *, killed: bool) -> None:
    """A worker goes, killed or told to, and is started again at once, as a supervisor would."""
    if killed:
        stage.kill(name)
    else:
        stage.terminate(name)
    await stage.exit_code(name, LEAVE_SECONDS)
    stage.start(name)


@asynccontextmanager
async def _stage(bootstrap: str) -> AsyncIterator[Watched]:
    world = SimulationSettings(
        seed=51,
        providers=("ogmma",),
        conversations=CONVERSATIONS,
        history=20,
        rate=5.0,
        late_share=0.0,
        switches=("ogmma.requests_per_minute=0",),  # it counts, and refuses nothing
    )
    prefix = f"bench-{uuid.uuid4().hex[:8]}"
    async with Watched(bootstrap, prefix, world, shards=SHARDS, requests_per_minute=RATE) as stage:
        yield stage
