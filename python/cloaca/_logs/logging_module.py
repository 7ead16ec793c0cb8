"""``logging``: copies the records of polls and attempts to their logs, with level, logger, place and ``extra``.

A record that a logger passes to its handlers is kept as the handlers get it, after the logger's filters. It is kept
once, even if a handler also prints it to a standard stream. A record from INFO that only its level keeps from the
handlers is kept too. Exceptions are ``logging.disable``, a disabled logger, and a logger with filters, which the record
would have to pass. For a script nothing changes: levels, ``isEnabledFor``, handlers, factories, ``findCaller``. The
replaced functions have the file name of ``logging``, whose frames are skipped in the search for the place of a call.
Seen in 314.0.7 (CPython 3.14). Can be deleted only together with the logs.

Proved by ``python/tests/stdlib/test_logging.py`` and ``test/scenarios/logging-of-tasks.test.ts``.
"""

from __future__ import annotations

import logging
import sys
import types
from typing import Any, Dict, Optional, Set

from .._border import host, stacks
from . import records

#: Minimum level of a record that is kept although its level keeps it from the handlers.
_LEAST = logging.INFO

_SRCFILE: str = logging._srcfile  # type: ignore[assignment]

#: Identities of records that handlers are processing. The log already has them.
_kept: Set[int] = set()

#: Replacements for methods of ``logging``, which are compiled in its namespace with the name of its file.
_SOURCE = """
def replacements(keep_unseen, keep_unseen_of_adapter, keep_seen, forget, call_handlers, write):
    def debug(self, msg, *args, **kwargs):
        if self.isEnabledFor(DEBUG):
            self._log(DEBUG, msg, args, **kwargs)

    def info(self, msg, *args, **kwargs):
        if self.isEnabledFor(INFO):
            self._log(INFO, msg, args, **kwargs)
        else:
            keep_unseen(self, INFO, msg, args, kwargs)

    def warning(self, msg, *args, **kwargs):
        if self.isEnabledFor(WARNING):
            self._log(WARNING, msg, args, **kwargs)
        else:
            keep_unseen(self, WARNING, msg, args, kwargs)

    def error(self, msg, *args, **kwargs):
        if self.isEnabledFor(ERROR):
            self._log(ERROR, msg, args, **kwargs)
        else:
            keep_unseen(self, ERROR, msg, args, kwargs)

    def critical(self, msg, *args, **kwargs):
        if self.isEnabledFor(CRITICAL):
            self._log(CRITICAL, msg, args, **kwargs)
        else:
            keep_unseen(self, CRITICAL, msg, args, kwargs)

    def log(self, level, msg, *args, **kwargs):
        if not isinstance(level, int):
            if raiseExceptions:
                raise TypeError("level must be an integer")
            else:
                return
        if self.isEnabledFor(level):
            self._log(level, msg, args, **kwargs)
        else:
            keep_unseen(self, level, msg, args, kwargs)

    def adapter_log(self, level, msg, *args, **kwargs):
        if self.isEnabledFor(level):
            msg, kwargs = self.process(msg, kwargs)
            self.logger.log(level, msg, *args, **kwargs)
        else:
            keep_unseen_of_adapter(self, level, msg, args, kwargs)

    def callHandlers(self, record):
        is_kept = keep_seen(record)
        try:
            call_handlers(self, record)
        finally:
            if is_kept:
                forget(record)

    def emit(self, record):
        try:
            msg = self.format(record)
            stream = self.stream
            write(record, stream, msg + self.terminator)
            self.flush()
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)

    return locals()
"""


def prepare() -> None:
    """Replaces the methods, before a script can use them."""
    made: Dict[str, Any] = {}
    exec(compile(_SOURCE, _SRCFILE, "exec"), logging.__dict__, made)
    call_handlers = logging.Logger.callHandlers
    new = made["replacements"](_keep_unseen, _keep_unseen_of_adapter, _keep_seen, _forget, call_handlers, _write)
    for name in ("info", "warning", "error", "critical", "log", "callHandlers"):
        _replace(logging.Logger, name, new[name])
    _replace(logging.LoggerAdapter, "log", new["adapter_log"])
    _replace(logging.StreamHandler, "emit", new["emit"])


def _replace(owner: Any, name: str, function: Any) -> None:
    """Replaces a method with a function that has the method's name, line and docstring."""
    method = getattr(owner, name)
    code, old = function.__code__, method.__code__
    code = code.replace(co_name=old.co_name, co_firstlineno=old.co_firstlineno)
    if sys.version_info >= (3, 11):
        code = code.replace(co_qualname=old.co_qualname)
    new = types.FunctionType(code, function.__globals__, name, method.__defaults__, function.__closure__)
    new.__module__, new.__qualname__, new.__doc__ = method.__module__, method.__qualname__, method.__doc__
    setattr(owner, name, new)


def _keep_seen(record: Any) -> bool:
    """Keeps a record that the handlers get. Returns False if it belongs to no log."""
    call = stacks.output_token()
    if call == 0 or id(record) in _kept:
        return False
    records.keep(call, record)
    _kept.add(id(record))
    return True


def _forget(record: Any) -> None:
    _kept.discard(id(record))


def _keep_unseen(logger: Any, level: Any, msg: Any, args: Any, kwargs: Dict[str, Any]) -> None:
    """Keeps a record that only its level keeps from the handlers."""
    if level < _LEAST:
        return
    call = stacks.output_token()
    if call == 0 or logger.disabled or logger.manager.disable >= level or logger.filters:
        return
    place = _place(kwargs.get("stacklevel", 1))
    records.keep_call(call, logger.name, level, msg, args, place, kwargs.get("extra"), kwargs.get("exc_info"))


def _keep_unseen_of_adapter(adapter: Any, level: Any, msg: Any, args: Any, kwargs: Dict[str, Any]) -> None:
    if level < _LEAST or stacks.output_token() == 0:
        return
    logger = adapter
    while isinstance(logger, logging.LoggerAdapter):
        # A ``process`` method of the script is not called for a record for which logging would not call it.
        if type(logger).process is logging.LoggerAdapter.process:
            msg, processed = logger.process(msg, dict(kwargs))
            kwargs = dict(processed)
        logger = logger.logger
    if isinstance(logger, logging.Logger):
        _keep_unseen(logger, level, msg, args, kwargs)


def _place(stacklevel: Any) -> str:
    """Returns file and line of the call, as ``Logger.findCaller`` does."""
    frame: Optional[types.FrameType] = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in (_SRCFILE, __file__):
        frame = frame.f_back
    left = stacklevel if isinstance(stacklevel, int) else 1
    while left > 1 and frame is not None and frame.f_back is not None:
        frame = frame.f_back
        left -= frame.f_code.co_filename != _SRCFILE
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _write(record: Any, stream: Any, text: str) -> None:
    """Writes the text of a handler. Text for a standard stream is not copied to the log again, or sent as a record."""
    is_ours = stream is sys.__stderr__ or stream is sys.__stdout__
    if is_ours and host.is_connected and host.output.sends_records:
        records.show(record)
        return
    if id(record) not in _kept or not is_ours:
        stream.write(text)
        return

    def write() -> None:
        stream.write(text)
        stream.flush()

    stacks.write_logged(write)
