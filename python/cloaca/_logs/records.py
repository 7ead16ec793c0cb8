"""Records of ``logging`` as data, for the log of the poll or attempt that made them."""

from __future__ import annotations

import collections.abc
import json
import logging
import sys
import time
import traceback
from typing import Any, Dict, Optional

from .._border import host, stacks

#: Attributes of every record. All others were passed as ``extra``.
_OWN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime"}

#: Number of attributes of a record without ``extra``. Two attributes are added only when it is formatted.
_MIN_VALUES = len(_OWN) - 2

_LONGEST_TEXT = 16_384


def keep(call: int, record: logging.LogRecord) -> None:
    """Sends a record to the log of a call."""
    text = _text_of(record)
    stacks.write_out()  # earlier output comes first
    host.output.log_record(call, text)


def show(record: logging.LogRecord) -> None:
    """Sends a record as output, in place of the text that a handler would write to a standard stream."""
    text = _text_of(record)
    stacks.write_out()  # earlier output comes first
    host.output.show_record(text)


def _text_of(record: logging.LogRecord) -> str:
    values = vars(record)
    extra = {name: value for name, value in values.items() if name not in _OWN} if len(values) > _MIN_VALUES else None
    return _json(
        at=record.created,
        level=record.levelname,
        logger=record.name,
        message=_message_of(record),
        place=f"{record.pathname}:{record.lineno}",
        extra=extra,
        trace=_trace_of(record),
    )


def keep_call(call: int, logger: str, level: int, msg: Any, args: Any, place: str, extra: Any, exc_info: Any) -> None:
    """Sends a call of ``logging`` that created no record."""
    if isinstance(exc_info, BaseException):
        exc_info = (type(exc_info), exc_info, exc_info.__traceback__)
    elif exc_info and not isinstance(exc_info, tuple):
        exc_info = sys.exc_info()
    if args and len(args) == 1 and isinstance(args[0], collections.abc.Mapping) and args[0]:
        args = args[0]
    text = _json(
        at=time.time(),
        level=logging.getLevelName(level),
        logger=logger,
        message=_formatted(msg, args),
        place=place,
        extra=extra if isinstance(extra, dict) else None,
        trace=_formatted_exception(exc_info) if exc_info else None,
    )
    stacks.write_out()  # earlier output comes first
    host.output.log_record(call, text)


def _json(
    *,
    at: float,
    level: str,
    logger: str,
    message: str,
    place: str,
    extra: Optional[Dict[str, Any]],
    trace: Optional[str],
) -> str:
    entry: Dict[str, Any] = {
        "at": int(at * 1000),
        "stream": "log",
        "level": str(level),
        "logger": str(logger),
        "message": _short(message),
        "place": place,
    }
    if extra:
        entry["extra"] = {str(name): _plain(value) for name, value in list(extra.items())}
    if trace:
        entry["traceback"] = _short(trace)
    return json.dumps(entry, ensure_ascii=False)


def _formatted(msg: Any, args: Any) -> str:
    try:
        return str(msg) % args if args else str(msg)
    except Exception:  # wrong arguments, which logging itself reports when it prints the record
        return f"{_shown(msg) if not isinstance(msg, str) else msg} {_shown(args)}"


def _message_of(record: logging.LogRecord) -> str:
    try:
        return str(record.getMessage())
    except Exception:
        return _formatted(record.msg, record.args)


def _trace_of(record: logging.LogRecord) -> Optional[str]:
    parts = [record.exc_text] if record.exc_text else []
    if not parts and record.exc_info:
        parts = [_formatted_exception(record.exc_info) or ""]
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts) if parts else None


def _formatted_exception(exc_info: Any) -> Optional[str]:
    try:
        return None if exc_info[1] is None else "".join(traceback.format_exception(*exc_info)).rstrip("\n")
    except Exception as error:
        return f"a traceback that cannot be shown: {type(error).__name__}"


def _plain(value: Any) -> Any:
    """Returns a value as JSON, or its ``repr`` if it is not JSON."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if value - value == 0 else repr(value)  # neither infinite nor NaN
    if isinstance(value, str):
        return _short(value)
    if isinstance(value, (dict, list, tuple)):
        try:
            text = json.dumps(value, allow_nan=False)
            if len(text) <= _LONGEST_TEXT:
                return json.loads(text)
        except (TypeError, ValueError, RecursionError):
            pass
    return _shown(value)


def _shown(value: Any) -> str:
    try:
        return _short(repr(value))
    except Exception as error:
        return f"<{type(value).__name__}: {type(error).__name__} in __repr__>"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}… ({len(text)} characters)"
