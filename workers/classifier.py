"""What a failure means, decided in one place by what the worker does next, with the reason beside each decision.

What happened becomes an error of ours where it is seen: an HTTP status in `providers/base.py`, a provider's own words
in its `errors.py`, a connection's exception in `polling/unreachable.py`, Kafka's in `stream/failure.py`. What is done
about it is decided here, and nowhere else. `docs/failures.md` is made of these texts.

Of a failed poll `decide` is asked. The other decisions go with the exception's class, which whoever can carry them out
catches: a shard ReopenShard, the process StopWorker, an account CursorUnreadable, the reconciling RowUnreadable.
"""

from typing import Final, Literal, NamedTuple

from workers import errors

Decision = Literal[
    "retry the feed later",
    "pause the account",
    "park the feed",
    "dead-letter the row",
    "leave the feed alone",
    "reopen the shard",
    "stop the worker",
]


class Ruling(NamedTuple):
    """One decision; `seen` says what its failure looks like.

    `reasons` are the words under which metrics, logs, dead letters or the exit code know it.
    """

    error: type[errors.AfluenteError]
    reasons: tuple[str, ...]
    seen: str
    decision: Decision
    why: str


#: The first ruling whose error matches holds: subclasses stand before their bases.
RULINGS: Final = (
    Ruling(
        errors.RateLimited,
        ("rate_limited",),
        "429; 503 with `Retry-After`; a provider's words for 'too many'",
        "pause the account",
        "The quota belongs to the key, so every feed would be told the same, and asking on makes providers lock keys "
        "out. All of the account waits: as long as `Retry-After` says (seconds or a date; 15 min at most), else, or "
        "where it says nothing readable or is over already, growing from 5 s to 15 min; and up to a quarter longer by "
        "chance, because several workers share the key. Afterwards it is asked at half its rate, which recovers "
        "slowly.",
    ),
    Ruling(
        errors.Refused,
        ("refused",),
        "401, 403, a redirect; wrong key, number or account in a provider's own words",
        "pause the account",
        "No feed of this key can be read, and only a person can mend it. Each worker that has feeds of it sends one "
        "probe after 15 s, doubling to 5 min, so that a mended key works without a restart; some providers lock an "
        "address out after many refusals. The feed that was refused stands back, so that probes come to others: one "
        "that is answered shows that the key is good. A feed that is refused after that is refused alone: it waits as "
        "a failed one does, and its neighbours are polled on, until two are refused without a page between. A refused "
        "history, or a refused list where feeds are polled, pauses nothing: a key may be allowed to read conversations "
        "and not to list them. A redirect counts as a refusal, because following it would carry the key elsewhere.",
    ),
    Ruling(
        errors.ParkFeed,
        ("not_found",),
        "404, 410; 'subscriber not found' and the like",
        "park the feed",
        "It is this feed that is not there; its neighbours are well. It may come back (a conversation is reopened), so "
        "it is asked again after 30 s, doubling to an hour, or at once when someone says `poll_now`.",
    ),
    Ruling(
        errors.PageUnreadable,
        ("unreadable",),
        "200 with HTML, half a body, JSON that is no page",
        "retry the feed later",
        "An answer that nobody can read proves nothing about messages, so the cursor stays. It passes when it was a "
        "proxy's or a maintenance page. One dead letter for each feed and kind of trouble keeps what was received.",
    ),
    Ruling(
        errors.ProviderFailed,
        ("provider_error",),
        "5xx, 4xx that name neither key nor feed, an error inside a 200",
        "retry the feed later",
        "The provider says that it failed, not what of. The feed waits 2 s, doubling to 5 min. When five polls in a "
        "row fail, of whatever feeds, it is the account that fails: it is probed after 2 s, doubling to 1 min, and the "
        "first success lets all its feeds go on, so a dead provider is not hammered and a mended one is not late.",
    ),
    Ruling(
        errors.CursorTooLarge,
        ("cursor_too_large",),
        "a cursor whose record is larger than `max.message.bytes` of the cursors topic",
        "retry the feed later",
        "Kafka would refuse the whole transaction, and with it every feed of the shard, again and again. So the feed "
        "waits alone, and publishes nothing that it could not remember, until the topic takes larger records or "
        "`settle_seconds` asks for less.",
    ),
    Ruling(
        errors.Unreachable,
        ("timeout", "dns", "tls", "connect", "reset", "protocol", "request", "too_large", "other"),
        "no answer in time, no name, no TLS, no connection, a reset, no HTTP, a body beyond the limit",
        "retry the feed later",
        "Whether the request arrived is unknown, but reading is repeatable. TLS and DNS failures are not told apart "
        "from an outage: certificates and names are mended elsewhere, and pausing for longer would only delay that. "
        "The account's own slots bound what a provider that hangs can hold; five in a row are the account's failure. "
        "How a body beyond the limit begins is told in a dead letter, once until the feed succeeds again.",
    ),
    Ruling(
        errors.RowUnreadable,
        ("the dead letter's own reason",),
        "a row without identity, time, or any sense",
        "dead-letter the row",
        "One row must not hold up its neighbours, and dropping it would lose a message without a word. Its raw text "
        "goes to the dead letters in the transaction of the others, and its digest is remembered: told once.",
    ),
    Ruling(
        errors.CursorUnreadable,
        ("unreadable cursor",),
        "a record of the cursors topic that is not ours, or is damaged",
        "leave the feed alone",
        "Polling without it would publish the feed's history a second time, so a person has to want that: write the "
        "feed's key without a value to its partition of the cursors topic, and restart the worker that owns the shard.",
    ),
    Ruling(
        errors.ShardFenced,
        ("fenced",),
        "Kafka: ProducerFenced, InvalidProducerEpoch",
        "reopen the shard",
        "A newer owner may exist. Opening at once would fence it back, so a session timeout passes first: by then the "
        "group has said whose the shard is.",
    ),
    Ruling(
        errors.ReopenShard,
        ("open", "timeout", "unavailable", "state", "rejected", "refused", "too_large", "restore", "cancelled"),
        "Kafka: a send, a commit, or the deadline around them failed",
        "reopen the shard",
        "Whether the transaction took place is unknown. Nothing in memory is worth anything then: a new producer makes "
        "Kafka settle the old transaction, the cursors are read anew, and polls go on from what is true.",
    ),
    Ruling(
        errors.StopWorker,
        ("exit code 1",),
        "Kafka: a missing or mis-made topic, no right to read or write, no broker for 5 min (at the start: 30 s); "
        "an address in use",
        "stop the worker",
        "Nothing in this process can mend it, and a process that looks alive but does nothing is the worst of "
        "answers: it ends with one line that says what to do, and its supervisor starts it again.",
    ),
    Ruling(
        errors.PollFailed,
        ("failed", "internal"),
        "anything else; a fault of this program",
        "retry the feed later",
        "It must stay with its feed and be loud: logged with its trace, counted, tried again as a failed poll is.",
    ),
)


def ruling_of(error: Exception) -> Ruling:
    """The ruling that holds for this failure; an exception that is none of ours is a fault of the program."""
    return next((ruling for ruling in RULINGS if isinstance(error, ruling.error)), RULINGS[-1])


def decide(error: Exception, *, key_is_good: bool = False) -> Decision:
    """What the worker does next. `key_is_good`: others are read with this key, so what is refused is refused alone."""
    if key_is_good and isinstance(error, errors.Refused):
        return "retry the feed later"
    return ruling_of(error).decision


def document() -> str:
    """`docs/failures.md`, of the rulings."""
    head = (
        "# What a failure means\n\nMade by `python -m workers.classifier docs/failures.md` of `workers/classifier.py`. "
        "Behind each decision stand the words under which metrics, logs, dead letters or the exit code know it.\n"
    )
    return head + "".join(
        f"\n## {ruling.decision}: {', '.join(ruling.reasons)}\n\n**Seen as** {ruling.seen}.\n\n{ruling.why}\n"
        for ruling in RULINGS
    )


if __name__ == "__main__":
    import sys
    from pathlib import Path

    Path(sys.argv[1]).write_text(document(), encoding="utf-8")
