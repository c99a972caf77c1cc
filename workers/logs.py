"""Logs: one JSON object a line on stderr, for people who search them; never message text, never a credential.

`ts` (RFC 3339 UTC), `level`, `event`, then what the line is about: `account`, `feed`, `shard`, … Lines of libraries,
warnings and an error that ends the process take the same way, and every value is redacted before it is written.
"""

import json
import logging
import os
import sys
import traceback
from pathlib import PurePath
from types import TracebackType
from typing import cast

import orjson
import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from workers.errors import ConfigurationError
from workers.log_repeats import Repeats
from workers.redaction import Redactor

#: Libraries that say too much below WARNING: httpx and httpcore log each request with its address, and keys may
#: stand in a query; aiohttp logs each visit of /metrics; aiokafka logs each rebalance and reconnection in detail.
QUIET_LIBRARIES = ("httpx", "httpcore", "aiohttp.access", "aiokafka")
#: Calls of a traceback that a line tells, innermost first.
TOLD_CALLS = 6
#: Characters of a stranger's key, and of what is wrong with its record, that a line tells.
BRIEF_CHARACTERS = 300
#: Causes of an error that a line tells.
TOLD_CAUSES = 4

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_FORMS = ("json", "console")


def brief(text: str) -> str:
    """The beginning of a stranger's text: a record may be megabytes."""
    return text[:BRIEF_CHARACTERS]


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of a room; its `bind(account=…, feed=…, shard=…)` makes one for what a line is about."""
    return structlog.stdlib.get_logger(name)


def configure(level: str, redactor: Redactor, form: str | None = None) -> None:
    """Write log lines of `level` (debug, info, warning, error) and above to stderr.

    `form` is `json`, or `console` for a person at a terminal; unsaid, what AFLUENTE_LOG says, else `json`. It may be
    called again, for instance when the secrets are known. Raises ConfigurationError for other words.
    """
    form = form or os.environ.get("AFLUENTE_LOG") or "json"
    if level not in _LEVELS or form not in _FORMS:
        wrong = f"AFLUENTE_LOG = {form!r}: must be json or console"
        raise ConfigurationError([wrong if level in _LEVELS else f"log level {level!r}: one of {', '.join(_LEVELS)}"])
    stamped: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *stamped,
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # structlog.testing.capture_logs, for tests, works only so
    )
    handler = _Lines()
    last: list[Processor] = [
        ProcessorFormatter.remove_processors_meta,
        _tell_error,
        _Redaction(redactor),
        _render(form),
    ]
    handler.addFilter(Repeats())
    of_libraries: list[Processor] = [*stamped, structlog.stdlib.ExtraAdder(allow=["repeated"])]
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=of_libraries, processors=last))
    _install(handler, _LEVELS[level])


def told(error: BaseException) -> str:
    """An error on one line: type, text, where it was raised (innermost call first), and its causes. No values."""
    texts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(texts) < TOLD_CAUSES:
        texts.append(_one(cause))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "; caused by ".join(texts)


def _one(error: BaseException) -> str:
    calls = traceback.extract_tb(error.__traceback__)[: -TOLD_CALLS - 1 : -1]
    places = " < ".join(f"{'/'.join(PurePath(c.filename).parts[-2:])}:{c.lineno} {c.name}" for c in calls)
    text = " ".join(str(error).splitlines())
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, BaseExceptionGroup):
        said += " (" + "; ".join(_one(inner) for inner in error.exceptions) + ")"
    return f"{said} [{places}]" if places else said


class _Lines(logging.Handler):
    """The way to stderr, as it is at that moment: a progress display may have put itself before it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. What cannot be written is said without its values: Python would print them unredacted."""
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - a line that cannot be made must not end what it tells of
            said = {"level": "error", "event": "a log line could not be written", "logger": record.name}
            line = _json({**said, "error": type(error).__name__})
        try:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()
        except (AttributeError, OSError, ValueError):  # no stderr, or closed: there is nobody left to tell
            return


class _Redaction:
    """Makes every value plain JSON without secrets, and puts the keys that each line has first."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        first = {key: event.pop(key, None) for key in ("ts", "level", "event")}
        return cast("EventDict", self._redactor.redact_value(json.loads(_json({**first, **event}))))


def _tell_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    error = sys.exc_info()[1] if info is True else info[1] if isinstance(info, tuple) else info
    return {**event, "error": told(error)} if isinstance(error, BaseException) else event


def _render(form: str) -> Processor:
    if form == "console":
        return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), timestamp_key="ts")
    return lambda _logger, _method, event: _json(event)


def _json(event: EventDict) -> str:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError):  # half a character or a number of many digits: what the standard library writes
        return json.dumps(event, default=str, skipkeys=True)


def _install(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Lines)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell an error that ends the process as a log line: a traceback of Python's would not be redacted."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger("afluente").critical("ended by an error", exc_info=error)
