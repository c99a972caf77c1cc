"""Afluente: WhatsApp providers' message histories, as one exactly-once Kafka stream."""

__version__ = "0.1.0"
