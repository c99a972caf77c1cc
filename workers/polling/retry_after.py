"""`Retry-After` (RFC 9110 section 10.2.3) as seconds to wait. Pure."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

#: Seconds that a provider can make an account wait at most. Longer times are more often a wrong unit or a broken clock
#: than a wish, and asking again after a quarter of an hour costs a provider that meant it four requests an hour.
LONGEST_WAIT = 900.0

#: Digits, and the fraction that some providers add against the RFC.
_SECONDS = re.compile(r"[0-9]+(\.[0-9]*)?")


def retry_after_seconds(value: str | None, now_ms: int) -> float | None:
    """Seconds from now, between 0 and `LONGEST_WAIT`; None where the header is absent or says nothing readable.

    `now_ms` is our clock in epoch milliseconds; a date in the past means now.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_WAIT)
    moment = _date(text)
    if moment is None:
        return None
    return min(max(moment.timestamp() - now_ms / 1000, 0.0), LONGEST_WAIT)


def _date(text: str) -> datetime | None:
    """An HTTP-date in any of its three forms; one without a zone is UTC."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # what the standard parser raises on nonsense
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
