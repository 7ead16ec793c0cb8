"""Sockets: addresses, options, halves, timeouts, datagrams and Unix sockets."""

import errno
import os
import select
import socket
import stat
import struct
import threading

import pytest
from limits import LIMIT


@pytest.fixture
def connected():
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        peer, _ = server.accept()
        with client, peer:
            yield client, peer


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current folder with a short name, as the address of a Unix socket has to be."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


# --- options ---------------------------------------------------------------------------------------------------------


def test_options_can_be_set_before_a_socket_has_a_port():
    with udp() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 7)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, b"\x02")
        sock.bind(("127.0.0.1", 0))

        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST) == 1
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 7
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 2


def test_a_port_is_shared_only_by_those_that_say_so():
    with udp() as first, udp() as second:
        first.bind(("127.0.0.1", 0))
        with pytest.raises(OSError) as caught:
            second.bind(first.getsockname())
        assert caught.value.errno == errno.EADDRINUSE
    with udp() as first, udp() as second:
        for sock in (first, second):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        first.bind(("127.0.0.1", 0))
        second.bind(first.getsockname())


def test_a_buffer_is_twice_what_was_asked_for():
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 16384


def test_options_come_as_numbers_or_as_bytes():
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 5))
        assert struct.unpack("ii", sock.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)) == (1, 5)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM
        with pytest.raises(TypeError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, None)
        with pytest.raises(TypeError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, "1")
        with pytest.raises(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 1)


# --- addresses -------------------------------------------------------------------------------------------------------


def test_the_scope_of_an_address_is_told_apart_from_it():
    [(family, _, _, _, address)] = socket.getaddrinfo("fe80::1%1", 80, type=socket.SOCK_STREAM)

    assert family == socket.AF_INET6
    assert address == ("fe80::1", 80, 0, 1)


def test_interfaces_have_numbers_and_names():
    for number, name in socket.if_nameindex():
        assert socket.if_nametoindex(name) == number
        assert socket.if_indextoname(number) == name
    with pytest.raises(OSError):
        socket.if_nametoindex("no such interface")


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (("localhost", 70_000), OverflowError),
        (("localhost", "80"), TypeError),
        ("localhost", TypeError),
        (("localhost", 1, 0), TypeError),
        ((b"\0", 1), TypeError),
    ],
)
def test_what_is_no_address_is_refused(address, error):
    with socket.socket() as sock, pytest.raises(error):
        sock.connect(address)


# --- streams ---------------------------------------------------------------------------------------------------------


def test_peeked_bytes_are_read_again(pair):
    left, right = pair
    left.sendall(b"hello")

    assert right.recv(2, socket.MSG_PEEK) == b"he"
    assert right.recv(10) == b"hello"


def test_waiting_for_all_waits_for_all(connected):
    client, peer = connected
    client.sendall(b"first")
    timer = threading.Timer(0.01, client.sendall, (b" second",))
    timer.start()

    assert peer.recv(12, socket.MSG_WAITALL) == b"first second"
    timer.join()


def test_each_half_is_shut_down_on_its_own(connected):
    client, peer = connected
    client.shutdown(socket.SHUT_WR)

    assert peer.recv(1) == b""
    peer.sendall(b"still")
    assert client.recv(10) == b"still"
    with pytest.raises(BrokenPipeError):
        client.send(b"x")


def test_a_timeout_is_a_timeout_and_no_block(pair):
    left, _ = pair
    left.settimeout(0.01)
    with pytest.raises(TimeoutError):
        left.recv(1)
    left.setblocking(False)
    with pytest.raises(BlockingIOError):
        left.recv(1)


def test_a_duplicate_keeps_a_connection_open(pair):
    left, right = pair
    copy = left.dup()
    left.close()
    with copy:
        copy.sendall(b"x")
        assert right.recv(10) == b"x"
    assert right.recv(1) == b""


def test_messages_of_several_buffers_arrive_as_one(pair):
    left, right = pair
    first, second = bytearray(3), bytearray(10)

    assert left.sendmsg([b"ab", bytearray(b"cd"), memoryview(b"e")]) == 5
    assert right.recvmsg_into([first, second])[0] == 5
    assert bytes(first + second[:2]) == b"abcde"


def test_a_connect_that_does_not_wait_tells_the_next_one_what_came_of_it():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.connect(server.getsockname())
        assert select.select([], [client], [], LIMIT)[1] == [client]
        client.connect(server.getsockname())
        assert client.connect_ex(server.getsockname()) == errno.EISCONN
        gone = server.getsockname()
    with socket.socket() as client:
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.connect(gone)
        assert select.select([], [client], [], LIMIT)[1] == [client]
        with pytest.raises(ConnectionRefusedError):
            client.connect(gone)


def test_the_error_of_a_connection_that_was_refused_is_told_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    with socket.socket() as sock:
        sock.settimeout(LIMIT)
        assert sock.connect_ex(address) == errno.ECONNREFUSED
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


# --- datagrams -------------------------------------------------------------------------------------------------------


def test_datagrams_keep_their_boundaries_and_senders():
    with udp() as receiver, udp() as sender:
        receiver.bind(("127.0.0.1", 0))
        sender.connect(receiver.getsockname())
        sender.send(b"one")
        sender.send(b"two")

        assert receiver.recvfrom(100) == (b"one", sender.getsockname())
        assert receiver.recv(1) == b"t"
        with pytest.raises(BlockingIOError):
            receiver.recv(1, socket.MSG_DONTWAIT)


def test_a_pair_of_datagram_sockets_keeps_boundaries():
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with left, right:
        left.send(b"one")
        left.send(b"two")
        assert right.recv(100) == b"one"
        assert right.recvfrom(100) == (b"two", None)


# --- Unix sockets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["./server.sock", b"server.sock"])
def test_the_address_of_a_unix_socket_is_told_as_it_was_given(folder, given):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(given)
        server.listen()
        client.connect(given)
        peer, address = server.accept()
        with peer:
            told = os.fsdecode(given)
            assert (server.getsockname(), client.getpeername(), peer.getsockname()) == (told, told, told)
            assert (address, client.getsockname(), peer.getpeername()) == ("", "", "")


def test_the_file_of_a_unix_socket_stays_and_keeps_its_name_taken(folder):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("server.sock")
    assert stat.S_ISSOCK(os.stat("server.sock").st_mode)

    with socket.socket(socket.AF_UNIX) as second, pytest.raises(OSError) as caught:
        second.bind("server.sock")
    assert caught.value.errno == errno.EADDRINUSE
    with socket.socket(socket.AF_UNIX) as client, pytest.raises(ConnectionRefusedError):
        client.connect("server.sock")
    assert os.listdir(folder) == ["server.sock"]


def test_a_name_that_is_no_path_leaves_no_file(folder):
    name = b"\0cloaca-test-" + os.urandom(4).hex().encode()
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(name)
        server.listen()
        client.connect(name)
        assert server.getsockname() == client.getpeername() == name
    assert os.listdir(folder) == []


def test_unix_datagrams_have_paths_for_addresses(folder):
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


def test_a_path_that_is_too_long_or_no_path_is_refused():
    with socket.socket(socket.AF_UNIX) as sock:
        with pytest.raises(OSError, match="too long"):
            sock.bind("x" * 200)
        with pytest.raises(TypeError):
            sock.bind(("localhost", 1))


def test_a_bound_unix_socket_is_known_to_whom_it_connects(folder):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind("server")
        server.listen()
        client.bind("client")
        client.connect("server")
        peer, address = server.accept()
        with peer:
            assert address == peer.getpeername() == client.getsockname() == "client"


def test_a_listening_socket_cannot_connect():
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(OSError):
        server.connect(server.getsockname())


def test_descriptors_travel_with_the_bytes_they_were_sent_with(pair):
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


def test_descriptors_without_room_are_dropped_and_closed(pair):
    left, right = pair
    reader, writer = os.pipe()
    socket.send_fds(left, [b"x"], [writer])
    os.close(writer)

    data, ancillary, flags, _ = right.recvmsg(100)
    assert (data, ancillary, flags & socket.MSG_CTRUNC) == (b"x", [], socket.MSG_CTRUNC)
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_a_datagram_that_was_cut_says_so():
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with left, right:
        left.send(b"hello")
        assert right.recvmsg(2)[::2] == (b"he", socket.MSG_TRUNC)


def test_addresses_of_version_6_are_packed_and_unpacked():
    assert socket.inet_pton(socket.AF_INET6, "::1") == b"\0" * 15 + b"\1"
    assert socket.inet_ntop(socket.AF_INET6, b"\0" * 15 + b"\1") == "::1"
    assert socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, "FE80::1:0")) == "fe80::1:0"
    with pytest.raises(OSError):
        socket.inet_pton(socket.AF_INET6, "fe80::1%lo")
    with pytest.raises(ValueError):
        socket.inet_ntop(socket.AF_INET6, b"\0")
    [(*_, address)] = socket.getaddrinfo("ff02::1de:c0:face:8D", 1, type=socket.SOCK_STREAM)
    assert address[0] == "ff02::1de:c0:face:8d"


def test_a_socket_with_a_timeout_has_a_descriptor_that_does_not_block(pair):
    left, _ = pair
    assert os.get_blocking(left.fileno())
    left.settimeout(5)
    assert not os.get_blocking(left.fileno())
    left.settimeout(None)
    assert os.get_blocking(left.fileno())
    left.close()
    with pytest.raises(OSError):
        left.settimeout(1)


def test_a_datagram_socket_is_connected_at_once():
    with udp() as receiver, udp() as sender:
        receiver.bind(("127.0.0.1", 0))
        sender.setblocking(False)
        sender.connect(receiver.getsockname())
        assert sender.getpeername() == receiver.getsockname()
        with pytest.raises(TypeError):
            sender.sendto(b"x", None)


def test_a_port_that_is_bound_and_does_not_listen_refuses() -> None:
    with socket.socket() as reserved, socket.socket() as client:
        reserved.bind(("127.0.0.1", 0))

        assert client.connect_ex(reserved.getsockname()) == errno.ECONNREFUSED

        reserved.listen()
        with socket.create_connection(reserved.getsockname(), LIMIT):
            reserved.accept()[0].close()


def test_a_socket_that_blocks_sends_everything_at_once(connected):
    client, peer = connected
    size = 5_000_000
    received = []

    def drain():
        while sum(received) < size:
            received.append(len(peer.recv(100_000)))

    thread = threading.Thread(target=drain)
    thread.start()
    assert client.send(b"x" * size) == size
    thread.join()
    assert sum(received) == size
