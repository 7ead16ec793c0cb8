"""``fcntl`` and ``os.lockf``: file locks between processes."""

import errno
import fcntl
import os
import struct
import threading
import time
from pathlib import Path
from typing import Any, List

import pytest
from limits import LIMIT


def is_free(path: Path, operation: int) -> bool:
    with open(path, "r+") as file:
        try:
            fcntl.flock(file, operation | fcntl.LOCK_NB)
        except BlockingIOError as error:
            assert error.errno == errno.EAGAIN
            return False
        return True


def test_an_exclusive_lock_excludes_other_locks_until_its_file_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with open(path, "w") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        assert not is_free(path, fcntl.LOCK_EX)
        assert not is_free(path, fcntl.LOCK_SH)
    assert is_free(path, fcntl.LOCK_EX)


def test_a_shared_lock_excludes_only_exclusive_locks(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        assert is_free(path, fcntl.LOCK_SH)
        assert not is_free(path, fcntl.LOCK_EX)
        fcntl.flock(file, fcntl.LOCK_UN)
        assert is_free(path, fcntl.LOCK_EX)


def test_a_waiting_thread_gets_a_lock_when_it_is_released(tmp_path: Path) -> None:
    path, order = tmp_path / "lock", []  # type: ignore[var-annotated]

    def second() -> None:
        with open(path, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            order.append("second")

    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.02)
        order.append("first")
        fcntl.flock(file, fcntl.LOCK_UN)
        thread.join(LIMIT)
    assert order == ["first", "second"]


def test_byte_range_locks_do_not_exclude_their_own_process(tmp_path: Path) -> None:
    with open(tmp_path / "data", "wb+") as file:
        file.write(b"0123456789")
        file.flush()
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 4, 2)
        fcntl.lockf(file, fcntl.LOCK_SH, 1, -1, os.SEEK_END)
        fcntl.lockf(file, fcntl.LOCK_UN)
        os.lockf(file.fileno(), os.F_LOCK, 4)
        os.lockf(file.fileno(), os.F_TEST, 4)
        os.lockf(file.fileno(), os.F_ULOCK, 4)
        wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        assert fcntl.fcntl(file, fcntl.F_SETLK, wanted) == wanted
        assert struct.unpack_from("h", fcntl.fcntl(file, fcntl.F_GETLK, wanted))[0] == fcntl.F_UNLCK


@pytest.mark.parametrize("lock", [fcntl.flock, fcntl.lockf])
def test_locking_an_invalid_descriptor_is_refused(lock: Any, tmp_path: Path) -> None:
    with open(tmp_path / "data", "w") as file:
        descriptor = file.fileno()
    with pytest.raises(OSError) as caught:
        lock(descriptor, fcntl.LOCK_EX)
    assert caught.value.errno == errno.EBADF
    with pytest.raises(TypeError):
        lock("spam", fcntl.LOCK_SH)
    with pytest.raises(ValueError):
        lock(-1, fcntl.LOCK_SH)


def test_lockf_refuses_an_unknown_operation(tmp_path: Path) -> None:
    errors: List[str] = []
    with open(tmp_path / "data", "w") as file:
        with pytest.raises(ValueError) as caught:
            fcntl.lockf(file, 64)
        errors.append(str(caught.value))
    assert errors == ["unrecognized lockf argument"]


@pytest.mark.parametrize(
    ("wrong", "error"), [(-1, ValueError), (2**31, OverflowError), ("spam", TypeError), (12345, OSError)]
)
def test_fcntl_refuses_an_invalid_descriptor(wrong: Any, error: Any) -> None:
    with pytest.raises(error):
        fcntl.fcntl(wrong, fcntl.F_SETFL, os.O_NONBLOCK)
    with pytest.raises(error):
        fcntl.fcntl(wrong, fcntl.F_GETFD)
