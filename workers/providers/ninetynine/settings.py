"""What a 99digital account may be configured with."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from workers.providers.account import AccountSettings
from workers.providers.base import digits
from workers.providers.credentials import ApiKey

#: Rows that the cursor of a whole number remembers: hundreds of conversations write into one list.
REMEMBERED_OF_A_NUMBER = 5000

#: A phone number with its country code (ITU-T E.164: at most 15 digits).
_NUMBER = re.compile(r"[1-9][0-9]{5,14}")

State = Literal["pending", "sent", "failed", "delivered", "read", "played"]


class NinetyNineSettings(AccountSettings):
    """`[accounts.NAME]` with `provider = "99digital"`."""

    default_base_url: ClassVar[str] = "https://api.99digital.co.il/whatsapp/v2"

    provider: Literal["99digital"] = Field("99digital", description="Which API this account is read from.")
    api_key: ApiKey = Field(description="API key of the business number.")
    number: str = Field(description="The business number: international, digits.")
    scope: Literal["number", "contacts"] = Field(
        "number",
        validate_default=True,
        description="What a feed is: the whole number (one feed), or one contact (feeds are listed or discovered). "
        "Changed later, all is read anew from other feeds: what was published comes again, with the same event ids.",
    )
    states: Mapping[Annotated[str, Field(min_length=1)], State] = Field(
        {},
        description='What the codes of `state` mean on outgoing rows, as far as you know: { "1" = "sent" }. '
        "99digital documents only 0, failed.",
    )

    @field_validator("number")
    @classmethod
    def _a_phone_number(cls, value: str) -> str:
        number = digits(value)
        if not _NUMBER.fullmatch(number):
            raise ValueError("must be a phone number with its country code, like 972771234567")
        return number

    @field_validator("scope")
    @classmethod
    def _discovers_contacts(cls, scope: str, info: ValidationInfo) -> str:
        if scope == "number" and info.data.get("discover"):
            raise ValueError('must be "contacts" for discover = true: a whole number is one feed')
        return scope

    @field_validator("states")
    @classmethod
    def _bare_codes(cls, states: Mapping[str, Any]) -> Mapping[str, Any]:
        return {code.strip(): state for code, state in states.items()}

    @property
    def remembered(self) -> int:
        """How many rows a feed's cursor remembers."""
        whole = self.scope == "number" and self.remember is None
        return REMEMBERED_OF_A_NUMBER if whole else super().remembered

    def doubts(self) -> tuple[tuple[str, str], ...]:
        """Without a table of states, of all outgoing messages only the failed ones have a state."""
        if self.states:
            return ()
        text = "none are given, and 99digital documents only 0 (failed): all others are published without a state"
        return (("states", text),)

    def identity(self) -> tuple[str, ...]:
        """A business number has one history, whichever key reads it."""
        return (self.provider, self.base_url, self.number)
