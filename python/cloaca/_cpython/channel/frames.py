"""Encodes and decodes messages. The twin of ``src/border/frames.ts``, which describes the format.

4 bytes   length of all that follows, little endian
4 bytes   length of the head
head      JSON: [message, [[path, length], ...]]
rest      the long texts and the bytes of the message, one after the other, in the order of the head
"""

from __future__ import annotations

import json
import struct
from typing import Any, Callable, Dict, List, Optional, Tuple

#: Maximum size of a message. A larger length means that the line is corrupted.
MAX_FRAME_BYTES = 256 * 1024 * 1024
#: Number of characters from which a text is sent outside the JSON. Shorter texts cost less in the JSON.
_LONG_TEXT = 2_048

_LENGTH = struct.Struct("<I")
_LENGTHS = struct.Struct("<II")

Path = List[Any]


class FrameError(ValueError):
    """Raised if received bytes are not a message, or if a message is too large to be sent."""


def encode(message: Dict[str, Any]) -> bytes:
    """Returns the bytes of a message.

    Raises:
        FrameError: The message is too large.
    """
    found: List[Tuple[Path, bytes]] = []
    lean = _without_long_texts(message, [], found)
    head = json.dumps([lean, [(path, len(text)) for path, text in found]], separators=(",", ":")).encode()
    length = _LENGTH.size + len(head) + sum(len(text) for _, text in found)
    if length > MAX_FRAME_BYTES:
        raise FrameError(
            f"Cannot pass {length} bytes between the engine and Python: the maximum is {MAX_FRAME_BYTES}."
        )
    return b"".join([_LENGTHS.pack(length, len(head)), head, *(text for _, text in found)])


def _without_long_texts(value: Any, path: Path, found: List[Tuple[Path, bytes]]) -> Any:
    """Returns a copy without the long texts. Values without long texts are returned unchanged."""
    if type(value) is bytes:
        found.append((path, value))
        return None
    if type(value) is str:
        return _without_text(value, path, found) if len(value) >= _LONG_TEXT else value
    if type(value) is dict:
        return {key: _without_long_texts(each, [*path, key], found) for key, each in value.items()}
    if type(value) in (list, tuple) and value and type(value[0]) is not int:
        return [_without_long_texts(each, [*path, index], found) for index, each in enumerate(value)]
    return value


def _without_text(text: str, path: Path, found: List[Tuple[Path, bytes]]) -> Optional[str]:
    try:
        found.append((path, text.encode()))
    except UnicodeEncodeError:
        return text  # half of a surrogate pair, which only JSON can express
    return None


class FrameReader:
    """Reads messages with a function that returns the requested number of bytes, or fewer at the end."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read

    def next(self) -> Optional[Dict[str, Any]]:
        """Returns the next message, or None at the end.

        Raises:
            FrameError: The bytes are not a message, or the message is incomplete. Nothing can be read afterwards.
        """
        start = self._read(_LENGTH.size)
        if not start:
            return None
        if len(start) < _LENGTH.size:
            raise FrameError("A message was cut off.")
        (length,) = _LENGTH.unpack(start)
        if not _LENGTH.size <= length <= MAX_FRAME_BYTES:
            raise FrameError(f"A message claims a length of {length} bytes, but the maximum is {MAX_FRAME_BYTES}.")
        frame = self._read(length)
        if len(frame) < length:
            raise FrameError(f"A message of {length} bytes was cut off after {len(frame)}.")
        return decode(frame)


def decode(frame: bytes) -> Dict[str, Any]:
    """Returns the message of a frame, which does not include its first length.

    Raises:
        FrameError: The bytes are not a message.
    """
    (head_length,) = _LENGTH.unpack_from(frame)
    at = _LENGTH.size + head_length
    try:
        message, texts = json.loads(frame[_LENGTH.size : at])
        for path, length in texts:
            _put(message, path, frame[at : at + length].decode())
            at += length
    except (ValueError, TypeError, LookupError) as error:
        raise FrameError(f"A message has an invalid header: {error}") from error
    if type(message) is not dict or type(message.get("type")) is not str:
        raise FrameError("A message has no type.")
    return message


def _put(message: Any, path: Path, text: str) -> None:
    for step in path[:-1]:
        message = message[step]
    if message[path[-1]] is not None:
        raise FrameError(f"A message contains text for the field {path}, which is missing or already has a value.")
    message[path[-1]] = text
