"""Sends the output of served scripts to the engine, which makes lines of it. The alternative to ``outlet``."""

from __future__ import annotations

from typing import Callable, Dict, List

#: Size of collected output at which it is sent.
_MAX_COLLECTED_BYTES = 32_768


class SentOutput:
    """Both streams. Output of one call to one stream is collected, and sent in its order with other messages."""

    def __init__(self, send: Callable[[Dict[str, object]], None]) -> None:
        self._send = send
        self._token = 0
        self._stream = ""
        self._collected: List[bytes] = []
        self._size = 0

    def print(self, token: int, stream: str, data: bytes) -> None:
        """Sends output of a call. The token 0 means that it belongs to no call."""
        if token != self._token or stream != self._stream:
            self.flush()
            self._token, self._stream = token, stream
        self._collected.append(data)
        self._size += len(data)
        if self._size >= _MAX_COLLECTED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Sends the collected output."""
        if not self._collected:
            return
        data = b"".join(self._collected)
        self._collected, self._size = [], 0
        for begin in range(0, len(data), _MAX_COLLECTED_BYTES):
            piece = data[begin : begin + _MAX_COLLECTED_BYTES]
            self._send({"type": "printed", "token": self._token, "stream": self._stream, "bytes": piece})


class SentStream:
    """One stream of ``SentOutput``, with the methods of ``Outlet``."""

    is_behind = False

    def __init__(self, output: SentOutput, name: str) -> None:
        self._output = output
        self._name = name

    def move(self, descriptor: int) -> None:
        """Does nothing, because the output does not use the descriptor."""

    def print(self, token: int, data: bytes) -> None:
        """Sends output of a call."""
        self._output.print(token, self._name, data)

    def ended(self, token: int) -> None:
        """Sends the output of a call that has ended, and of others."""
        self._output.flush()

    def check(self) -> None:
        """Sends collected output."""
        self._output.flush()

    def drain(self) -> None:
        """Sends collected output."""
        self._output.flush()
