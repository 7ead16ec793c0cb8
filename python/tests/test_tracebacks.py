"""Tracebacks of errors that CPython raises in C code: sockets, and sqlite3 on files."""

import socket
import sqlite3
import traceback

import pytest


def refused(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    socket.create_connection(address)


def misspelt(tmp_path):
    sqlite3.connect(tmp_path / "rows.db").execute("selec 1")


@pytest.fixture(params=[refused, misspelt], ids=["socket", "sqlite3"])
def trace(request, tmp_path):
    with pytest.raises((OSError, sqlite3.Error)) as caught:
        request.param(tmp_path)
    return caught.value.__traceback__


def test_each_entry_of_a_traceback_can_be_extracted_alone(trace):
    entries = 0
    while trace is not None:
        assert len(traceback.extract_tb(trace, limit=1)) == 1
        trace, entries = trace.tb_next, entries + 1
    assert entries >= 2


def test_a_traceback_has_no_frames_of_the_adaptations(trace):
    names = [frame.filename for frame in traceback.extract_tb(trace)]
    assert names[0] == __file__
    assert not any("_adapt" in name for name in names)
