"""`afluente replay`: stored pages through the adapters again, and what of their events has become different."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
import orjson

from workers.cli import stored
from workers.cli.amounts import counted
from workers.cli.context import Misuse, emit, epilog, for_a_program, printable, say, say_result, told
from workers.errors import PollFailed, RecordingUnreadable
from workers.recording.archive import Recording
from workers.recording.comparison import Difference, differences

#: Characters of a value that are shown to a person.
_SHOWN = 200
#: Differences that a terminal is shown: a screen or two. Whoever wants all pipes them.
_MOST_SHOWN = 50
_STYLES = {"changed": "yellow", "gone": "red", "new": "green", "moved": "cyan"}
_MEANINGS = {
    "changed": "",
    "gone": "stored, and not given any more",
    "new": "not stored, and given now",
    "moved": "in another place among the events",
}


@click.command(
    epilog=epilog(
        "0 the events are the stored ones, 1 they differ, 2 wrong usage or no recording",
        "afluente replay recordings/loja",
        "for one in recordings/*; do afluente replay $one || exit 1; done",
        "afluente replay recordings/loja --accept",
    )
)
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--accept", is_flag=True, help="Store the events that the pages give now.")
@told
def replay(folder: Path, *, accept: bool) -> None:
    """Read stored pages again and compare the events.

    Takes a folder of `afluente record`; asks no provider, touches no Kafka, needs no configuration. One line when
    all events are as stored; else each event that differs, field by field.
    """
    try:
        recording = stored.read(folder)
        now = _events(recording)
        found = _compared(recording.events, now or ())
    except RecordingUnreadable as error:
        raise Misuse(f"{folder} is no recording that can be replayed: {error}") from None
    accept = accept and now is not None
    if accept and found:
        stored.accept(folder, now or ())
    for difference in found[: None if for_a_program() else _MOST_SHOWN]:
        _tell(difference)
    _tell_result(folder, recording, now or (), found, accepted=accept)
    sys.exit(0 if now is not None and (accept or not found) else 1)


def _events(recording: Recording) -> tuple[bytes, ...] | None:
    """The events of the pages now; None where they cannot be read any more."""
    try:
        return stored.events_of(recording)
    except PollFailed as error:
        say_result("unreadable", "red", stored.failed(error))
        return None


def _compared(before: Sequence[bytes], now: Sequence[bytes]) -> tuple[Difference, ...]:
    try:
        return differences(before, now)
    except ValueError as error:
        raise RecordingUnreadable(f"events.jsonl: {error}") from None


def _tell(difference: Difference) -> None:
    if for_a_program():
        emit(msgspec.to_builtins(difference))
    name = f"{difference.type.removeprefix('afluente.')} {printable(difference.subject)}"
    meaning = _MEANINGS[difference.kind]
    say_result(difference.kind, _STYLES[difference.kind], f"{name}{': ' if meaning else ''}{meaning}")
    for field in difference.fields:
        say("    ", (field.path, "bold"))
        say(("      stored  ", "dim"), _shown(field.stored))
        say(("      now     ", "dim"), _shown(field.now))


def _shown(value: object) -> str:
    text = printable(orjson.dumps(value).decode())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _tell_result(
    folder: Path, recording: Recording, now: Sequence[bytes], found: Sequence[Difference], *, accepted: bool
) -> None:
    size = f"{counted(len(now), 'event')} of {counted(len(recording.pages), 'page')}"
    if not found:
        say_result("equal", "green", f"{folder}: {size}")
    else:
        kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(one.kind for one in found).items())
        word, style = ("accepted", "yellow") if accepted else ("different", "red")
        say_result(word, style, f"{folder}: {size}: {kinds}")
        hidden = len(found) - _MOST_SHOWN
        if hidden > 0 and not for_a_program():
            say((f"{counted(hidden, 'more difference')}: pipe the output to see all", "dim"))
    if for_a_program():
        emit({"recording": str(folder), "events": len(now), "differences": len(found), "accepted": accepted})
