"""The stream room: everything that touches Kafka."""
