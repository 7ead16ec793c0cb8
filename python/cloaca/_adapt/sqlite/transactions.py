"""Transactions of a ``sqlite3.Connection`` to a file of the host: when they begin and how they end.

The module belongs to ``connection``, which uses its class as a base.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Literal, Optional

#: Copied here, because type checkers know the name only in Python 3.12 and later.
LEGACY_TRANSACTION_CONTROL: int = sqlite3.LEGACY_TRANSACTION_CONTROL  # type: ignore[attr-defined]

_LEVELS = ("", "DEFERRED", "IMMEDIATE", "EXCLUSIVE")


class Transactions:
    """Methods of a connection that begin and end transactions."""

    _autocommit: Any
    _isolation_level: Optional[str]

    def _check(self) -> int:
        raise NotImplementedError

    def _check_open(self) -> int:
        raise NotImplementedError

    def _execute(self, sql: str) -> None:
        raise NotImplementedError

    def _has_begun(self, number: Any) -> bool:
        raise NotImplementedError

    # --- attributes -------------------------------------------------------------------------------------------------

    @property
    def isolation_level(self) -> Any:
        self._check_open()
        return self._isolation_level

    @isolation_level.setter
    def isolation_level(self, level: Any) -> None:
        if level is None:
            self._isolation_level = None
            if self._has_begun(self._check()):
                self._execute("COMMIT")
        else:
            self._isolation_level = checked_level(level)

    @property
    def autocommit(self) -> Any:
        self._check()
        return self._autocommit

    @autocommit.setter
    def autocommit(self, value: Any) -> None:
        number = self._check()
        value = checked_autocommit(value)
        if value is True and self._has_begun(number):
            self._execute("COMMIT")
        elif value is False and not self._has_begun(number):
            self._execute("BEGIN")
        self._autocommit = value

    @property
    def in_transaction(self) -> bool:
        return self._has_begun(self._check_open())

    # --- transactions -----------------------------------------------------------------------------------------------

    def commit(self) -> None:
        number = self._check()
        if self._autocommit is True:
            return
        if self._has_begun(number):
            self._execute("COMMIT")
        if self._autocommit is False:
            self._execute("BEGIN")

    def rollback(self) -> None:
        number = self._check()
        if self._autocommit is True:
            return
        if self._has_begun(number):
            self._execute("ROLLBACK")
        if self._autocommit is False:
            self._execute("BEGIN")

    def __enter__(self) -> Any:
        self._check_open()
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any, /) -> Literal[False]:
        if self._autocommit is True:
            return False
        if kind is None:
            try:
                self.commit()
            except BaseException:
                if self._has_begun(self._check()):
                    self.rollback()
                raise
        else:
            self.rollback()
        return False


def checked_level(level: Any) -> Optional[str]:
    if level is None:
        return None
    if not isinstance(level, str):
        raise TypeError("isolation_level must be str or None")
    if str.upper(level) not in _LEVELS:
        raise ValueError("isolation_level string must be '', 'DEFERRED', 'IMMEDIATE', or 'EXCLUSIVE'")
    return str.upper(level)


def checked_autocommit(value: Any) -> Any:
    if value is True or value is False or value == LEGACY_TRANSACTION_CONTROL:
        return value
    raise ValueError("autocommit must be True, False, or sqlite3.LEGACY_TRANSACTION_CONTROL")
