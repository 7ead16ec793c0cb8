"""Large ints as arguments: each function refuses the same values as CPython's C code."""

import fcntl
import os
import select
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest
from kinds import about_pyodide

LARGE = [2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**400, -(2**64)]

REFUSED = {
    "os.kill": lambda number: os.kill(number, 0),
    "os.killpg": lambda number: os.killpg(number, 0),
    "os.waitpid": lambda number: os.waitpid(number, os.WNOHANG),
    "os.waitid": lambda number: os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG),
    "os.getpgid": os.getpgid,
    "os.umask": os.umask,
    "os.pipe2": os.pipe2,
    "fcntl.flock": lambda number: fcntl.flock(0, number),
    "signal.alarm": signal.alarm,
    "signal.signal": lambda number: signal.signal(number, signal.SIG_DFL),
    "signal.setitimer": lambda number: signal.setitimer(signal.ITIMER_REAL, number),
    "the interval of signal.setitimer": lambda number: signal.setitimer(signal.ITIMER_REAL, 1000, number),
    "time.sleep": time.sleep,
    "Lock.acquire": lambda number: threading.Lock().acquire(timeout=abs(number)),
    "select.select": lambda number: select.select([], [], [], abs(number)),
    "poll": lambda number: select.poll().poll(abs(number)),
    "epoll": lambda number: select.epoll().poll(abs(number)),
    "a socket's timeout": lambda number: socket.socket().settimeout(abs(number)),
    "socket.getnameinfo": lambda number: socket.getnameinfo(("127.0.0.1", number), 0),
    "the umask of a child": lambda number: subprocess.Popen(["true"], umask=number),
    "the group of a child": lambda number: subprocess.Popen(["true"], process_group=number),
    "the input of a child": lambda number: subprocess.Popen(["true"], stdin=number),
    "the pages of a backup": lambda number: sqlite3.connect(":memory:").backup(
        sqlite3.connect(":memory:"), pages=number
    ),
}


@pytest.mark.parametrize("number", LARGE, ids=str)
@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_an_int_too_large_for_c_raises_overflow_error(call, number):
    with pytest.raises(OverflowError):
        call(number)


@pytest.mark.parametrize("number", [2**53, 2**53 + 1, -(2**53)])
def test_join_refuses_a_huge_timeout_and_accepts_a_negative_timeout(number):
    # `threading` treats a negative timeout as 0.
    thread = threading.Thread(target=time.sleep, args=(0.05,))
    thread.start()

    if number > 0:
        with pytest.raises(OverflowError):
            thread.join(number)
    else:
        thread.join(number)

    thread.join()


def test_lockf_accepts_lengths_up_to_the_largest_file_offset(tmp_path: Path):
    with open(tmp_path / "locked", "w") as file:
        for length in (2**53, 2**53 + 1, 2**63 - 1):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length)
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, length - 1)
            os.lockf(file.fileno(), os.F_TEST, length)
            fcntl.fcntl(file, fcntl.F_SETLK, struct.pack("@hhqqi", fcntl.F_WRLCK, os.SEEK_SET, length - 1, 1, 0))
        for number in (2**63, -(2**63) - 1):
            with pytest.raises(OverflowError):
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, number)
        with pytest.raises(OSError, match="Invalid argument"):
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, -(2**63))


def test_fcntl_uses_only_the_low_32_bits_of_file_flags():
    with tempfile.TemporaryFile() as file:
        fcntl.fcntl(file, fcntl.F_SETFL, 2**53 | os.O_NONBLOCK)

        assert fcntl.fcntl(file, fcntl.F_GETFL) & os.O_NONBLOCK


@pytest.mark.parametrize("number", [2**31 - 1, -(2**31) - 1])
def test_f_dupfd_refuses_a_descriptor_number_above_the_limit_of_a_process(number):
    with tempfile.TemporaryFile() as file, pytest.raises(OSError, match="Invalid argument"):
        fcntl.fcntl(file, fcntl.F_DUPFD, number)


@pytest.mark.parametrize("number", [2**30, 2**31 - 1])
def test_a_child_process_refuses_a_descriptor_number_above_the_limit_of_a_process(number):
    with pytest.raises(OSError, match="Bad file descriptor"):
        subprocess.Popen(["true"], pass_fds=[number])
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.posix_spawn("/bin/true", ["true"], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 1, number)])
    with pytest.raises(OverflowError):
        os.posix_spawn("/bin/true", ["true"], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 1, number + 2**31)])
    with pytest.raises(ValueError, match="fds_to_keep"):
        subprocess.Popen(["true"], pass_fds=[number + 2**31])


@about_pyodide
def test_recv_accepts_a_buffer_size_of_2_to_the_53(pair):
    left, right = pair
    right.send(b"xy")

    assert left.recv(2**53) == b"xy"
