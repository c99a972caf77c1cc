"""Every trouble against the product: whatever happens to an answer, the poll fails in a way that is named."""

import pytest

from workers.cli.first_contact import FirstContact
from workers.errors import PollFailed, RateLimited, Refused
from workers.polling.fetch import Fetcher
from workers.polling.transport import PooledTransport
from workers.providers import PROVIDERS, adapter
from workers.settings.load import load
from workers.simulator import configuration
from workers.simulator.hostile import TROUBLES
from workers.simulator.rooms import ROOMS

#: Sizes beyond which the product reads no further here (bytes), and its patience (seconds).
BODY_LIMIT, DEADLINE = 100_000, 0.5


@pytest.mark.parametrize("provider", [name for name in PROVIDERS if name in ROOMS])
async def test_each_trouble_is_a_failed_poll_that_repeats_no_key(simulated, provider, tmp_path):
    small = {"oversized_bytes": 300_000, "bomb_bytes": 300_000, "hang_seconds": 5.0}
    async with simulated(providers=(provider,), **small) as simulation:
        # Given an account of that provider
        written = configuration(simulation.url, simulation.settings, kafka_bootstrap="127.0.0.1:1")
        (tmp_path / "afluente.toml").write_text(written.text)
        (account,) = load(tmp_path / "afluente.toml", PROVIDERS, written.environment, adapter).accounts.values()
        reading = adapter(account)
        feed = reading.standing_feeds()[0]
        simulation.turn(**{f"{provider}.requests_per_minute": 0})
        fetcher = Fetcher(PooledTransport(body_limit=BODY_LIMIT, deadline_seconds=DEADLINE))
        found = {}
        for trouble in TROUBLES:
            # When
            simulation.turn(**{trouble.name: 1})
            try:
                await FirstContact(reading, feed).read(fetcher, 1)
            except PollFailed as error:
                found[trouble.name] = error
            simulation.turn(**{trouble.name: 0})
            # What an error burst has begun runs to its end
            for _ in range(simulation.settings.burst_requests if trouble.name == "error_burst" else 0):
                await fetcher.fetch(reading.request(feed, reading.first()))
        await fetcher.close()
        # Then all but the page without rows, which looks like any other, are failures with a name
        assert set(found) == {trouble.name for trouble in TROUBLES} - {"empty_page"}
        assert not [error for error in found.values() if any(secret in repr(error) for secret in account.secrets())]
        for name, error in found.items():
            assert isinstance(error, RateLimited) == name.startswith("too_many")
        assert isinstance(found["redirect"], Refused)
        assert simulation.stats()["redirects_followed"] == 0
