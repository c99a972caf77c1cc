"""`afluente record`: real pages of a feed as a folder, with the events that they give: a regression test to keep."""

import secrets
import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from workers import __version__
from workers.cli import stored
from workers.cli.accounts import account_named, adapters_of, feed_named, first_feed, in_words
from workers.cli.amounts import counted
from workers.cli.context import Configuration, Misuse, configured, emit, epilog, finished, for_a_program, say, told
from workers.cli.first_contact import FirstContact
from workers.cli.preview import read_pages, show_failure
from workers.errors import FeedRejected, PollFailed, RecordingUnreadable
from workers.model import Feed, HttpResponse
from workers.providers import PROVIDERS, adapter
from workers.providers.base import Adapter
from workers.recording.account import account_of, kept
from workers.recording.archive import Recording, StoredPage, files
from workers.recording.bodies import without_secrets
from workers.recording.people import People, left_over
from workers.recording.pseudonyms import Pseudonyms
from workers.recording.shape import read_alike
from workers.redaction import Redactor

#: Keys that are tried until no removed text turns up by chance and all is read as before; the first one mostly does.
_KEYS = 8
#: Bytes of a key: nobody can try them all, and it is thrown away.
_KEY_BYTES = 32


@click.command(
    epilog=epilog(
        "0 done, 1 the page could not be had or read, 2 wrong usage or configuration",
        "afluente record loja -o recordings/loja",
        "afluente record suporte phone_number=5511988880000 --pages 3 --remove-people -o recordings/suporte",
        "afluente replay recordings/loja",
    )
)
@click.argument("account")
@click.argument("feed", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--pages",
    type=click.IntRange(1, stored.MOST_PAGES),
    default=1,
    show_default=True,
    help="Pages to read, newest first.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="A new folder for the recording.",
)
@click.option(
    "--remove-people", is_flag=True, help="Replace names, numbers, words, links and ids of persons by pseudonyms."
)
@configured
@told
def record(
    configuration: Configuration, account: str, feed: tuple[str, ...], pages: int, folder: Path, *, remove_people: bool
) -> None:
    """Store real pages of a feed, and the events that they give.

    Reads the newest pages of a feed, by default of the first that ACCOUNT has in the configuration, and stores them
    without credentials. `afluente replay` reads them again, whenever you like, and tells what has become different.
    Without --remove-people a recording holds what your customers wrote: keep it as you keep that.
    """
    settings = configuration.settings()
    reading = account_named(adapters_of(settings), account)
    chosen = feed_named(reading, feed) if feed else first_feed(reading, "record")
    if folder.is_dir() and any(folder.iterdir()):
        raise Misuse(f"{folder} is not empty: name a new folder")
    contact = FirstContact(reading, chosen)
    try:
        finished(read_pages(contact, reading, pages))
    except PollFailed as error:
        show_failure(error, chosen, contact.answers, configuration.redactor)
        sys.exit(1)
    real = _recording(reading, chosen, contact, configuration.redactor, settings.output.max_event_bytes)
    recording, alike = _without_people(real) if remove_people else (real, True)
    stored.write(folder, recording)
    _tell(folder, chosen, recording, alike=alike)


def _recording(
    reading: Adapter, feed: Feed, contact: FirstContact, redactor: Redactor, max_event_bytes: int
) -> Recording:
    """What was read, without secrets, and the events of just that."""
    bare = Recording(
        account=kept(reading.account),
        feed=feed.values,
        observed_at=contact.now,
        max_event_bytes=max_event_bytes,
        people_removed=False,
        version=__version__,
        pages=(),
        events=(),
    )
    bodies = [without_secrets(answer, redactor) for answer in contact.answers]
    return _complete(bare, bodies, contact.answers)


def _complete(bare: Recording, bodies: Sequence[bytes], answers: Sequence[HttpResponse | StoredPage]) -> Recording:
    """The recording with these bodies, the requests that ask for them, and the events that they give."""
    reading = adapter(account_of(bare.account, PROVIDERS))
    feed = reading.feed(bare.feed)
    contact, pages = FirstContact(reading, feed, bare.observed_at), list[StoredPage]()
    for body, answer in zip(bodies, answers, strict=True):
        if contact.want is None:
            break
        request = reading.request(feed, contact.want)
        page = StoredPage(
            method=request.method,
            url=request.url,
            status=answer.status,
            content_type=answer.content_type,
            retry_after=answer.retry_after,
            body=body,
        )
        contact.take(page.response)
        pages.append(page)
    whole = msgspec.structs.replace(bare, pages=tuple(pages))
    return msgspec.structs.replace(whole, events=stored.events_of(whole))


def _without_people(real: Recording) -> tuple[Recording, bool]:
    """The recording under pseudonyms, and whether it is read as the real one was. Raises Misuse."""
    found: Recording | None = None
    for _ in range(_KEYS):
        people = People(Pseudonyms(secrets.token_bytes(_KEY_BYTES)))
        recording = _under_pseudonyms(real, people)
        if recording is None or left_over(people.removed, b"\n".join(files(recording).values())):
            continue
        found = recording
        if read_alike(real.events, recording.events):
            return recording, True
    if found is None:
        raise Misuse("people could not be removed from these pages: nothing was stored")
    return found, False


def _under_pseudonyms(real: Recording, people: People) -> Recording | None:
    """The recording without these people; None where a pseudonym is none that the adapter takes in its place."""
    bodies = [people.page(page.body) for page in real.pages]
    account, feed = people.account(real.account), people.feed(real.feed)
    bare = msgspec.structs.replace(real, account=account, feed=feed, people_removed=True)
    try:
        return _complete(bare, bodies, real.pages)
    except (PollFailed, FeedRejected, RecordingUnreadable):
        return None


def _tell(folder: Path, feed: Feed, recording: Recording, *, alike: bool) -> None:
    pages, events = counted(len(recording.pages), "page"), counted(len(recording.events), "event")
    people = "without people" if recording.people_removed else "with what people wrote: keep it safe"
    say(("recorded", "bold"), f" {in_words(feed)}: {pages} with {events}, {people}")
    if not alike:
        say(("some rows are read otherwise than the real ones: compare with a recording that has people", "yellow"))
    say(("try it: ", "dim"), f"afluente replay {folder}")
    if for_a_program():
        counts = {"pages": len(recording.pages), "events": len(recording.events)}
        emit({"recording": str(folder), **counts, "people_removed": recording.people_removed, "read_alike": alike})
