"""The list of conversations, as the account says it is: Ogmma documents that there is one, not where or how."""

from collections.abc import Iterator

from workers.errors import RowUnreadable
from workers.providers.decoding import Json
from workers.providers.fields import identity
from workers.providers.ogmma.settings import ConversationList
from workers.providers.reasons import no_page


def address(base_url: str, listing: ConversationList, number: int) -> str:
    """Where page `number` of the list is."""
    url = base_url + listing.path
    if not listing.page_parameter:
        return url
    return f"{url}{'&' if '?' in url else '?'}{listing.page_parameter}={number}"


def conversations_in(body: Json, listing: ConversationList) -> list[dict[str, str]]:
    """The values of a feed for each row that names a conversation and its channel. Raises PageUnreadable."""
    rows = _at(body, listing.rows)
    if type(rows) is not list:
        raise no_page("not_a_page", f"no list of conversations under {listing.rows or 'the answer itself'}")
    return list(_named(rows, listing))


def _named(rows: list[Json], listing: ConversationList) -> Iterator[dict[str, str]]:
    for row in rows:
        channel = _id_at(row, listing.channel_id) or listing.channel
        conversation = _id_at(row, listing.conversation_id)
        if channel and conversation:
            yield {"channel_id": channel, "conversation_id": conversation}


def _at(value: Json, path: str) -> Json:
    for name in filter(None, path.split(".")):
        value = value.get(name) if type(value) is dict else None
    return value


def _id_at(row: Json, path: str) -> str | None:
    try:
        return identity(_at(row, path), path)
    except RowUnreadable:
        return None
