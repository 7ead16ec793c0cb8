"""Named pipes: opening one end waits for the other end, while other threads run."""

import errno
import os
import select
import stat
import subprocess
import threading

import pytest
from limits import LIMIT

from cloaca._border import bridge

LONG = 300_000


@pytest.fixture
def path(tmp_path):
    os.mkfifo(tmp_path / "pipe", 0o640)
    return str(tmp_path / "pipe")


@pytest.fixture
def in_thread():
    threads = []

    def start(function):
        threads.append(threading.Thread(target=function))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join(LIMIT)


def write_all(path, content):
    with open(path, "wb") as pipe:
        pipe.write(content)


def test_a_named_pipe_has_the_requested_mode_reduced_by_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        os.mkfifo(tmp_path / "pipe", 0o666)
    finally:
        os.umask(before)

    assert os.stat(tmp_path / "pipe").st_mode == stat.S_IFIFO | 0o640
    with pytest.raises(FileExistsError):
        os.mkfifo(tmp_path / "pipe")


@pytest.mark.parametrize("is_reader_first", [True, False])
def test_opening_a_named_pipe_waits_for_the_other_end_while_other_threads_run(path, in_thread, is_reader_first):
    got = []

    def read():
        with open(path, "rb") as pipe:
            got.append(pipe.read())

    first, second = (read, lambda: write_all(path, b"x" * LONG))
    if not is_reader_first:
        first, second = second, first
    in_thread(first)
    threading.Event().wait(0.01)
    assert got == []
    second()

    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(LIMIT)
    assert got == [b"x" * LONG]


def test_another_program_can_open_the_other_end_of_a_named_pipe(path):
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        write_all(path, b"for cat")
        assert cat.stdout.read() == b"for cat"
    with subprocess.Popen(["sh", "-c", f"echo from sh > {path}"]), open(path) as pipe:
        assert pipe.read() == "from sh\n"


def test_a_child_process_receives_an_end_of_a_named_pipe_as_stdin(path):
    both = os.open(path, os.O_RDWR)
    reader = os.open(path, os.O_RDONLY)
    writer = os.open(path, os.O_WRONLY)
    os.close(both)
    with subprocess.Popen(["cat"], stdin=reader, stdout=subprocess.PIPE) as cat:
        os.write(writer, b"through")
        os.close(writer)
        assert cat.stdout.read() == b"through"
    os.close(reader)


def test_a_nonblocking_open_needs_a_reader_for_writing_and_reads_nothing_without_a_writer(path):
    with pytest.raises(OSError) as caught:
        os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    assert caught.value.errno == errno.ENXIO

    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    assert os.read(reader, 10) == b""
    writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    with pytest.raises(BlockingIOError):
        os.read(reader, 10)
    assert select.select([reader], [], [], 0)[0] == []
    os.write(writer, b"now")
    assert select.select([reader], [], [], LIMIT)[0] == [reader]
    assert os.read(reader, 10) == b"now"
    os.close(writer)
    assert os.read(reader, 10) == b""
    os.close(reader)


def test_a_write_to_a_full_named_pipe_continues_when_data_is_read(path, in_thread):
    descriptor = os.open(path, os.O_RDWR)
    in_thread(lambda: os.write(descriptor, b"y" * LONG))

    got = b""
    while len(got) < LONG:
        got += os.read(descriptor, LONG)
    assert got == b"y" * LONG
    os.close(descriptor)


def test_writing_to_a_named_pipe_without_a_reader_raises_broken_pipe_error(path):
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY)
    os.close(reader)

    with pytest.raises(BrokenPipeError):
        os.write(writer, b"x")
    os.close(writer)


@pytest.mark.skipif(not bridge.has_engine(), reason="tests the pipes of the engine")
def test_a_file_created_at_the_path_of_a_deleted_pipe_is_a_plain_file(path):
    os.unlink(path)
    write_all(path, b"plain")

    with open(path, "rb") as file:
        assert file.read() == b"plain"
