"""The schedule beside other policies, at an equal budget: what is run, and the goals that it is held to."""

from collections.abc import Callable, Iterator
from statistics import fmean

from tests.benchmarks.schedule.informed import InformedW0, InformedW1
from tests.benchmarks.schedule.policies import KnowingWhen, Product, Restarted, Told, tuned_backoff, usual_backoff
from tests.benchmarks.schedule.rates import bytes_per_feed, decisions_per_second
from tests.benchmarks.schedule.simulation import Policy, Result, round_robin, run
from tests.benchmarks.schedule.workload import HISTORY_DAYS, Workload, workload

#: Seconds of a round (conversations ÷ requests per second), unless another is told.
ROUND = 300.0
#: W0, round of 300 s: the exact optimum of one conversation under a price gives this mean in seconds as a lower bound
#: for every schedule that sees its own polls only, even one that knows all rates.
LOWER_BOUND = 18.9
#: Bytes of a feed beyond its key, at most.
MOST_BYTES = 300

Row = dict[str, float | str]
Make = Callable[[Workload, float], Policy]

POLICIES: dict[str, Make] = {
    "product": lambda load, per_second: Product(len(load.times), per_second),
    "usual back-off": lambda load, _: usual_backoff(len(load.times)),
    "tuned back-off": lambda load, _: tuned_backoff(len(load.times)),
    "informed": lambda load, _: InformedW0(load) if load.kind == "W0" else InformedW1(load),
    "product, told of broadcasts": Told,
    "product, knowing when": KnowingWhen,
    "product, restarted": lambda load, per_second: Restarted(len(load.times), per_second),
    "product, restarted and forgetful": lambda load, per_second: Restarted(len(load.times), per_second, forgets=True),
    "product, 2 rounds": lambda load, per_second: Product(len(load.times), per_second, rounds=2.0),
}


def compared(
    kind: str, feeds: int, seed: int, names: tuple[str, ...], *, turn: float = ROUND, days: int = 3
) -> list[Row]:
    """One workload under round robin and these policies; its first day is not measured."""
    load, per_second = workload(kind, feeds, HISTORY_DAYS + days, seed), feeds / turn
    got = [("round robin", round_robin(load, per_second))]
    got += [(name, run(load, POLICIES[name](load, per_second), per_second)) for name in names]
    return [_row(load, seed, turn, name, result) for name, result in got]


def _row(load: Workload, seed: int, turn: float, name: str, result: Result) -> Row:
    return {
        "workload": load.kind,
        "feeds": len(load.times),
        "round": turn,
        "seed": seed,
        "policy": name,
        "mean": round(result.mean, 2),
        "p50": round(result.percentile(50), 1),
        "p95": round(result.percentile(95), 1),
        "p99": round(result.percentile(99), 1),
        "worst_interval": round(result.worst_interval),
        "messages": len(result.delays),
    }


def measured(quick: bool) -> Iterator[list[Row]]:
    """Every comparison, one after another."""
    if quick:
        yield compared("W1", 200, 31, ("product", "usual back-off", "informed"), days=2)
        yield compared("W0", 200, 31, ("product", "informed"), days=2)
        return
    for seed in (21, 22):
        yield compared("W1", 10_000, seed, ("product", "usual back-off", "informed"))
    yield compared("W0", 2_000, 31, ("product", "usual back-off", "tuned back-off", "informed"))
    others = ("usual back-off", "tuned back-off", "informed")
    lives = ("product, 2 rounds", "product, restarted", "product, restarted and forgetful")
    yield compared("W1", 2_000, 31, ("product", *others, *lives))
    for kind in ("W2", "W3"):
        yield compared(kind, 2_000, 31, ("product", "usual back-off", "tuned back-off"))
    told = ("product, knowing when", "product, told of broadcasts")
    yield compared("W4", 2_000, 31, ("product", "usual back-off", "tuned back-off", *told))
    for kind in ("W0", "W1", "W2", "W3"):
        yield compared(kind, 2_000, 31, ("product", "usual back-off"), turn=1000.0)
    yield compared("W4", 2_000, 31, ("product", "usual back-off", *told), turn=1000.0)


def merged(rows: list[Row]) -> list[Row]:
    """Runs that differ in their seed alone as one, each figure the mean."""
    groups: dict[tuple[float | str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in ("workload", "feeds", "round", "policy")), []).append(row)
    return [_mean(group) for group in groups.values()]


def _mean(group: list[Row]) -> Row:
    figures = {name: fmean(float(row[name]) for row in group) for name in ("mean", "p50", "p95", "p99")}
    worst = max(float(row["worst_interval"]) for row in group)
    seeds = " ".join(str(row["seed"]) for row in group)
    return {**group[0], **figures, "worst_interval": worst, "seed": seeds}


def speeds(quick: bool) -> list[Row]:
    """Decisions per second of CPU by the number of feeds, and the memory of a feed."""
    sizes = (1_000,) if quick else (1_000, 10_000, 100_000, 1_000_000)
    count = 2_000 if quick else 100_000
    rows: list[Row] = [{"feeds": size, "decisions": decisions_per_second(size, count)} for size in sizes]
    many = 20_000 if quick else 100_000
    surge = decisions_per_second(many, count, later=0.0)
    return [*rows, {"feeds": many, "decisions": surge, "surge": 1}, {"feeds": many, "bytes": bytes_per_feed(many)}]
