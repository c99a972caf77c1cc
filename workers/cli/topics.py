"""`afluente topics`: the four Kafka topics, created, checked, or copied to another number of shards."""

import sys
from pathlib import Path

import click
import msgspec

from workers.cli.context import (
    Configuration,
    config_option,
    configured,
    emit,
    epilog,
    finished,
    for_a_program,
    say_result,
    told,
)
from workers.settings.settings import Settings
from workers.stream import moving
from workers.stream import topics as stream_topics

_CODES = "0 done, 1 Kafka did not answer or a topic is wrong, 2 wrong configuration"


@click.group()
@config_option
def topics() -> None:
    """Create, check or copy the four Kafka topics.

    Their names stand in [topics] of the configuration, their number of partitions is kafka.shards.
    """


@topics.command(epilog=epilog(_CODES, "afluente topics create"))
@configured
@told
def create(configuration: Configuration) -> None:
    """Create the topics that are missing.

    Existing topics are never changed; what is wrong with them is said, as by `topics check`.
    """
    settings = configuration.settings(keyless=True)
    made = finished(stream_topics.create(settings.kafka, settings.topics))
    _report(settings, made)


@topics.command(epilog=epilog(_CODES, "afluente topics check"))
@configured
@told
def check(configuration: Configuration) -> None:
    """Check that the topics exist and are as a worker needs them.

    Looks at partition count, replication, cleanup policy and size limits, and changes nothing.
    """
    _report(configuration.settings(keyless=True), ())


@topics.command(
    epilog=epilog(
        "0 done, 1 Kafka did not answer, workers are running or a topic is wrong, 2 wrong configuration",
        "afluente topics create -c twice-the-shards.toml",
        "afluente topics copy -c twice-the-shards.toml --from afluente.toml",
    )
)
@click.option(
    "--from",
    "old",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="Configuration of the workers that ran until now.",
)
@configured
@told
def copy(configuration: Configuration, *, old: Path) -> None:
    """Copy feeds and cursors to topics of another number of shards.

    The configuration names the new topics, kafka.shards of them, and a kafka.group of its own; --from the old ones.
    Stop all workers first. Nothing of the old topics is changed; workers started with the new configuration go on
    where the old ones ended, and publish nothing twice.
    """
    places = [_place(one.settings(keyless=True)) for one in (Configuration(old), configuration)]
    copied = finished(moving.copy(*places))
    say_result(
        "copied", "green", f"{copied.feeds} feeds and {copied.cursors} cursor records to {places[1].names.cursors}"
    )
    if copied.left:
        say_result("left", "yellow", f"{copied.left} records that stand in a wrong partition: no worker ever read them")
    if for_a_program():
        emit(msgspec.structs.asdict(copied))


def _place(settings: Settings) -> moving.Place:
    return moving.Place(kafka=settings.kafka, names=settings.topics)


def _report(settings: Settings, made: tuple[str, ...]) -> None:
    problems = finished(stream_topics.check(settings.kafka, settings.topics)).problems
    for name in settings.topics.model_dump().values():
        wrong = [problem.removeprefix(f"{name}: ") for problem in problems if problem.startswith(f"{name}: ")]
        state = "wrong" if wrong else "created" if name in made else "right"
        say_result(state, "red" if wrong else "green", name)
        for problem in wrong:
            say_result("", "", problem)
        if for_a_program():
            emit({"topic": name, "state": state, "problems": wrong})
    if problems:
        sys.exit(1)
