"""A log line is one JSON object on stderr, whoever writes it, and holds no credential."""

import io
import json
import logging
import sys
import warnings

import pytest
import structlog

from workers import logs
from workers.errors import ConfigurationError
from workers.redaction import REMOVED, Redactor

KEY = "sk-live-0123456789"


@pytest.fixture(autouse=True)
def logging_as_it_was():
    root, hook = logging.getLogger(), sys.excepthook
    level = root.level
    levels = {name: logging.getLogger(name).level for name in logs.QUIET_LIBRARIES}
    yield
    root.handlers[:] = [handler for handler in root.handlers if not _ours(handler)]
    sys.excepthook = hook
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def _ours(handler: logging.Handler) -> bool:
    return type(handler).__module__ == logs.__name__


@pytest.fixture
def lines(capsys):
    """Configures logs, and gives the lines written since as objects."""
    logs.configure("info", Redactor([KEY]), "json")

    def read() -> list[dict]:
        captured = capsys.readouterr()
        assert captured.out == ""
        return [json.loads(line) for line in captured.err.splitlines()]

    return read


def test_a_line_says_when_how_grave_what_and_about_what(lines):
    # When
    logs.logger("poll").bind(account="loja", feed="loja/1", shard=3).info("polled", rows=2)
    # Then
    (line,) = lines()
    assert list(line)[:3] == ["ts", "level", "event"]
    assert line.pop("ts").endswith("Z")
    assert line == {
        "level": "info",
        "event": "polled",
        "account": "loja",
        "feed": "loja/1",
        "shard": 3,
        "rows": 2,
        "logger": "poll",
    }


def test_a_logger_that_was_used_before_follows_a_new_configuration(lines):
    # Given
    early = logs.logger("early")
    early.info("said")
    # When
    logs.configure("warning", Redactor(["another secret"]), "json")
    early.info("quiet")
    early.warning("said", key="another secret")
    # Then
    first, second = lines()
    assert first["level"] == "info"
    assert second["key"] == REMOVED


def test_no_value_of_any_kind_carries_a_credential(lines):
    # When
    logs.logger("x").info(
        f"event {KEY}",
        text=KEY,
        content=KEY.encode(),
        nested={"a": [{KEY: KEY}]},
        error=ValueError(KEY),
        address="https://x.example/?key=sk%2Dlive%2D0123456789",
        **{KEY: 1},
    )
    # Then
    (line,) = lines()
    assert KEY not in json.dumps(line)
    assert "0123456789" not in json.dumps(line)
    assert line["event"] == f"event {REMOVED}"


def test_an_exception_is_one_line_with_its_places_and_causes_and_no_values(lines):
    # Given
    def inner(secret_local):
        raise ValueError(f"first\nsecond {secret_local}")

    def outer():
        try:
            inner(KEY)
        except ValueError as error:
            raise RuntimeError("failed") from error

    # When
    try:
        outer()
    except RuntimeError:
        logs.logger("x").exception("oops")
    # Then
    (line,) = lines()
    assert line["level"] == "error"
    said, cause = line["error"].split("; caused by ")
    assert said.startswith("RuntimeError: failed [unit/test_logs.py:")
    assert " outer < unit/test_logs.py:" in said
    assert cause.startswith(f"ValueError: first second {REMOVED} [unit/test_logs.py:")
    assert "exc_info" not in line


def test_an_exception_group_tells_each_of_its_errors():
    error = ExceptionGroup("two", [ValueError("a"), OSError("b")])
    assert logs.told(error) == "ExceptionGroup: two (2 sub-exceptions) (ValueError: a; OSError: b)"


def test_causes_without_end_are_cut():
    # Given two errors that cause each other
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    # When, Then
    assert logs.told(one).count("caused by") == logs.TOLD_CAUSES - 1


def test_a_cause_that_was_set_aside_is_not_told():
    # Given what `raise … from None` leaves behind
    error = ValueError("plain")
    error.__context__, error.__suppress_context__ = KeyError(KEY), True
    # When, Then
    assert logs.told(error) == "ValueError: plain"
    error.__suppress_context__ = False
    assert "caused by KeyError" in logs.told(error)


def test_lines_of_libraries_take_the_same_way(lines):
    # When
    logging.getLogger("aiokafka.consumer").warning("leader of %s gone", KEY)
    logging.getLogger("asyncio").error("task failed", exc_info=OSError(KEY))
    # Then
    first, second = lines()
    assert first.pop("ts").endswith("Z")
    assert first == {"level": "warning", "event": f"leader of {REMOVED} gone", "logger": "aiokafka.consumer"}
    assert second["error"].startswith(f"OSError: {REMOVED}")


def test_libraries_that_tell_addresses_are_quiet_below_warning(lines):
    for level in ("info", "debug"):
        logs.configure(level, Redactor([]), "json")
        for name in ("httpx", "httpcore.http11", "aiohttp.access", "aiokafka.cluster"):
            logging.getLogger(name).info("GET https://x.example/?key=secret")
    assert lines() == []


def test_a_warning_is_a_line(lines):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(f"old {KEY}", DeprecationWarning, stacklevel=1)
    (line,) = lines()
    assert line["logger"] == "py.warnings"
    assert f"DeprecationWarning: old {REMOVED}" in line["event"]


def test_a_line_that_cannot_be_made_is_said_without_its_values(lines, monkeypatch):
    # Given ours as the only way (the one of the test runner raises)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler for handler in root.handlers if _ours(handler)])
    # When a library gives the wrong values to its own format
    logging.getLogger("library").error("%d rows", KEY)
    # Then Python's own report, which shows them, is not written
    assert lines() == [
        {"level": "error", "event": "a log line could not be written", "logger": "library", "error": "TypeError"}
    ]


def test_a_value_that_cannot_be_told_does_not_end_the_program(lines):
    # Given
    class Mute:
        def __str__(self):
            raise RuntimeError(KEY)

    # When
    logs.logger("x").info("said", value=Mute())
    # Then
    (line,) = lines()
    assert line["event"] == "a log line could not be written"


def test_half_a_character_and_a_number_of_many_digits_are_written(lines):
    logs.logger("x").info("odd \ud800", number=10**30, when={1, 2})
    (line,) = lines()
    assert line["number"] == 10**30
    assert line["event"] == "odd \ud800"
    assert line["when"] == "{1, 2}"


@pytest.mark.parametrize("stream", ["closed", "absent"])
def test_a_lost_stderr_does_not_end_the_program(lines, monkeypatch, stream):
    # Given
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed if stream == "closed" else None)
    # When, Then nothing is raised
    logs.logger("x").info("said")


def test_an_error_that_ends_the_process_is_a_line(lines):
    # Given
    error = ValueError(KEY)
    # When
    sys.excepthook(ValueError, error, None)
    # Then
    (line,) = lines()
    assert line["level"] == "critical"
    assert line["error"] == f"ValueError: {REMOVED}"


def test_an_interruption_keeps_pythons_own_end(lines, capsys):
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert capsys.readouterr().err == "KeyboardInterrupt\n"


def test_the_console_form_is_for_people_and_redacted_too(capsys, monkeypatch):
    # Given
    monkeypatch.setenv("AFLUENTE_LOG", "console")
    logs.configure("info", Redactor([KEY]))
    # When
    logs.logger("x").info("polled", account="loja", key=KEY)
    # Then
    line = capsys.readouterr().err
    assert "polled" in line
    assert "account=loja" in line
    assert KEY not in line


@pytest.mark.parametrize(("level", "form"), [("info", "xml"), ("loud", "json")])
def test_other_words_are_refused(level, form):
    with pytest.raises(ConfigurationError):
        logs.configure(level, Redactor([]), form)
