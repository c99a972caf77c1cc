"""A real Kafka broker for demos and tests, from Python packages alone (extra `broker`)."""

from workers.broker.embedded import Broker
from workers.broker.given import GivenBroker, given_broker, running_broker
from workers.broker.ports import Reservation

__all__ = ["Broker", "GivenBroker", "Reservation", "given_broker", "running_broker"]
