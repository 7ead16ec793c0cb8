"""``logging`` is as under CPython: what is kept of it besides shows nowhere."""

from __future__ import annotations

import inspect
import io
import logging
import sys
from typing import Any, List

import pytest


@pytest.fixture
def logger() -> Any:
    """A logger of its own, that hands nothing on."""
    made = logging.Logger("test")
    made.propagate = False
    return made


class Keeping(logging.Handler):
    """Keeps the records that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self.records: List[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def line() -> int:
    """The line of the caller."""
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    return frame.f_back.f_lineno


def test_the_root_logger_is_as_python_starts_it() -> None:
    fresh = logging.RootLogger(logging.WARNING)

    assert fresh.level == logging.WARNING
    assert not fresh.isEnabledFor(logging.INFO)
    assert fresh.handlers == []
    assert isinstance(logging.lastResort, logging.Handler)


def test_a_record_has_the_place_of_its_call(logger: logging.Logger) -> None:
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
    assert handler.records[0].funcName == "test_a_record_has_the_place_of_its_call"


def test_what_a_level_stops_calls_nothing_of_a_script(logger: logging.Logger) -> None:
    called: List[str] = []

    class Adapter(logging.LoggerAdapter):  # type: ignore[type-arg]
        def process(self, msg: Any, kwargs: Any) -> Any:
            called.append("process")
            return msg, kwargs

    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(lambda *args, **kwargs: called.append("factory") or before(*args, **kwargs))  # type: ignore[func-returns-value]
    try:
        logger.setLevel(logging.ERROR)
        logger.addFilter(lambda record: called.append("filter") or True)  # type: ignore[func-returns-value]
        logger.info("unseen")
        Adapter(logger, {}).warning("unseen")
    finally:
        logging.setLogRecordFactory(before)

    assert called == []


def test_a_level_that_is_no_number_is_refused(logger: logging.Logger) -> None:
    with pytest.raises(TypeError, match="level must be an integer"):
        logger.log("INFO", "text")  # type: ignore[arg-type]


def test_a_handler_writes_its_line_and_says_what_went_wrong(
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


def test_the_standard_error_stream_of_the_moment_is_used(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = io.StringIO()
    monkeypatch.setattr(sys, "stderr", text)

    logger.warning("shown as a last resort")

    assert text.getvalue() == "shown as a last resort\n"


def test_methods_look_as_those_of_logging() -> None:
    for method in (logging.Logger.info, logging.Logger.log, logging.Logger.callHandlers, logging.StreamHandler.emit):
        assert method.__module__ == "logging"
        assert method.__doc__
        assert inspect.getsourcefile(method) == inspect.getsourcefile(logging.Logger.debug)
        assert inspect.getsource(method).lstrip().startswith(f"def {method.__name__}(")
    assert str(inspect.signature(logging.Logger.info)) == "(self, msg, *args, **kwargs)"
