"""What 99digital says when it does not say messages: `{"status": "FAIL", "reason": 3}`, presumably.

Documented for its other calls (`get-webhook`): 2 `from` does not exist, 3 wrong apiKey. From a reseller's copy of the
API: 2 also for a body that is no JSON, 4 bad `to`, 5 empty body, 6 "try again", 7 and 8 for sending only.
Where the object stands, and whether with HTTP 200, is unknown: it is found alone or as the only item of the array.
"""

import re
from collections.abc import Mapping
from typing import Any

from workers.errors import ParkFeed, PollFailed, ProviderFailed, Refused
from workers.providers.decoding import Json

_REASON = re.compile(r"-?[0-9]{1,5}")
#: Words and codes of `status` that mean failure.
_FAILED = frozenset({"FAIL", "FAILED", "ERROR", "0", "FALSE"})


class UnknownNumber(Refused):
    """`reason` 2: the number is not this key's (or the page is past the end: see the adapter)."""


def error_in(body: Json) -> PollFailed | None:
    """The error that a body states, whatever its HTTP status; None for any other body."""
    failure = _failure_in(body)
    if failure is None:
        return None
    reason = _code(failure.get("reason"))
    if reason == "3":
        return Refused("reason 3: the apiKey is wrong")
    if reason == "2":
        return UnknownNumber("reason 2: the business number does not exist for this apiKey")
    if reason == "4":
        return ParkFeed("reason 4: the contact is not a number that 99digital knows")
    # Words of the provider are not repeated: they may echo the key.
    return ProviderFailed(f"reason {reason}" if _REASON.fullmatch(reason) else "a failure without a code")


def _failure_in(body: Json) -> Mapping[str, Any] | None:
    """The object that tells a failure. What has an identity or a time is a row, however broken."""
    alone = body[0] if type(body) is list and len(body) == 1 else body
    if type(alone) is not dict or "unique" in alone or "timestamp" in alone:
        return None
    failed = _code(alone.get("status")).upper() in _FAILED
    return alone if failed or ("reason" in alone and "status" not in alone) else None


def _code(value: Json) -> str:
    return str(value).strip() if type(value) in {str, int, bool} else ""
