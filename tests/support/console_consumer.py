"""Kafka's own console consumer, in Java: a reader that shares no code with us."""

import asyncio
from pathlib import Path
from typing import NamedTuple

from workers.broker.embedded import silent
from workers.broker.jars import class_path
from workers.broker.node import JVM, java_command

TOOLS = Path(__file__).with_name("kafka-tools.lock.toml")
MAIN_CLASS = "org.apache.kafka.tools.consumer.ConsoleConsumer"
#: Milliseconds without a record after which it gives up.
PATIENCE_MS = 15_000


class Line(NamedTuple):
    """One record as the console shows it."""

    headers: dict[str, str]
    key: str
    value: str


async def console_consumer(bootstrap: str, topic: str, count: int) -> list[Line]:
    """The first records of a topic that a read_committed console consumer prints."""
    shown = {"print.key": "true", "print.headers": "true", "key.separator": "\t", "headers.separator": "\x1f"}
    properties = [f"--formatter-property={name}={value}" for name, value in shown.items()]
    asked = ["--bootstrap-server", bootstrap, "--topic", topic, "--from-beginning", "--max-messages", str(count)]
    patience = ["--isolation-level", "read_committed", "--timeout-ms", str(PATIENCE_MS)]
    jars = ":".join(str(jar) for jar in (*class_path(silent), *class_path(silent, TOOLS)))
    process = await asyncio.create_subprocess_exec(
        str(java_command()), *JVM, "-cp", jars, MAIN_CLASS, *asked, *patience, *properties,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        said, complained = await process.communicate()
    except BaseException:
        process.kill()
        raise
    assert process.returncode == 0, complained.decode()
    return [_line(line) for line in said.decode().splitlines()]


def _line(line: str) -> Line:
    headers, key, value = line.split("\t", 2)
    return Line(dict(header.split(":", 1) for header in headers.split("\x1f")), key, value)
