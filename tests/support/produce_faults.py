"""A proxy that injects faults of the Kafka protocol: produce errors of one topic, and answers that never arrive.

`fail_next(topic, error_code)`: the topic's batches are taken out of the next Produce request before it is forwarded,
so they are NOT appended; the topics beside it are, and the answer names the error for the topic's partitions. This is
what a client sees of a broker that refuses one partition of a transaction and takes the others.

`lose_next(api)`: the request is forwarded and done; its answer is thrown away and the connection reset.
`drop_next(api)`: the request is thrown away and the connection reset; the broker never hears of it. A client sees the
same of both: it cannot know the outcome. aiokafka connects again and repeats the request; `refuse=True` refuses new
connections as well (until `accept`), so that the outcome stays unknown.

It reads what aiokafka 0.14 sends to Kafka 4: request header v1, Produce v7 (https://kafka.apache.org/protocol). A
Produce of another version that should be failed ends the test with an error instead of passing by unharmed.
"""

import struct
from collections import Counter, deque
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from tests.support.proxy import ChaosProxy, Link

#: Names of the requests that a test may lose, as the protocol numbers them.
APIS = {
    "Produce": 0, "Fetch": 1, "ListOffsets": 2, "Metadata": 3, "OffsetCommit": 8, "OffsetFetch": 9,
    "FindCoordinator": 10, "JoinGroup": 11, "Heartbeat": 12, "LeaveGroup": 13, "SyncGroup": 14,
    "InitProducerId": 22, "AddPartitionsToTxn": 24, "EndTxn": 26,
}  # fmt: skip
PRODUCE = APIS["Produce"]
PRODUCE_VERSION = 7

MESSAGE_TOO_LARGE = 10
NOT_ENOUGH_REPLICAS = 19
TOPIC_AUTHORIZATION_FAILED = 29
OUT_OF_ORDER_SEQUENCE = 45
INVALID_TXN_STATE = 48


@dataclass(frozen=True)
class Loss:
    """What shall be lost of a request called `api`: its answer, or all of it; and whether nobody may connect then."""

    api: str
    forwards: bool
    refuses: bool


@dataclass
class Expected:
    """One answer that a client waits for, in the order of its requests.

    `refused` maps topics that were taken out of a Produce to (error, partitions). `answer` is complete where the
    broker was not asked; `loss` says that it shall not arrive.
    """

    correlation: int
    refused: dict[str, tuple[int, list[int]]] = field(default_factory=dict)
    loss: Loss | None = None
    answer: bytes | None = None


class Conversation:
    """The frames of one connection: what has not arrived whole yet, and which answers are due."""

    def __init__(self) -> None:
        self.requests = bytearray()
        self.answers = bytearray()
        self.expected: deque[Expected] = deque()


class FaultyProxy(ChaosProxy):
    """A `ChaosProxy` for Kafka. `injected` counts the faults that happened, by topic or name of the request."""

    def __init__(self, target_port: int = 0, *, port: int = 0) -> None:
        super().__init__(target_port, port=port)
        self.injected: Counter[str] = Counter()
        self._failures: dict[str, deque[int]] = {}
        self._losses: dict[int, deque[Loss]] = {}
        self._conversations: WeakKeyDictionary[Link, Conversation] = WeakKeyDictionary()

    def fail_next(self, topic: str, error_code: int, times: int = 1) -> None:
        """Refuse the topic's part of the next `times` Produce requests that have one."""
        self._failures.setdefault(topic, deque()).extend([error_code] * times)

    def lose_next(self, api: str, times: int = 1, *, refuse: bool = False) -> None:
        """Lose the answers to the next `times` requests of a name in `APIS`, and the connection with each."""
        self._losses.setdefault(APIS[api], deque()).extend([Loss(api, True, refuse)] * times)

    def drop_next(self, api: str, times: int = 1, *, refuse: bool = False) -> None:
        """Lose the next `times` requests of a name in `APIS` before they reach the broker, and the connection."""
        self._losses.setdefault(APIS[api], deque()).extend([Loss(api, False, refuse)] * times)

    async def from_client(self, link: Link, chunk: bytes) -> None:
        """Read whole requests; forward each, changed or not, or answer it in its turn."""
        talk = self._conversation(link)
        talk.requests += chunk
        for frame in _frames(talk.requests):
            loss = self._next_loss(frame)
            if loss is not None and not loss.forwards:
                await self._lose(link, loss)
                return
            expected, forwarded = self._examine(frame, loss)
            if expected is not None:
                talk.expected.append(expected)
            if forwarded is not None:
                await link.to_target.put(_framed(forwarded))
            await self._answer_due(link, talk)
        if not chunk:
            await link.to_target.put(b"")

    async def from_target(self, link: Link, chunk: bytes) -> None:
        """Read whole answers; pass each on, completed or not, or lose it."""
        talk = self._conversation(link)
        talk.answers += chunk
        for frame in _frames(talk.answers):
            expected = talk.expected.popleft()
            if expected.loss is not None:
                await self._lose(link, expected.loss)
                return
            await link.to_client.put(_framed(_completed(frame, expected)))
            await self._answer_due(link, talk)
        if not chunk:
            await link.to_client.put(b"")

    def _conversation(self, link: Link) -> Conversation:
        return self._conversations.setdefault(link, Conversation())

    async def _answer_due(self, link: Link, talk: Conversation) -> None:
        """Send our own answers as soon as every earlier request has been answered."""
        while talk.expected and (answer := talk.expected[0].answer) is not None:
            talk.expected.popleft()
            await link.to_client.put(_framed(answer))

    async def _lose(self, link: Link, loss: Loss) -> None:
        self.injected[loss.api] += 1
        if loss.refuses:
            await self.refuse()
        link.cut()

    def _next_loss(self, frame: bytes) -> Loss | None:
        (api,) = struct.unpack_from(">h", frame)
        losses = self._losses.get(api)
        return losses.popleft() if losses else None

    def _examine(self, frame: bytes, loss: Loss | None) -> tuple[Expected | None, bytes | None]:
        """What to expect of a request, and what of it to forward (None: nothing)."""
        api, version, correlation = struct.unpack_from(">hhi", frame)
        if api != PRODUCE:
            return Expected(correlation, loss=loss), frame
        produce = ProduceRequest(frame)
        if produce.acks == 0:  # such a request has no answer
            return None, frame
        refused = self._refusals(produce, version)
        if not refused:
            return Expected(correlation, loss=loss), frame
        left = produce.without(refused)
        if left is None:
            empty = struct.pack(">iii", correlation, 0, 0)
            return Expected(correlation, answer=_with_refused(empty, refused)), None
        return Expected(correlation, refused, loss), left

    def _refusals(self, produce: "ProduceRequest", version: int) -> dict[str, tuple[int, list[int]]]:
        refused = {}
        for topic, (partitions, _) in produce.topics.items():
            if self._failures.get(topic):
                if version != PRODUCE_VERSION:
                    raise AssertionError(f"the client sends Produce v{version}; this proxy reads v{PRODUCE_VERSION}")
                refused[topic] = (self._failures[topic].popleft(), partitions)
                self.injected[topic] += 1
        return refused


class ProduceRequest:
    """A Produce v3-v8 request, taken apart by topic: name → (partitions, the bytes of its entry)."""

    def __init__(self, frame: bytes) -> None:
        (client_id,) = struct.unpack_from(">h", frame, 8)
        at = 10 + max(client_id, 0)
        (transactional_id,) = struct.unpack_from(">h", frame, at)
        at += 2 + max(transactional_id, 0)
        self.acks, _, count = struct.unpack_from(">hii", frame, at)
        self._head = frame[: at + 6]
        self.topics: dict[str, tuple[list[int], bytes]] = {}
        at += 10
        for _ in range(count):
            at = self._read_topic(frame, at)

    def _read_topic(self, frame: bytes, start: int) -> int:
        (size,) = struct.unpack_from(">h", frame, start)
        name = frame[start + 2 : start + 2 + size].decode()
        at = start + 2 + size
        (count,) = struct.unpack_from(">i", frame, at)
        at += 4
        partitions = []
        for _ in range(count):
            partition, records = struct.unpack_from(">ii", frame, at)
            partitions.append(partition)
            at += 8 + max(records, 0)
        self.topics[name] = (partitions, frame[start:at])
        return at

    def without(self, refused: dict[str, tuple[int, list[int]]]) -> bytes | None:
        """The same request for the other topics; None where there are none."""
        kept = [entry for name, (_, entry) in self.topics.items() if name not in refused]
        return self._head + struct.pack(">i", len(kept)) + b"".join(kept) if kept else None


def _completed(frame: bytes, expected: Expected) -> bytes:
    (correlation,) = struct.unpack_from(">i", frame)
    if correlation != expected.correlation:
        raise AssertionError(f"answer {correlation} came where {expected.correlation} was due")
    return _with_refused(frame, expected.refused) if expected.refused else frame


def _with_refused(answer: bytes, refused: dict[str, tuple[int, list[int]]]) -> bytes:
    """A Produce v5-v7 answer with entries for the refused topics added to it."""
    (count,) = struct.unpack_from(">i", answer, 4)
    entries, throttle = answer[8:-4], answer[-4:]
    for topic, (error, partitions) in refused.items():
        name = topic.encode()
        entries += struct.pack(f">h{len(name)}si", len(name), name, len(partitions))
        for partition in partitions:
            entries += struct.pack(">ihqqq", partition, error, -1, -1, -1)
    return answer[:4] + struct.pack(">i", count + len(refused)) + entries + throttle


def _frames(received: bytearray):
    """Take whole frames, without their size, off the front of what was received."""
    while len(received) >= 4:
        (size,) = struct.unpack_from(">i", received)
        if len(received) < 4 + size:
            return
        frame = bytes(received[4 : 4 + size])
        del received[: 4 + size]
        yield frame


def _framed(frame: bytes) -> bytes:
    return struct.pack(">i", len(frame)) + frame
