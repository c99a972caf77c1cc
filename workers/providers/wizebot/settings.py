"""What a WizeBot account may be configured with."""

import re
from difflib import get_close_matches
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator

from workers.providers.account import AccountSettings
from workers.providers.base import digits
from workers.providers.credentials import ApiKey

#: Where nothing is configured: WizeBot is sold in Brazil, and most of Brazil keeps this time. Not documented.
DEFAULT_ZONE = "America/Sao_Paulo"

#: Meta's ids of phone numbers have 15 or 16 digits; that may change.
_PHONE_NUMBER_ID = re.compile(r"[0-9]{5,25}")


class WizebotSettings(AccountSettings):
    """`[accounts.NAME]` with `provider = "wizebot"`."""

    default_base_url: ClassVar[str] = "https://app.wizebot.com.br/api/v1"
    #: A message was seen to appear 21 minutes after its own time.
    default_settle: ClassVar[int] = 1800

    provider: Literal["wizebot"] = Field("wizebot", description="Which API this account is read from.")
    api_key: ApiKey = Field(description="API key (`apiToken`): panel, Configurações > API.")
    phone_number_id: str = Field(description="Meta's id of the business number (`phone_number_id`), digits.")
    timezone: str = Field(
        DEFAULT_ZONE,
        description="Zone of the local times that the installation shows, like `America/Sao_Paulo` or `UTC`. WizeBot "
        "does not document it: compare a message's time in `afluente preview` with the one in its panel.",
    )

    @field_validator("phone_number_id")
    @classmethod
    def _an_id(cls, value: str) -> str:
        number = digits(value)
        if not _PHONE_NUMBER_ID.fullmatch(number):
            raise ValueError("must be the id of a phone number, digits like 111222333444555")
        return number

    @field_validator("timezone")
    @classmethod
    def _a_zone(cls, value: str) -> str:
        name = value.strip()
        try:
            ZoneInfo(name)
        except (LookupError, ValueError, OSError):
            near = get_close_matches(name, available_timezones(), n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"must be the name of a time zone, like America/Sao_Paulo or UTC{hint}") from None
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The zone of the installation's local times."""
        return ZoneInfo(self.timezone)

    def doubts(self) -> tuple[tuple[str, str], ...]:
        """The zone is documented nowhere: installations of the product were seen in UTC and in their country's time."""
        if "timezone" in self.model_fields_set:
            return ()
        text = f"not set, and WizeBot documents none: {DEFAULT_ZONE} is taken, and all times are wrong where it is not"
        return (("timezone", text),)

    def identity(self) -> tuple[str, ...]:
        """A business number has one history, whichever key reads it."""
        return (self.provider, self.base_url, self.phone_number_id)
