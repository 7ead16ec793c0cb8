"""The numbers of C: an adapted function refuses the ints that the function of C refuses, in its words.

Nothing is replaced here. An int of more than 53 bits becomes a BigInt in JavaScript, which cannot be counted with: what
goes to the host went through one of these, or is a float.
"""

from __future__ import annotations

import operator
from typing import Any

#: The longest time that a clock of C counts, in 64 bits of nanoseconds.
_LONGEST_S = 2**63 / 1e9


def c_int(value: Any) -> int:
    """An int of 32 bits; raises OverflowError for others, and TypeError for what is no integer."""
    number = c_long(value)
    if number >= 2**31:
        raise OverflowError("signed integer is greater than maximum")
    if number < -(2**31):
        raise OverflowError("signed integer is less than minimum")
    return number


def c_unsigned(value: Any) -> int:
    """The 32 bits of an int that C looks at, whatever else it has; raises TypeError for what is no integer."""
    return operator.index(value) & 0xFFFFFFFF


def c_long(value: Any) -> int:
    """An int of 64 bits; raises OverflowError for others, and TypeError for what is no integer."""
    number = operator.index(value)
    if not -(2**63) <= number < 2**63:
        raise OverflowError("Python int too large to convert to C long")
    return int(number)


def c_size(value: Any) -> int:
    """A size of 64 bits, cut to what has a place in 32: no call takes more at once."""
    number = operator.index(value)
    if not -(2**63) <= number < 2**63:
        raise OverflowError("Python int too large to convert to C ssize_t")
    return min(int(number), 2**31 - 1)


def c_seconds(value: Any) -> float:
    """A time in seconds; raises ValueError for NaN, and OverflowError for one that no clock counts."""
    if not hasattr(value, "__float__") and not hasattr(value, "__index__"):
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer or float")
    seconds = float(value)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if not -_LONGEST_S < seconds < _LONGEST_S:
        raise OverflowError("timestamp too large to convert to C PyTime_t")
    return seconds
