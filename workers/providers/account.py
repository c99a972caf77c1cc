"""Settings that an account of any provider has; each provider's file adds its own.

An account knows its secrets as pydantic's `SecretStr`: printing one shows stars. A class that extends this one
describes each field (the reference of the configuration is made from it), and raises its own rules from field
validators: a model validator runs only when every field is right, so what it says would be told too late.
"""

import re
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated, ClassVar, Literal, get_args
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

#: Names of accounts stand in Kafka keys, labels of metrics and addresses of events, unescaped.
ACCOUNT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def is_loopback(host: str | None) -> bool:
    """Whether this host may be spoken to without TLS: nothing leaves the machine."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


def account_name(name: str) -> str:
    """The name, if it is one. Raises ValueError with the rule."""
    if not ACCOUNT_NAME.fullmatch(name):
        raise ValueError(
            "an account's name has 1 to 64 characters, lower-case letters a-z, digits, '-' and '_', "
            "and begins with a letter or digit"
        )
    return name


class AccountSettings(BaseModel):
    """What every `[accounts.NAME]` table may say. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    #: The newest messages that a feed's cursor remembers (rows). A feed of many conversations overrides it.
    default_remember: ClassVar[int] = 500
    #: How long after its own time a message may become visible (seconds).
    default_settle: ClassVar[int] = 300
    default_base_url: ClassVar[str] = ""

    name: str = Field(exclude=True, description="The name in `[accounts.NAME]`.")
    provider: str = Field(description="Which API this account is read from.")
    allow_http: bool = Field(
        False,
        description="Allow a `base_url` without TLS that is no loopback address: credentials travel in the clear.",
    )
    base_url: str = Field(
        "", description="Address of the API, version path included. https, unless it is a loopback address."
    )
    requests_per_minute: Annotated[float, Field(gt=0, le=100_000)] = Field(
        60,
        description="Requests that all workers together may send for this account in a minute, evenly paced. "
        "Histories and discovery use at most half of them together; a poll that somebody asked for (`poll_now`) begins "
        "next, and while others wait such polls are at most every second one that begins.",
    )
    start: Literal["beginning", "now"] | AwareDatetime = Field(
        "beginning",
        description="What of a feed's history is published at its first contact: all, nothing, or all since a time.",
    )
    discover: bool = Field(False, description="Ask the provider which feeds exist, where it can tell, and poll them.")
    feeds: tuple[dict[str, str], ...] = Field((), description="Feeds to poll, each a table of its own values.")
    max_interval_seconds: Annotated[float, Field(ge=1, le=86_400)] = Field(
        3600,
        description="Longest time between two polls of a feed, however quiet it is. Where `requests_per_minute` "
        "cannot keep it, `afluente check` and the log say so.",
    )
    settle_seconds: Annotated[int, Field(ge=0, le=86_400)] | None = Field(
        None, description="How long after its own time a message may still become visible at the provider."
    )
    remember: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        None,
        description="How many of a feed's newest messages its cursor remembers. Default: by provider; 5000 where "
        "one feed is a whole number of many conversations.",
    )
    history_limit: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Most messages of history to read at a feed's first contact. Default: all that is shown."
    )
    include_raw: bool = Field(
        False, description="Add the provider's own payload to each event as `raw`, without secrets."
    )

    @model_validator(mode="before")
    @classmethod
    def _default_base_url(cls, given: object) -> object:
        if isinstance(given, dict) and "base_url" not in given:
            return {**given, "base_url": cls.default_base_url}
        return given

    @field_validator("name")
    @classmethod
    def _a_safe_name(cls, name: str) -> str:
        return account_name(name)

    @field_validator("base_url")
    @classmethod
    def _an_address(cls, value: str, info: ValidationInfo) -> str:
        parts = _split(value)
        if parts.username is not None or parts.password is not None or "?" in value or "#" in value:
            raise ValueError("must not hold credentials, a query or a fragment")
        secure = parts.scheme == "https" or is_loopback(parts.hostname) or info.data.get("allow_http", True)
        if not secure:
            raise ValueError("must be https (http only for a loopback address, or with allow_http = true)")
        return value.rstrip("/")

    @field_validator("start", mode="before")
    @classmethod
    def _a_time(cls, value: object) -> object:
        if value in ("beginning", "now"):
            return value
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            moment = None
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise ValueError('must be "beginning", "now", or a time with its zone, like 2026-01-05T12:00:00Z')
        return moment

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

    def doubts(self) -> tuple[tuple[str, str], ...]:
        """What is allowed and probably not meant: a field, and what it leads to. `check` warns of it."""
        return ()

    def identity(self) -> tuple[str, ...]:
        """What makes two accounts the same at the provider: two accounts with one identity are refused."""
        raise TypeError("each provider says what its identity is")

    def place(self) -> tuple[str, ...]:
        """Where the values of a feed name one thing, whichever account reads it: here, only within the account."""
        return self.identity()


def _split(value: str) -> SplitResult:
    wrong = ValueError("must be an address like https://host/path")
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise wrong from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(c <= " " for c in value):
        raise wrong
    return parts


def secret_fields(cls: type[BaseModel]) -> frozenset[str]:
    """Names of the fields of a model that hold a secret."""
    return frozenset(
        name
        for name, field in cls.model_fields.items()
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    )
