"""What Ogmma says when it does not say messages: `{"message": "<Portuguese>", "code": "<CODE>"}`, or less."""

from typing import Any

from workers.errors import PageUnreadable, ParkFeed, PollFailed, ProviderFailed, RateLimited, Refused
from workers.model import HttpResponse
from workers.providers.base import raise_for_status
from workers.providers.decoding import Json
from workers.providers.reasons import no_page

#: Documented: UNAUTHORIZED and RATE_LIMIT_EXCEEDED. The others are what their words say. VALIDATION_ERROR is not
#: here: it may be our own mistake, and its status (400) makes the feed wait.
_CODES: dict[str, type[RateLimited | Refused | ParkFeed]] = {
    "RATE_LIMIT_EXCEEDED": RateLimited,
    "UNAUTHORIZED": Refused,
    "FORBIDDEN": Refused,
    "NOT_FOUND": ParkFeed,
    "CHANNEL_NOT_FOUND": ParkFeed,
    "CONVERSATION_NOT_FOUND": ParkFeed,
}
_SUCCESSES, _ERRORS = range(200, 300), range(400, 600)
#: How the documented messages begin, for a body that carries no code.
_MESSAGES: tuple[tuple[str, type[RateLimited | Refused]], ...] = (
    ("limite de requisi", RateLimited),
    ("token de autentica", Refused),
    ("chave de api ", Refused),
)


def error_in(body: Json, response: HttpResponse) -> PollFailed | None:
    """The error that a body states in words that are known, whatever its HTTP status; None for any other body."""
    if type(body) is not dict:
        return None
    kind = _kind_of(body)
    if kind is not None:
        text = f"HTTP {response.status} with an error that Ogmma names {kind.reason}"
        return RateLimited(text, response.retry_after) if kind is RateLimited else kind(text)
    return _status_in(body, response)


def not_a_page(body: Json) -> ProviderFailed | PageUnreadable:
    """What a success without a list of messages means."""
    if type(body) is dict and ("message" in body or "error" in body or body.get("success") is False):
        return ProviderFailed("an error inside a success, without a code that is known")
    return no_page("not_a_page", "no list of messages under `data`")


def _kind_of(body: dict[str, Any]) -> type[PollFailed] | None:
    code, message = body.get("code"), body.get("message")
    if type(code) is str:
        return _CODES.get(code.strip().upper())
    if type(message) is str and "data" not in body:
        lower = message.strip().casefold()
        return next((kind for begin, kind in _MESSAGES if lower.startswith(begin)), None)
    return None


def _status_in(body: dict[str, Any], response: HttpResponse) -> PollFailed | None:
    """An HTTP status that stands in the body of a success (`statusCode`, as many frameworks write it)."""
    status = body.get("statusCode", body.get("code"))
    if type(status) is not int or status not in _ERRORS or response.status not in _SUCCESSES:
        return None
    try:
        raise_for_status(HttpResponse(status=status, body=b"", retry_after=response.retry_after))
    except PollFailed as error:
        return error
    return None
