"""The comparison as lines with goals."""

from tests.benchmarks.document import Line
from tests.benchmarks.schedule.comparison import LOWER_BOUND, MOST_BYTES, Row, measured, merged, speeds

Figures = dict[str, Row]

#: Goals of the mean by what it is divided by, on every workload.
GOALS = {"informed": 1.25, "usual back-off": 0.45}
#: Other lives of the product: it knows when broadcasts go out and how large they are, and not to whom; who sends them
#: says where they went; it ends each hour, with what lies beside the cursors and without.
LIVES = (
    ("product, knowing when", "product, knowing when broadcasts go out", "product"),
    ("product, told of broadcasts", "product, told of broadcasts", "usual back-off"),
    ("product, restarted", "product, restarted each hour", "product"),
    ("product, restarted and forgetful", "product, restarted and forgetful each hour", "product"),
)
#: The goal on W1 with ten thousand conversations, divided by round robin's.
ROUND_ROBIN_GOAL = 0.145
#: Goal of the mean on W0, divided by the lower bound.
W0_GOAL = 1.16
#: The size and the seconds of a round that the goals are for.
LARGE, BOUNDED, ROUND = 10_000, 2_000, 300.0
#: Decisions per second at ten thousand feeds.
LEAST_DECISIONS = 100_000


def schedule_lines(quick: bool) -> tuple[object, list[Line]]:
    """Everything measured, as rows for programs and lines for people."""
    rows = [row for some in measured(quick) for row in some]
    groups: dict[tuple[object, ...], Figures] = {}
    for row in merged(rows):
        place = groups.setdefault((row["workload"], row["feeds"], row["round"]), {})
        place[str(row["policy"])] = row
    return rows, [line for figures in groups.values() for line in _of_workload(figures)]


def decision_lines(quick: bool) -> tuple[object, list[Line]]:
    """What a decision costs, and a feed's memory."""
    speed = speeds(quick)
    return speed, _of_speed(speed)


def _of_workload(figures: Figures) -> list[Line]:
    first = next(iter(figures.values()))
    where = f"delay on {first['workload']}, {first['feeds']} conversations, round of {first['round']:g} s"
    others = float(figures["round robin"]["mean"])
    lines: list[Line] = []
    for name, row in figures.items():
        figure = f"mean {row['mean']:.1f} s, p50 {row['p50']:.1f}, p95 {row['p95']:.0f}, p99 {row['p99']:.0f} s"
        ratio = float(row["mean"]) / others
        held = name.startswith("product")
        goal, met = ("≤ 1 x round robin", ratio <= 1) if held else ("", None)
        lines.append((f"{where}: {name}", f"{figure} = {ratio:.3f} x round robin", goal, met))
    return [*lines, *_ratios(where, figures), *_lives(where, figures), *_bounds(where, figures)]


def _ratios(where: str, figures: Figures) -> list[Line]:
    product = figures["product"]
    mean, kind, large = float(product["mean"]), product["workload"], product["feeds"] == LARGE
    lines: list[Line] = []
    for name, row in figures.items():
        if name.startswith("product"):
            continue
        goal = GOALS.get(name)
        if name == "round robin" and kind == "W1" and large:
            goal = ROUND_ROBIN_GOAL
        if goal is None and name == "round robin":
            continue  # it stands beside the figures already
        ratio = mean / float(row["mean"])
        held = ("", None) if goal is None else (f"≤ {goal:g}", ratio <= goal)
        lines.append((f"{where}: product / {name}", f"{ratio:.3f}", *held))
    if kind == "W0" and product["feeds"] == BOUNDED and product["round"] == ROUND:
        ratio = mean / LOWER_BOUND
        lines.append((f"{where}: product / lower bound", f"{ratio:.3f}", f"≤ {W0_GOAL:g}", ratio <= W0_GOAL))
    return lines


def _lives(where: str, figures: Figures) -> list[Line]:
    """The product's other lives, each divided by what it is held against."""
    lines: list[Line] = []
    for name, words, other in LIVES:
        if name in figures:
            ratio, goal = float(figures[name]["mean"]) / float(figures[other]["mean"]), GOALS.get(other)
            held = ("", None) if goal is None else (f"≤ {goal:g}", ratio <= goal)
            lines.append((f"{where}: {words} / {other}", f"{ratio:.3f}", *held))
    return lines


def _bounds(where: str, figures: Figures) -> list[Line]:
    bounded = figures.get("product, 2 rounds")
    if bounded is None:
        return []
    more = float(bounded["mean"]) / float(figures["product"]["mean"]) - 1
    worst = (
        f"longest interval {bounded['worst_interval']:.0f} s instead of {figures['product']['worst_interval']:.0f} s"
    )
    return [(f"{where}: a bound of {2 * ROUND:g} s", f"{worst}, mean {more:+.1%}", "", None)]


def _of_speed(speed: list[Row]) -> list[Line]:
    lines: list[Line] = []
    for row in speed:
        if "bytes" in row:
            met = float(row["bytes"]) <= MOST_BYTES
            figure = f"{row['bytes']} B"
            lines.append((f"memory of a feed in the schedule, of {row['feeds']}", figure, f"≤ {MOST_BYTES} B", met))
            continue
        held, what = ("", None), f"{row['feeds']} feeds" + (", of which many gain at once" if "surge" in row else "")
        if row["feeds"] == LARGE:
            held = (f"≥ {LEAST_DECISIONS}/s", float(row["decisions"]) >= LEAST_DECISIONS)
        lines.append((f"decisions per second of CPU, {what}", f"{row['decisions']}/s", *held))
    return lines
