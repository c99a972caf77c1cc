"""`afluente topics`: the four Kafka topics, created or checked."""

import sys

import click

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
from workers.stream import topics as stream_topics

_CODES = "0 done, 1 Kafka did not answer or a topic is wrong, 2 wrong configuration"


@click.group()
@config_option
def topics() -> None:
    """Create or check the four Kafka topics.

    Their names stand in [topics] of the configuration, their number of partitions is kafka.shards.
    """


@topics.command(epilog=epilog(_CODES, "afluente topics create"))
@configured
@told
def create(configuration: Configuration) -> None:
    """Create the topics that are missing.

    Existing topics are never changed; what is wrong with them is said, as by `topics check`.
    """
    settings = configuration.settings()
    made = finished(stream_topics.create(settings.kafka, settings.topics))
    _report(settings, made)


@topics.command(epilog=epilog(_CODES, "afluente topics check"))
@configured
@told
def check(configuration: Configuration) -> None:
    """Check that the topics exist and are as a worker needs them.

    Looks at partition count, replication, cleanup policy and size limits, and changes nothing.
    """
    _report(configuration.settings(), ())


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
