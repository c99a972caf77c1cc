"""The simulator on a port: every provider below its own prefix, the control plane below `/_simulator/`."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from workers.errors import StopWorker
from workers.simulator.clock import Clock
from workers.simulator.control import CONTROL, ControlPlane
from workers.simulator.delivery import Delivery
from workers.simulator.exchange import Exchange, Moment
from workers.simulator.ledger import Entry, Ledger
from workers.simulator.rooms import Room
from workers.simulator.rooms.base import Call
from workers.simulator.settings import SimulationSettings
from workers.simulator.switches import Board
from workers.simulator.world import World

#: How long open requests may go on when the simulator stops (seconds): what hangs on purpose is cut.
PATIENCE = 0.2

#: How long connections stay open after the port was closed (seconds): whoever asked for it gets the answer.
GRACE = 0.05


class RunningSimulation:
    """A simulation that serves. Made by `serve`; `stop` ends it."""

    def __init__(self, settings: SimulationSettings) -> None:
        self.settings = settings
        self.clock = Clock(settings.start_ms, settings.speed)
        self.world = World(settings, self.clock.start_ms)
        self.ledger = Ledger(settings.retain)
        self.board: Board = settings.board()
        self.exchange = Exchange(settings, self.world, self.board, self.ledger)
        self.control = ControlPlane(self.exchange, self.clock, self.refuse_connections)
        self._delivery = Delivery(settings)
        self._server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(self._server, shutdown_timeout=PATIENCE)
        self._site: web.TCPSite | None = None
        self._port = settings.port
        self._reopening: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:8600`."""
        return f"http://{self.settings.host}:{self._port}"

    def turn(self, account: str | None = None, **values: object) -> None:
        """Turn switches now; names with a dot go as `**{"ogmma.order": …}`. Raises UnknownSwitchError."""
        self.control.controls.turn({**values, **({"account": account} if account else {})})

    def append(self, account: str, conversation: str, **asked: object) -> list[str]:
        """Put messages in now (fields of POST messages); their ids. Raises ControlError."""
        wish = {"account": account, "conversation": conversation, **asked}
        made: list[str] = self.control.controls.append(wish, self.clock.now_ms())["messages"]
        return made

    def move(self, account: str, message: str, status: str) -> None:
        """Move a message's status now. Raises ControlError."""
        self.control.controls.move({"account": account, "message": message, "status": status}, self.clock.now_ms())

    def entry(self, account: str, message: str) -> Entry | None:
        """What the ledger holds of a message that still exists."""
        found = self.world.accounts[account].by_id.get(message)
        return self.ledger.entry(found) if found else None

    def stats(self) -> dict[str, Any]:
        """The simulation in numbers, as GET stats tells them."""
        return self.control.stats()

    async def start(self) -> None:
        """Listen. Raises StopWorker where the address cannot be had."""
        await self._runner.setup()
        try:
            await self._listen()
        except OSError as error:
            await self._runner.cleanup()
            raise StopWorker(f"cannot listen on {self.settings.host}:{self._port}: {error.strerror}") from error

    async def refuse_connections(self, seconds: float) -> None:
        """Close the port and every connection, and listen again after so many seconds."""
        if self._site is None:
            return
        await self._site.stop()
        self._site = None
        self._reopening = asyncio.create_task(self._reopen(seconds))

    async def stop(self) -> None:
        """Stop listening and cut what is still open."""
        if self._reopening is not None:
            self._reopening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reopening
        await self._runner.cleanup()

    async def _listen(self) -> None:
        site = web.TCPSite(self._runner, self.settings.host, self._port, reuse_address=True)
        await site.start()
        self._site, self._port = site, site.port

    async def _reopen(self, seconds: float) -> None:
        await asyncio.sleep(GRACE)
        for connection in self._server.connections:
            connection.force_close()
        await asyncio.sleep(seconds)
        await self._listen()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path.startswith(CONTROL):
            return await self.control.answer(request)
        room = self.exchange.room_at(request.path)
        if room is None:
            return web.Response(status=404, text="no provider lives here\n")
        try:
            return await self._serve(room, request)
        except ConnectionError:
            return web.Response()  # the caller is gone: nobody reads this

    async def _serve(self, room: Room, request: web.BaseRequest) -> web.StreamResponse:
        path = tuple(request.path[len(room.prefix) + 1 :].split("/"))
        call = Call(request.method, path, request.query, request.headers, await request.read())
        moment = Moment(self.clock.now_ms(), time.monotonic(), time.time())
        outgoing = self.exchange.meet(room, call, moment)
        response = await self._delivery.deliver(request, outgoing.answer, outgoing.manner)
        self.exchange.delivered(outgoing, time.time())
        return response


async def serve(settings: SimulationSettings) -> RunningSimulation:
    """Start a simulation in this event loop. Raises StopWorker where the address cannot be had."""
    simulation = RunningSimulation(settings)
    await simulation.start()
    return simulation


def run(settings: SimulationSettings, announce: Callable[[str], None]) -> None:
    """Simulate until SIGINT or SIGTERM. `announce` gets one line at a time for a person to read."""
    if sys.platform == "win32":
        asyncio.run(_run(settings, announce))
        return
    import uvloop  # noqa: PLC0415  does not exist on every platform

    uvloop.run(_run(settings, announce))


async def _run(settings: SimulationSettings, announce: Callable[[str], None]) -> None:
    simulation = await serve(settings)
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)
    try:
        for line in _greeting(simulation):
            announce(line)
        await ended.wait()
    finally:
        await simulation.stop()
    announce("the simulator has stopped")


def _greeting(simulation: RunningSimulation) -> list[str]:
    url, settings = simulation.url, simulation.settings
    lines = [f"simulated providers listen on {url} (seed {settings.seed})"]
    for account in simulation.world.accounts.values():
        room = simulation.exchange.rooms[account.provider]
        count = len(account.conversations)
        lines.append(f"  {account.name}: {account.provider}, base_url {url}{room.prefix}, {count} conversations")
    lines.append(f"  control: {url}{CONTROL}stats, ledger, accounts, switches")
    return lines
