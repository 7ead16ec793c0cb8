"""``pwd``, ``grp`` and ``pathlib``: owners of files, and hard links."""

import grp
import os
import pwd
from pathlib import Path


def test_a_new_file_belongs_to_the_user_of_the_process(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert file.stat().st_uid == os.getuid()
    assert file.owner() == pwd.getpwuid(os.getuid()).pw_name
    assert file.group() == grp.getgrgid(file.stat().st_gid).gr_name


def test_a_hard_link_is_the_same_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    (tmp_path / "link").hardlink_to(tmp_path / "file")
    assert (tmp_path / "link").samefile(tmp_path / "file")
    assert (tmp_path / "link").stat().st_nlink == 2
