"""How events are written: `[output]`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class OutputSettings(BaseModel):
    """`[output]`: the form of an event and its largest size."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    content_mode: Literal["binary", "structured"] = Field(
        "binary",
        description="CloudEvents binding: attributes as Kafka headers (`binary`), or one "
        "`application/cloudevents+json` value (`structured`).",
    )
    max_event_bytes: Annotated[int, Field(ge=10_000, le=8_000_000)] = Field(
        900_000,
        description="Largest encoded record. An event above it becomes a truncated dead letter. Never more than "
        "the topic's `max.message.bytes` (Kafka's default: 1 048 588).",
    )
