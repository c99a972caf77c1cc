"""Every error of Afluente, grouped by what the worker does next.

AfluenteError
├── ConfigurationError        stop before anything starts; exit 2
├── StopWorker                end the process, exit 1; the supervisor starts it again
│   ├── TopicError            a topic is missing, mis-made, or may not be read
│   ├── BrokerUnreachable     no broker answered in time
│   └── NotDrained            the deadline of a shutdown passed with work uncommitted
├── ReopenShard               outcome unknown: abandon the producer, open, restore, go on
│   ├── TransactionFailed     a send, a commit or its deadline failed
│   └── ShardFenced           a newer owner exists: give the shard up first
├── CursorUnreadable          leave this feed alone and say so: polling it anew would repeat its history
├── FeedRejected              a feed definition that cannot be polled: count, log, ignore
├── RecordingUnreadable       a stored recording is damaged: say what, exit 1
├── WorkerSilent              a running worker that a command asks does not answer: exit 1
├── FeedsNotWritten           the feeds topic did not take definitions: say so, write them again later
├── PollFailed                the poll brought nothing; the cursor stays
│   ├── PauseAccount          no request for this account for a while
│   │   ├── RateLimited       the provider said "too many" (`retry_after` verbatim)
│   │   └── Refused           the credentials were refused
│   │       └── Redirected    sent elsewhere, where credentials are not carried
│   ├── ParkFeed              the feed does not exist (any more)
│   └── RetryFeed             this feed again later, others now
│       ├── Unreachable       no connection, TLS, DNS, reset, or the deadline passed
│       │   └── BodyTooLarge  an answer larger than a page may be: a dead letter tells it
│       ├── ProviderFailed    the provider said that it failed
│       ├── CursorTooLarge    what it must remember does not fit a record of the cursors topic
│       └── PageUnreadable    an answer nobody can read: a dead letter tells it
└── RowUnreadable             dead-letter this row, go on with its neighbours
"""


class AfluenteError(Exception):
    """Root of the tree."""


class ConfigurationError(AfluenteError):
    """The configuration is wrong. `problems` holds one line for each wrong field."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StopWorker(AfluenteError):
    """Nothing in this process can mend it: exit 1 and let the supervisor start anew."""


class TopicError(StopWorker):
    """A topic is missing, mis-made, or refused to us."""


class BrokerUnreachable(StopWorker):
    """No broker answered in time."""


class NotDrained(StopWorker):
    """A shutdown's deadline passed with work uncommitted."""


class ReopenShard(AfluenteError):
    """The outcome of a transaction is unknown: what is in memory of the shard is worth nothing now.

    `reason` is the label of `afluente_transaction_failures_total`: one of `workers.stream.failure.REASONS`.
    """

    def __init__(self, text: str, reason: str = "rejected") -> None:
        super().__init__(text)
        self.reason = reason


class TransactionFailed(ReopenShard):
    """A send, a commit, or the deadline around them failed."""


class ShardFenced(ReopenShard):
    """Kafka knows a newer owner of this shard (or ended our transaction, which looks the same)."""


class CursorUnreadable(AfluenteError):
    """A cursor record cannot be decoded."""


class FeedRejected(AfluenteError):
    """A feed definition cannot be polled. `reason` is a label of the metric, the text says what to do."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class RecordingUnreadable(AfluenteError):
    """These files are no recording that this version reads. The text says which one, and what is wrong."""


class WorkerSilent(AfluenteError):
    """A running worker was asked, and does not answer."""


class FeedsNotWritten(AfluenteError):
    """The feeds topic did not take definitions, or did not say so in time. Writing them again does no harm."""


class PollFailed(AfluenteError):
    """Base of all failed polls. `reason` is the label of the metric: a closed set, one per class or in-band case."""

    reason = "failed"


class PauseAccount(PollFailed):
    """No request for this account for a while."""


class RateLimited(PauseAccount):
    """The provider said "too many"; `retry_after` is its header, verbatim."""

    reason = "rate_limited"

    def __init__(self, text: str, retry_after: str | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class Refused(PauseAccount):
    """The provider refused the credentials (or our right to read)."""

    reason = "refused"


class Redirected(Refused):
    """The provider sends us elsewhere. Credentials are not carried there."""


class ParkFeed(PollFailed):
    """The feed does not exist (any more)."""

    reason = "not_found"


class RetryFeed(PollFailed):
    """This feed again later; others now."""


class Unreachable(RetryFeed):
    """No connection, TLS, DNS, reset, or a deadline. `reason` says which."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class BodyTooLarge(Unreachable):
    """An answer larger than a page may be. `letter` is the dead-letter reason, `received` (bytes) how it begins."""

    letter = "too_large_body"

    def __init__(self, text: str, status: int, content_type: str, received: bytes) -> None:
        super().__init__("too_large", text)
        self.status, self.content_type, self.received = status, content_type, received


class ProviderFailed(RetryFeed):
    """The provider said that it failed (5xx, or an error inside a 200)."""

    reason = "provider_error"


class CursorTooLarge(RetryFeed):
    """What a feed must remember does not fit a record of the cursors topic; published without it, it would repeat."""

    reason = "cursor_too_large"


class PageUnreadable(RetryFeed):
    """An answer that nobody can read. `letter` is the dead-letter reason; the shell adds the response."""

    def __init__(self, letter: str, text: str) -> None:
        super().__init__(text)
        self.letter = letter
        self.reason = "unreadable"


class RowUnreadable(AfluenteError):
    """One row makes no sense. `reason` is the dead-letter reason, the text its detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
