"""Synthetic messages of many conversations: no real trace was at hand. Each generator is seeded and draws in one order.

All share: a conversation's long-run rate is log-normal over the conversations (median 1 message a day, mean 6.9; the
top 1 % bring 32 % of all, the top 10 % bring 77 %), stratified so that sizes of N compare. Days 0 to 9 are history.

W0  two hidden states: active for 12 min at 0.8 messages a minute, else silent. What is known of it exactly gives a
    lower bound for every schedule.
W1  sessions by a daily curve and a factor that wanders from day to day; their rates and lengths are log-normal.
W2  the same starts; each message has children (Hawkes, branching 0.85) after 45 s, or after 10 min.
W3  invented, no constant was chosen on it: office hours on weekdays, a tenth at weekends; sessions of Pareto length
    (shape 1.5: hours happen) in which one message follows another after a Pareto gap.
W4  invented likewise: broadcasts. Four times a day one message goes to a tenth of all conversations within two minutes;
    a fifth answer after a log-normal time (median 4 min) and chat on; beside it a quarter of W1's own traffic.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY: Final = 86_400.0
#: Days of history before the schedule starts.
HISTORY_DAYS: Final = 10
#: Messages a day of the busiest conversation, at most.
MOST_A_DAY: Final = 500.0
#: W0: seconds of an active spell, and messages per second in it.
ACTIVE_SECONDS: Final = 720.0
ACTIVE_RATE: Final = 0.8 / 60
#: W1: a session's rate in messages per second and length in seconds, as median and sigma of a log-normal.
SESSION_RATE: Final = (0.6 / 60, 0.7)
SESSION_LENGTH: Final = (480.0, 0.9)
#: Mean messages of a W1 session: one at its start, and what its rate and length bring.
SESSION_SIZE: Final = 1 + SESSION_RATE[0] * SESSION_LENGTH[0] * float(np.exp((0.7**2 + 0.9**2) / 2))
#: W4: seconds in which a broadcast goes out, and to which part of all conversations.
BROADCAST_SECONDS: Final = 120.0
REACHED: Final = 0.1
#: W2: children of a message.
BRANCHING: Final = 0.85


@dataclass(frozen=True)
class Workload:
    """Messages by conversation, ascending, in seconds since day 0. `rates`: messages a day in the long run.

    `factors[day, conversation]`: what the day makes of the rate (W1, W2), as the informed filter knows it. `sent`:
    when, and to which conversation, whoever sent the broadcasts could say so (W4).
    """

    kind: str
    times: list[list[float]]
    days: int
    rates: Floats
    factors: Floats
    sent: list[tuple[float, int]] = field(default_factory=list)


def workload(kind: str, feeds: int, days: int, seed: int) -> Workload:
    """So many conversations over so many days, history included."""
    random = np.random.default_rng(seed)
    rates = _rates(random, feeds)
    factors = np.ones((days, feeds)) if kind in {"W0", "W4"} else _day_factors(random, days, feeds)
    owners, times, *broadcasts = GENERATORS[kind](random, rates, factors, days)
    sent = sorted(
        (at, feed)
        for many in broadcasts
        for at, feed in zip(times[:many].tolist(), owners[:many].tolist(), strict=True)
    )
    inside = (times >= 0) & (times < days * DAY)
    owners, times = owners[inside], times[inside]
    order = np.lexsort((times, owners))
    ends = np.searchsorted(owners[order], np.arange(1, feeds))
    split = np.split(times[order], ends)
    return Workload(kind, [one.tolist() for one in split], days, rates, factors, sent)


def daily_curve() -> tuple[Floats, Floats]:
    """A day's activity around a mean of 1 on 1 441 points, and its cumulative distribution. Busiest at 15 h."""
    hours = np.linspace(0, 24, 1441)
    curve = np.maximum(0.05, 1 + np.cos(2 * np.pi * (hours - 15) / 24))
    return _with_distribution(curve)


def _with_distribution(curve: Floats) -> tuple[Floats, Floats]:
    steps = (curve[1:] + curve[:-1]) / 2
    total = np.concatenate(([0.0], np.cumsum(steps)))
    return curve * (len(curve) - 1) / total[-1], total / total[-1]


def _rates(random: np.random.Generator, feeds: int) -> Floats:
    normal = NormalDist()
    z = np.array([normal.inv_cdf((i + 0.5) / feeds) for i in range(feeds)])
    random.shuffle(z)
    return np.minimum(np.exp(2 * z), MOST_A_DAY)


def _day_factors(random: np.random.Generator, days: int, feeds: int) -> Floats:
    x = random.normal(0, 0.8, feeds)
    factors = np.empty((days, feeds))
    for day in range(days):
        factors[day] = np.exp(x - 0.32)
        x = 0.8 * x + 0.6 * 0.8 * random.normal(0, 1, feeds)
    return factors


def _starts(
    random: np.random.Generator, expected: Floats, distribution: Floats | None = None
) -> tuple[NDArray[np.intp], Floats]:
    """Conversations and times of session starts; `expected[day, conversation]` of them."""
    if distribution is None:
        _, distribution = daily_curve()
    counts = random.poisson(expected)
    days, owners = np.nonzero(counts)
    repeats = counts[days, owners]
    days, owners = np.repeat(days, repeats), np.repeat(owners, repeats)
    inside = np.interp(random.random(len(days)), distribution, np.linspace(0, DAY, len(distribution)))
    return owners, days * DAY + inside


def _sessions(random: np.random.Generator, owners: NDArray[np.intp], starts: Floats) -> tuple[NDArray[np.intp], Floats]:
    """The messages of W1 sessions."""
    rate = SESSION_RATE[0] * np.exp(SESSION_RATE[1] * random.normal(size=len(starts)))
    length = SESSION_LENGTH[0] * np.exp(SESSION_LENGTH[1] * random.normal(size=len(starts)))
    counts = random.poisson(rate * length)
    inside = np.repeat(starts, counts) + random.random(counts.sum()) * np.repeat(length, counts)
    return np.concatenate((owners, np.repeat(owners, counts))), np.concatenate((starts, inside))


def _w0(random: np.random.Generator, rates: Floats, _: Floats, days: int) -> tuple[NDArray[np.intp], Floats]:
    owners, times = [], []
    active = np.minimum(rates / (ACTIVE_RATE * DAY), 0.9)
    for feed, share in enumerate(active):
        idle, now = ACTIVE_SECONDS * (1 - share) / share, 0.0
        busy = random.random() < share
        while now < days * DAY:
            lasts = random.exponential(ACTIVE_SECONDS if busy else idle)
            if busy:
                count = random.poisson(lasts * ACTIVE_RATE)
                times.append(now + random.random(count) * lasts)
                owners.append(np.full(count, feed))
            now, busy = now + lasts, not busy
    return np.concatenate(owners), np.concatenate(times)


def _w1(random: np.random.Generator, rates: Floats, factors: Floats, _: int) -> tuple[NDArray[np.intp], Floats]:
    return _sessions(random, *_starts(random, rates * factors / SESSION_SIZE))


def _w2(random: np.random.Generator, rates: Floats, factors: Floats, _: int) -> tuple[NDArray[np.intp], Floats]:
    owners, times = _starts(random, rates * factors * (1 - BRANCHING))
    all_owners, all_times = [owners], [times]
    while len(times):
        children = random.poisson(BRANCHING, len(times))
        owners, times = np.repeat(owners, children), np.repeat(times, children)
        soon = random.random(len(times)) < 0.7
        times = times + random.exponential(np.where(soon, 45.0, 600.0))
        all_owners.append(owners)
        all_times.append(times)
    return np.concatenate(all_owners), np.concatenate(all_times)


def _w3(random: np.random.Generator, rates: Floats, factors: Floats, days: int) -> tuple[NDArray[np.intp], Floats]:
    hours = np.linspace(0, 24, 1441)
    _, office = _with_distribution(np.where((hours >= 8) & (hours < 18) & ~((hours >= 12) & (hours < 13)), 1.0, 0.02))
    week = np.where(np.arange(days) % 7 < 5, 1.3, 0.13)[:, None]
    owners, starts = _starts(random, rates * factors * week / 9, office)
    ends = starts + 180 * np.minimum(1 + random.pareto(1.5, len(starts)), 80)
    all_owners, all_times = [owners], [starts]
    times = starts
    while len(times):
        times = times + 12 * (1 + random.pareto(1.3, len(times)))
        going = times < ends
        owners, times, ends = owners[going], times[going], ends[going]
        all_owners.append(owners)
        all_times.append(times)
    return np.concatenate(all_owners), np.concatenate(all_times)


def _w4(random: np.random.Generator, rates: Floats, factors: Floats, days: int) -> tuple[NDArray[np.intp], Floats, int]:
    """The first so many are the broadcasts."""
    feeds = len(rates)
    own, own_starts = _starts(random, rates * factors / SESSION_SIZE / 4)
    storms = np.sort(random.random(4 * days)) * days * DAY
    reached = [random.choice(feeds, int(feeds * REACHED), replace=False) for _ in storms]
    to = np.concatenate(reached)
    sent = np.repeat(storms, [len(one) for one in reached]) + random.random(len(to)) * BROADCAST_SECONDS
    answers = random.random(len(to)) < 0.2
    back = sent[answers] + 240 * np.exp(1.2 * random.normal(size=answers.sum()))
    owners, times = _sessions(random, np.concatenate((own, to[answers])), np.concatenate((own_starts, back)))
    return np.concatenate((to, owners)), np.concatenate((sent, times)), len(to)


#: What a generator gives: whose each message is, and when; of broadcasts, also how many of the first were such.
Drawn = tuple[NDArray[np.intp], Floats] | tuple[NDArray[np.intp], Floats, int]

GENERATORS: Final[dict[str, Callable[..., Drawn]]] = {"W0": _w0, "W1": _w1, "W2": _w2, "W3": _w3, "W4": _w4}
