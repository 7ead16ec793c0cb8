"""``os``: the process, its environment, and files with their modes and errors."""

import errno
import os
import socket
import stat
import sys
from pathlib import Path
from typing import Any, Callable, Type

import pytest


def test_the_process_has_the_folder_user_and_host_name_of_the_system() -> None:
    assert os.path.samefile(os.readlink(f"/proc/{os.getpid()}/cwd"), os.getcwd())
    assert os.getppid() > 0
    assert os.getuid() == os.stat(f"/proc/{os.getpid()}").st_uid
    assert socket.gethostname() == os.uname().nodename
    assert os.path.exists(sys.executable)
    assert 1 <= len(os.sched_getaffinity(0)) <= (os.cpu_count() or 0)


def test_the_environment_can_be_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDLIB_TEST", "välue")
    assert os.environ["STDLIB_TEST"] == os.getenv("STDLIB_TEST") == "välue"
    monkeypatch.delenv("STDLIB_TEST")
    with pytest.raises(KeyError):
        os.environ["STDLIB_TEST"]


def test_the_umask_applies_to_new_files_and_folders(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        (tmp_path / "file").touch()
        (tmp_path / "folder").mkdir()
        assert os.umask(0o077) == 0o027
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o750


@pytest.mark.parametrize(
    ("kind", "number", "call"),
    [
        (FileNotFoundError, errno.ENOENT, lambda path: (path / "nothing").read_text()),
        (FileExistsError, errno.EEXIST, lambda path: (path / "folder").mkdir()),
        (FileExistsError, errno.EEXIST, lambda path: (path / "file").touch(exist_ok=False)),
        (IsADirectoryError, errno.EISDIR, lambda path: (path / "folder").write_text("")),
        (NotADirectoryError, errno.ENOTDIR, lambda path: os.listdir(path / "file")),
        (OSError, errno.ENOTEMPTY, lambda path: os.rmdir(path)),
        (OSError, errno.ELOOP, lambda path: (path / "loop").read_text()),
        (OSError, errno.EBADF, lambda path: os.close(12345)),
        (FileNotFoundError, errno.ENOENT, lambda path: os.link(path / "nothing", path / "more")),
        (OSError, errno.EINVAL, lambda path: os.readlink(path / "file")),
    ],
)
def test_a_failed_call_raises_the_matching_os_error_with_errno_and_text(
    kind: Type[OSError], number: int, call: Callable[[Path], Any], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(kind) as caught:
        call(tmp_path)
    assert caught.value.errno == number
    assert caught.value.strerror == os.strerror(number)


def test_files_are_linked_renamed_replaced_and_truncated(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    (tmp_path / "soft").symlink_to("file")
    assert os.readlink(tmp_path / "soft") == "file"
    os.replace(path, tmp_path / "moved")
    assert not (tmp_path / "soft").exists()
    os.truncate(tmp_path / "moved", 4)
    with open(tmp_path / "moved", "rb+") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"!")
        file.flush()
        os.fsync(file.fileno())
    assert (tmp_path / "moved").read_bytes() == b"0123!"
    assert sorted(entry.name for entry in os.scandir(tmp_path)) == ["moved", "soft"]


def test_utime_sets_the_access_and_modification_times(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    os.utime(path, (1_500_000_000, 1_600_000_000))
    assert (path.stat().st_atime, path.stat().st_mtime) == (1_500_000_000, 1_600_000_000)


def test_a_duplicated_descriptor_shares_the_file_position(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    other = os.dup(descriptor)
    os.write(descriptor, b"one ")
    os.write(other, b"two")
    os.lseek(descriptor, 0, os.SEEK_SET)
    assert os.read(other, 100) == b"one two"
    os.close(descriptor)
    os.close(other)
