"""From an HTTP response to the value it carries, or to the error it means."""

from collections.abc import Callable
from http import HTTPStatus

from workers.errors import PageUnreadable, PollFailed
from workers.model import HttpResponse
from workers.providers.base import raise_for_status
from workers.providers.decoding import Json, decode


def answer(response: HttpResponse, told: Callable[[Json], PollFailed | None]) -> Json:
    """The decoded body of a success. Raises PollFailed.

    `told` finds the error that a body states in the provider's own words, None where it states none that is known.
    Those words win over the status (an error may come with 200, a wrong key with 400), except over 429: whoever
    says that it is too much is believed.
    """
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise_for_status(response)
    try:
        value = decode(response.body)
    except PageUnreadable:
        raise_for_status(response)
        raise
    error = told(value)
    if error is not None:
        raise error
    raise_for_status(response)
    return value
