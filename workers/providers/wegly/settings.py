"""What a Wegly account may be configured with."""

import hashlib
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from workers.providers.account import AccountSettings
from workers.providers.credentials import ApiKey
from workers.providers.listing import FeedList, FieldPath


class ChatList(FeedList):
    """`[accounts.NAME.chats]`: where this account lists its chats, and how its rows name them."""

    rows: FieldPath | Literal[""] = Field(
        "records", description="Where in the answer the list is; empty: it is the answer."
    )
    chat_id: FieldPath = Field("id", description="The field of a row that names the chat.")


class WeglySettings(AccountSettings):
    """`[accounts.NAME]` with `provider = "wegly"`."""

    default_base_url: ClassVar[str] = "https://api.wegly.com.br/integrations/external"

    provider: Literal["wegly"] = Field("wegly", description="Which API this account is read from.")
    api_key: ApiKey = Field(description="Integration token: panel, Configurações > Integrações > Gerenciar chaves.")
    origin: str | None = Field(
        None,
        description="Needed by a key that is restricted to a domain: sent as `Origin` and `Referer`, like "
        "`https://painel.example`.",
    )
    chats: ChatList | None = Field(
        None, validate_default=True, description="Where chats are listed: Wegly does not document it."
    )

    @field_validator("origin")
    @classmethod
    def _an_origin(cls, value: str | None) -> str | None:
        """Scheme and host alone (RFC 6454 section 7), in the form in which a browser would send it."""
        if value is None:
            return None
        wrong = ValueError("must be an origin like https://painel.example, without a path")
        bare = value.strip()
        try:
            parts = urlsplit(bare)
            host, port = parts.hostname, parts.port
        except ValueError:
            raise wrong from None
        plain = bare.isascii() and bare.isprintable() and " " not in bare
        if parts.scheme not in {"http", "https"} or not host or not plain or "@" in parts.netloc:
            raise wrong
        if parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise wrong
        name = f"[{host}]" if ":" in host else host
        return f"{parts.scheme}://{name}" + (f":{port}" if port is not None else "")

    @field_validator("chats")
    @classmethod
    def _needed_to_discover(cls, value: ChatList | None, info: ValidationInfo) -> ChatList | None:
        if value is None and info.data.get("discover"):
            raise ValueError("is needed by discover = true, since Wegly documents no list of chats")
        return value

    def identity(self) -> tuple[str, ...]:
        """The key is all that names an account at Wegly; its digest can be compared and shown."""
        key = self.api_key.get_secret_value().encode()
        return (self.provider, self.base_url, hashlib.sha256(key).hexdigest()[:16])

    def place(self) -> tuple[str, ...]:
        """Chats have their ids from Wegly, whichever key reads them."""
        return (self.provider, self.base_url)
