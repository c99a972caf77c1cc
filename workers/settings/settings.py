"""The whole configuration, frozen and right."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from workers.providers.account import AccountSettings
from workers.settings.kafka import KafkaSettings, TopicNames
from workers.settings.output import OutputSettings
from workers.settings.service import ServiceSettings


class Settings(BaseModel):
    """One configuration file. `accounts` holds instances of the providers' own classes, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    topics: TopicNames = Field(default_factory=TopicNames)
    service: ServiceSettings = Field(default_factory=ServiceSettings)
    output: OutputSettings = Field(default_factory=OutputSettings)
    accounts: Mapping[str, AccountSettings] = Field(default_factory=dict)

    def secrets(self) -> tuple[str, ...]:
        """Every credential of this process, in the clear: for removal from texts."""
        of_accounts = (secret for account in self.accounts.values() for secret in account.secrets())
        return (*self.kafka.secrets(), *of_accounts)


def effective(settings: Settings) -> dict[str, Any]:
    """The configuration as it is in force, defaults included, ready for JSON; secrets are stars."""
    shown = settings.model_dump(mode="json", exclude={"accounts"})
    shown["accounts"] = {name: _account(account) for name, account in settings.accounts.items()}
    return shown


def _account(account: AccountSettings) -> dict[str, Any]:
    in_force = {"settle_seconds": account.settle_ms // 1000, "remember": account.remembered}
    return account.model_dump(mode="json") | in_force
