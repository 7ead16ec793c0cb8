"""Log of one poll or attempt between two messages to the engine: printed lines and log records.

The twin of ``call-log.ts``. The size is limited: the first quarter of the limit keeps the beginning, the rest keeps the
end, and the removed part in between is counted. Lines that are printed to one stream within a millisecond are one
record.
"""

from __future__ import annotations

import json
import time
from collections import deque
from typing import Any, Deque, Dict, List, Optional, Tuple

#: Maximum number of bytes of a record. Longer texts become several records.
_LONGEST_TEXT_BYTES = 16_384
#: Number of bytes of records that form a piece. Stored logs are shortened by whole pieces.
_PIECE_BYTES = 32_768
#: Approximate number of bytes of a record without its text.
_RECORD_BYTES = 48

#: Text, its number of records and bytes, and the number of records and bytes that were removed before it.
Piece = Tuple[str, int, int, int, int]


class _Entry:
    __slots__ = ("at", "stream", "text", "is_part", "records", "bytes", "cut_records", "cut_bytes")

    def __init__(self, at: int, stream: str, text: str, is_part: bool, records: int, size: int) -> None:
        self.at, self.stream, self.text, self.is_part = at, stream, text, is_part
        self.records, self.bytes = records, size
        self.cut_records = self.cut_bytes = 0

    def line(self) -> str:
        if self.stream == "log":
            return f"{self.text}\n"
        part = ',"isPart":true' if self.is_part else ""
        message = json.dumps(self.text, ensure_ascii=False)
        return f'{{"at":{self.at},"stream":"{self.stream}","message":{message}{part}}}\n'


class CallLog:
    """Log of one call. ``limit_bytes`` is its maximum size."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._head: List[_Entry] = []
        self._head_bytes = 0
        self._is_head_full = False
        self._tail: Deque[_Entry] = deque()
        self._tail_bytes = 0
        #: Newest entry, which can still get more lines.
        self._open: Optional[_Entry] = None
        self._partial: Dict[str, bytes] = {}
        #: Monotonic time of the first record that was not taken yet.
        self.since: Optional[float] = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left in the log."""
        return self._open is None and not self._head and not self._tail and not self._partial

    def print(self, stream: str, data: bytes, at: int) -> None:
        """Adds printed bytes."""
        if not data:
            return
        if self.since is None:
            self.since = time.monotonic()
        data = self._partial.pop(stream, b"") + data
        if len(data) > 2 * self._limit + _LONGEST_TEXT_BYTES:
            self._print_much(stream, data, at)
        else:
            self._print_lines(stream, data, at)

    def log(self, text: str) -> None:
        """Adds a record of ``logging``, as JSON."""
        if self.since is None:
            self.since = time.monotonic()
        self._close()
        self._keep(_Entry(0, "log", text, False, 1, len(text.encode(errors="replace")) + 1))

    def take(self, is_all: bool, at: int) -> List[Piece]:
        """Takes all records as pieces. ``is_all`` includes incomplete lines, because the output has ended."""
        self.since = None
        if is_all:
            for stream in ("stdout", "stderr"):
                rest = self._partial.pop(stream, None)
                if rest is not None:
                    self._add(stream, rest.decode(errors="replace"), at, 1, True)
        self._close()
        entries = [*self._head, *self._tail]
        self._head, self._tail = [], deque()
        self._head_bytes = self._tail_bytes = 0
        self._is_head_full = False
        return _pieces_of(entries)

    def _print_much(self, stream: str, data: bytes, at: int) -> None:
        """Adds only the beginning and the end of a large output, and counts the rest, which would be removed anyway."""
        begin = data.rfind(b"\n", 0, self._limit) + 1
        end = data.find(b"\n", len(data) - self._limit) + 1
        if begin == 0 or end == 0:
            self._print_lines(stream, data, at)
            return
        self._print_lines(stream, data[:begin], at)
        self._close()
        middle = data[begin:end]
        self._keep(_Entry(at, stream, "", False, middle.count(b"\n"), len(middle)))
        self._print_lines(stream, data[end:], at)

    def _print_lines(self, stream: str, data: bytes, at: int) -> None:
        begin = 0
        while begin < len(data):
            farthest = min(len(data), begin + _LONGEST_TEXT_BYTES)
            end = data.rfind(b"\n", begin, farthest)
            if end >= begin:
                self._add(
                    stream, data[begin:end].decode(errors="replace"), at, data.count(b"\n", begin, end + 1), False
                )
                begin = end + 1
            elif farthest - begin < _LONGEST_TEXT_BYTES:
                self._partial[stream] = data[begin:]
                return
            else:
                part = _whole_characters(data, begin, farthest)
                self._add(stream, data[begin:part].decode(errors="replace"), at, 1, True)
                begin = part

    def _add(self, stream: str, text: str, at: int, lines: int, is_part: bool) -> None:
        newest = self._open
        if (
            newest is not None
            and newest.at == at
            and newest.stream == stream
            and newest.bytes + len(text) < _LONGEST_TEXT_BYTES
        ):
            newest.text += f"\n{text}"
            newest.records += lines
            newest.bytes += len(text) + 1
        else:
            self._close()
            newest = self._open = _Entry(at, stream, text, is_part, lines, _RECORD_BYTES + len(text))
        newest.is_part = is_part
        if is_part:
            self._close()  # the following text continues the line

    def _close(self) -> None:
        if self._open is not None:
            self._keep(self._open)
        self._open = None

    def _keep(self, entry: _Entry) -> None:
        if not self._is_head_full and self._head_bytes + entry.bytes <= self._limit / 4:
            self._head.append(entry)
            self._head_bytes += entry.bytes
            return
        self._is_head_full = True
        self._tail.append(entry)
        self._tail_bytes += entry.bytes
        cut_records = cut_bytes = 0
        while self._tail_bytes > self._limit * 3 / 4 and len(self._tail) > 1:
            dropped = self._tail.popleft()
            self._tail_bytes -= dropped.bytes
            cut_records += dropped.records + dropped.cut_records
            cut_bytes += dropped.bytes + dropped.cut_bytes
        self._tail[0].cut_records += cut_records
        self._tail[0].cut_bytes += cut_bytes


def _whole_characters(data: bytes, begin: int, end: int) -> int:
    """Returns the end of the last character that is complete before ``end``."""
    at = end
    while at > end - 4 and at > begin + 1 and data[at : at + 1] and data[at] & 0xC0 == 0x80:
        at -= 1
    return end if data[at : at + 1] and data[at] & 0xC0 == 0x80 else at


def _pieces_of(entries: List[_Entry]) -> List[Piece]:
    pieces: List[Piece] = []
    lines: List[str] = []
    size = records = cut_records = cut_bytes = 0

    def close() -> None:
        nonlocal lines, size, records, cut_records, cut_bytes
        if lines:
            text = "".join(lines)
            pieces.append((text, records, len(text.encode(errors="replace")), cut_records, cut_bytes))
        lines, size, records, cut_records, cut_bytes = [], 0, 0, 0, 0

    for entry in entries:
        if entry.cut_records > 0 or size >= _PIECE_BYTES:
            close()
        line = entry.line()
        lines.append(line)
        size += len(line)
        records += entry.records
        cut_records += entry.cut_records
        cut_bytes += entry.cut_bytes
    close()
    return pieces


def units_of(text: str) -> int:
    """Returns the length of a text in JavaScript."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def records_message(pieces: List[Tuple[int, Piece]]) -> Optional[Dict[str, Any]]:
    """Returns the message with pieces of calls, each with its token, or None if there are no pieces."""
    if not pieces:
        return None
    sizes: List[int] = []
    for token, (text, records, size, cut_records, cut_bytes) in pieces:
        sizes += (token, units_of(text), records, size, cut_records, cut_bytes)
    return {"type": "logs", "text": "".join(piece[0] for _, piece in pieces), "sizes": sizes}
