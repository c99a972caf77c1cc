"""What a worker is made with."""

import pytest

from workers.metrics import Metrics
from workers.settings.settings import Settings
from workers.wiring import Wiring

NAMES = Settings().topics
WIDE = dict.fromkeys((NAMES.messages, NAMES.dead_letters, NAMES.cursors), 1_048_588)


@pytest.mark.parametrize(
    ("limits", "largest"),
    [
        ({}, 900_000),
        ({NAMES.messages: 300_000}, 300_000),
        ({NAMES.dead_letters: 200_000}, 200_000),
        ({NAMES.cursors: 262_144}, 900_000),
    ],
)
def test_an_event_is_bounded_by_the_topics_that_take_events(limits, largest):
    # Given a limit of 900 000 bytes in the configuration, and topics with these / When
    made = Wiring(Settings(), {**WIDE, **limits}, Metrics(), None)
    # Then
    assert made._largest == largest
