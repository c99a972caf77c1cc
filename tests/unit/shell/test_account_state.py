"""Silence is explained: which word an account's state is."""

import msgspec
import pytest

from workers.account.state import BLOCKED_SECONDS, STUCK_SECONDS, Observation, state_of

QUIET = Observation(
    feeds=3, blocked_since=None, backfilling=0, paused_for=None, failing=False, last_success=990.0, polled_since=0.0,
    max_interval=60.0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({}, "polling"),
        ({"feeds": 0}, "idle"),
        ({"last_success": None, "polled_since": 999.0}, "idle"),
        ({"backfilling": 1}, "backfilling"),
        ({"failing": True, "backfilling": 1}, "failing"),
        ({"last_success": 1000 - 60 - STUCK_SECONDS - 1}, "stuck"),
        ({"last_success": None, "polled_since": 1000 - 60 - STUCK_SECONDS - 1}, "stuck"),
        ({"blocked_since": 1000 - BLOCKED_SECONDS - 1}, "stuck"),
        ({"blocked_since": 999.0}, "polling"),
        ({"feeds": 0, "blocked_since": 0.0}, "stuck"),
        ({"paused_for": "rate_limited", "failing": True}, "rate_limited"),
        ({"paused_for": "refused", "blocked_since": 0.0}, "refused"),
    ],
)
def test_the_most_telling_state_is_shown(given, state):
    assert state_of(msgspec.structs.replace(QUIET, **given), now=1000.0) == state
