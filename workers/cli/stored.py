"""Recordings in folders, and the events that their pages give."""

from collections.abc import Mapping
from pathlib import Path

from workers.cli.context import Misuse
from workers.cli.first_contact import FirstContact
from workers.errors import FeedRejected, PollFailed, RecordingUnreadable
from workers.providers import PROVIDERS, adapter
from workers.recording.account import account_of
from workers.recording.archive import EVENTS, Recording, body_file, files, lines, recording_of
from workers.redaction import Redactor

#: A recording may hold what people said: nobody but its owner reads it.
_FOLDER_RIGHTS, _FILE_RIGHTS = 0o700, 0o600
#: Pages that are looked for in a folder at most: as many as `record` stores.
MOST_PAGES = 100


def events_of(recording: Recording) -> tuple[bytes, ...]:
    """The events that the stored pages give now. Raises RecordingUnreadable and PollFailed."""
    account = account_of(recording.account, PROVIDERS)
    reading = adapter(account)
    try:
        contact = FirstContact(reading, reading.feed(recording.feed), recording.observed_at)
    except FeedRejected as error:
        raise RecordingUnreadable(f"feed: {error}") from None
    for page in recording.pages:
        if contact.want is None:
            break  # what the further pages gave is told as gone
        contact.take(page.response)
    sight = contact.sight(Redactor(()), recording.max_event_bytes)
    return tuple(event.value for event in sight.events)


def write(folder: Path, recording: Recording) -> None:
    """Write a recording into a folder that is new or empty. Raises Misuse."""
    try:
        folder.mkdir(_FOLDER_RIGHTS, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Misuse(f"{folder} is not empty: name a new folder")
        for name, content in files(recording).items():
            _write(folder / name, content)
    except OSError as error:
        raise Misuse(f"{error.filename or folder} cannot be written: {error.strerror}") from None


def accept(folder: Path, events: tuple[bytes, ...]) -> None:
    """Make these the stored events. Raises Misuse."""
    fresh = folder / f"{EVENTS}.new"
    try:
        _write(fresh, lines(events))
        fresh.replace(folder / EVENTS)
    except OSError as error:
        raise Misuse(f"{error.filename or folder} cannot be written: {error.strerror}") from None


def read(folder: Path) -> Recording:
    """The recording in a folder. Raises RecordingUnreadable."""
    names = ["recording.json", EVENTS, *(body_file(number) for number in range(1, MOST_PAGES + 1))]
    found: Mapping[str, bytes]
    try:
        found = {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
    except OSError as error:
        raise RecordingUnreadable(f"{error.filename} cannot be read: {error.strerror}") from None
    return recording_of(found)


def failed(error: PollFailed) -> str:
    """Why stored pages give no events any more."""
    return f"the stored pages cannot be read any more: {error}"


def _write(file: Path, content: bytes) -> None:
    file.touch(_FILE_RIGHTS)
    file.write_bytes(content)
