"""Unix sockets: addresses, datagrams, and transfer of descriptors."""

import errno
import os
import socket
import stat

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Changes to an empty folder, because the address of a Unix socket must be short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_pair_of_datagram_sockets_keeps_message_boundaries():
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with left, right:
        left.send(b"one")
        left.send(b"two")
        assert right.recv(100) == b"one"
        assert right.recvfrom(100) == (b"two", None)


@pytest.mark.parametrize("given", ["./server.sock", b"server.sock"])
def test_the_address_of_a_unix_socket_is_returned_as_given(folder, given):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(given)
        server.listen()
        client.connect(given)
        peer, address = server.accept()
        with peer:
            path = os.fsdecode(given)
            assert (server.getsockname(), client.getpeername(), peer.getsockname()) == (path, path, path)
            assert (address, client.getsockname(), peer.getpeername()) == ("", "", "")


def test_the_file_of_a_closed_unix_socket_remains_and_blocks_its_path(folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("server.sock")
    assert stat.S_ISSOCK(os.stat("server.sock").st_mode)

    with socket.socket(socket.AF_UNIX) as second, pytest.raises(OSError) as caught:
        second.bind("server.sock")
    assert caught.value.errno == errno.EADDRINUSE
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(ConnectionRefusedError):
        client.connect("server.sock")
    assert os.listdir(folder) == ["server.sock"]


def test_an_abstract_unix_address_creates_no_file(folder):
    name = b"\0cloaca-test-" + os.urandom(4).hex().encode()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(name)
        server.listen()
        client.connect(name)
        assert server.getsockname() == client.getpeername() == name
    assert os.listdir(folder) == []


def test_the_sender_address_of_a_unix_datagram_is_a_path(folder):
    kind = (socket.AF_UNIX, socket.SOCK_DGRAM)
    with socket.socket(*kind) as server, socket.socket(*kind) as client, socket.socket(*kind) as unnamed:
        server.bind("server")
        client.bind("client")
        client.sendto(b"named", "server")
        unnamed.connect("server")
        unnamed.send(b"unnamed")

        assert server.recvfrom(100) == (b"named", "client")
        assert server.recvfrom(100) == (b"unnamed", None)
        with pytest.raises(FileNotFoundError):
            client.sendto(b"x", "nobody")


def test_bind_refuses_a_unix_path_that_is_too_long_or_not_a_path():
    with socket.socket(socket.AF_UNIX) as sock:
        with pytest.raises(OSError, match="too long"):
            sock.bind("x" * 200)
        with pytest.raises(TypeError):
            sock.bind(("localhost", 1))


def test_a_server_sees_the_path_of_a_bound_unix_client(folder):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("server")
        server.listen()
        client.bind("client")
        client.connect("server")
        peer, address = server.accept()
        with peer:
            assert address == peer.getpeername() == client.getsockname() == "client"


def test_send_fds_delivers_descriptors_with_the_bytes_of_the_same_message(pair):
    left, right = pair
    reader, writer = os.pipe()
    left.sendall(b"without")
    assert right.recvmsg(100, socket.CMSG_SPACE(4))[1] == []
    socket.send_fds(left, [b"with"], [writer])
    os.close(writer)

    data, [received], _, _ = socket.recv_fds(right, 100, 1)
    os.write(received, b"through the copy")
    os.close(received)
    assert data == b"with"
    assert os.read(reader, 100) == b"through the copy"
    assert os.read(reader, 100) == b""
    os.close(reader)


def test_received_descriptors_without_a_buffer_are_closed_and_reported_as_truncated(pair):
    left, right = pair
    reader, writer = os.pipe()
    socket.send_fds(left, [b"x"], [writer])
    os.close(writer)

    data, ancillary, flags, _ = right.recvmsg(100)
    assert (data, ancillary, flags & socket.MSG_CTRUNC) == (b"x", [], socket.MSG_CTRUNC)
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_a_truncated_datagram_has_the_flag_msg_trunc():
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with left, right:
        left.send(b"hello")
        assert right.recvmsg(2)[::2] == (b"he", socket.MSG_TRUNC)
