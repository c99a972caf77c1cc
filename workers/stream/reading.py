"""When a partition of a compacted topic has been read to its end."""

from collections.abc import Container, Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition

#: Answers in a row without a record or a movement that prove that nothing more is to be read.
_EMPTY_ANSWERS = 3


class Reading:
    """Where a consumer stands in some partitions.

    The position passes transaction markers and compacted batches by itself. Where compaction took the last
    records of a partition away, though, no answer ever moves the position behind them. A broker that has a batch
    for any of the partitions it was asked for sends at least one, so a few answers with none prove the end.
    """

    def __init__(self, client: AIOKafkaConsumer) -> None:
        self._client = client
        self._places: dict[TopicPartition, _Place] = {}

    async def move(
        self, places: Iterable[TopicPartition], *, brought: bool, hidden: Container[TopicPartition] = ()
    ) -> None:
        """Look where the consumer stands now; `brought`: the last read brought records, of whatever partition.

        `hidden`: where an open transaction hides what lies behind it. There answers without records prove nothing, and
        the one that ends it shows the new end before its records are handed on.
        """
        looked: dict[TopicPartition, _Place] = {}
        for place in places:
            state, moved = self._places.get(place) or _Place(), brought or place in hidden
            state.see(await self._client.position(place), self._client.last_poll_timestamp(place), moved)
            looked[place] = state
        self._places = looked

    def at(self, place: TopicPartition, end: int) -> bool:
        """Whether everything before this offset has been read, as of the last `move`."""
        state = self._places[place]
        return state.position >= end or state.empty_answers >= _EMPTY_ANSWERS


class _Place:
    def __init__(self) -> None:
        self.position = -1
        self.empty_answers = 0
        self._answered_at: int | None = None

    def see(self, position: int, answered_at: int | None, moved: bool) -> None:
        answered = answered_at is not None and answered_at != self._answered_at
        moved = moved or position != self.position
        self.empty_answers = 0 if moved else self.empty_answers + answered
        self.position, self._answered_at = position, answered_at
