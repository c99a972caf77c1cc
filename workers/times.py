"""Times: epoch milliseconds inside the program, RFC 3339 UTC with milliseconds in events; spans in words for people."""

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


#: Numbers of seconds and of minutes from which they are told as minutes and hours: the next unit is exact enough there.
_SECONDS = 120
_MINUTES = 175


def span(seconds: float) -> str:
    """`0.5 s`, `90 s`, `157 min`, `12 h`, `2 days`: as many digits as a person needs."""
    if seconds < _SECONDS:
        return f"{seconds:.2g} s" if seconds < 10 else f"{seconds:.0f} s"  # noqa: PLR2004 - two digits
    minutes = seconds / 60
    if minutes < _MINUTES:
        return f"{minutes:.0f} min"
    hours = minutes / 60
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"  # noqa: PLR2004 - two days
