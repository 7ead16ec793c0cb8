"""Downloads of files of Pyodide's distribution: cache, verification at each use, and time limit."""

import contextlib
import hashlib
import threading
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest

from cloaca._packages.distribution.lock import Build, Lock
from cloaca._packages.distribution.mirror import Interrupted, Mirror, Refused
from cloaca._packages.native_free import preferred, remove_native_files

CONTENTS = bytes(range(256)) * 40
ADDRESS = "https://mirror.example/full"


def build(name: str = "parcel", contents: bytes = CONTENTS) -> Build:
    return Build(name, "1.0", f"{name}-1.0.whl", hashlib.sha256(contents).hexdigest(), (), False)


def mirror(tmp_path: Path, **options: float) -> Mirror:
    return Mirror(ADDRESS, str(tmp_path / "kept"), **options)


class Network:
    """Stand-in for the network: returns the contents, but interrupts the first ``cuts`` answers."""

    def __init__(self, cuts: int = 0, has_ranges: bool = True) -> None:
        self.starts: List[int] = []
        self._cuts = cuts
        self._has_ranges = has_ranges

    @contextlib.contextmanager
    def open(self, url: str, start: int) -> Iterator[Tuple[int, Iterator[bytes]]]:
        self.starts.append(start)
        is_rest = start > 0 and self._has_ranges
        yield (206 if is_rest else 200), self._chunks(start if is_rest else 0)

    def _chunks(self, start: int) -> Iterator[bytes]:
        if len(self.starts) <= self._cuts:
            yield CONTENTS[start : start + 3000]
            raise Interrupted("the connection was cut")
        yield CONTENTS[start:]


@pytest.mark.parametrize(("has_ranges", "starts"), [(True, [0, 3000, 6000]), (False, [0, 3000, 3000])])
def test_an_interrupted_download_is_resumed_or_restarted_if_ranges_are_unsupported(
    tmp_path: Path, has_ranges: bool, starts: List[int]
) -> None:
    network = Network(cuts=2, has_ranges=has_ranges)

    path = mirror(tmp_path).file(build(), network.open)

    assert Path(path).read_bytes() == CONTENTS
    assert network.starts == starts


def test_a_download_that_keeps_failing_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="was interrupted: the connection was cut"):
        mirror(tmp_path).file(build(), Network(cuts=9).open, tries=2)

    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_a_file_with_a_wrong_digest_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="has the wrong SHA-256 digest"):
        mirror(tmp_path).file(build(contents=b"something else"), Network().open)

    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_a_cached_file_is_downloaded_again_only_after_a_change(tmp_path: Path) -> None:
    network = Network()
    path = mirror(tmp_path).file(build(), network.open)
    mirror(tmp_path).file(build(), network.open)
    assert network.starts == [0]

    Path(path).write_bytes(b"changed")
    mirror(tmp_path).file(build(), network.open)

    assert Path(path).read_bytes() == CONTENTS
    assert network.starts == [0, 0]


def test_a_mirror_that_never_answers_is_asked_once_and_reported_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = threading.Event()
    asked: List[str] = []

    def ask(url: str) -> int:
        asked.append(url)
        release.wait()
        return 200

    silent = mirror(tmp_path, answer_within_s=0.01)

    assert not silent.has(build("first"), ask)
    assert not silent.has(build("second"), ask)
    release.set()
    assert len(asked) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "(no answer within 0.01 s); continuing without them" in lines[0]


def test_libraries_are_listed_before_the_libraries_that_need_them() -> None:
    def entry(kind: str, *depends: str) -> "dict[str, object]":
        return {"version": "1", "file_name": "x.zip", "sha256": "", "depends": [*depends], "package_type": kind}

    lock = Lock(
        {
            "packages": {
                "Maps_App": entry("package", "libgdal"),
                "libgdal": entry("shared_library", "libgeos"),
                "libgeos": entry("shared_library"),
            }
        }
    )

    assert [each.name for each in lock.libraries_of(["maps-app"])] == ["libgeos", "libgdal"]


def test_the_linux_wheel_for_this_python_version_is_preferred() -> None:
    def wheel(tag: str) -> str:
        return f"parcel-1.0-{tag}.whl"

    files = [
        *map(wheel, ("cp313-cp313-manylinux_2_17_x86_64", "cp39-abi3-musllinux_1_2_x86_64", "cp314-cp314-win_amd64")),
        *map(wheel, ("cp314-cp314t-manylinux_2_17_x86_64", "cp314-cp314-manylinux_2_17_x86_64")),
    ]

    assert preferred(files, "cp314") == files[-1]
    assert preferred(files[:-1], "cp314") == files[1]
    assert preferred(files[:1], "cp314") == files[0]
    assert preferred(files[2:4], "cp314") is None


def test_remove_native_files_deletes_them_from_the_folder_and_the_record(tmp_path: Path) -> None:
    information = tmp_path / "Parcel-1.0.dist-info"
    information.mkdir()
    (tmp_path / "parcel").mkdir()
    for name in ("__init__.py", "_fast.cpython-314-x86_64-linux-gnu.so", "libz.so.1"):
        (tmp_path / "parcel" / name).write_text("")
    (information / "WHEEL").write_text("Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp314-cp314-linux_x86_64\n")
    names = [f"parcel/{each.name}" for each in sorted((tmp_path / "parcel").iterdir())]
    rows = [f"{each},sha256=x,0" for each in [*names, "Parcel-1.0.dist-info/WHEEL"]]
    (information / "RECORD").write_text("\n".join([*rows, "Parcel-1.0.dist-info/RECORD,,", ""]))

    removed = remove_native_files(str(tmp_path), "parcel")

    assert removed == names[1:]
    assert [each.name for each in (tmp_path / "parcel").iterdir()] == ["__init__.py"]
    assert (information / "WHEEL").read_text().endswith("Root-Is-Purelib: true\nTag: py3-none-any\n")
    record = (information / "RECORD").read_text().splitlines()
    assert [row.split(",")[0] for row in record] == [
        names[0],
        "Parcel-1.0.dist-info/WHEEL",
        "Parcel-1.0.dist-info/RECORD",
    ]
