"""The list of conversations, as the account says it is: Ogmma documents that there is one, not where or how."""

from collections.abc import Iterator

from pydantic import Field

from workers.providers.decoding import Json
from workers.providers.listing import FeedList, FieldPath, id_at, listed


class ConversationList(FeedList):
    """`[accounts.NAME.conversations]`: where this account lists its conversations, and how its rows name things."""

    conversation_id: FieldPath = Field("id", description="The field of a row that names the conversation.")
    channel_id: FieldPath = Field("channelId", description="The field of a row that names its channel.")
    channel: str | None = Field(None, description="The channel of all rows, where the rows do not name one.")


def conversations_in(body: Json, listing: ConversationList) -> list[dict[str, str]]:
    """The values of a feed for each row that names a conversation and its channel. Raises PageUnreadable."""
    return list(_named(listed(body, listing, "conversations"), listing))


def _named(rows: Iterator[Json], listing: ConversationList) -> Iterator[dict[str, str]]:
    for row in rows:
        channel = id_at(row, listing.channel_id) or listing.channel
        conversation = id_at(row, listing.conversation_id)
        if channel and conversation:
            yield {"channel_id": channel, "conversation_id": conversation}
