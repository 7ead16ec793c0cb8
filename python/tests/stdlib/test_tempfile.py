"""``tempfile``: private files and folders, and their deletion."""

import os
import stat
import tempfile
from pathlib import Path

import pytest


def test_temporary_files_and_folders_are_private(tmp_path: Path) -> None:
    descriptor, name = tempfile.mkstemp(dir=tmp_path)
    os.close(descriptor)
    assert stat.S_IMODE(os.stat(name).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tempfile.mkdtemp(dir=tmp_path)).st_mode) == 0o700


def test_temporary_files_and_folders_are_deleted_at_the_end_of_their_block() -> None:
    with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(b"text")
        file.flush()
        assert Path(file.name).read_bytes() == b"text"
    assert not os.path.exists(folder)


def test_an_unnamed_or_spooled_temporary_file_can_be_written_and_read() -> None:
    with tempfile.TemporaryFile("w+") as file, tempfile.SpooledTemporaryFile(max_size=4) as spooled:
        file.write("text")
        file.seek(0)
        assert file.read() == "text"
        spooled.write(b"too long to stay in memory")
        spooled.seek(0)
        assert spooled.read(3) == b"too"


def test_the_temporary_folder_is_the_value_of_tmpdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    assert tempfile.gettempdir() == str(tmp_path)


def test_an_open_temporary_file_is_not_inheritable(tmp_path: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=tmp_path) as file:
        assert not os.get_inheritable(file.fileno())
