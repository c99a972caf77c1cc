"""`docs/metrics.md`, made of the metrics themselves: `python -m workers.metrics_reference docs/metrics.md`."""

import sys
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from workers.feeds import REJECTIONS
from workers.metrics import ACCOUNT_STATES, ENTRY_REASONS, EVENT_KINDS, FEED_STATES, LEFT_OUT_REASONS, Metrics
from workers.providers.reasons import PAGE_REASONS, ROW_REASONS
from workers.stream import failure
from workers.wiring import POLL_FAILURES
from workers.worker_report import WORKER_STATES

COMMAND = "python -m workers.metrics_reference docs/metrics.md"

#: Every value of a label that is a closed list, by `Metrics`' attribute and label.
_VALUES = {
    ("poll_failures", "reason"): POLL_FAILURES,
    ("background_failures", "reason"): POLL_FAILURES,
    ("rows_ignored", "reason"): LEFT_OUT_REASONS,
    ("entries_skipped", "reason"): ENTRY_REASONS,
    ("dead_letters", "reason"): (*ROW_REASONS, *PAGE_REASONS),
    ("events_published", "kind"): EVENT_KINDS,
    ("account_state", "state"): ACCOUNT_STATES,
    ("feeds", "state"): FEED_STATES,
    ("worker_state", "state"): WORKER_STATES,
    ("transaction_failures", "reason"): failure.REASONS,
    ("definitions_rejected", "reason"): REJECTIONS,
}

_HEAD = f"""# Metrics

What every worker serves at `/metrics`. Made by `{COMMAND}` of `workers/metrics.py`, where each name is written once.
Known series stand at 0 from the start; no label ever holds a conversation, a message or a person. Times are Unix
timestamps: alert on `time() - x`. What each failure reason means stands in [failures.md](failures.md). Beside these
stand the client library's own metrics of the process and the interpreter, `process_…` and `python_…`.

| metric | type | labels | what it says |
|---|---|---|---|
"""


def document() -> str:
    """The page."""
    return _HEAD + "".join(_rows(Metrics())) + "\n## Values of labels\n\n" + "".join(_values())


def _rows(metrics: Metrics) -> Iterator[str]:
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            name = _name(metric)
            labels = ", ".join(f"`{label}`" for label in metric._labelnames)  # noqa: SLF001 - as above
            yield f"| `{name}` | {metric._type} | {labels} | {metric._documentation} |\n"  # noqa: SLF001 - as above


def _name(metric: MetricWrapperBase) -> str:
    """As it is exported: the library keeps a counter's name without its ending."""
    return f"{metric._name}_total" if metric._type == "counter" else metric._name  # noqa: SLF001 - the library tells it nowhere else


def _values() -> Iterator[str]:
    metrics = Metrics()
    for (attribute, label), values in _VALUES.items():
        yield f"* `{_name(getattr(metrics, attribute))}`, `{label}`: {', '.join(f'`{value}`' for value in values)}\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document(), encoding="utf-8")
