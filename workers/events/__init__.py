"""Events: outcomes as CloudEvents, ready for Kafka. Pure."""
