"""What a poll that finds nothing new costs is what its adapter says: budgets are computed from it beforehand."""

import pytest

from tests.support.in_process import InProcess
from workers.providers import PROVIDERS

#: Seconds after which everything that a provider shows has settled.
LONG = 7200


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_poll_that_finds_nothing_new_takes_as_many_requests_as_the_adapter_says(provider):
    # Given an account that was read before
    contacts = {"scope": "contacts"} if provider == "99digital" else None
    account = InProcess(provider, account=contacts)
    for _ in range(3):
        await account.poll()
        account.pass_time(LONG)
    asked, events = len(account.requests), len(account.seen)
    # When every feed is polled once more
    await account.poll()
    # Then
    assert len(account.requests) - asked == account.adapter.requests_per_poll * len(account.feeds)
    assert len(account.seen) == events
