"""A real Apache Kafka in KRaft mode, started from Python packages, ended with the program that started it.

Readiness is an answer, not an open port: the node is listed in the metadata, and groups and transactions have
their coordinators. The topics of these are made while node 0 is alone, so killing another node takes only the
partitions that a test put there.
"""

import base64
import fcntl
import signal
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self, TextIO

from workers.broker.answers import GROUP, TRANSACTION, NoAnswer, has_coordinator, live_nodes
from workers.broker.guard import Guard
from workers.broker.jars import INSTEAD, class_path
from workers.broker.node import Node, java_command
from workers.broker.ports import Reservation
from workers.errors import BrokerUnreachable

#: Seconds until a started node must answer: 3 on an idle machine, and tests share small ones.
START_SECONDS = 90.0
#: Seconds between two questions, and the longest wait for one answer.
ASK_EVERY_SECONDS, ANSWER_SECONDS = 0.05, 2.0
#: Starts with other ports after somebody took one between our look and the broker's bind.
STARTS = 3


def silent(_: str) -> None:
    """Reports nothing."""


class PortTaken(BrokerUnreachable):
    """Somebody else bound a port before the broker did."""


class Broker:
    """A running broker of one or more nodes. Make it with `Broker.start`; leave it with `stop` or `with`.

    `bootstrap` is what clients connect to. `proxied_bootstraps` are the same nodes behind each proxy route, and
    `proxied_targets[i]` is the port to which the proxy that listens on `proxied_ports[i]` must forward.
    """

    def __init__(self, nodes: tuple[Node, ...], guard: Guard, java: Path, jars: list[Path]) -> None:
        self.nodes = nodes
        self.directory = nodes[0].directory
        self.bootstrap = ",".join(f"127.0.0.1:{node.address[1]}" for node in nodes)
        routes = [name for name in nodes[0].listeners if name.startswith("ROUTE")]
        self.proxied_targets = tuple(node.listeners[route][0] for route in routes for node in nodes)
        self.proxied_bootstraps = tuple(
            ",".join(f"127.0.0.1:{node.listeners[route][1]}" for node in nodes) for route in routes
        )
        self._guard, self._java, self._jars = guard, java, jars

    @classmethod
    def start(
        cls,
        *,
        nodes: int = 1,
        proxied_ports: tuple[int, ...] = (),
        directory: Path | None = None,
        report: Callable[[str], None] = silent,
    ) -> Self:
        """Start and wait until it answers; raises BrokerUnreachable, saying what to do.

        `proxied_ports` are the ports of TCP proxies, one per node and route: the first `nodes` of them are
        one route to all nodes, the next `nodes` another. `directory` keeps what the broker stored; without
        it a temporary one is removed at the end.
        """
        if len(proxied_ports) % nodes:
            raise ValueError(f"proxied_ports has {len(proxied_ports)} ports for {nodes} nodes: give one per node")
        began = time.monotonic()
        java, jars = java_command(), class_path(report)
        report("Starting Apache Kafka")
        for attempt in range(1, STARTS + 1):
            try:
                broker = cls._started(nodes, proxied_ports, directory, java, jars)
            except PortTaken:
                if attempt == STARTS:
                    raise
                continue
            report(f"Apache Kafka answers at {broker.bootstrap} after {time.monotonic() - began:.1f} s")
            return broker
        raise AssertionError("unreachable")

    @classmethod
    def _started(
        cls, count: int, proxied_ports: tuple[int, ...], directory: Path | None, java: Path, jars: list[Path]
    ) -> Self:
        home = Path(tempfile.mkdtemp(prefix="afluente-broker-")) if directory is None else directory.absolute()
        with _sole_user(home) as lock, Reservation(1 + count + len(proxied_ports)) as reserved:
            guard = Guard(home, keep=directory is not None, inherited=[lock.fileno(), *reserved.descriptors])
        broker = cls(_nodes(home, count, reserved.ports, proxied_ports), guard, java, jars)
        try:
            broker._bring_up()
        except BaseException:
            guard.close()
            raise
        return broker

    def _bring_up(self) -> None:
        cluster = _cluster_id(self.directory)
        for node in self.nodes:
            node.write()
            self._guard.start(f"format-{node.name}", node.format_command(self._java, self._jars, cluster), node.log)
        for node in self.nodes:
            if self._guard.wait(f"format-{node.name}", START_SECONDS) != 0:
                self._give_up(node, "could not format its directory")
        for node in self.nodes:
            self._launch(node)

    def _launch(self, node: Node) -> None:
        self._guard.start(node.name, node.run_command(self._java, self._jars), node.log)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready(node):
            if (code := self._guard.status(node.name)) is not None:
                self._give_up(node, f"ended with exit code {code}")
            if time.monotonic() > deadline:
                self._give_up(node, f"did not answer within {START_SECONDS:g} s")
            time.sleep(ASK_EVERY_SECONDS)

    def _is_ready(self, node: Node) -> bool:
        try:
            if node.number not in live_nodes(node.address, ANSWER_SECONDS):
                return False
            return all(has_coordinator(node.address, kind, ANSWER_SECONDS) for kind in (GROUP, TRANSACTION))
        except NoAnswer:
            return False

    def _give_up(self, node: Node, what: str) -> NoReturn:
        if node.lost_its_port():
            raise PortTaken(f"Another program took a port of Apache Kafka's {node.name}. Try again. {INSTEAD}")
        self._guard.keep()
        raise BrokerUnreachable(
            f"Apache Kafka's {node.name} {what}. Its log is {node.log}, and ends:\n{node.tail()}\n{INSTEAD}"
        )

    @property
    def proxied_bootstrap(self) -> str:
        """What clients behind the first proxy route connect to."""
        return self.proxied_bootstraps[0]

    def kill(self, node: int = 0) -> None:
        """SIGKILL a node and wait until it is gone. What it stored stays for `restart`."""
        self._guard.signal(self.nodes[node].name, signal.SIGKILL)
        self._guard.wait(self.nodes[node].name, ANSWER_SECONDS)

    def restart(self, node: int = 0) -> None:
        """Start a node again on what it stored, on its old ports, and wait until it answers."""
        if self._guard.status(self.nodes[node].name) is None:
            self.kill(node)
        self._launch(self.nodes[node])

    def suspend(self, node: int = 0) -> None:
        """SIGSTOP a node: its connections stay open and nothing answers."""
        self._guard.signal(self.nodes[node].name, signal.SIGSTOP)

    def resume(self, node: int = 0) -> None:
        """SIGCONT a node."""
        self._guard.signal(self.nodes[node].name, signal.SIGCONT)

    def stop(self) -> None:
        """Kill all nodes and remove the temporary directory. A second call does nothing."""
        self._guard.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _nodes(directory: Path, count: int, ports: tuple[int, ...], proxied_ports: tuple[int, ...]) -> tuple[Node, ...]:
    """Deal the reserved ports: the controller's, one per node, then one behind each proxy."""
    controller, direct, targets = ports[0], ports[1 : 1 + count], ports[1 + count :]
    nodes = []
    for number, port in enumerate(direct):
        routes = zip(targets[number::count], proxied_ports[number::count], strict=True)
        behind = {f"ROUTE{index}": pair for index, pair in enumerate(routes)}
        nodes.append(Node(number, directory, controller, {"DIRECT": (port, port), **behind}))
    return tuple(nodes)


@contextmanager
def _sole_user(directory: Path) -> Iterator[TextIO]:
    """Lock a directory, for as long as anybody has the file open: two brokers on it would destroy its log."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BrokerUnreachable(f"Another broker is running on {directory}. Give this one its own.") from None
        yield lock


def _cluster_id(directory: Path) -> str:
    """A new cluster's id, or that of the cluster which is already there."""
    path = directory / "cluster-id"
    if not path.exists():
        path.write_text(base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode())
    return path.read_text()
