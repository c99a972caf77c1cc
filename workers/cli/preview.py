"""`afluente preview`: the events that a real page would become, before anything is published."""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import BinaryIO

import click

from workers.cli.accounts import account_named, adapters_of, feed_named, first_feed, in_words
from workers.cli.amounts import counted
from workers.cli.context import (
    Configuration,
    configured,
    epilog,
    finished,
    for_a_program,
    printable,
    say,
    say_verdict,
    stderr,
    told,
)
from workers.cli.events_table import events_table
from workers.cli.first_contact import FirstContact, Sight
from workers.cli.verdict import verdict
from workers.errors import PageUnreadable, PollFailed
from workers.model import Feed, HttpResponse
from workers.polling.fetch import Fetcher
from workers.providers.base import Adapter
from workers.redaction import Redactor

#: Most pages of one preview: 5 000 rows of a provider that shows 50.
MOST_PAGES = 100
#: Characters of an unreadable answer that are shown: an HTML title, or a JSON error, fits.
_SHOWN_ANSWER = 300
#: Seconds of waiting for the account's pace above which it is said beforehand.
_LONG_WAIT = 5.0


@click.command(
    epilog=epilog(
        "0 done, 1 the page could not be had or read, 2 wrong usage or configuration",
        "afluente preview loja",
        "afluente preview loja channel_id=66aa09 conversation_id=66aa01 --pages 2",
        "afluente preview clinica --from-file page.json | jq .data.message.text",
        "afluente preview escola --from-file chat.json --from-file timeline.json",
    )
)
@click.argument("account")
@click.argument("feed", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--pages", type=click.IntRange(1, MOST_PAGES), default=1, show_default=True, help="Pages to read, newest first."
)
@click.option(
    "--from-file",
    "given",
    type=click.File("rb"),
    multiple=True,
    metavar="FILE",
    help="Read this answer of the provider instead of asking for one; - is stdin. Several: in the order in which a "
    "poll asks for them (Wegly: the chat, then its timeline).",
)
@configured
@told
def preview(
    configuration: Configuration, account: str, feed: tuple[str, ...], pages: int, given: tuple[BinaryIO, ...]
) -> None:
    """Show the events that a feed would publish.

    Reads the newest page of a feed, by default of the first that ACCOUNT has in the configuration, and shows what a
    worker would publish at its first contact: a table in a terminal, else one complete CloudEvent a line. It asks
    the provider with the account's credentials and at its pace; it touches no Kafka and moves no cursor.
    """
    settings = configuration.settings()
    adapter = account_named(adapters_of(settings), account)
    chosen = feed_named(adapter, feed) if feed else first_feed(adapter, "preview")
    contact = FirstContact(adapter, chosen)
    try:
        for file in given:
            contact.take(HttpResponse(status=200, body=file.read(), content_type="application/json"))
        if not given:
            finished(read_pages(contact, adapter, pages))
    except PollFailed as error:
        show_failure(error, chosen, contact.answers, configuration.redactor)
        sys.exit(1)
    sight = contact.sight(configuration.redactor, settings.output.max_event_bytes)
    _show_events(sight, chosen, adapter)
    _show_count(sight, chosen, adapter)


async def read_pages(contact: FirstContact, adapter: Adapter, pages: int) -> None:
    """Ask for up to that many pages, and say so where it takes long. Raises PollFailed."""
    rate = adapter.account.requests_per_minute
    wait = (pages - 1) * 60 / rate
    if wait > _LONG_WAIT:
        say((f"{pages} pages at {rate:g} requests a minute take up to {wait:.0f} s", "dim"))
    fetcher = Fetcher.pooled()
    try:
        await contact.read(fetcher, pages)
    finally:
        await fetcher.close()


def _show_events(sight: Sight, feed: Feed, adapter: Adapter) -> None:
    if for_a_program():
        for event in sight.events:
            click.echo(event.value)
    elif sight.events:
        many = adapter.conversation(feed) is None
        stderr.print(events_table(sight.events, conversations=many, columns=stderr.width), soft_wrap=False)


def _show_count(sight: Sight, feed: Feed, adapter: Adapter) -> None:
    counts = Counter(event.kind.replace("_", " ") for event in sight.events)
    say((counted(len(sight.events), "event"), "bold"), f" of {printable(in_words(feed))}", _of(counts))
    say((f"from {counted(sight.rows, 'row')} on {counted(sight.pages, 'page')}", "dim"))
    if sight.left_out:
        say(("rows left out", "yellow"), _of(sight.left_out))
    if sight.skipped:
        say(("entries that are no messages", "dim"), _of(sight.skipped))
    if adapter.account.start == "now":
        say(('start = "now": a worker would publish none of these, only what comes after its first contact', "yellow"))


def show_failure(error: PollFailed, feed: Feed, answers: Sequence[HttpResponse], redactor: Redactor) -> None:
    """What a page that could not be had or read means, and what came in its place."""
    say_verdict(in_words(feed), verdict(error), redactor)
    if isinstance(error, PageUnreadable) and answers:
        answer = answers[-1]
        body = printable(redactor.redact(answer.body.decode(errors="replace"))[:_SHOWN_ANSWER])
        size = f"{len(answer.body)} bytes of {answer.content_type or 'unknown type'}"
        say(f"what came: HTTP {answer.status}, {printable(size)}: ", (body, "dim"))


def _of(counts: Mapping[str, int]) -> str:
    listed = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    return f": {listed}" if listed else ""
