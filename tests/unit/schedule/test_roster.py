"""The block of feeds, and how many of them wait since when."""

from hypothesis import given
from hypothesis import strategies as st

from workers.schedule.ages import Ages
from workers.schedule.forecast import NEVER, Memory
from workers.schedule.roster import AFTER, BEFORE, LANE, NOBODY, QUEUE, Roster

FIELDS = ("seen", "newest", "s1", "s2", "s3", "s4")
times = st.floats(-1e9, 1e9)


def remembered(numbers):
    memory = Memory()
    for name, number in zip(FIELDS, numbers, strict=True):
        setattr(memory, name, number)
    return memory


def numbers_of(memory):
    return [getattr(memory, name) for name in FIELDS]


def test_a_new_feed_is_in_no_queue_and_knows_nothing_wherever_it_stands():
    # Given a place that another one has left behind full
    roster = Roster()
    first = roster.add("a", 3)
    roster.store(first, remembered([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]))
    for link in (BEFORE, AFTER, QUEUE):
        roster.links[first + link] = 7
    roster.remove(first)
    # When it is taken
    second = roster.add("b", 2)
    # Then nothing of the other is left
    assert second == first != NOBODY
    assert roster.key(second) == "b"
    assert [roster.links[second + link] for link in (BEFORE, AFTER, LANE, QUEUE)] == [NOBODY, NOBODY, 2, 0]
    assert numbers_of(roster.load(second, Memory())) == [NEVER, NEVER, 0, 0, 0, 0]


@given(kept=st.lists(st.lists(times, min_size=6, max_size=6), min_size=1, max_size=300))
def test_what_a_feed_remembers_is_kept_though_the_block_grows(kept):
    roster, feeds = Roster(), []
    for number, numbers in enumerate(kept):
        feeds.append(roster.add(f"feed {number}", number))
        roster.store(feeds[-1], remembered(numbers))
    for number, (feed, numbers) in enumerate(zip(feeds, kept, strict=True)):
        assert numbers_of(roster.load(feed, Memory())) == numbers
        assert roster.times[feed >> 1] == numbers[0]
        assert roster.key(feed) == f"feed {number}"
        assert roster.links[feed + LANE] == number


steps = st.lists(st.tuples(st.sampled_from(["add", "drop", "before"]), st.floats(-50, 200)), max_size=60)


@given(steps=steps)
def test_those_polled_before_a_time_are_counted_without_being_looked_at(steps):
    ages, there = Ages(), []
    for what, time in steps:
        if what == "add":
            ages.add(time)
            there.append(time)
        elif what == "drop" and there:
            ages.drop(there.pop(int(time) % len(there)))
        elif what == "before":
            assert ages.before(time) == sum(seen // 1 < time // 1 for seen in there)
