"""What an Ogmma account may be configured with."""

import hashlib
from typing import ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from workers.providers.account import AccountSettings
from workers.providers.credentials import ApiKey
from workers.providers.ogmma.listing import ConversationList


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

    def place(self) -> tuple[str, ...]:
        """Conversations have their ids from Ogmma, whichever key reads them."""
        return (self.provider, self.base_url)
