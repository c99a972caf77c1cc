"""Why Meta could not show or deliver a message."""

from collections.abc import Mapping
from typing import Any

from workers.model import StatusError
from workers.providers.decoding import Json
from workers.providers.fields import word_or_none


def error_of(message: Mapping[str, Any]) -> StatusError | None:
    """The first of a message's `errors[{code, title, message, error_data{details}}]`, in its most telling words."""
    listed = message.get("errors")
    first: Json = listed[0] if type(listed) is list and listed else None
    code = word_or_none(first, "code")
    words = (
        word_or_none(first.get("error_data") if type(first) is dict else None, "details")
        or word_or_none(first, "message")
        or word_or_none(first, "title")
    )
    return StatusError(code=code, message=words) if code or words else None
