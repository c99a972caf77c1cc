"""What WizeBot says when it does not say messages: HTTP 200 with `{"status": "0", "message": "<English text>"}`.

"Subscriber not found." may come with status "1"; other endpoints of the product send the status as a boolean.
"""

from collections.abc import Mapping
from types import MappingProxyType

from workers.errors import PageUnreadable, ParkFeed, PollFailed, ProviderFailed, RateLimited, Refused
from workers.providers.decoding import Json
from workers.providers.reasons import no_page

#: Documented texts in small letters, without their full stop, and what the worker does next. "WhatsApp account" is
#: `phone_number_id`: whatever feed asks, the answer stays. "Too many attempts" is what the product's framework says.
_TEXTS: Mapping[str, type[PollFailed]] = MappingProxyType(
    {
        "invalid api key": Refused,
        "unauthenticated": Refused,
        "whatsapp account not found": Refused,
        "subscriber not found": ParkFeed,
        "missing required parameters": ProviderFailed,
        "subscriber limit has been exceeded": ProviderFailed,
        "something went wrong": ProviderFailed,
        "too many attempts": RateLimited,
        "too many requests": RateLimited,
    }
)
#: What some of them mean in the words of a configuration.
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        "whatsapp account not found": " (phone_number_id is no number of this key's)",
        "subscriber not found": " (phone_number has no conversation there)",
    }
)
#: Words of `status` that mean failure.
_FAILED = frozenset({"0", "false", "error", "fail", "failed"})


def error_in(body: Json) -> PollFailed | None:
    """The error that a body states in words that are known, whatever its status; None for any other body."""
    message = body.get("message") if type(body) is dict else None
    if type(message) is not str:
        return None
    said = message.strip().casefold()
    for text, kind in _TEXTS.items():
        if said.startswith(text):
            return kind(f"WizeBot says: {text}{_HINTS.get(text, '')}")
    return None


def not_a_page(body: Json) -> ProviderFailed | PageUnreadable:
    """What a success without rows means."""
    if failed(body):
        # Words of the provider are not repeated: they may echo the key.
        return ProviderFailed("status 0 with words that are not known")
    return no_page("not_a_page", "no list of messages under `message`")


def failed(body: Json) -> bool:
    """Whether the body says of itself that it is a failure."""
    status = body.get("status") if type(body) is dict else None
    return type(status) in {str, int, bool} and str(status).strip().casefold() in _FAILED
