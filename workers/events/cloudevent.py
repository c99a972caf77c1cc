"""One CloudEvent 1.0 on its way to Kafka, in binary or structured mode.

Source: CloudEvents core 1.0 and its Kafka protocol binding: attributes are `ce_*` headers in UTF-8, the media type of
the data is the header `content-type`; in structured mode the whole event is one JSON value.
"""

from functools import lru_cache
from typing import Literal

import msgspec

from workers.model import Record

ContentMode = Literal["binary", "structured"]
Topic = Literal["messages", "dead_letters"]

Headers = tuple[tuple[str, bytes], ...]

_STRUCTURED_HEADERS: Headers = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
#: Bytes that Kafka adds to a record and a header at most (varint lengths, deltas, attributes).
_RECORD_OVERHEAD = 32
_HEADER_OVERHEAD = 6
#: Bytes of the headers that each event has for itself, without their values.
_OWN_NAMES = len("ce_id" + "ce_subject" + "ce_time") + 3 * _HEADER_OVERHEAD

_encode = msgspec.json.Encoder().encode


class CloudEvent(Record, frozen=True, kw_only=True):
    """The attributes of the contract and the encoded data. `key` is the Kafka key and the `partitionkey`."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    dataschema: str
    key: str
    data: bytes


class KafkaEvent(Record, frozen=True, kw_only=True):
    """A CloudEvent as a Kafka record without its place. `kind` is the metric's label.

    `size` is an upper bound of its bytes in a batch.
    """

    topic: Topic
    kind: str
    key: bytes
    value: bytes
    headers: Headers
    size: int


def kafka_event(event: CloudEvent, *, topic: Topic, kind: str, mode: ContentMode) -> KafkaEvent:
    """The event as Kafka shall hold it."""
    if mode == "structured":
        headers, value, size = _STRUCTURED_HEADERS, _structured(event), _size(_STRUCTURED_HEADERS)
    else:
        id_, subject, time = event.id.encode(), event.subject.encode(), event.time.encode()
        shared, shared_size = _shared_headers(event.source, event.type, event.dataschema, event.key)
        headers = (*shared, ("ce_id", id_), ("ce_subject", subject), ("ce_time", time))
        value, size = event.data, shared_size + _OWN_NAMES + len(id_) + len(subject) + len(time)
    key = event.key.encode()
    size += len(key) + len(value) + _RECORD_OVERHEAD
    return KafkaEvent(topic=topic, kind=kind, key=key, value=value, headers=headers, size=size)


@lru_cache(maxsize=1024)  # for the conversations that are busy now
def _shared_headers(source: str, type_: str, dataschema: str, key: str) -> tuple[Headers, int]:
    """The headers that events of one conversation have alike, and their bytes.

    Made once they are no more objects for the garbage collector to visit.
    """
    headers = (
        ("content-type", b"application/json"),
        ("ce_specversion", b"1.0"),
        ("ce_source", source.encode()),
        ("ce_type", type_.encode()),
        ("ce_dataschema", dataschema.encode()),
        ("ce_partitionkey", key.encode()),
    )
    return headers, _size(headers)


def _size(headers: Headers) -> int:
    size = len(headers) * _HEADER_OVERHEAD
    for name, text in headers:  # names are ASCII
        size += len(name) + len(text)
    return size


def _structured(event: CloudEvent) -> bytes:
    return _encode(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "subject": event.subject,
            "time": event.time,
            "dataschema": event.dataschema,
            "datacontenttype": "application/json",
            "partitionkey": event.key,
            "data": msgspec.Raw(event.data),
        }
    )
