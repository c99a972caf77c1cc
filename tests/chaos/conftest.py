"""How long chaos lasts, and what stands between the workers and the broker."""

from collections.abc import AsyncIterator

import pytest

from tests.support.produce_faults import FaultyProxy


@pytest.fixture
async def proxy(embedded_broker, proxy_port) -> AsyncIterator[FaultyProxy]:
    """The way of workers to `embedded_broker.proxied_bootstrap`, unharmed until the test says otherwise."""
    async with FaultyProxy(embedded_broker.proxied_targets[0], port=proxy_port) as proxy:
        yield proxy
