from aiokafka import TopicPartition

from workers.stream.reading import Reading

A, B = TopicPartition("t", 0), TopicPartition("t", 1)


class Standing:
    """A consumer that stands where the test says, and was answered when the test says."""

    def __init__(self):
        self.positions, self.answered = {A: 0, B: 0}, {A: None, B: None}

    async def position(self, place):
        return self.positions[place]

    def last_poll_timestamp(self, place):
        return self.answered[place]

    def answer(self, **moved):
        """One more answer of the broker, to both partitions."""
        self.positions |= {A: moved.get("a", self.positions[A]), B: moved.get("b", self.positions[B])}
        self.answered = dict.fromkeys((A, B), (self.answered[A] or 1_000) + 100)


async def test_the_position_alone_tells_the_end_where_it_gets_there():
    # Given
    client = Standing()
    reading = Reading(client)
    # When
    client.answer(a=10)
    await reading.move([A, B], brought=True)
    # Then
    assert reading.at(A, 10)
    assert not reading.at(A, 11)
    assert not reading.at(B, 1)
    assert reading.at(B, 0)


async def test_answers_without_records_prove_the_end_of_a_partition_that_compaction_emptied():
    # Given
    client = Standing()
    reading = Reading(client)
    await reading.move([A], brought=False)
    # When
    for _ in range(3):
        assert not reading.at(A, 5)
        client.answer()
        await reading.move([A], brought=False)
    # Then
    assert reading.at(A, 5)


async def test_answers_while_an_open_transaction_hides_records_prove_nothing():
    # Given a partition behind a transaction that is open for long: all answers are without records
    client = Standing()
    reading = Reading(client)
    for _ in range(10):
        client.answer()
        await reading.move([A], brought=False, hidden={A})
    # When it has ended, as an answer says whose records are not handed on yet
    client.answer()
    await reading.move([A], brought=False)
    # Then this is not the end
    assert not reading.at(A, 5)
    # And when they have been handed on, it is
    client.answer(a=5)
    await reading.move([A], brought=True)
    assert reading.at(A, 5)


async def test_silence_proves_nothing():
    # Given a broker that does not answer
    reading = Reading(Standing())
    # When
    for _ in range(100):
        await reading.move([A], brought=False)
    # Then
    assert not reading.at(A, 5)


async def test_records_of_any_partition_and_any_movement_begin_the_count_anew():
    # Given
    client = Standing()
    reading = Reading(client)
    for step in ("records", "movement", "nothing", "nothing"):
        # When
        client.answer(a=3 if step == "movement" else client.positions[A])
        await reading.move([A], brought=step == "records")
        # Then
        assert not reading.at(A, 5)


async def test_a_partition_that_was_given_up_and_taken_again_is_looked_at_anew():
    # Given
    client = Standing()
    reading = Reading(client)
    client.answer(a=10)
    await reading.move([A], brought=True)
    await reading.move([], brought=False)
    # When
    client.positions[A] = 0
    await reading.move([A], brought=False)
    # Then
    assert not reading.at(A, 10)
