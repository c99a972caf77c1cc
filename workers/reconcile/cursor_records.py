"""Cursors as Kafka records, and back: one record for the cursor, one for each sealed segment and a history's window.

The value of both is JSON with a version and base64 bodies; the key of a segment is the feed key + `#` + its number
(a feed key is percent-encoded and never holds a `#`). One text in them is a provider's, the id of the newest message:
like any, it may hold a credential, and is stored without. All records of one change lie in one transaction, so a
reader that goes to the last stable offset finds them agreeing.
"""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from workers.errors import CursorUnreadable
from workers.reconcile import memory
from workers.reconcile.cursor import Cursor


class _Segment(msgspec.Struct, frozen=True, gc=False, tag_field="v", tag=1):
    rows: bytes


#: The number under which a history's window is stored: no sealed segment has it.
_WINDOW = 0
#: Digits of the longest number of a segment, and what stands for the number of a record that is not ours.
_DIGITS, _NO_NUMBER = 18, -1

_encode = msgspec.json.Encoder().encode
_cursor_of = msgspec.json.Decoder(Cursor).decode
_segment_of = msgspec.json.Decoder(_Segment).decode


def records(
    key: str, before: Cursor | None, after: Cursor | None, redact: Callable[[str], str] = str
) -> Iterator[tuple[bytes, bytes | None]]:
    """Keys and values that turn `before` into `after` on a compacted topic; None as a value removes the key.

    `redact` takes the account's credentials out of a text.
    """
    old = _segments(before)
    new = _segments(after)
    for number, segment in new.items():
        if old.get(number) != segment:
            yield _segment_key(key, number), _encode(_Segment(segment))
    for number in old.keys() - new.keys():
        yield _segment_key(key, number), None
    yield key.encode(), None if after is None else _encode(_root(after, redact))


class Restored:
    """Collects the records of one shard's cursors as they are read, then puts each cursor together."""

    def __init__(self) -> None:
        self._roots: dict[str, bytes] = {}
        self._segments: dict[str, dict[int, bytes]] = {}

    def apply(self, key: bytes, value: bytes | None) -> None:
        """One record, in the order of the log."""
        feed, mark, number = key.decode("utf-8", "replace").partition("#")
        if mark:
            known = number.isdecimal() and len(number) <= _DIGITS
            self._apply_segment(feed, int(number) if known else _NO_NUMBER, value)
        elif value is None:
            self._roots.pop(feed, None)
        else:
            self._roots[feed] = value

    def _apply_segment(self, feed: str, number: int, value: bytes | None) -> None:
        if value is not None:
            self._segments.setdefault(feed, {})[number] = value
        elif feed in self._segments:
            self._segments[feed].pop(number, None)

    def cursors(self) -> Iterator[tuple[str, Cursor | CursorUnreadable]]:
        """Every feed key with its cursor, or with the error that says why it cannot be read."""
        for feed in list(self._roots):
            try:
                yield feed, self._put_together(feed, self._roots.pop(feed))
            except (msgspec.DecodeError, ValueError, KeyError, RecursionError) as error:
                yield feed, CursorUnreadable(f"cursor of {feed}: {error!s:.200}")

    def _put_together(self, feed: str, root: bytes) -> Cursor:
        cursor = _cursor_of(root)
        records = self._segments.pop(feed, {})
        cursor = msgspec.structs.replace(cursor, sealed=tuple(_rows_of(records, number) for number in cursor.segments))
        if cursor.history is not None and cursor.history.published:
            window = msgspec.structs.replace(cursor.history, rows=_rows_of(records, _WINDOW))
            cursor = msgspec.structs.replace(cursor, history=window)
        memory.check(cursor.tail)
        return cursor


def _rows_of(records: Mapping[int, bytes], number: int) -> bytes:
    if number not in records:
        raise ValueError(f"segment {number} is missing")
    rows = _segment_of(records[number]).rows
    memory.check(rows)
    return rows


def _root(cursor: Cursor, redact: Callable[[str], str]) -> Cursor:
    """The cursor without what lies in records of its own, and without credentials."""
    history = cursor.history and msgspec.structs.replace(cursor.history, rows=b"")
    newest = cursor.newest and cursor.newest.without_secrets(redact)
    return msgspec.structs.replace(cursor, sealed=(), history=history, newest=newest)


def _segments(cursor: Cursor | None) -> Mapping[int, bytes]:
    if cursor is None:
        return {}
    segments = dict(zip(cursor.segments, cursor.sealed, strict=True))
    return segments | {_WINDOW: cursor.history.rows} if cursor.history and cursor.history.rows else segments


def _segment_key(key: str, number: int) -> bytes:
    return f"{key}#{number}".encode()
