"""A simulation without a socket, and one on a port."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import orjson
import pytest

from workers.simulator import RunningSimulation, SimulationSettings, serve
from workers.simulator.exchange import Exchange, Moment, Outgoing
from workers.simulator.ledger import Ledger
from workers.simulator.rooms.base import Call
from workers.simulator.switches import Setting
from workers.simulator.world import World

START = 1_760_000_000_000
#: The providers of a simulation whose test does not say which; the others' rooms have tests of their own.
TWO = ("ogmma", "99digital")


class Bench:
    """A world, its rooms and its ledger at times that the test says."""

    def __init__(self, **settings: Any) -> None:
        given = {"providers": TWO, "start_ms": START, "rate": 0.0, "history": 5, "conversations": 4, **settings}
        self.settings = SimulationSettings(**given)
        self.world = World(self.settings, START)
        self.ledger = Ledger(self.settings.retain)
        self.board = self.settings.board()
        self.exchange = Exchange(self.settings, self.world, self.board, self.ledger)
        self.loja = self.world.accounts["loja"]
        self.clinica = self.world.accounts["clinica"]
        self.seconds = 0.0

    def turn(self, account: str | None, name: str, value: object) -> None:
        self.board.set([Setting(account, name, value)])

    def call(self, provider: str, call: Call) -> Outgoing:
        moment = Moment(START + int(self.seconds * 1000), self.seconds, START / 1000 + self.seconds)
        outgoing = self.exchange.meet(self.exchange.rooms[provider], call, moment)
        if outgoing.manner in {None, "slow_drip"}:
            self.exchange.delivered(outgoing, moment.wall_s)
        return outgoing

    def messages(self, which: int = 0, key: str | None = None, **query: str) -> Outgoing:
        """Ogmma: the messages of a conversation."""
        conversation = self.loja.conversations[which]
        path = ("channels", conversation.channel.id, "conversations", conversation.id)
        return self.call("ogmma", self.get(path, key, **query))

    def get(self, path: tuple[str, ...], key: str | None = None, **query: str) -> Call:
        return Call("GET", path, query, {"Authorization": f"Bearer {key or self.loja.api_key}"})

    def history(self, page: Any = 1, **further: Any) -> Outgoing:
        """99digital: the history."""
        return self.post("getHistory", page=page, **further)

    def post(self, what: str, **asked: Any) -> Outgoing:
        body = {"apiKey": self.clinica.api_key, "from": self.clinica.channels[0].number, **asked}
        return self.call("99digital", Call("POST", (what,), {}, {}, orjson.dumps(body)))


def rows_of(outgoing: Outgoing) -> list[Any]:
    content = orjson.loads(outgoing.answer.body)
    return content["data"] if isinstance(content, dict) else content


@pytest.fixture
def bench() -> Callable[..., Bench]:
    return Bench


@pytest.fixture
def rows() -> Callable[[Outgoing], list[Any]]:
    return rows_of


@pytest.fixture
def simulated() -> Callable[..., AbstractAsyncContextManager[RunningSimulation]]:
    """`async with simulated(rate=0, …) as simulation`: a simulation on a free port."""

    @asynccontextmanager
    async def running(**settings: Any) -> AsyncIterator[RunningSimulation]:
        simulation = await serve(
            SimulationSettings(**{"providers": TWO, "rate": 0.0, "history": 5, "conversations": 4, **settings})
        )
        try:
            yield simulation
        finally:
            await simulation.stop()

    return running
