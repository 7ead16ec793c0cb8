"""The manual's table of the standard library: listed modules exist, have tests, or are refused."""

import asyncio
import importlib
import multiprocessing
import os
import re
import sqlite3
import subprocess
from concurrent import futures
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple

import pytest

from cloaca._border import bridge

FOLDER = Path(__file__).parent
PAGE = FOLDER.parent.parent.parent / "docs" / "packages.md"


class Row(NamedTuple):
    modules: List[str]
    works: str
    differs: str

    @property
    def exists(self) -> bool:
        return self.differs != "These modules do not exist."


def rows() -> List[Row]:
    section = PAGE.read_text(encoding="utf-8").split("## The standard library")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [Row(re.findall(r"`([\w.]+)`", first), works, differs) for first, works, differs in cells]


ROWS = rows()
MODULES = [module for row in ROWS if row.exists for module in row.modules]

#: Functions that the table lists as unsupported, each with a call.
REFUSED: Dict[str, Callable[[], Any]] = {
    "os.openpty": lambda: os.openpty(),
    "os.fork": lambda: os.fork(),
    "os.system": lambda: os.system("true"),
    "os.execv": lambda: os.execv("/bin/true", ["true"]),
    "subprocess.run": lambda: subprocess.run(["true"]),
    "multiprocessing.Process": lambda: multiprocessing.Process(target=print).start(),
    "ProcessPoolExecutor": lambda: futures.ProcessPoolExecutor(1).submit(abs, 1).result(),
    "asyncio.create_subprocess_exec": lambda: asyncio.run(asyncio.create_subprocess_exec("true")),
}


@pytest.mark.parametrize("module", MODULES)
def test_a_listed_module_can_be_imported(module: str) -> None:
    if module in ("requests", "urllib3", "httpx", "trio", "anyio"):
        pytest.importorskip(module)
    assert importlib.import_module(module)


@pytest.mark.parametrize("row", [row for row in ROWS if row.exists and row.modules], ids=lambda row: row.modules[0])
def test_every_row_has_a_test_file(row: Row) -> None:
    tested = {file.stem for file in FOLDER.glob("test_*.py")}
    names = {f"test_{module.replace('.', '_')}" for module in row.modules}
    assert names & tested


@pytest.mark.skipif(not bridge.has_engine(), reason="tests the engine's Python")
@pytest.mark.parametrize("name", re.findall(r"`([\w.]+)\(\)`", " ".join(row.differs for row in ROWS)))
def test_a_function_listed_as_unsupported_is_refused(name: str) -> None:
    with pytest.raises((OSError, AttributeError, NotImplementedError, sqlite3.NotSupportedError)):
        REFUSED[name]()


@pytest.mark.skipif(not bridge.has_engine(), reason="tests the engine's Python")
@pytest.mark.parametrize("module", [module for row in ROWS if not row.exists for module in row.modules])
def test_a_module_listed_as_missing_cannot_be_imported(module: str) -> None:
    with pytest.raises(ImportError):
        importlib.import_module(module)
