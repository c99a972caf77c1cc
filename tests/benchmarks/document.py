"""`docs/benchmarks.md`: a section for each benchmark, renewed when it is run, with when and where that was."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

#: What was measured, the figure, the goal it is held to, and whether it meets it.
Line = tuple[str, str, str, bool | None]

_HEAD = """# Benchmarks

`make bench` measures all of this anew (half an hour); with `--write docs/benchmarks.md` each command below renews its
section. The machines were shared: trust the ratios, which are taken within one run, not the microseconds.
"""


def write(page: Path, measured: Mapping[str, Sequence[Line]]) -> None:
    """Put these sections in place of their predecessors, or behind the last."""
    sections = _sections(page.read_text(encoding="utf-8")) if page.exists() else {}
    sections |= {name: _section(name, lines) for name, lines in measured.items()}
    page.write_text("\n".join([_HEAD, *sections.values()]), encoding="utf-8")


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]
    return {part.split("\n", 1)[0].removeprefix("## "): part.rstrip("\n") + "\n" for part in parts}


def _section(name: str, lines: Sequence[Line]) -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    where = f"{platform.machine()}, {cores} cores, Python {platform.python_version()}"
    rows = "".join(
        f"| {what} | {figure} | {'' if met is None else '✔ ' if met else '✘ '}{goal} |\n"
        for what, figure, goal, met in lines
    )
    made = f"`python -m tests.benchmarks {name}` on {datetime.now(UTC):%Y-%m-%d} ({where})"
    return f"## {name}\n\n{made}\n\n| what | figure | goal |\n|---|---|---|\n{rows}"
