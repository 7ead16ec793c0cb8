"""File descriptors: inheritable and nonblocking flags, duplicates, and sockets."""

import fcntl
import os
import socket

import pytest


@pytest.fixture
def descriptor(tmp_path):
    number = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield number
    os.close(number)


def test_a_file_opened_by_python_is_not_inheritable(descriptor):
    assert not os.get_inheritable(descriptor)
    assert fcntl.fcntl(descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_set_inheritable_and_fcntl_change_the_same_flag(descriptor):
    os.set_inheritable(descriptor, True)
    assert os.get_inheritable(descriptor)
    assert not fcntl.fcntl(descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC

    fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    assert not os.get_inheritable(descriptor)


def test_the_standard_streams_are_inheritable():
    assert all(os.get_inheritable(number) for number in (0, 1, 2))


def test_a_duplicate_has_its_own_inheritable_flag(descriptor):
    copy = os.dup(descriptor)
    target = os.dup(descriptor)
    try:
        os.set_inheritable(descriptor, True)
        assert not os.get_inheritable(copy)
        os.dup2(descriptor, target)
        assert os.get_inheritable(target)
        os.dup2(descriptor, target, inheritable=False)
        assert not os.get_inheritable(target)
    finally:
        os.close(copy)
        os.close(target)


def test_fcntl_sets_and_clears_the_nonblocking_flag_of_a_pipe():
    reader, writer = os.pipe()
    try:
        flags = fcntl.fcntl(reader, fcntl.F_GETFL)
        fcntl.fcntl(reader, fcntl.F_SETFL, flags | os.O_NONBLOCK)
        assert not os.get_blocking(reader)
        fcntl.fcntl(reader, fcntl.F_SETFL, flags)
        assert os.get_blocking(reader)
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize("function", [os.get_inheritable, os.get_blocking])
def test_reading_the_flags_of_a_closed_descriptor_raises_os_error(function):
    reader, writer = os.pipe()
    os.close(writer)
    os.close(reader)

    with pytest.raises(OSError):
        function(reader)


def test_the_descriptor_of_a_socket_can_be_duplicated_read_and_written():
    left, right = socket.socketpair()
    with left, right:
        copy = os.dup(left.fileno())
        assert os.write(copy, b"from a descriptor") == 17
        assert right.recv(100) == b"from a descriptor"
        left.close()
        right.send(b"to its duplicate")
        assert os.read(copy, 100) == b"to its duplicate"
        os.close(copy)
        assert right.recv(1) == b""


def test_using_a_socket_after_its_descriptor_was_closed_raises_os_error():
    left, right = socket.socketpair()
    with right:
        os.close(left.fileno())
        with pytest.raises(OSError):
            left.send(b"x")
        with pytest.raises(OSError):
            left.close()


def test_os_sendfile_copies_a_file_to_a_socket(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    left, right = socket.socketpair()
    with left, right, path.open("rb") as file:
        assert os.sendfile(left.fileno(), file.fileno(), 2, 5) == 5
        assert right.recv(100) == b"23456"
        assert os.sendfile(left.fileno(), file.fileno(), 10, 5) == 0
        assert file.tell() == 0
