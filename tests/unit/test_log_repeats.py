"""What a library says again and again is written now and then, with how often it was said."""

import json
import logging

import pytest

from workers import logs
from workers.log_repeats import QUIET_SECONDS, WORDS, Repeats
from workers.redaction import Redactor


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def repeats(clock):
    return Repeats(clock)


def line(words: str, *values: object, name: str = "aiokafka.client") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, words, values, None)


def test_the_same_words_pass_once_and_tell_later_how_often_they_were_said(repeats, clock):
    assert repeats.filter(line("Unable to connect to node %s", 0))
    assert not any(repeats.filter(line("Unable to connect to node %s", number)) for number in range(7))
    clock.now += QUIET_SECONDS
    again = line("Unable to connect to node %s", 0)
    assert repeats.filter(again)
    assert again.repeated == 7


def test_other_words_and_other_rooms_of_the_library_pass_beside_them(repeats):
    assert repeats.filter(line("Unable to connect to node %s", 0))
    assert repeats.filter(line("Group coordinator is dead"))
    assert repeats.filter(line("Unable to connect to node %s", 0, name="aiokafka.conn"))


def test_our_own_lines_always_pass(repeats):
    assert all(repeats.filter(line("poll_failed", name="account")) for _ in range(5))


def test_words_without_end_are_not_remembered_without_end(repeats):
    for number in range(3 * WORDS):
        assert repeats.filter(line(f"node {number} is away"))
    assert len(repeats._said) <= WORDS


def test_the_line_that_passes_tells_it_in_the_log(capsys, clock, monkeypatch):
    # Given logs as a worker writes them
    monkeypatch.setattr(logs, "Repeats", lambda: Repeats(clock))
    root, level = logging.getLogger(), logging.getLogger().level
    logs.configure("info", Redactor(()), "json")
    try:
        # When a library says the same three times, and once more when it may
        for _ in range(3):
            logging.getLogger("aiokafka.client").error("Unable to connect to node %s", 0)
        clock.now += QUIET_SECONDS
        logging.getLogger("aiokafka.client").error("Unable to connect to node %s", 1)
    finally:
        root.handlers[:] = [handler for handler in root.handlers if type(handler).__module__ != logs.__name__]
        root.setLevel(level)
    # Then
    first, second = [json.loads(written) for written in capsys.readouterr().err.splitlines()]
    assert (first["event"], first.get("repeated")) == ("Unable to connect to node 0", None)
    assert (second["event"], second["repeated"]) == ("Unable to connect to node 1", 2)
