"""Free TCP ports that stay ours while a broker is down between a kill and a restart.

Asking the kernel for port 0 gives one of the ephemeral range, which any outgoing connection may take a moment
later. These come from below that range, and a locked file per port tells other brokers on this machine of it.
"""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

#: Below the ephemeral ranges of Linux (32768) and macOS (49152), above the usual services.
PORT_RANGE = range(20_000, 30_000)


class Reservation:
    """Some ports of 127.0.0.1, ours until `close` and until all who inherited `descriptors` have ended."""

    def __init__(self, count: int) -> None:
        self.descriptors: list[int] = []
        found: list[int] = []
        for port in random.sample(PORT_RANGE, len(PORT_RANGE)):
            if len(found) == count:
                break
            if self._take(port):
                found.append(port)
        self.ports: tuple[int, ...] = tuple(found)

    def _take(self, port: int) -> bool:
        descriptor = os.open(_directory() / str(port), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        if not _is_free(port):
            os.close(descriptor)
            return False
        self.descriptors.append(descriptor)
        return True

    def close(self) -> None:
        """Give this process's hold on the ports up."""
        while self.descriptors:
            os.close(self.descriptors.pop())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _directory() -> Path:
    path = Path(tempfile.gettempdir()) / f"afluente-ports-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closed connections do not hold a port
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
