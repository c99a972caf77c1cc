"""What is told of one worker: the one word for what it is doing, since when, and its gauges."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from workers import logs
from workers.metrics import Metrics
from workers.times import iso

#: Every state of a worker, the most telling first.
WORKER_STATES: Final = ("draining", "joining", "fenced", "restoring", "joined")


def state_of(*, joined: bool, draining: bool, shards: Collection[str]) -> str:
    """The most telling state of a worker whose shards are in these states. Pure.

    `draining`: told to stop. `joining`: outside the group, or a rebalance is under way. `fenced`: Kafka knows a newer
    owner of a shard that the group still gives to us. `restoring`: a shard's cursors are read, or it waits to be
    opened again. `joined`: all that it owns is polled, which may be nothing.
    """
    if draining:
        return "draining"
    if not joined:
        return "joining"
    if "fenced" in shards:
        return "fenced"
    return "joined" if all(state == "serving" for state in shards) else "restoring"


class WorkerReport:
    """The state of one process. `clock`: seconds of the epoch."""

    def __init__(self, worker_id: str, metrics: Metrics, clock: Callable[[], float] = time.time) -> None:
        self._worker_id, self._metrics, self._clock = worker_id, metrics, clock
        self._state, self._since = "joining", clock()
        self._log = logs.logger("worker").bind(worker=worker_id)

    def details(self, *, joined: bool, draining: bool, shards: Mapping[int, str]) -> dict[str, Any]:
        """The worker's part of `/readyz`: ready once the group is joined and every owned shard is restored."""
        state = self.update(joined=joined, draining=draining, shards=shards)
        return {
            "ready": state == "joined",
            "worker": self._worker_id,
            "state": state,
            "since": iso(round(self._since * 1000)),
            "joined": joined,
            "draining": draining,
            "shards": {
                "owned": list(shards),
                "serving": [number for number, one in shards.items() if one == "serving"],
                "states": {str(number): one for number, one in shards.items()},
            },
        }

    def update(self, *, joined: bool, draining: bool, shards: Mapping[int, str]) -> str:
        """The state now; its gauges are set, and a change is logged."""
        state = state_of(joined=joined, draining=draining, shards=shards.values())
        if state != self._state:
            self._log.info("worker_state", state=state, before=self._state)
            self._state, self._since = state, self._clock()
        for name in WORKER_STATES:
            self._metrics.worker_state.labels(name).set(name == state)
        self._metrics.worker_state_since.set(self._since)
        self._metrics.group_joined.set(joined)
        self._metrics.shards_serving.set(sum(one == "serving" for one in shards.values()))
        return state
