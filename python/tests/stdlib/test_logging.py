"""``logging`` behaves as in CPython: caches and replaced methods of the adaptation are not visible."""

from __future__ import annotations

import inspect
import io
import logging
import sys
from typing import Any, List

import pytest


@pytest.fixture
def logger() -> Any:
    """Returns a logger that does not propagate to the root logger."""
    made = logging.Logger("test")
    made.propagate = False
    return made


class Keeping(logging.Handler):
    """Handler that stores its records."""

    def __init__(self) -> None:
        super().__init__()
        self.records: List[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def line() -> int:
    """Returns the line number of the caller."""
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    return frame.f_back.f_lineno


def test_a_new_root_logger_has_level_warning_and_no_handlers() -> None:
    fresh = logging.RootLogger(logging.WARNING)

    assert fresh.level == logging.WARNING
    assert not fresh.isEnabledFor(logging.INFO)
    assert fresh.handlers == []
    assert isinstance(logging.lastResort, logging.Handler)


def test_a_log_record_has_the_place_of_its_call(logger: logging.Logger) -> None:
    handler = Keeping()
    logger.addHandler(handler)

    expected = [line() + 1]
    logger.warning("one")
    expected += [line() + 1]
    logger.log(logging.ERROR, "two")
    expected += [line() + 1]
    logging.LoggerAdapter(logger, {}).critical("three")

    def helper() -> None:
        logger.error("four", stacklevel=2)

    expected += [line() + 1]
    helper()

    assert [record.lineno for record in handler.records] == expected
    assert {record.pathname for record in handler.records} == {__file__}
    assert handler.records[0].funcName == "test_a_log_record_has_the_place_of_its_call"


def test_a_message_below_the_level_calls_no_code_of_the_script(logger: logging.Logger) -> None:
    called: List[str] = []

    class Adapter(logging.LoggerAdapter):  # type: ignore[type-arg]
        def process(self, msg: Any, kwargs: Any) -> Any:
            called.append("process")
            return msg, kwargs

    before = logging.getLogRecordFactory()

    def note_record(*args: Any, **kwargs: Any) -> Any:
        called.append("factory")
        return before(*args, **kwargs)

    logging.setLogRecordFactory(note_record)
    try:
        logger.setLevel(logging.ERROR)
        logger.addFilter(lambda record: called.append("filter") or True)  # type: ignore[func-returns-value]
        logger.info("unseen")
        Adapter(logger, {}).warning("unseen")
    finally:
        logging.setLogRecordFactory(before)

    assert called == []


def test_a_level_that_is_not_a_number_is_refused(logger: logging.Logger) -> None:
    with pytest.raises(TypeError, match="level must be an integer"):
        logger.log("INFO", "text")  # type: ignore[arg-type]


def test_a_stream_handler_writes_its_line_and_reports_a_formatting_error(
    logger: logging.Logger, capsys: pytest.CaptureFixture[str]
) -> None:
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.terminator = ";"
    logger.addHandler(handler)

    logger.warning("a %s", "line")
    logger.warning("wrong %d", "text")

    assert text.getvalue() == "a line;"
    assert "--- Logging error ---" in capsys.readouterr().err


def test_the_last_resort_handler_writes_to_the_current_stderr(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = io.StringIO()
    monkeypatch.setattr(sys, "stderr", text)

    logger.warning("shown as a last resort")

    assert text.getvalue() == "shown as a last resort\n"


def test_the_adapted_methods_look_like_the_original_methods() -> None:
    for method in (logging.Logger.info, logging.Logger.log, logging.Logger.callHandlers, logging.StreamHandler.emit):
        assert method.__module__ == "logging"
        assert method.__doc__
        assert inspect.getsourcefile(method) == inspect.getsourcefile(logging.Logger.debug)
        assert inspect.getsource(method).lstrip().startswith(f"def {method.__name__}(")
    assert str(inspect.signature(logging.Logger.info)) == "(self, msg, *args, **kwargs)"
