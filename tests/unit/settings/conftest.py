from pathlib import Path
from typing import ClassVar, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from workers.errors import ConfigurationError
from workers.providers.account import AccountSettings
from workers.settings.load import load


class Paging(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    size: int = Field(10, ge=1, description="Rows.")


class Tin(AccountSettings):
    """A provider with a key, a table and a rule between fields."""

    default_base_url: ClassVar[str] = "https://tin.example/v1"
    provider: Literal["tin"] = Field("tin", description="Which API.")
    api_key: SecretStr = Field(description="Key.")
    number: str | None = Field(None, description="Number.")
    timezone: str = Field("UTC", description="Zone.")
    paging: Paging | None = Field(None, description="Paging.")

    @model_validator(mode="after")
    def _no_pair(self) -> "Tin":
        if self.number == "13" and self.include_raw:
            raise ValueError("number: must not be 13 with include_raw")
        return self

    def identity(self) -> tuple[str, ...]:
        return (self.provider, self.api_key.get_secret_value())


class Copper(AccountSettings):
    """A provider without secrets."""

    default_base_url: ClassVar[str] = "https://copper.example"
    provider: Literal["copper"] = Field("copper", description="Which API.")

    def identity(self) -> tuple[str, ...]:
        return (self.provider, self.name)


@pytest.fixture
def providers():
    return {"tin": Tin, "copper": Copper}


@pytest.fixture
def loaded(tmp_path: Path, providers):
    """Loads a text as a configuration file beside which secrets may stand."""

    def load_text(text: str, *, keyless: bool = False, **environ: str):
        path = tmp_path / "afluente.toml"
        path.write_text(text, encoding="utf-8")
        return load(path, providers, environ, keyless=keyless)

    return load_text


@pytest.fixture
def problems(loaded):
    """The lines about what is wrong with a text."""

    def lines_of(text: str, **environ: str) -> list[str]:
        with pytest.raises(ConfigurationError) as raised:
            loaded(text, **environ)
        assert all("\n" not in problem for problem in raised.value.problems)
        return raised.value.problems

    return lines_of
