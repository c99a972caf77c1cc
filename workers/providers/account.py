"""Settings that an account of any provider has; each provider's file adds its own.

An account knows its secrets as `Secret` (pydantic's `SecretStr`): printing one shows stars.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

#: Hosts that may be spoken to without TLS: nothing leaves the machine.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class AccountSettings(BaseModel):
    """What every `[accounts.NAME]` table may say. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    #: The newest messages that a feed's cursor remembers (rows). A feed of many conversations overrides it.
    default_remember: ClassVar[int] = 500
    #: How long after its own time a message may become visible (seconds).
    default_settle: ClassVar[int] = 300
    default_base_url: ClassVar[str] = ""

    name: str = Field(exclude=True)
    provider: str
    base_url: str = ""
    allow_http: bool = False
    requests_per_minute: Annotated[float, Field(gt=0, le=100_000)] = 60
    start: Literal["beginning", "now"] | AwareDatetime = "beginning"
    discover: bool = False
    feeds: tuple[dict[str, str], ...] = ()
    max_interval_seconds: Annotated[float, Field(ge=1, le=86_400)] = 3600
    settle_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = None
    remember: Annotated[int, Field(ge=50, le=100_000)] | None = None
    history_limit: Annotated[int, Field(ge=1)] | None = None
    include_raw: bool = False

    @model_validator(mode="before")
    @classmethod
    def _default_base_url(cls, given: Any) -> Any:
        if isinstance(given, dict) and "base_url" not in given:
            return {**given, "base_url": cls.default_base_url}
        return given

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address like https://host/path")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("must not hold credentials, a query or a fragment")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _https_or_loopback(self) -> "AccountSettings":
        parts = urlsplit(self.base_url)
        if parts.scheme == "http" and parts.hostname not in LOOPBACK and not self.allow_http:
            raise ValueError("base_url: must be https (http only for a loopback address, or with allow_http = true)")
        return self

    @property
    def settle_ms(self) -> int:
        """The settle window in milliseconds."""
        return 1000 * (self.default_settle if self.settle_seconds is None else self.settle_seconds)

    @property
    def remembered(self) -> int:
        """How many rows a feed's cursor remembers."""
        return self.default_remember if self.remember is None else self.remember

    @property
    def start_ms(self) -> int | None:
        """A configured start time in epoch milliseconds; None for `beginning` and `now`."""
        return int(self.start.timestamp() * 1000) if isinstance(self.start, datetime) else None

    def secrets(self) -> tuple[str, ...]:
        """Every credential of this account, in the clear: for requests and for removal from texts."""
        fields = (getattr(self, name) for name in type(self).model_fields)
        return tuple(v.get_secret_value() for v in fields if isinstance(v, SecretStr))

    def identity(self) -> tuple[str, ...]:
        """What makes two accounts the same at the provider: two accounts with one identity are refused."""
        raise TypeError("each provider says what its identity is")
