"""What an Ogmma account may be configured with."""

import hashlib
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from workers.providers.account import AccountSettings
from workers.providers.credentials import ApiKey

#: Names of fields, joined by dots where one is inside another.
FieldPath = Annotated[str, Field(pattern=r"^[A-Za-z0-9_$-]+(\.[A-Za-z0-9_$-]+)*$", max_length=200)]


class ConversationList(BaseModel):
    """`[accounts.NAME.conversations]`: where this account lists its conversations, and how its rows name things."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    path: Annotated[str, Field(pattern=r"^/[!-~]*$", max_length=1000)] = Field(
        description="Path below `base_url`, with a query if need be: `/conversations?status=OPEN`."
    )
    rows: FieldPath | Literal[""] = Field(
        "data", description="Where in the answer the list is; empty: it is the answer."
    )
    conversation_id: FieldPath = Field("id", description="The field of a row that names the conversation.")
    channel_id: FieldPath = Field("channelId", description="The field of a row that names its channel.")
    channel: str | None = Field(None, description="The channel of all rows, where the rows do not name one.")
    page_parameter: FieldPath | Literal[""] = Field(
        "page", description="Query parameter with the number of the page, from 1; empty: the list has one page."
    )

    @field_validator("path")
    @classmethod
    def _below_base_url(cls, value: str) -> str:
        if "#" in value or {".", ".."} & set(value.split("?", 1)[0].split("/")):
            raise ValueError("must be a path without '.', '..' and '#'")
        return value


class OgmmaSettings(AccountSettings):
    """`[accounts.NAME]` with `provider = "ogmma"`."""

    default_base_url: ClassVar[str] = "https://oapi.ogmma.com.br/v1"

    provider: Literal["ogmma"] = Field("ogmma", description="Which API this account is read from.")
    api_key: ApiKey = Field(description="API key (`oapi_sk_live_…`) with the right to read messages.")
    conversations: ConversationList | None = Field(
        None, validate_default=True, description="Where conversations are listed: Ogmma does not document it."
    )

    @field_validator("conversations")
    @classmethod
    def _needed_to_discover(cls, value: ConversationList | None, info: ValidationInfo) -> ConversationList | None:
        if value is None and info.data.get("discover"):
            raise ValueError("is needed by discover = true, since Ogmma documents no list of conversations")
        return value

    def identity(self) -> tuple[str, ...]:
        """The key is all that names an account at Ogmma; its digest can be compared and shown."""
        key = self.api_key.get_secret_value().encode()
        return (self.provider, self.base_url, hashlib.sha256(key).hexdigest()[:16])
