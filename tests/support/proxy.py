"""A TCP proxy that misbehaves when told to, for Kafka, HTTP, or anything else over TCP.

It runs on the test's own event loop and forwards 127.0.0.1:`port` to 127.0.0.1:`target_port`.
"""

import asyncio
import contextlib
import socket
import struct

READ_BYTES = 65_536
#: Chunks that one direction holds back before it stops reading: a slow reader slows the writer down, as TCP does.
LANE_CHUNKS = 256
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: closing sends RST


class Lane:
    """One direction of a connection: what is put in comes out after the proxy's delay, in order."""

    def __init__(self, proxy: "ChaosProxy", writer: asyncio.StreamWriter) -> None:
        self.proxy = proxy
        self.writer = writer
        self.lost_bytes = 0
        self._queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(LANE_CHUNKS)

    async def put(self, chunk: bytes) -> None:
        """Send a chunk; b"" says that nothing more will come."""
        await self._queue.put((asyncio.get_running_loop().time() + self.proxy.seconds, chunk))

    async def run(self) -> None:
        """Deliver until the end of the stream; swallow while the proxy is a black hole."""
        while True:
            due, chunk = await self._queue.get()
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            if self.proxy.swallows:
                self.lost_bytes += len(chunk) or 1  # an end of the stream is lost as well
            elif chunk:
                self.writer.write(chunk)
                await self.writer.drain()
            else:
                self.writer.write_eof()
            if not chunk:
                return


class Link:
    """One client's connection and the one to the target that belongs to it."""

    def __init__(self, proxy: "ChaosProxy", client: asyncio.StreamWriter, target: asyncio.StreamWriter) -> None:
        self.to_client = Lane(proxy, client)
        self.to_target = Lane(proxy, target)

    def cut(self) -> None:
        """Reset both connections (RST, no orderly close)."""
        for lane in (self.to_client, self.to_target):
            with contextlib.suppress(OSError):  # the other side may have closed it already
                sock = lane.writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            lane.writer.transport.abort()

    @property
    def lost_bytes(self) -> int:
        """What a black hole took from this connection; its streams are of no use any more."""
        return self.to_client.lost_bytes + self.to_target.lost_bytes


class ChaosProxy:
    """Use it as `async with ChaosProxy(target_port) as proxy`, connect to `proxy.port`, then break things.

    `target_port` may be set later, before the first connection: a broker must know its proxy's port to start.
    """

    def __init__(self, target_port: int = 0, *, port: int = 0) -> None:
        self.target_port = target_port
        self.port = port
        self.seconds = 0.0
        self.swallows = False
        self.accepted = 0
        self.links: set[Link] = set()
        self._problems: list[BaseException] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self):
        await self.accept()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.refuse()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._problems:
            raise self._problems[0]

    async def accept(self) -> None:
        """Take new connections (again)."""
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def refuse(self) -> None:
        """Refuse new connections (ECONNREFUSED); those that are open stay."""
        if self._server is not None:
            self._server.close()
            self._server = None
            await asyncio.sleep(0)  # the loop closes the listening socket on its next turn

    def cut(self) -> int:
        """Reset all open connections; returns how many."""
        links = list(self.links)
        for link in links:
            link.cut()
        return len(links)

    def delay(self, seconds: float) -> None:
        """Let every byte arrive this much later, in both directions."""
        self.seconds = seconds

    def black_hole(self, swallows: bool) -> None:
        """Swallow all bytes while connections stay open and new ones are accepted.

        When it ends, connections that lost bytes are reset: a stream with a hole in it would be a fault that no
        network has.
        """
        self.swallows = swallows
        if not swallows:
            for link in list(self.links):
                if link.lost_bytes:
                    link.cut()

    async def from_client(self, link: Link, chunk: bytes) -> None:
        """What happens to bytes of the client; b"" is the end of its stream."""
        await link.to_target.put(chunk)

    async def from_target(self, link: Link, chunk: bytes) -> None:
        """What happens to bytes of the target; b"" is the end of its stream."""
        await link.to_client.put(chunk)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, client_reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        self.accepted += 1
        try:
            target_reader, target = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:  # the target is down: the client sees its connection reset
            Link(self, client, client).cut()
            return
        link = Link(self, client, target)
        self.links.add(link)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._read(client_reader, link, self.from_client))
                group.create_task(self._read(target_reader, link, self.from_target))
                group.create_task(link.to_client.run())
                group.create_task(link.to_target.run())
        except* (OSError, RuntimeError):  # one side is gone (RuntimeError: its transport was aborted by `cut`)
            pass
        except* AssertionError as group:  # the proxy met what it cannot read: the test must hear of it
            self._problems.extend(group.exceptions)
        finally:
            for lane in (link.to_client, link.to_target):
                lane.writer.close()
            self.links.discard(link)

    @staticmethod
    async def _read(reader: asyncio.StreamReader, link: Link, then) -> None:
        while chunk := await reader.read(READ_BYTES):
            await then(link, chunk)
        await then(link, b"")
