"""The control plane: HTTP on the simulator's own port, below `/_simulator/`."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from workers.simulator.catalogue import SWITCHES
from workers.simulator.clock import Clock
from workers.simulator.configuration import key_variable
from workers.simulator.controls import ControlError, Controls
from workers.simulator.exchange import Exchange
from workers.simulator.hostile import TRAP
from workers.simulator.rooms.base import JSON
from workers.simulator.switches import UnknownSwitchError
from workers.simulator.tally import tally

#: Where the control plane begins.
CONTROL = "/_simulator/"
JSON_LINES = "application/jsonl"


class ControlPlane:
    """Answers requests below `/_simulator/`. `refuse` closes the port for so many seconds."""

    def __init__(self, exchange: Exchange, clock: Clock, refuse: Callable[[float], Awaitable[None]]) -> None:
        self._exchange = exchange
        self._clock = clock
        self._refuse = refuse
        self.controls = Controls(exchange)
        self.followed = 0
        self.credentials_followed = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """The answer to a request of the control plane."""
        if request.path == TRAP:
            return await self._trap(request)
        name = request.path.removeprefix(CONTROL)
        if request.method == "GET":
            return await self._told(request, name)
        if request.method == "POST":
            return await self._done(request, name)
        return _json({"error": f"{request.method} is not allowed; GET or POST"}, 405)

    def stats(self) -> dict[str, Any]:
        """The simulation in numbers (`tally`), and who followed a redirect."""
        self._exchange.world.advance(self._clock.now_ms())
        followed = {"redirects_followed": self.followed, "credentials_followed": self.credentials_followed}
        return {**tally(self._exchange, time.monotonic()), **followed}

    def accounts(self) -> list[dict[str, Any]]:
        """What an afluente.toml needs for each account. The keys are invented: they are shown."""
        rooms = self._exchange.rooms
        return [
            {
                "account": account.name,
                "provider": account.provider,
                "base_url": rooms[account.provider].prefix,
                "api_key": account.api_key,
                "api_key_env": key_variable(account.name),
                **rooms[account.provider].account_settings(account),
                "feeds": rooms[account.provider].feeds(account),
            }
            for account in self._exchange.world.accounts.values()
        ]

    def switches(self) -> dict[str, Any]:
        """Every switch with its meaning, and the values of each account."""
        meanings = {s.name: {"takes": s.allowed, "meaning": s.meaning} for s in SWITCHES.values()}
        values = {name: self._exchange.board.of(name).all() for name in self._exchange.world.accounts}
        return {"switches": meanings, "accounts": values}

    async def _told(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        if name == "ledger":
            return await self._ledger(request)
        tellers: dict[str, Callable[[], Any]] = {
            "stats": self.stats,
            "accounts": self.accounts,
            "switches": self.switches,
        }
        if name in tellers:
            return _json(tellers[name]())
        return _json({"error": f"nothing to GET here; there are ledger, {', '.join(tellers)}"}, 404)

    async def _ledger(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": JSON_LINES})
        await response.prepare(request)
        for piece in self._exchange.ledger.pieces():
            await response.write(piece)
        await response.write_eof()
        return response

    async def _done(self, request: web.BaseRequest, name: str) -> web.StreamResponse:
        try:
            asked = orjson.loads(await request.read())
        except orjson.JSONDecodeError as error:
            return _json({"error": f"the body is no JSON: {error}"}, 400)
        if not isinstance(asked, dict):
            return _json({"error": "the body must be a JSON object"}, 400)
        try:
            return _json(await self._do(name, asked))
        except (ControlError, UnknownSwitchError) as error:
            return _json({"error": str(error)}, 400)

    async def _do(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        if name == "switches":
            return self.controls.turn(asked)
        if name == "refusals":
            return await self._close_port(asked)
        doers = {
            "messages": self.controls.append,
            "status": self.controls.move,
            "edits": self.controls.edit,
            "deletions": self.controls.delete,
            "conversations": self.controls.open_conversation,
        }
        if name not in doers:
            raise ControlError(f"nothing to POST here; there are switches, refusals, {', '.join(doers)}")
        return doers[name](asked, self._clock.now_ms())

    async def _close_port(self, asked: dict[str, Any]) -> dict[str, Any]:
        seconds = asked.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LONGEST_REFUSAL:
            raise ControlError(f"seconds: {seconds!r} is not allowed; it takes a number up to {_LONGEST_REFUSAL}")
        await self._refuse(float(seconds))
        return {"refusing_for_seconds": seconds}

    async def _trap(self, request: web.BaseRequest) -> web.StreamResponse:
        """Whoever comes here followed a redirect; count whether credentials came along."""
        told = str(request.headers).encode() + request.query_string.encode() + await request.read()
        self.followed += 1
        keys = (account.api_key.encode() for account in self._exchange.world.accounts.values())
        self.credentials_followed += any(key in told for key in keys)
        return _json([])


#: The longest time for which the port can be closed (seconds): nobody can ask for it back earlier.
_LONGEST_REFUSAL = 600


def _json(content: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(content), status=status, headers={"Content-Type": JSON})
