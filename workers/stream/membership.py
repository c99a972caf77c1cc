"""What aiokafka's group consumer does not tell: heartbeats, generation, coordinator.

Looks inside aiokafka 0.14, whose minor version is pinned for this; tests on a real broker hold it together.
"""

from collections.abc import Callable

from aiokafka import AIOKafkaConsumer


def on_heartbeat(client: AIOKafkaConsumer, heard: Callable[[], None]) -> None:
    """Call `heard` whenever the coordinator confirms that this started consumer is a member."""
    coordinator = client._coordinator  # noqa: SLF001 - see the module
    ask = coordinator._do_heartbeat  # noqa: SLF001 - see the module

    async def ask_and_tell() -> bool:
        confirmed: bool = await ask()
        if confirmed:
            heard()
        return confirmed

    coordinator._do_heartbeat = ask_and_tell  # noqa: SLF001 - see the module


def generation(client: AIOKafkaConsumer) -> int:
    """The generation of the group that this consumer joined last."""
    number: int = client._coordinator.generation  # noqa: SLF001 - see the module
    return number


def rejoin(client: AIOKafkaConsumer) -> None:
    """Join the group anew, even where the library sees no reason to."""
    client._coordinator.request_rejoin()  # noqa: SLF001 - see the module


def knows_coordinator(client: AIOKafkaConsumer) -> bool:
    """Whether the last request to the group's coordinator was answered."""
    coordinator = client._coordinator  # noqa: SLF001 - see the module
    return coordinator is not None and coordinator.coordinator_id is not None
