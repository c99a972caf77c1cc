"""What a worker serves: `/metrics`, `/healthz`, `/readyz` and `/explain?feed=KEY`, on one address.

`/healthz` says that the event loop turns; it depends on nothing else, so an outage never restarts every worker.
`/readyz` says that the group is joined and the owned shards are restored.
"""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from workers.errors import StopWorker
from workers.metrics import Metrics

#: Seconds between two measurements of the event loop's lag.
LAG_SECONDS = 1.0
#: Seconds for requests that are under way when the worker ends: its answers take milliseconds, and a request whose
#: body never comes would hold a drained process for a minute.
STOP_SECONDS = 0.5


def reachable(address: str) -> str:
    """The address under which others may find this service: all addresses of a machine go by the machine's name."""
    parts = urlsplit(address)
    if parts.hostname not in {"0.0.0.0", "::"}:  # noqa: S104 - it is compared, nothing listens here
        return address
    return f"{parts.scheme}://{socket.gethostname()}:{parts.port}"


class Service:
    """The HTTP service of one worker. `ready` gives the details of `/readyz`, with a boolean `ready` among them.

    `explain` says of a feed, by its key, why it is polled when it is.
    """

    def __init__(
        self,
        address: tuple[str, int],
        metrics: Metrics,
        ready: Callable[[], dict[str, Any]],
        explain: Callable[[str], dict[str, Any]],
    ) -> None:
        self._explain = explain
        self._host, self._port = address
        self._metrics, self._ready = metrics, ready
        self._runner: web.AppRunner | None = None
        self._lag: asyncio.Task[None] | None = None

    async def start(self) -> str:
        """Serve, and return the address. Raises StopWorker, which names an address in use."""
        app = web.Application()
        for path, show in (
            ("/metrics", self._show_metrics),
            ("/healthz", self._show_health),
            ("/readyz", self._show_ready),
            ("/explain", self._show_explanation),
        ):
            app.router.add_get(path, show)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=STOP_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await self._runner.cleanup()
            raise StopWorker(
                f"service.listen: cannot listen on {self._host}:{self._port} ({_why(error)}); "
                "is another worker using it? Give each worker an address of its own"
            ) from None
        self._lag = asyncio.create_task(self._measure_lag())
        host, port = self._runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Serve no more."""
        if self._lag is not None:
            self._lag.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _show_metrics(self, _: web.Request) -> web.Response:
        text = generate_latest(self._metrics.registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _show_health(self, _: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def _show_ready(self, _: web.Request) -> web.Response:
        details = self._ready()
        status = 200 if details["ready"] else 503
        return web.Response(status=status, body=orjson.dumps(details), content_type="application/json")

    async def _show_explanation(self, request: web.Request) -> web.Response:
        details = self._explain(request.query.get("feed", ""))
        return web.Response(body=orjson.dumps(details), content_type="application/json")

    async def _measure_lag(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._metrics.loop_lag.set(max(0.0, loop.time() - due))


def _why(error: OSError) -> str:
    """The system's own words: asyncio's repeat the address as Python writes it."""
    return os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)
