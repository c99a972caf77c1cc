"""Feeds of one rate, and where one goes back to whose poll brought nothing."""

import pytest

from workers.schedule.calibration import Calibration
from workers.schedule.classes import Lane, Queues
from workers.schedule.forecast import Memory
from workers.schedule.ranking import Ranking
from workers.schedule.roster import Roster


class Waiting:
    """Five feeds of one rate, polled one after another at the seconds 0 to 4."""

    def __init__(self) -> None:
        self.roster = Roster()
        queues = Queues(self.roster)
        self.ranking = Ranking(Calibration(), queues)
        self.ranking.lanes.append(Lane(queues, 1.0))
        self.ranking.bound(5, 1.0, 3600.0, 1.0)
        self.feeds = {}
        for second, name in enumerate("abcde"):
            feed = self.feeds[name] = self.roster.add(name, 0)
            memory = Memory()
            memory.seen = float(second)
            self.roster.store(feed, memory)
            self.ranking.put(feed, memory)
        self.place = queues.of(self.feeds["a"])

    def takes(self, name: str) -> None:
        """Out of turn: somebody asked for it."""
        self.place.leave(self.feeds[name])

    def puts_back(self, name: str) -> None:
        self.ranking.put_back(self.feeds[name], self.place)

    def turns(self) -> str:
        taken = (self.ranking.take(100.0) for _ in self.feeds)
        return "".join(self.roster.key(feed) for feed in taken)


@pytest.mark.parametrize("order", ["c", "cb", "bc", "ecab", "abcde", "edcba"])
def test_a_feed_that_was_taken_out_of_turn_goes_back_where_its_age_belongs(order):
    # Given feeds whose polls were asked for
    waiting = Waiting()
    for name in order:
        waiting.takes(name)
    # When nobody answers
    for name in order:
        waiting.puts_back(name)
    # Then all are polled in the order of their ages
    assert waiting.turns() == "abcde"


def test_going_back_looks_at_no_other_feed(monkeypatch):
    # Given a feed in the middle of many
    waiting = Waiting()
    waiting.takes("c")
    # When it goes back, nobody walks through the others
    monkeypatch.setattr(Roster, "chain", None)
    waiting.puts_back("c")
    # Then
    assert waiting.turns() == "abcde"
