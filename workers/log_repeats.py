"""Lines that a library says again and again are written now and then, with their number.

With Kafka away, aiokafka's clients say at each attempt to connect that it failed: 190 lines a second and worker.
"""

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

#: Libraries whose lines are counted. Our own are about an account, a feed or a shard each, and say what comes of it.
CHATTY_LIBRARIES = ("aiokafka",)
#: Seconds for which the same words of one library are not repeated: an outage is seen to go on, and nothing is buried.
QUIET_SECONDS = 30.0
#: Different words that are remembered; a library has a few dozen.
WORDS = 256


class _Said(NamedTuple):
    """When the same words were last written (monotonic seconds), and how often they were said since."""

    at: float
    kept_back: int


class Repeats(logging.Filter):
    """Lets a library's words pass once in `QUIET_SECONDS`. Words are a line without its values: node, cause, topic.

    A line that passes tells as `repeated` how many like it were kept back before it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._said: dict[tuple[str, str], _Said] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is to be written."""
        if record.name.partition(".")[0] not in CHATTY_LIBRARIES:
            return True
        words, now = (record.name, str(record.msg)), self._clock()
        said = self._said.get(words)
        if said is not None and now - said.at < QUIET_SECONDS:
            self._said[words] = said._replace(kept_back=said.kept_back + 1)
            return False
        if said is None and len(self._said) >= WORDS:
            self._said.clear()
        if said is not None and said.kept_back:
            record.repeated = said.kept_back
        self._said[words] = _Said(now, 0)
        return True
