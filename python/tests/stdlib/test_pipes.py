"""Pipes between threads: capacity, blocking and nonblocking ends, descriptors and file objects."""

import contextlib
import errno
import os
import select
import signal
import stat
import threading
import time

import pytest
from limits import LIMIT

LONG = 300_000


@pytest.fixture
def pipe():
    ends = list(os.pipe())
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):
            os.close(end)


def later(function, *arguments):
    timer = threading.Timer(0.01, function, arguments)
    timer.start()
    return timer


def test_a_read_waits_for_another_thread_to_write(pipe):
    reader, writer = pipe
    timer = later(os.write, writer, b"late")

    assert os.read(reader, 100) == b"late"
    timer.join()


def test_the_end_of_a_pipe_is_read_when_all_writers_are_closed(pipe):
    reader, writer = pipe
    copy = os.dup(writer)
    os.write(writer, b"last")
    os.close(writer)
    timer = later(os.close, copy)

    assert os.read(reader, 100) == b"last"
    assert os.read(reader, 100) == b""
    timer.join()


def test_writing_without_a_reader_raises_broken_pipe_error(pipe):
    reader, writer = pipe
    os.close(reader)

    with pytest.raises(BrokenPipeError):
        os.write(writer, b"x")


def test_a_long_write_waits_until_all_data_fits_into_the_pipe(pipe):
    reader, writer = pipe
    received = []

    def drain():
        while sum(map(len, received)) < LONG:
            received.append(os.read(reader, 50_000))

    thread = threading.Thread(target=drain)
    thread.start()
    data = bytes(range(256)) * (LONG // 256)

    assert os.write(writer, data) == len(data)
    os.write(writer, b"x" * (LONG - len(data)))
    thread.join()
    assert b"".join(received)[: len(data)] == data


def test_a_long_write_returns_the_written_size_when_the_reader_is_closed(pipe):
    reader, writer = pipe
    timer = later(os.close, reader)

    try:
        assert os.write(writer, b"x" * LONG) == 65536
    except BrokenPipeError:
        pytest.fail("os.write raised instead of returning the written size")
    timer.join()


def test_a_nonblocking_pipe_raises_blocking_io_error_when_it_is_empty_or_full(pipe):
    reader, writer = pipe
    for end in pipe:
        os.set_blocking(end, False)
        assert not os.get_blocking(end)

    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    assert os.write(writer, b"x" * LONG) == 65536
    with pytest.raises(BlockingIOError):
        os.write(writer, b"x")
    os.set_blocking(reader, True)
    assert os.get_blocking(reader)
    assert len(os.read(reader, LONG)) == 65536


def test_a_short_nonblocking_write_is_atomic(pipe):
    reader, writer = pipe
    os.set_blocking(writer, False)
    os.write(writer, b"x" * 65530)

    with pytest.raises(BlockingIOError):
        os.write(writer, b"y" * 10)
    assert os.read(reader, LONG) == b"x" * 65530


def test_poll_and_select_report_readable_and_writable_ends(pipe):
    reader, writer = pipe
    poller = select.poll()
    poller.register(reader, select.POLLIN)
    poller.register(writer, select.POLLOUT)

    assert dict(poller.poll(0)) == {writer: select.POLLOUT}
    assert select.select([reader], [writer], [], 0) == ([], [writer], [])
    os.write(writer, b"x")
    assert select.select([reader], [], [], 0) == ([reader], [], [])
    os.close(writer)
    poller.unregister(writer)
    assert dict(poller.poll(0)) == {reader: select.POLLIN | select.POLLHUP}
    os.read(reader, 1)
    assert dict(poller.poll(0)) == {reader: select.POLLHUP}
    assert select.select([reader], [], [], 0) == ([reader], [], [])


def test_poll_reports_an_error_for_a_pipe_without_readers(pipe):
    reader, writer = pipe
    os.close(reader)
    poller = select.poll()
    poller.register(writer, select.POLLOUT)

    assert dict(poller.poll(0)) == {writer: select.POLLOUT | select.POLLERR}


def test_select_waits_for_another_thread(pipe):
    reader, writer = pipe
    timer = later(os.write, writer, b"x")

    assert select.select([reader], [], [], LIMIT) == ([reader], [], [])
    timer.join()


def test_file_objects_over_a_pipe_wait_for_data(pipe):
    reader, writer = pipe

    def write():
        with open(writer, "w", encoding="utf-8", closefd=True) as file:
            for number in range(20_000):
                print(number, file=file)

    thread = threading.Thread(target=write)
    thread.start()
    with open(reader, encoding="utf-8", closefd=False) as file:
        lines = file.readlines()
    thread.join()

    assert [int(line) for line in lines] == list(range(20_000))


def test_a_nonblocking_raw_file_returns_none_without_data(pipe):
    reader, _ = pipe
    os.set_blocking(reader, False)

    with open(reader, "rb", buffering=0, closefd=False) as file:
        assert file.read(1) is None


def test_readv_and_writev_transfer_several_buffers_at_a_time(pipe):
    reader, writer = pipe
    first, second = bytearray(3), bytearray(10)

    assert os.writev(writer, [b"ab", b"", b"cde"]) == 5
    assert os.readv(reader, [first, second]) == 5
    assert (bytes(first), bytes(second[:2])) == (b"abc", b"de")


def test_a_read_continues_after_a_signal_handler_returns(pipe):
    reader, writer = pipe
    seen = []

    def write_when_seen():
        while not seen:
            time.sleep(0.001)
        os.write(writer, b"x")

    before = signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        thread = threading.Thread(target=write_when_seen)
        thread.start()

        assert os.read(reader, 1) == b"x"
        assert seen == [signal.SIGALRM]
        thread.join()
    finally:
        signal.signal(signal.SIGALRM, before)


def test_an_exception_in_a_signal_handler_ends_a_read_without_losing_data(pipe):
    reader, writer = pipe

    def fail(number, frame):
        raise KeyError(number)

    before = signal.signal(signal.SIGALRM, fail)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)

        with pytest.raises(KeyError):
            os.read(reader, 1)
    finally:
        signal.signal(signal.SIGALRM, before)
    os.write(writer, b"x")
    assert os.read(reader, 1) == b"x"


def test_a_pipe_is_a_fifo_and_lseek_is_refused(pipe):
    assert stat.S_ISFIFO(os.fstat(pipe[0]).st_mode)
    with pytest.raises(OSError) as caught:
        os.lseek(pipe[0], 0, os.SEEK_SET)
    assert caught.value.errno == errno.ESPIPE


def test_reading_the_writing_end_or_writing_the_reading_end_is_refused(pipe):
    reader, writer = pipe

    with pytest.raises(OSError) as caught:
        os.read(writer, 1)
    assert caught.value.errno == errno.EBADF
    with pytest.raises(OSError) as caught:
        os.write(reader, b"x")
    assert caught.value.errno == errno.EBADF


def test_pipe2_creates_a_pipe_with_the_given_flags():
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        assert not os.get_blocking(reader)
        assert not os.get_inheritable(writer)
    finally:
        os.close(reader)
        os.close(writer)
