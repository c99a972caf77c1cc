"""What nobody has documented of WizeBot, as switches: each value is one reading (`providers.md` section 7)."""

from workers.simulator.rooms.page_unknowns import page_switches
from workers.simulator.switches import Amount, Chance, Choice

#: Zones that the local times may be in: both that are plausible, one seen at a sibling, and two with clock changes.
ZONES = ("America/Sao_Paulo", "UTC", "Asia/Kolkata", "America/New_York", "Europe/Lisbon")
#: The longest time after which a message was seen to appear is 21 minutes.
LONGEST_LAG_MINUTES = 25
#: Share of messages that lag, where any do.
LAGGING = 0.3

SWITCHES = (
    *page_switches("wizebot", 0),
    Choice(
        "wizebot.message_form",
        "the rows: an array, an object with numbers for keys, or either as JSON text",
        "array",
        "wizebot",
        ("array", "object", "text_array", "text_object"),
    ),
    Choice("wizebot.status_form", 'status as "1", 1 or true', "text", "wizebot", ("text", "number", "boolean")),
    Choice(
        "wizebot.offset",
        "what offset is: a page from 1, with 0 for 1 or refused, or rows to skip",
        "page_or_zero",
        "wizebot",
        ("page_or_zero", "page", "rows"),
    ),
    Choice("wizebot.limit_cap", "the largest limit", "50", "wizebot", ("50", "100", "none", "20", "10", "5")),
    Choice("wizebot.zone", "zone of local times", ZONES[0], "wizebot", ZONES),
    Choice("wizebot.times", "local times with a fraction or without", "seconds", "wizebot", ("seconds", "fraction")),
    Amount(
        "wizebot.lag_minutes",
        "the longest time until a lagging message appears",
        0,
        "wizebot",
        0,
        LONGEST_LAG_MINUTES,
    ),
    Choice("wizebot.next_offset", "nextOffset in an answer", "absent", "wizebot", ("absent", "present")),
    Choice("wizebot.extra_fields", "read_time and failed_time in rows", "absent", "wizebot", ("absent", "present")),
    Choice(
        "wizebot.not_found",
        "a subscriber who does not exist: status 0, status 1 with the text, or no rows",
        "status_0",
        "wizebot",
        ("status_0", "status_1", "empty"),
    ),
    Choice(
        "wizebot.refusal",
        "a wrong key: status 0 in a 200, or 401; a missing one redirects with the last",
        "in_band",
        "wizebot",
        ("in_band", "http_401", "redirect_302"),
    ),
    Choice(
        "wizebot.content",
        "outgoing words as documented, or in all the forms that siblings store",
        "mixed",
        "wizebot",
        ("mixed", "documented"),
    ),
    Choice("wizebot.status_words", "message_status as seen, or null", "words", "wizebot", ("words", "null")),
    Choice(
        "wizebot.wamid",
        "wa_message_id from the start, once a message was sent, or never",
        "always",
        "wizebot",
        ("always", "late", "never"),
    ),
    Choice(
        "wizebot.reaction_data",
        "what some messages have for reaction_data",
        "null",
        "wizebot",
        ("null", "emoji", "object", "list", "odd"),
    ),
    Chance("wizebot.status_rows", "share of outgoing messages with a row of their delivery beside", 0.0, "wizebot"),
    Chance("wizebot.strange_senders", "share of outgoing messages with a sender never seen", 0.0, "wizebot"),
    Chance("wizebot.unsupported", "share of inbound files that Meta does not show", 0.0, "wizebot"),
    Choice("wizebot.subscriber_list", "whether subscribers can be listed", "on", "wizebot", ("on", "off")),
    Choice(
        "wizebot.subscriber_times",
        "last_message_time and unseen_count of subscribers",
        "absent",
        "wizebot",
        ("absent", "present"),
    ),
)  # fmt: skip
