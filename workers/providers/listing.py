"""Lists of feeds that no page documents: where they are, and what their rows call things, as the account says."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from workers.errors import RowUnreadable
from workers.providers.decoding import Json
from workers.providers.fields import identity
from workers.providers.reasons import no_page

#: Names of fields, joined by dots where one is inside another.
FieldPath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*$", max_length=200)]


class FeedList(BaseModel):
    """A table inside `[accounts.NAME]`: one list. A provider adds the names of the fields that make its feeds."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    path: Annotated[str, Field(pattern=r"^/[!-~]*$", max_length=1000)] = Field(
        description="Path below `base_url`, with a query if need be: `/conversations?status=OPEN`."
    )
    rows: FieldPath | Literal[""] = Field(
        "data", description="Where in the answer the list is; empty: it is the answer."
    )
    page_parameter: FieldPath | Literal[""] = Field(
        "page", description="Query parameter with the number of the page, from 1; empty: the list has one page."
    )

    @field_validator("path")
    @classmethod
    def _below_base_url(cls, value: str) -> str:
        if "#" in value or {".", ".."} & set(value.split("?", 1)[0].split("/")):
            raise ValueError("must be a path without '.', '..' and '#'")
        return value


def address(base_url: str, listing: FeedList, number: int) -> str:
    """Where page `number` of the list is."""
    url = base_url + listing.path
    if not listing.page_parameter:
        return url
    return f"{url}{'&' if '?' in url else '?'}{listing.page_parameter}={number}"


def listed(body: Json, listing: FeedList, what: str) -> Iterator[Json]:
    """The rows of the list. Raises PageUnreadable where there is none; `what` says in the plural what it lists."""
    rows = _at(body, listing.rows)
    if type(rows) is not list:
        raise no_page("not_a_page", f"no list of {what} under {listing.rows or 'the answer itself'}")
    return iter(rows)


def id_at(row: Json, path: str) -> str | None:
    """The identity under this name; None where there is none that can be used."""
    try:
        return identity(_at(row, path), path)
    except RowUnreadable:
        return None


def _at(value: Json, path: str) -> Json:
    for name in filter(None, path.split(".")):
        value = value.get(name) if type(value) is dict else None
    return value
