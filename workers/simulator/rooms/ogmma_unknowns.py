"""What nobody has documented of Ogmma, as switches: each value is one reading (`providers.md` section 7)."""

from workers.simulator.rooms.page_unknowns import page_switches
from workers.simulator.switches import Choice

#: Documented default of requests per key and minute (quick-start/authentication).
REQUESTS_PER_MINUTE = 60

#: Words of a state. `documented` knows only the two that the page's example shows; `extra` has unheard ones.
STATUS_WORDS = {
    "full": {"pending": "PENDING", "sent": "SENT", "failed": "FAILED", "delivered": "DELIVERED", "read": "READ"},
    "documented": dict.fromkeys(("pending", "sent", "failed", "delivered"), "DELIVERED") | {"read": "READ"},
    "extra": {"pending": "QUEUED", "sent": "SERVER_ACK", "failed": "ERROR", "delivered": "RECEIVED", "read": "PLAYED"},
}
#: Words of a type. `documented` are those that sandbox and bulk accept; other kinds fold into them.
TYPE_WORDS = {
    "documented": {"voice": "audio", "sticker": "image"}
    | {kind: kind for kind in ("text", "image", "video", "audio", "document")},
    "extended": {"voice": "ptt", "contacts": "contact", "button_reply": "button", "list_reply": "list"},
}

SWITCHES = (
    *page_switches("ogmma", REQUESTS_PER_MINUTE),
    Choice(
        "ogmma.conversation_list",
        "where conversations are listed: /conversations, below the channel, both, or nowhere",
        "conversations",
        "ogmma",
        ("conversations", "channel", "both", "off"),
    ),
    Choice("ogmma.list_paging", "page and limit, or everything at once", "page", "ogmma", ("page", "none")),
    Choice(
        "ogmma.channel_list", "GET /channels: under data, bare, or not there", "data", "ogmma", ("data", "bare", "off")
    ),
    Choice("ogmma.content", "form of content", "string", "ogmma", ("string", "object_for_media", "object")),
    Choice("ogmma.statuses", "words of status", "full", "ogmma", tuple(STATUS_WORDS)),
    Choice("ogmma.types", "words of type", "documented", "ogmma", tuple(TYPE_WORDS)),
    Choice(
        "ogmma.limit_cap",
        "the most rows that are shown, whatever limit says",
        "500",
        "ogmma",
        ("500", "100", "50", "20"),
    ),
    Choice(
        "ogmma.meta",
        "meta.limit: as it was kept, as it was asked for, or no meta",
        "kept",
        "ogmma",
        ("kept", "asked", "absent"),
    ),
    Choice("ogmma.over_limit", "limit above 500: cut to 500, or refused", "clamp", "ogmma", ("clamp", "refuse")),
    Choice("ogmma.forbidden", "body of a 403", "message_code", "ogmma", ("message_code", "error", "empty", "html")),
    Choice(
        "ogmma.not_found",
        "answer for a conversation that does not exist: a body of 404, or an empty page",
        "message_code",
        "ogmma",
        ("message_code", "error", "empty", "html", "empty_page"),
    ),
)
