"""The broker that the surroundings name, or one of our own."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workers.broker.answers import NoAnswer, live_nodes
from workers.broker.embedded import Broker, silent
from workers.errors import BrokerUnreachable

VARIABLE = "KAFKA_BOOTSTRAP_SERVERS"
#: Seconds for each address of the variable to answer.
ANSWER_SECONDS = 5.0


@dataclass(frozen=True)
class GivenBroker:
    """A broker that was there before us; we neither started it nor may we stop it."""

    bootstrap: str


def given_broker() -> GivenBroker | None:
    """The broker of `KAFKA_BOOTSTRAP_SERVERS`, once it answered; None where the variable is not set."""
    bootstrap = os.environ.get(VARIABLE, "").strip()
    if not bootstrap:
        return None
    problems = []
    for server in bootstrap.split(","):
        try:
            live_nodes(_address(server), ANSWER_SECONDS)
        except NoAnswer as error:
            problems.append(f"{server.strip()}: {error}")
        else:
            return GivenBroker(bootstrap)
    raise BrokerUnreachable(
        f"{VARIABLE} is set, but no broker there answers plaintext Kafka ({'; '.join(problems)}). "
        "Correct it, or unset it to use the embedded broker."
    )


@contextmanager
def running_broker(report: Callable[[str], None] = silent) -> Iterator[Broker | GivenBroker]:
    """The given broker if there is one, else an embedded one that ends with the block."""
    given = given_broker()
    if given is not None:
        report(f"Using the Kafka broker at {given.bootstrap} ({VARIABLE})")
        yield given
        return
    with Broker.start(report=report) as broker:
        yield broker


def _address(server: str) -> tuple[str, int]:
    host, _, port = server.strip().rpartition(":")
    if not host or not port.isdigit():
        raise NoAnswer("not of the form host:port")
    return host.strip("[]"), int(port)
