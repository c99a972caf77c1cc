"""What a worker serves and how it ends: `[service]`."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from workers.settings.address import host_and_port


class ServiceSettings(BaseModel):
    """`[service]`: the address of metrics and health, and the time to drain."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    listen: str = Field(
        "127.0.0.1:9464",
        description="Where `/metrics`, `/healthz` and `/readyz` are served, `host:port`; "
        "`0.0.0.0:9464` for all addresses, port 0 for any free port.",
    )
    shutdown_seconds: Annotated[float, Field(ge=1, le=600)] = Field(
        20, description="Seconds that a worker has to finish and commit what it holds when it is told to stop."
    )

    @field_validator("listen")
    @classmethod
    def _an_address(cls, value: str) -> str:
        host_and_port(value, lowest_port=0)
        return value

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`."""
        return host_and_port(self.listen, lowest_port=0)
