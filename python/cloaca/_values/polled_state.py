"""State of a trigger: the dict that its function receives, and the JSON text that the engine stores after the poll.

States that polls leave unchanged are kept, because parsing costs more than the rest of such a poll.
"""

from __future__ import annotations

import json
import marshal
import sys
from collections.abc import Mapping
from typing import Dict, Iterable, List, Optional, Tuple

from .convert import MAX_DEPTH, json_text, key_of, stored, stored_object

#: Maximum number of characters of a path in a message.
_MAX_PATH = 200


#: Maximum number of characters of all kept states together.
_MAX_KEPT = 4_194_304


class _Kept:
    """States that the last poll of a trigger has left unchanged: text, dict and bytes, by the number of the poll."""

    def __init__(self) -> None:
        self._states: Dict[int, Tuple[str, Dict[str, object], bytes]] = {}
        self._characters = 0

    def take(self, number: int, text: str) -> Optional[Tuple[Dict[str, object], bytes]]:
        """Removes a state, so that a second poll at the same time gets another dict."""
        state = self._states.pop(number, None)
        if state is None:
            return None
        self._characters -= len(state[0])
        return state[1:] if state[0] == text else None

    def add(self, number: int, text: str, values: Dict[str, object], data: bytes) -> None:
        """Adds a state. Removes all others if they are too large together."""
        self._characters += len(text)
        if self._characters > _MAX_KEPT:
            self._states.clear()
            self._characters = len(text)
        self._states[number] = (text, values, data)


_kept = _Kept()


class Limits:
    """Limits that the engine sends with each poll."""

    #: Maximum size of the JSON text in UTF-8: the setting ``limits.trigger-state``.
    max_bytes = 65_536


class Refused(Exception):
    """Reason why a state cannot be stored. ``type`` is the name of the error to report."""

    def __init__(self, type_name: str, message: str) -> None:
        super().__init__(message)
        self.type = type_name


class State:
    """State of one poll. ``values`` is the dict that the function receives. ``number`` is that of the poll.

    A dict that a poll has left unchanged is used by the next poll, if the function has not kept it or a part of it.
    """

    __slots__ = ("values", "_number", "_text", "_before", "_references")

    values: Dict[str, object]
    _before: bytes

    def __init__(self, number: int, text: str) -> None:
        kept = _kept.take(number, text)
        if kept is not None:
            self.values, self._before = kept
            kept = None  # or else it would be counted as a reference
        else:
            self.values = json.loads(text)
            self._before = marshal.dumps(self.values)
        self._number, self._text = number, text
        self._references = self._count_references()

    def changed(self) -> Optional[str]:
        """Returns the JSON text, or None if nothing changed. Raises `Refused` if it cannot be stored."""
        # The bytes of equal values also differ if there are new references to a list or dict inside.
        try:
            if marshal.dumps(self.values) == self._before:
                if self._count_references() == self._references:
                    _kept.add(self._number, self._text, self.values, self._before)
                return None
        except ValueError:
            pass  # contains a value of another type, perhaps one that is converted
        return _text_of(self.values)

    def _count_references(self) -> int:
        return sys.getrefcount(self.values)


def _text_of(values: Dict[str, object]) -> str:
    try:
        text = json_text(stored_object(values))
    except (TypeError, ValueError, OverflowError) as error:
        raise _refusal(values, error) from None
    except RuntimeError as error:
        raise Refused("RuntimeError", f"a thread changed it while it was stored: {error}") from None
    size = _size(text)
    if size > Limits.max_bytes:
        raise Refused(
            "ValueError", f"it has {size:,} bytes of JSON, but limits.trigger-state allows {_most_of(values)}"
        )
    return text


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _most_of(values: object) -> str:
    """Returns the limit, and the deepest part that is more than half of the state."""
    path: List[object] = []
    part, part_size = values, 0
    half = _size(json_text(stored(values))) / 2
    while True:
        sizes = [(_size(json_text(stored(item))), key, item) for key, item in _members(part)]
        largest = max(sizes, key=lambda each: each[0], default=None)
        if largest is None or largest[0] <= half:
            break
        part_size, key, part = largest
        path.append(key)
    where = f", and {_place(path)} has {part_size:,} of them" if path else ""
    return f"{Limits.max_bytes:,}{where}"


def _refusal(values: object, error: Exception) -> Refused:
    """Returns the reason with the path of the first value that cannot be stored."""
    path: List[object] = []
    value: object = values
    is_found = False
    while not is_found:
        for key, item in _members(value):
            try:
                if isinstance(value, Mapping):
                    key_of(key)
            except TypeError:
                what = f"has a key of type {type(key).__name__}, but JSON keys are str"
                return Refused("TypeError", f"{_place(path)} {what}")
            except UnicodeEncodeError:
                return Refused("UnicodeEncodeError", f"{_place(path)} has a key that contains half of a surrogate pair")
            try:
                stored(item, 1)
            except (TypeError, ValueError, OverflowError) as problem:
                error, value = problem, item
                path.append(key)
                # A value that contains itself has no deepest part.
                is_found = type(problem) is ValueError
                break
        else:
            is_found = True
    return Refused(type(error).__name__, f"{_place(path)} {_problem(value, error)}")


def _problem(value: object, error: Exception) -> str:
    if isinstance(error, OverflowError):
        return "is an int that is out of range (-2**63 to 2**64 - 1)"
    if isinstance(error, UnicodeEncodeError):
        return "contains half of a surrogate pair, which is not valid text"
    if isinstance(error, TypeError):
        return f"has type {type(value).__name__}, which JSON does not have"
    return f"is nested more than {MAX_DEPTH} levels deep, or contains itself"


def _members(value: object) -> Iterable[Tuple[object, object]]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, (list, tuple, set, frozenset)) else ()


def _place(path: List[object]) -> str:
    text = "state" + "".join(f"[{json.dumps(key, ensure_ascii=False, default=str)}]" for key in path)
    return text if len(text) <= _MAX_PATH else f"{text[: _MAX_PATH - 1]}…"
