"""What the encoder of events asks of whoever knows an account's secrets."""

from typing import Protocol


class Redacts(Protocol):
    """What removes an account's secrets from texts."""

    def may_contain(self, encoded: bytes) -> bool:
        """Whether a secret may stand in this UTF-8 text (no false negatives)."""
        ...

    def redact(self, text: str, *, whole: bool = True) -> str:
        """The text without secrets; where it is not `whole`, without the beginning of one at its end."""
        ...

    def redact_bytes(self, content: bytes, *, whole: bool = True) -> bytes:
        """The same of bytes that need not be text."""
        ...

    def redact_value(self, value: object) -> object:
        """The decoded JSON without secrets."""
        ...
