"""Proxies in front of the shared embedded broker, made for one test and gone after it."""

from collections.abc import AsyncIterator

import pytest

from tests.support.produce_faults import FaultyProxy


@pytest.fixture
async def proxy(embedded_broker, proxy_port) -> AsyncIterator[FaultyProxy]:
    """The way of clients of `embedded_broker.proxied_bootstrap`, unharmed until the test says otherwise."""
    async with FaultyProxy(embedded_broker.proxied_targets[0], port=proxy_port) as proxy:
        yield proxy
