"""What a recording is, and its form as files: `recording.json`, `page-1.body`, …, `events.jsonl`.

`recording.json` says what is needed to read the pages again, and holds no secret. A body is the one that was received,
byte for byte, but for what was removed. `events.jsonl` holds one structured CloudEvent a line.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from workers.errors import RecordingUnreadable
from workers.model import HttpResponse, Record

#: The form of the files that this version writes; one that cannot be read by it gets another number.
FORM: Literal[1] = 1
MANIFEST, EVENTS = "recording.json", "events.jsonl"


class StoredPage(Record, frozen=True, kw_only=True):
    """One exchange: the request without what it carried, and the response without secrets."""

    method: str
    url: str
    status: int
    content_type: str = ""
    retry_after: str | None = None
    body: bytes = b""

    @property
    def response(self) -> HttpResponse:
        """The response as an adapter reads it."""
        return HttpResponse(
            status=self.status, body=self.body, content_type=self.content_type, retry_after=self.retry_after
        )


class Recording(Record, frozen=True, kw_only=True):
    """Pages of one feed, newest first, and the events they gave, each as text.

    `account` are the settings that reading depends on, `observed_at` (epoch ms) is the moment that the events were
    observed at, `max_event_bytes` the largest event.
    """

    account: Mapping[str, Any]
    feed: Mapping[str, str]
    observed_at: int
    max_event_bytes: int
    people_removed: bool
    version: str
    pages: tuple[StoredPage, ...]
    events: tuple[bytes, ...]


class _Exchange(Record, frozen=True, kw_only=True):
    method: str
    url: str
    status: int
    content_type: str
    retry_after: str | None = None


class _Manifest(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    recording: Literal[1]
    afluente: str
    observed_at: int
    people_removed: bool
    account: dict[str, Any]
    feed: dict[str, str]
    max_event_bytes: int
    pages: list[_Exchange]


def body_file(number: int) -> str:
    """The file of the body of this page (1-based)."""
    return f"page-{number}.body"


def files(recording: Recording) -> dict[str, bytes]:
    """The files of a recording by name, in the order in which they are to be written."""
    bodies = {body_file(number): page.body for number, page in enumerate(recording.pages, 1)}
    manifest = _Manifest(
        recording=FORM,
        afluente=recording.version,
        observed_at=recording.observed_at,
        people_removed=recording.people_removed,
        account=dict(recording.account),
        feed=dict(recording.feed),
        max_event_bytes=recording.max_event_bytes,
        pages=[
            _Exchange(
                method=page.method,
                url=page.url,
                status=page.status,
                content_type=page.content_type,
                retry_after=page.retry_after,
            )
            for page in recording.pages
        ],
    )
    written = msgspec.json.format(msgspec.json.encode(manifest)) + b"\n"
    return {**bodies, EVENTS: lines(recording.events), MANIFEST: written}


def lines(events: tuple[bytes, ...]) -> bytes:
    """Events as the lines of a file."""
    return b"".join(event + b"\n" for event in events)


def recording_of(found: Mapping[str, bytes]) -> Recording:
    """The recording that these files are. Raises RecordingUnreadable."""
    manifest = _manifest(found)
    pages = tuple(_page(found, number, exchange) for number, exchange in enumerate(manifest.pages, 1))
    return Recording(
        account=manifest.account,
        feed=manifest.feed,
        observed_at=manifest.observed_at,
        max_event_bytes=manifest.max_event_bytes,
        people_removed=manifest.people_removed,
        version=manifest.afluente,
        pages=pages,
        events=tuple(_file(found, EVENTS).splitlines()),
    )


def _manifest(found: Mapping[str, bytes]) -> _Manifest:
    written = _file(found, MANIFEST)
    try:
        return msgspec.json.decode(written, type=_Manifest)
    except (msgspec.DecodeError, ValueError) as error:
        raise RecordingUnreadable(f"{MANIFEST}: {error}") from None


def _page(found: Mapping[str, bytes], number: int, exchange: _Exchange) -> StoredPage:
    return StoredPage(body=_file(found, body_file(number)), **msgspec.structs.asdict(exchange))


def _file(found: Mapping[str, bytes], name: str) -> bytes:
    if name not in found:
        raise RecordingUnreadable(f"{name} is missing")
    return found[name]
