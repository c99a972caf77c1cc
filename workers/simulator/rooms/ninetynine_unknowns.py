"""What nobody has documented of 99digital, as switches: each value is one reading (`providers.md` section 7)."""

from workers.simulator.rooms.page_unknowns import page_switches
from workers.simulator.switches import Chance, Choice

#: Codes of `state` on outgoing rows: only 0 = failed is documented, and 1 stands in the example.
STATE_CODES = {
    "acks": {"pending": 1, "sent": 1, "delivered": 2, "read": 3, "failed": 0},
    "steps": {"pending": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 0},
    "flat": {"pending": 1, "sent": 1, "delivered": 1, "read": 1, "failed": 0},
    "negative": {"pending": -1, "sent": 1, "delivered": 2, "read": 3, "failed": 0},
}
#: Words of a type, by whether the row is incoming; kinds that are not in them show as text.
TYPE_WORDS = {
    True: {"voice": "ptt", "sticker": "image"}
    | {kind: kind for kind in ("image", "audio", "video", "location", "document")},
    False: {"voice": "ptt", "location": "location"}
    | dict.fromkeys(("image", "audio", "video", "document", "sticker"), "file"),
}
#: Types of the webhook that may or may not occur in the history as well.
EXTENDED_WORDS = {
    "button_reply": "button",
    "contacts": "contacts",
    "list_reply": "list",
    "reaction": "reaction",
    "order": "order",
}

SWITCHES = (
    *page_switches("99digital", 0),
    Choice("99digital.page_rows", "rows of a page: 50 as documented, or fewer", "50", "99digital", ("50", "48", "20")),
    Choice(
        "99digital.errors",
        "an error is an object with HTTP 200, the same with an HTTP code, or wrapped in an array",
        "object",
        "99digital",
        ("object", "http", "array"),
    ),
    Choice("99digital.state_codes", "codes of state", "acks", "99digital", (*STATE_CODES, "text")),
    Choice("99digital.text_type", "the word for text", "chat", "99digital", ("chat", "text", "mixed")),
    Choice(
        "99digital.past_end",
        "answer for a page past the end",
        "empty",
        "99digital",
        ("empty", "fail", "null", "last_page"),
    ),
    Choice(
        "99digital.types", "whether the webhook's types occur", "documented", "99digital", ("documented", "extended")
    ),
    Choice("99digital.reason", "where reason stands", "absent", "99digital", ("absent", "failed", "always")),
    Choice("99digital.unknown_contact", "history of somebody who never wrote", "empty", "99digital", ("empty", "fail")),
    Chance(
        "99digital.hidden_identities", "share of contacts shown as CC.digits in place of a number", 0.0, "99digital"
    ),
)
