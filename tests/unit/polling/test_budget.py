import asyncio
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.virtual_time import in_virtual_time
from workers.polling.budget import Budget, Claim


def now() -> float:
    return asyncio.get_running_loop().time()


def budget(per_minute: float = 60.06, share: float = 1.0, hinted: Callable[[], bool] = lambda: False) -> Budget:
    made = Budget(per_minute, clock=asyncio.get_running_loop().time, random=Random(1), hinted=hinted)
    made.own(share)
    return made


async def takes(given: Budget, count: int) -> list[float]:
    times = []
    for _ in range(count):
        await given.take()
        times.append(round(now(), 1))
    return times


def test_requests_come_at_an_even_pace_from_the_first_on():
    async def story():
        return await takes(budget(), 4)

    assert in_virtual_time(story()) == [1, 2, 3, 4]


def test_waiters_are_served_in_the_order_of_their_coming():
    async def story():
        # Given five tasks that want a request
        given, served = budget(), []

        async def one(number: int) -> None:
            await given.take()
            served.append(number)

        tasks = [asyncio.create_task(one(number)) for number in range(5)]
        # When all have been served
        await asyncio.gather(*tasks)
        return served

    # Then it was in turn
    assert in_virtual_time(story()) == [0, 1, 2, 3, 4]


def test_a_hint_goes_before_polls_under_way_and_these_before_what_begins():
    async def story():
        # Given waiters of all kinds, in this order
        hints = [1, 0, 0, 1, 0, 0, 0, 0]
        given, served = budget(hinted=lambda: bool(hints[len(served)])), []

        async def one(claim: Claim, name: str) -> None:
            await given.take(claim)
            served.append(name)

        line = [("background", "a"), ("pick", "b"), ("more", "c"), ("pick", "d"), ("more", "e"), ("background", "f")]
        # When all have been served, and somebody asked for a feed before the first request and before the fourth
        await asyncio.gather(*(one(*waiter) for waiter in line))
        return "".join(served), now()

    # Then these two were the next polls to begin, and not one request was lost
    served, ended = in_virtual_time(story())
    assert served == "bcedaf"
    assert ended == pytest.approx(6, abs=0.1)


def test_a_hint_that_nobody_told_the_waiters_of_stops_none_of_them():
    async def story():
        # Given a wish that comes and goes while all of them sleep
        given, served = budget(hinted=lambda: int(now() * 7) % 3 == 0), []

        async def one(claim: Claim) -> None:
            await given.take(claim)
            served.append(now())

        # When
        await asyncio.gather(*(one(claim) for claim in ("pick", "more", "background") * 10))
        # Then
        return len(served), now()

    served, ended = in_virtual_time(story())
    assert served == 30
    assert ended == pytest.approx(30, rel=0.01)


CLAIMS = st.sampled_from(["pick", "more", "background"])


@given(st.lists(st.tuples(CLAIMS, st.floats(0, 10), st.none() | st.floats(0, 10)), min_size=1, max_size=25))
@settings(max_examples=60, deadline=None)
def test_a_cancelled_waiter_loses_no_request_and_leaks_none(waiters):
    async def story():
        # Given waiters that come at any time, some of them cancelled after a while, and hints now and then
        given, served, cancelled = budget(hinted=lambda: int(now()) % 3 == 0), [], 0

        async def one(claim: Claim, comes: float, patience: float | None) -> None:
            nonlocal cancelled
            await asyncio.sleep(comes)
            try:
                async with asyncio.timeout(patience):
                    await given.take(claim)
            except TimeoutError:
                cancelled += 1
            else:
                served.append(now())

        # When all have been served or have gone
        await asyncio.gather(*(one(*waiter) for waiter in waiters))
        assert len(served) + cancelled == len(waiters)
        # Then the served ones were a second apart, and nobody waited while a request was free
        gaps = [later - earlier for earlier, later in pairwise(served)]
        assert all(gap > 0.97 for gap in gaps)
        patient = sum(patience is None for *_, patience in waiters)
        assert len(served) >= patient
        assert not served or served[-1] <= 10 + len(served) + 1.1
        # And the next one is there at once after a spacing
        before = now()
        await given.take()
        assert now() - before <= 1.01

    in_virtual_time(story())


def test_a_waiter_wakes_when_the_share_grows():
    async def story():
        # Given a worker that owns nothing
        given = budget(share=0)
        waiting = asyncio.create_task(takes(given, 2))
        await asyncio.sleep(100)
        assert not waiting.done()
        # When it is given half of the shards, and later all of them
        given.own(0.5)
        await asyncio.sleep(3)
        given.own(1)
        # Then it goes on at these rates, and has saved nothing up
        return await waiting

    assert in_virtual_time(story()) == [102, 103.5]


def test_a_rate_limit_holds_every_waiter_back_and_halves_the_pace():
    async def story():
        given = budget()
        await given.take()
        # When the provider says "too many" for 20 s
        given.rate_limited(20.0)
        assert given.reason == "rate_limited"
        assert given.paused_for >= 20
        assert given.per_minute == pytest.approx(30.03)
        times = await takes(given, 3)
        # Then nothing goes out before, and half as much afterwards
        assert times[0] >= 21
        assert times[1] - times[0] == pytest.approx(2, abs=0.2)
        # And a success after it makes the account healthy again
        given.succeeded()
        assert (given.reason, given.paused_for) == (None, 0)
        assert given.per_minute > 30.03

    in_virtual_time(story())


def test_a_refused_account_lets_out_one_probe_at_a_time():
    async def story():
        # Given refused credentials and many who want to ask
        given = budget()
        given.refused()
        tasks = [asyncio.create_task(takes(given, 1)) for _ in range(20)]
        # When two minutes pass
        await asyncio.sleep(119)
        # Then there were three probes
        assert [task.result()[0] for task in tasks if task.done()] == [15, 45, 105]
        # And when someone has mended it, the next goes out at once
        given.probe_now()
        await asyncio.sleep(0.1)
        assert sum(task.done() for task in tasks) == 4
        # And when that succeeds, the others follow at the account's pace
        given.succeeded()
        await asyncio.sleep(5)
        assert sum(task.done() for task in tasks) == 9
        for task in tasks:
            task.cancel()

    in_virtual_time(story())


def test_a_probe_of_several_requests_goes_on_at_once_and_counts_as_one():
    async def story():
        # Given a refused account, a poll that waits to be its probe, and a history
        given = budget()
        given.refused()
        background = asyncio.create_task(given.take("background"))
        probe = asyncio.create_task(takes(given, 1))
        await asyncio.sleep(20)
        # Then the poll comes first, though it came last
        assert probe.result() == [15]
        assert given.probing
        # When its first page is answered, its second is asked for without another wait
        await given.take("more", probing=True)
        assert round(now()) == 20
        # Then the series goes on as after one probe
        given.refused()
        assert round(given.paused_for) == 25
        background.cancel()

    in_virtual_time(story())


def test_the_further_pages_of_a_probe_wait_for_rate_limits():
    async def story():
        # Given a refused account whose probe was answered with one page, and then with "too many"
        given = budget()
        given.refused()
        await given.take()
        begun = now()
        given.rate_limited(60)
        # When it needs another page
        await given.take("more", probing=True)
        # Then it waits as anybody would
        assert now() - begun >= 60

    in_virtual_time(story())


async def test_on_the_real_clock_a_high_rate_is_reached_and_not_passed():
    # Given 30 000 requests a minute, two timer ticks apart
    loop = asyncio.get_running_loop()
    given = Budget(30_000, clock=loop.time, random=Random(1))
    given.own(1)
    begun, served = loop.time(), 0

    # When four tasks take them for half a second
    async def take_all() -> None:
        nonlocal served
        while loop.time() < begun + 0.5:
            await given.take()
            served += 1

    await asyncio.gather(*(take_all() for _ in range(4)))
    # Then it is never more than the rate, the lateness that is forgiven, and the last request of each task
    assert served <= 500 * (loop.time() - begun + 0.02) + 1
    assert served >= 60  # a busy machine may be slow, but the budget is not what slows it
