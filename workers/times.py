"""Times: epoch milliseconds inside the program, RFC 3339 UTC with milliseconds in events."""

from datetime import UTC, datetime
from functools import lru_cache

#: The first and last moments that an event can name (years 1 to 9999), in epoch milliseconds.
EARLIEST_MS = -62_135_596_800_000
LATEST_MS = 253_402_300_799_999


@lru_cache(maxsize=4096)  # a message's own time is told in its data and again by its event
def iso(ms: int) -> str:
    """Epoch milliseconds as `2026-01-05T12:00:00.000Z`; what no calendar holds is clamped to its ends."""
    seconds, rest = divmod(min(max(ms, EARLIEST_MS), LATEST_MS), 1000)
    return f"{_whole_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=4096)  # rows of one page and their statuses share seconds
def _whole_second(seconds: int) -> str:
    days, second = divmod(seconds, 86_400)
    day = datetime.fromordinal(719_163 + days)
    return (
        f"{day.year:04d}-{day.month:02d}-{day.day:02d}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    )


def parse_iso(text: str) -> int:
    """Epoch milliseconds of an ISO 8601 text; without a zone it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = (datetime(1970, 1, 1, microsecond=1000, tzinfo=UTC)) - _EPOCH
