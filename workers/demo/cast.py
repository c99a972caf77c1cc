"""The demo's workers: real processes, each with a configuration, a log and an address of its own.

They hang on a guardian that ends them when the demo is gone, however it went.
"""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp

from workers.broker import Reservation
from workers.broker.guard import Guard


class Cast:
    """Workers by name. Use it as a context manager: leaving it kills whoever is still there."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        os.environ.update(environment)  # the keys of the simulated accounts: handed on, never as arguments
        self.directory = Path(tempfile.mkdtemp(prefix="afluente-demo-"))
        self._guard = Guard(self.directory, keep=False)
        self.addresses: dict[str, str] = {}

    def __enter__(self) -> "Cast":
        return self

    def __exit__(self, *_: object) -> None:
        self._guard.close()

    def start(self, name: str, configuration: str, port: int) -> str:
        """Start a worker; the address of its metrics."""
        path = self.directory / f"{name}.toml"
        path.write_text(configuration, encoding="utf-8")
        command = [sys.executable, "-m", "workers", "-c", str(path), "run"]
        self._guard.start(name, command, self.log(name))
        self.addresses[name] = f"http://127.0.0.1:{port}"
        return self.addresses[name]

    def log(self, name: str) -> Path:
        """Where a worker logs to."""
        return self.directory / f"{name}.log"

    def signal(self, name: str, which: signal.Signals) -> None:
        """Send a signal to a worker."""
        self._guard.signal(name, which)

    async def stop(self, name: str, seconds: float) -> int | None:
        """SIGTERM, and its exit code; None where it did not end in time."""
        if self._guard.status(name) is None:
            self._guard.signal(name, signal.SIGTERM)
        return await asyncio.to_thread(self._guard.wait, name, seconds)

    def ended(self, name: str) -> int | None:
        """The exit code of a worker that has ended; None while it runs."""
        return self._guard.status(name)

    async def readiness(self, name: str) -> dict[str, Any]:
        """What a worker's `/readyz` tells; empty while it does not answer."""
        timeout = aiohttp.ClientTimeout(total=2)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"{self.addresses[name]}/readyz") as told,
            ):
                details: dict[str, Any] = await told.json()
                return details
        except (aiohttp.ClientError, TimeoutError):
            return {}


def free_ports(count: int) -> tuple[int, ...]:
    """Ports that nobody listens on now."""
    with Reservation(count) as reserved:
        return tuple(reserved.ports)
