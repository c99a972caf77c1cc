import os

from aiokafka.producer.message_accumulator import BatchBuilder
from hypothesis import example, given, settings
from hypothesis import strategies as st

from workers.stream.record import KafkaRecord

records = st.builds(
    KafkaRecord,
    topic=st.just("events"),
    partition=st.integers(0, 11),
    key=st.binary(max_size=200),
    value=st.none() | st.binary(max_size=2000),
    headers=st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=50)), max_size=8).map(tuple),
    timestamp_ms=st.none() | st.integers(0, 2**45),
)


@given(records)
@example(KafkaRecord(topic="t", partition=0, key=b"", value=os.urandom(300_000), timestamp_ms=2**45))
@settings(max_examples=300)
def test_the_size_of_a_record_is_never_less_than_a_batch_of_it_and_not_much_more(record):
    # Given
    batch = BatchBuilder(900_000, 0, is_transactional=1)
    # When
    batch.append(key=record.key, value=record.value, timestamp=record.timestamp_ms, headers=list(record.headers))
    # Then
    assert batch.size() <= record.size <= batch.size() + 40 + 10 * len(record.headers)
