"""One broker for all tests of a session; names that no other test uses."""

import logging
import os
import re
import uuid
from collections.abc import Iterator

import pytest
from hypothesis import settings

from workers.broker import Broker, GivenBroker, Reservation, given_broker

# The same stories at every run, so that no change fails for what it has not touched; `make explore` tells new ones.
# No example has a deadline: how long one takes is the machine's affair, and benchmarks are elsewhere.
settings.register_profile("same", derandomize=True, database=None, deadline=None)
settings.register_profile("explore", print_blob=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

#: Files of tests/chaos that run in the process of the integration tests where two processes share the work: their
#: promises are of what is published, while the others also mind the time that something took.
BESIDE_INTEGRATION = {"test_kafka_faults.py", "test_topic_faults.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `-n 2 --dist loadgroup` there are two groups, each with a broker of its own."""
    for item in items:
        if "unit" not in item.path.parts:
            apart = "chaos" in item.path.parts and item.path.name not in BESIDE_INTEGRATION
            item.add_marker(pytest.mark.xdist_group("chaos" if apart else "integration"))


@pytest.fixture(scope="session")
def proxy_port() -> Iterator[int]:
    """The port on which a test's proxy listens: the embedded broker advertises it to proxied clients."""
    with Reservation(1) as reserved:
        yield reserved.ports[0]


@pytest.fixture(scope="session")
def embedded_broker(proxy_port) -> Iterator[Broker]:
    """Our own broker, shared: tests that kill a broker start one for themselves."""
    with Broker.start(proxied_ports=(proxy_port,)) as broker:
        yield broker


@pytest.fixture(scope="session")
def broker(request: pytest.FixtureRequest) -> Broker | GivenBroker:
    """The broker of KAFKA_BOOTSTRAP_SERVERS, else the embedded one. No broker is a failure, never a skip."""
    return given_broker() or request.getfixturevalue("embedded_broker")


@pytest.fixture(autouse=True)
def _library_log_levels() -> Iterator[None]:
    """What a command does to the libraries' loggers ends with its test."""
    loggers = [logging.getLogger(name) for name in ("aiokafka", "asyncio")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def topic_prefix(request: pytest.FixtureRequest) -> str:
    """Starts the topics, groups and transactional ids of one test; no other test or run has it."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower())[:40].strip("-")
    return f"{name}-{uuid.uuid4().hex[:8]}"
