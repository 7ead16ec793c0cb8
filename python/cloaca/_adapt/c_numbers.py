"""Conversions to C numbers: adapted functions reject the same ints as the C functions, with the same messages.

This module replaces nothing. An int of more than 53 bits becomes a BigInt in JavaScript, which cannot be used in
calculations. Every number that is sent to the host is therefore converted here, or is a float.
"""

from __future__ import annotations

import operator
from typing import Any

#: Longest time that a C clock can express, as 64 bits of nanoseconds.
_LONGEST_S = 2**63 / 1e9


def c_int(value: Any) -> int:
    """Converts to an int of 32 bits.

    Raises OverflowError for a larger value, and TypeError for a value of another type.
    """
    number = c_long(value)
    if number >= 2**31:
        raise OverflowError("signed integer is greater than maximum")
    if number < -(2**31):
        raise OverflowError("signed integer is less than minimum")
    return number


def c_unsigned(value: Any) -> int:
    """Returns the low 32 bits of an int, as C does. Raises TypeError for a value of another type."""
    return operator.index(value) & 0xFFFFFFFF


def c_long(value: Any) -> int:
    """Converts to an int of 64 bits.

    Raises OverflowError for a larger value, and TypeError for a value of another type.
    """
    number = operator.index(value)
    if not -(2**63) <= number < 2**63:
        raise OverflowError("Python int too large to convert to C long")
    return int(number)


def c_size(value: Any) -> int:
    """Converts to a size of 64 bits, limited to the largest value of 32 bits, which no single call exceeds."""
    number = operator.index(value)
    if not -(2**63) <= number < 2**63:
        raise OverflowError("Python int too large to convert to C ssize_t")
    return min(int(number), 2**31 - 1)


def c_seconds(value: Any) -> float:
    """Converts to seconds. Raises ValueError for NaN, and OverflowError for a time that no clock can express."""
    if not hasattr(value, "__float__") and not hasattr(value, "__index__"):
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer or float")
    seconds = float(value)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if not -_LONGEST_S < seconds < _LONGEST_S:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    return seconds
