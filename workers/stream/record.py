"""One record on its way to Kafka, encoded and addressed; nothing in it is looked at again."""

from workers.model import Record

#: Bytes of the header that every batch begins with (KIP-98, record batch v2).
BATCH_HEADER_BYTES = 61

#: Most bytes that a record takes besides its key, value and headers: length, attributes, timestamp delta,
#: offset delta, key length, value length and header count, all at their widest.
_RECORD_FRAME_BYTES = 5 + 1 + 10 + 5 + 5 + 5 + 5

#: Most bytes that the two lengths of one header take.
_HEADER_FRAME_BYTES = 5 + 5


class KafkaRecord(Record, frozen=True, kw_only=True):
    """A record with its place. `value` None is a tombstone; `timestamp_ms` None is the time of sending."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int | None = None

    @property
    def size(self) -> int:
        """Most bytes of a batch that holds only this record, uncompressed.

        This is what a broker compares with the topic's `max.message.bytes`.
        """
        headers = sum(len(name.encode()) + len(value) + _HEADER_FRAME_BYTES for name, value in self.headers)
        return BATCH_HEADER_BYTES + _RECORD_FRAME_BYTES + len(self.key) + len(self.value or b"") + headers
