"""What one try of an account came to, in words that say what to do. Pure."""

from typing import Literal

from workers.errors import PageUnreadable, ParkFeed, PollFailed, RateLimited, Redirected, Refused, Unreachable
from workers.model import Record

Word = Literal[
    "ok", "refused", "rate limited", "not found", "unreachable", "unreadable", "failed", "wrong", "not tried"
]

#: Advice by reason of `Unreachable`; the address is `base_url` in each of them.
_UNREACHABLE = {
    "dns": "is the host in base_url spelt right, and does this machine resolve names?",
    "connect": "are host and port in base_url right, and may this machine connect to them?",
    "tls": "is base_url really this provider's address, and are the system's certificate authorities there?",
    "timeout": "try again; if it stays so, ask for a way out of this network, or the provider for its state",
    "protocol": "base_url is not the address of an HTTP API",
}


class Verdict(Record, frozen=True, kw_only=True):
    """One word, what was seen, and what to do about it."""

    word: Word
    said: str
    advice: str = ""

    @property
    def failed(self) -> bool:
        """Whether a person has to do something."""
        return self.word not in {"ok", "not tried"}

    def __str__(self) -> str:
        return f"{self.word}: {self.said}" + (f" — {self.advice}" if self.advice else "")


def verdict(error: PollFailed) -> Verdict:
    """What a failed try means for a person, by the branches of the error tree."""
    word, advice = _meaning(error)
    return Verdict(word=word, said=str(error), advice=advice)


def _meaning(error: PollFailed) -> tuple[Word, str]:
    if isinstance(error, Refused):
        elsewhere = "is base_url this provider's own address? If so, " if isinstance(error, Redirected) else ""
        advice = "the credentials are wrong, expired, or lack the right to read; renew them at the provider"
        return "refused", elsewhere + advice
    if isinstance(error, RateLimited):
        return "rate limited", "the key is used up for now: lower requests_per_minute, or see who else uses it"
    if isinstance(error, ParkFeed):
        return "not found", "the credentials work, but the provider does not know this feed: compare its values"
    if isinstance(error, Unreachable):
        return "unreachable", _UNREACHABLE.get(error.reason, "try again; compare base_url")
    if isinstance(error, PageUnreadable):
        return "unreadable", "is base_url right, with its version path? `afluente preview` shows what came"
    return "failed", "the provider says that it failed: try again later"
