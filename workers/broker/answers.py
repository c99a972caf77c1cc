"""Asks a broker three plain questions over its own protocol: an open port does not mean that it answers.

Only what the embedded broker needs: Metadata v1 and FindCoordinator v1, which Apache Kafka 2 to 4 accept
(https://kafka.apache.org/protocol, "Metadata API" and "FindCoordinator API").
"""

import socket
import struct

METADATA = 3
FIND_COORDINATOR = 10
#: FindCoordinator's key types.
GROUP, TRANSACTION = 0, 1
#: Sizes of an answer; any other is no Kafka protocol (an HTTP server's "HTTP" read as a size is 1.2 GB).
ANSWER_BYTES = range(4, 16 * 1024 * 1024)

Address = tuple[str, int]


class NoAnswer(OSError):
    """Refused, silent, or not a broker that speaks plaintext Kafka."""


def live_nodes(address: Address, seconds: float) -> dict[int, Address]:
    """Node id → advertised address of the brokers that serve clients now."""
    answer = _ask(address, METADATA, 1, struct.pack(">i", 0), seconds)
    nodes: dict[int, Address] = {}
    (count,), at = struct.unpack_from(">i", answer), 4
    for _ in range(count):
        (node,), at = struct.unpack_from(">i", answer, at), at + 4
        host, at = _string(answer, at)
        (port,), at = struct.unpack_from(">i", answer, at), at + 4
        _, at = _string(answer, at)
        nodes[node] = (host, port)
    return nodes


def has_coordinator(address: Address, kind: int, seconds: float) -> bool:
    """Whether groups (or transactions) have a coordinator; asking makes the broker create their topic."""
    body = struct.pack(">h8sb", 8, b"afluente", kind)
    (error,) = struct.unpack_from(">h", _ask(address, FIND_COORDINATOR, 1, body, seconds), 4)
    return bool(error == 0)


def _ask(address: Address, api: int, version: int, body: bytes, seconds: float) -> bytes:
    header = struct.pack(">hhih8s", api, version, 1, 8, b"afluente")
    try:
        with socket.create_connection(address, timeout=seconds) as connection:
            connection.sendall(struct.pack(">i", len(header) + len(body)) + header + body)
            (size,) = struct.unpack(">i", _exactly(connection, 4))
            if size not in ANSWER_BYTES:
                raise NoAnswer("what answers there is no Kafka broker, or wants TLS")
            return _exactly(connection, size)[4:]
    except (OSError, struct.error) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error


def _exactly(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise NoAnswer("the connection was closed without an answer")
        received += part
    return received


def _string(answer: bytes, at: int) -> tuple[str, int]:
    (size,), at = struct.unpack_from(">h", answer, at), at + 2
    size = max(size, 0)  # -1 is null
    return answer[at : at + size].decode(), at + size
