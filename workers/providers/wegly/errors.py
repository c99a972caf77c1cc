"""What Wegly says when it does not answer: no page documents a code or a body, so only HTTP's own words count."""

from http import HTTPStatus

from workers.errors import PageUnreadable, PollFailed, ProviderFailed
from workers.model import HttpResponse
from workers.providers.base import raise_for_status
from workers.providers.decoding import Json
from workers.providers.reasons import no_page

_SUCCESSES, _ERRORS = range(200, 300), range(400, 600)

#: Answers to a timeline that mean that there is none (not that the chat does not exist: that has answered already).
NO_TIMELINE = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.GONE, HTTPStatus.NOT_IMPLEMENTED}
)
#: Answers to a page of a timeline that mean that it cannot be asked for in this way, or lies past the end.
NO_SUCH_PAGE = NO_TIMELINE | {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}


def error_in(body: Json, response: HttpResponse) -> PollFailed | None:
    """The HTTP status that stands in the body of a success (`statusCode`, as many frameworks write it), as an error."""
    status = body.get("statusCode") if type(body) is dict else None
    if type(status) is not int or status not in _ERRORS or response.status not in _SUCCESSES:
        return None
    try:
        raise_for_status(HttpResponse(status=status, body=b"", retry_after=response.retry_after))
    except PollFailed as error:
        return error
    return None


def not_a(what: str, body: Json) -> ProviderFailed | PageUnreadable:
    """What a success means that is not what was asked for."""
    if type(body) is dict and ("message" in body or "error" in body or body.get("success") is False):
        return ProviderFailed("an error inside a success, in words that no page documents")
    return no_page("not_a_page", f"no {what}")
