"""What nobody has documented of pages in general, as switches that every room has."""

from workers.simulator.limits import HEADER_STYLES
from workers.simulator.switches import Amount, Chance, Choice, Switch


def page_switches(provider: str, requests_per_minute: float) -> tuple[Switch, ...]:
    """The switches that every room has: its rate limit, and which rows a page has in which order: UNKNOWN."""
    return (
        Amount(
            f"{provider}.requests_per_minute",
            "requests per key and minute before 429; 0 is no limit",
            requests_per_minute,
            provider,
            0,
            1_000_000,
        ),
        Choice(
            f"{provider}.rate_limit_window",
            "a window that starts at its first request, or the last 60 s",
            "fixed",
            provider,
            ("fixed", "sliding"),
        ),
        Choice(f"{provider}.rate_limit_headers", "what tells of the limit", HEADER_STYLES[0], provider, HEADER_STYLES),
        Choice(
            f"{provider}.order",
            "order of the rows inside a page",
            "newest_first",
            provider,
            ("newest_first", "oldest_first"),
        ),
        Choice(
            f"{provider}.ties",
            "order of rows of one time: always the same, the reverse of the rest, or another each time",
            "stable",
            provider,
            ("stable", "reversed", "changing"),
        ),
        Chance(
            f"{provider}.thin_pages", "share of messages that count on a page and are left out of it", 0.0, provider
        ),
    )
