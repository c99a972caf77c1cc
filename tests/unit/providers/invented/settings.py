"""What a Fonte account may be configured with."""

from typing import ClassVar, Literal

from pydantic import Field

from workers.providers.account import AccountSettings
from workers.providers.credentials import ApiKey


class FonteSettings(AccountSettings):
    """`[accounts.NAME]` with `provider = "fonte"`."""

    default_base_url: ClassVar[str] = "https://api.fonte.example/v2"

    provider: Literal["fonte"] = Field("fonte", description="Which API this account is read from.")
    api_key: ApiKey = Field(description="Key of the installation, sent as `X-Api-Key`.")
    line: str = Field(description="The business line that is read, by its name at Fonte.")

    def identity(self) -> tuple[str, ...]:
        """A line has one history, whichever key reads it."""
        return (self.provider, self.base_url, self.line)
