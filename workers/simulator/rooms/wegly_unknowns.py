"""What nobody has documented of Wegly, as switches: each value is one reading (`providers.md` section 7)."""

from workers.simulator.rooms.page_unknowns import page_switches
from workers.simulator.switches import Amount, Chance, Choice

#: Words of a state. `documented` begins with both first words that the two generations of the reference show.
STATUS_WORDS = {
    "documented": {"pending": "processing"} | {word: word for word in ("sent", "failed", "delivered", "read")},
    "upper": {word: word.upper() for word in ("sent", "failed", "delivered", "read")} | {"pending": "PROCESSING"},
    "extra": {"pending": "QUEUED", "sent": "ACCEPTED", "failed": "ERROR", "delivered": "DELIVERED", "read": "READ"},
}
#: Words of `origin` for what came in and what went out: the documented first one, its like in small letters, others.
ORIGIN_WORDS = {
    "documented": ("INBOUND", "OUTBOUND"),
    "lower": ("inbound", "outbound"),
    "other": ("FROM_CUSTOMER", "FROM_COMPANY"),
}
#: The longest time after which imported history may appear (seconds): half a day.
LONGEST_IMPORT = 43_200

SWITCHES = (
    *(switch for switch in page_switches("wegly", 0) if switch.name not in {"wegly.order", "wegly.thin_pages"}),
    Choice(
        "wegly.order",
        "order of the records inside a page: that of the list, or turned round",
        "as_listed",
        "wegly",
        ("as_listed", "turned"),
    ),
    Choice("wegly.origin", "whether keys are restricted to a domain", "free", "wegly", ("free", "restricted")),
    Choice(
        "wegly.errors", "form of an error's body", "nest", "wegly", ("nest", "message", "error", "empty", "html")
    ),
    Choice(
        "wegly.timeline",
        "whether chats have a timeline, and how a missing one answers",
        "on",
        "wegly",
        ("on", "not_found", "not_allowed"),
    ),
    Choice(
        "wegly.timeline_paging",
        "how a timeline is paged: by number from 1 or 0, by records to skip, everything at once, or not at all",
        "page_from_1",
        "wegly",
        ("page_from_1", "page_from_0", "offset", "skip", "everything", "none"),
    ),
    Choice(
        "wegly.unknown_parameters",
        "query parameters that are not known: ignored, or refused with 400",
        "ignored",
        "wegly",
        ("ignored", "refused"),
    ),
    Choice("wegly.timeline_rows", "records of a page", "20", "wegly", ("20", "10", "50", "100")),
    Choice(
        "wegly.past_end",
        "a page past the end: empty, the last one again, or 404",
        "empty",
        "wegly",
        ("empty", "last_page", "not_found"),
    ),
    Choice(
        "wegly.timeline_order",
        "which records come first: the newest, the oldest, or any",
        "newest_first",
        "wegly",
        ("newest_first", "oldest_first", "mixed"),
    ),
    Choice(
        "wegly.total",
        "what total counts, if it is there: all records, all messages, or the records of the page",
        "records",
        "wegly",
        ("records", "messages", "page", "absent"),
    ),
    Choice("wegly.envelope", "records under `records`, or bare", "records", "wegly", ("records", "bare")),
    Chance("wegly.events", "share of messages behind which an event stands that is no message", 0.0, "wegly"),
    Choice("wegly.event_types", "event_type of a message", "MESSAGE", "wegly", ("MESSAGE", "message")),
    Choice("wegly.origin_words", "words of origin", "documented", "wegly", tuple(ORIGIN_WORDS)),
    Choice("wegly.statuses", "words of status", "documented", "wegly", tuple(STATUS_WORDS)),
    Choice(
        "wegly.sent_via", "words of sent_via on what went out", "words", "wegly", ("words", "contact", "unheard")
    ),
    Choice(
        "wegly.meta_timestamp",
        "form of meta_timestamp",
        "iso",
        "wegly",
        ("iso", "seconds_text", "seconds", "millis", "null"),
    ),
    Choice(
        "wegly.generation",
        "fields of a message: the older reference's, the newer one's, or both",
        "both",
        "wegly",
        ("both", "older", "newer"),
    ),
    Choice("wegly.media_type", "the word for a file", "kind", "wegly", ("kind", "media")),
    Amount("wegly.media_seconds", "seconds until a file is filled in", 0, "wegly", 0, 3600),
    Chance("wegly.imported", "share of messages that are marked as imported history", 0.0, "wegly"),
    Amount(
        "wegly.import_seconds", "seconds until imported history appears", 0, "wegly", 0, LONGEST_IMPORT
    ),
    Chance("wegly.reactions", "share of read messages with an embedded reaction", 0.0, "wegly"),
    Chance("wegly.quotes", "share of messages that quote another one", 0.0, "wegly"),
    Chance("wegly.calls", "share of outgoing texts shown as calls", 0.0, "wegly"),
    Chance("wegly.groups", "share of chats that are groups", 0.0, "wegly"),
    Choice(
        "wegly.chat_list", "GET /chats: not there, under records, or bare", "off", "wegly", ("off", "records", "bare")
    ),
)  # fmt: skip
