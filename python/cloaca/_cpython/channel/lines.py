"""Lines to the engine, the twin of ``src/border/channel.ts``: messages in, messages out, control records.

Their descriptors are moved to high numbers, out of the way of a script's own, and closed in a forked child. Neither the
child nor a program that the script starts can keep a line open.
"""

from __future__ import annotations

import _socket
import os
import signal
import struct
import threading
import weakref
from os import _exit
from typing import Any, Callable, Dict, List, Optional, Tuple

from . import frames, helpers

#: Numbers of the descriptors that the engine passes.
MESSAGES_IN, MESSAGES_OUT, CONTROL, STACKS_OUT = 3, 4, 5, 6

#: Version of the messages, as in ``channel.ts``. Each change increases it.
PROTOCOL_VERSION = 16

#: Operations of control records from the engine.
REQUEST_CHECK, RAISE, INTERRUPT, END_SLICE, ACKNOWLEDGE, RUN_UNTIL, RUN_FREELY = 1, 2, 3, 4, 5, 6, 7
#: Kinds of reports to the engine.
MISSES, RESIDENT_MEBIBYTES, OPEN_FILES, RUNNING_TOKEN, MEMORY_MEBIBYTES = 1, 2, 3, 4, 5

_RECORD = struct.Struct("<II")
_MAX_READ = 1 << 20
#: Windows has no MSG_DONTWAIT, and no sockets as descriptors.
_MSG_PEEK, _MSG_DONTWAIT = _socket.MSG_PEEK, getattr(_socket, "MSG_DONTWAIT", 0)
#: Lowest number of a moved descriptor, so that a script's own files get the lowest numbers, as in any process.
_FIRST_NUMBER = 500


_CLOSES_WITHIN_S = 2.0

#: Instances whose descriptors are open.
_all: weakref.WeakSet[Lines] = weakref.WeakSet()


class Lines:
    """The three lines. ``ended`` is called, on any thread, when a line is closed or receives invalid bytes."""

    def __init__(self, messages_in: int, messages_out: int, control: int, ended: Callable[[str], None]) -> None:
        self._in, self._out, self._control = (moved(each) for each in (messages_in, messages_out, control))
        self._control_socket = _socket_of(self._control)
        self._ended = ended
        self._writing = threading.Lock()
        self._reporting = threading.Lock()
        self._is_open = True
        self._readers: List[_Reader] = []
        _all.add(self)

    @property
    def control(self) -> int:
        """Descriptor of the control records."""
        return self._control

    def unread_records(self) -> List[Tuple[int, int]]:
        """Returns the control records that have arrived, but were not handled yet."""
        if self._control_socket is None:
            return []
        try:
            chunk = self._control_socket.recv(_RECORD.size * 512, _MSG_PEEK | _MSG_DONTWAIT)
        except OSError:
            return []  # there are none, or the engine is gone
        return list(_RECORD.iter_unpack(chunk[: len(chunk) - len(chunk) % _RECORD.size]))

    def listen(self, received: Callable[[Dict[str, Any]], None], controlled: Callable[[int, int], None]) -> None:
        """Starts one thread for messages and one for control records, which call the functions with each of them."""
        for read, callback in ((self._read_messages, received), (self._read_control, controlled)):
            reader = _Reader()
            self._readers.append(reader)
            helpers.start(reader.run, read, callback)

    def send(self, message: Dict[str, Any]) -> None:
        """Sends a message and returns when it is written, since the engine always reads.

        Raises FrameError if it is too large.
        """
        data = memoryview(frames.encode(message))
        with self._writing:
            try:
                while data and self._is_open:
                    data = data[os.write(self._out, data) :]
            except OSError:
                self._end("")

    def report(self, kind: int, value: int) -> None:
        """Sends a control record."""
        with self._reporting:
            try:
                if self._is_open:
                    os.write(self._control, _RECORD.pack(kind, value & 0xFFFFFFFF))
            except OSError:
                self._end("")

    def close(self) -> None:
        """Closes the descriptors after their other ends are closed.

        A reader could otherwise read a new file with the number.
        """
        self._is_open = False
        if all(reader.wait(_CLOSES_WITHIN_S) for reader in self._readers):
            self.forget()

    def forget(self) -> None:
        """Closes the descriptors immediately, in a forked child, where no thread reads them."""
        self._is_open = False
        if self not in _all:
            return
        _all.discard(self)
        if self._control_socket is not None:
            self._control_socket.detach()
        for descriptor in (self._in, self._out, self._control):
            try:
                os.close(descriptor)
            except OSError:
                continue  # a script has closed it

    def _end(self, reason: str) -> None:
        if self._is_open:
            self._ended(reason)

    def _read_messages(self, received: Callable[[Dict[str, Any]], None]) -> None:
        reader = frames.FrameReader(self._read)
        try:
            while True:
                message = reader.next()
                if message is None:
                    return self._end("")
                received(message)
        except frames.FrameError as error:
            self._end(str(error))
        except OSError:
            self._end("")  # for example because the engine was killed

    def _read(self, size: int) -> bytes:
        """Returns the requested number of bytes, or fewer at the end."""
        chunk = os.read(self._in, min(size, _MAX_READ))
        if len(chunk) == size or not chunk:
            return chunk
        data = bytearray(chunk)
        while len(data) < size:
            chunk = os.read(self._in, min(size - len(data), _MAX_READ))
            if not chunk:
                break
            data += chunk
        return bytes(data)

    def _read_control(self, controlled: Callable[[int, int], None]) -> None:
        rest = b""
        try:
            line = self._control_socket
            while True:
                size = _RECORD.size * 64
                chunk = os.read(self._control, size) if line is None else line.recv(size, _MSG_PEEK)
                if not chunk:
                    return self._end("")
                rest += chunk
                whole = len(rest) - len(rest) % _RECORD.size
                for operation, argument in _RECORD.iter_unpack(rest[:whole]):
                    controlled(operation, argument)
                rest = rest[whole:]
                if line is not None:
                    os.read(self._control, len(chunk))  # now, so that the addon finds records that are not handled yet
        except OSError:
            self._end("")


class _Reader:
    """Thread that reads one line to its end."""

    def __init__(self) -> None:
        self._ident = 0
        self._is_over = threading.Event()

    def run(self, read: Callable[[Any], None], callback: Any) -> None:
        """Reads on the calling thread."""
        self._ident = threading.get_ident()
        try:
            read(callback)
        finally:
            self._is_over.set()

    def wait(self, limit_s: float) -> bool:
        """Waits until the thread no longer reads. On the thread itself, returns True immediately."""
        return self._ident == threading.get_ident() or self._is_over.wait(limit_s)


def _socket_of(descriptor: int) -> Optional[_socket.socket]:
    """Returns a socket object for a descriptor, or None if it is not a socket."""
    try:
        return _socket.socket(fileno=descriptor)
    except OSError:
        return None


def _forget_all() -> None:
    for each in list(_all):
        each.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def moved(descriptor: int) -> int:
    """Moves a descriptor to a high number, away from a script's own files, and makes it non-inheritable."""
    try:
        import fcntl

        number = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _FIRST_NUMBER)
    except (ImportError, OSError):  # the limit of descriptors can be lower
        os.set_inheritable(descriptor, False)
        return descriptor
    os.close(descriptor)
    return number


def end_with_engine(line: int) -> None:
    """Makes the system kill this process and its group when the engine is gone, even while Python cannot run.

    Nothing may ever be sent to this end of the line. On other systems than Linux, only Python threads notice the end.
    """
    if os.getpgrp() != os.getpid() or not _is_killed_with(line):
        _end_with_parent()


def _is_killed_with(line: int) -> bool:
    """Returns whether the group is killed as soon as the other end of a line is closed."""
    try:
        import fcntl

        fcntl.fcntl(line, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(line, fcntl.F_SETOWN, -os.getpid())
        fcntl.fcntl(line, fcntl.F_SETFL, fcntl.fcntl(line, fcntl.F_GETFL) | os.O_ASYNC)
    except (ImportError, OSError, AttributeError):
        return False
    return True


def _end_with_parent() -> None:
    """Makes the system kill only this process, since a signal for a parent's end reaches only one process."""
    parent = os.getppid()
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL of Linux
    except (ImportError, OSError, AttributeError):
        return
    if os.getppid() != parent:
        _exit(1)  # the parent has ended since
