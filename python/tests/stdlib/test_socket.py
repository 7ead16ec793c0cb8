"""Sockets: options, addresses, streams, timeouts and datagrams."""

import errno
import os
import select
import socket
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


def udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


# --- options ---------------------------------------------------------------------------------------------------------


def test_options_can_be_set_before_a_socket_is_bound():
    with udp() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 7)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, b"\x02")
        sock.bind(("127.0.0.1", 0))

        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST) == 1
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_TTL) == 7
        assert sock.getsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL) == 2


def test_a_udp_port_is_shared_only_with_so_reuseaddr():
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


def test_the_receive_buffer_is_twice_the_requested_size():
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 16384


def test_socket_options_are_read_and_written_as_numbers_or_bytes():
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


def test_getaddrinfo_returns_the_scope_of_an_ipv6_address_separately():
    [(family, _, _, _, address)] = socket.getaddrinfo("fe80::1%1", 80, type=socket.SOCK_STREAM)

    assert family == socket.AF_INET6
    assert address == ("fe80::1", 80, 0, 1)


def test_network_interfaces_have_numbers_and_names():
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
def test_connect_refuses_an_invalid_address(address, error):
    with socket.socket() as sock, pytest.raises(error):
        sock.connect(address)


# --- streams ---------------------------------------------------------------------------------------------------------


def test_peeked_bytes_are_read_again(pair):
    left, right = pair
    left.sendall(b"hello")

    assert right.recv(2, socket.MSG_PEEK) == b"he"
    assert right.recv(10) == b"hello"


def test_recv_with_msg_waitall_waits_for_all_requested_bytes(connected):
    client, peer = connected
    client.sendall(b"first")
    timer = threading.Timer(0.01, client.sendall, (b" second",))
    timer.start()

    assert peer.recv(12, socket.MSG_WAITALL) == b"first second"
    timer.join()


def test_shutdown_of_one_direction_keeps_the_other_direction_open(connected):
    client, peer = connected
    client.shutdown(socket.SHUT_WR)

    assert peer.recv(1) == b""
    peer.sendall(b"still")
    assert client.recv(10) == b"still"
    with pytest.raises(BrokenPipeError):
        client.send(b"x")


def test_recv_raises_timeout_error_with_a_timeout_and_blocking_io_error_without_blocking(pair):
    left, _ = pair
    left.settimeout(0.01)
    with pytest.raises(TimeoutError):
        left.recv(1)
    left.setblocking(False)
    with pytest.raises(BlockingIOError):
        left.recv(1)


def test_a_duplicated_socket_keeps_the_connection_open(pair):
    left, right = pair
    copy = left.dup()
    left.close()
    with copy:
        copy.sendall(b"x")
        assert right.recv(10) == b"x"
    assert right.recv(1) == b""


def test_sendmsg_and_recvmsg_into_transfer_several_buffers(pair):
    left, right = pair
    first, second = bytearray(3), bytearray(10)

    assert left.sendmsg([b"ab", bytearray(b"cd"), memoryview(b"e")]) == 5
    assert right.recvmsg_into([first, second])[0] == 5
    assert bytes(first + second[:2]) == b"abcde"


def test_a_second_connect_call_returns_the_result_of_a_nonblocking_connect():
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


def test_connect_ex_returns_the_error_of_a_refused_connection_and_clears_so_error():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
    with socket.socket() as sock:
        sock.settimeout(LIMIT)
        assert sock.connect_ex(address) == errno.ECONNREFUSED
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0


# --- datagrams -------------------------------------------------------------------------------------------------------


def test_datagrams_keep_their_boundaries_and_sender_addresses():
    with udp() as receiver, udp() as sender:
        receiver.bind(("127.0.0.1", 0))
        sender.connect(receiver.getsockname())
        sender.send(b"one")
        sender.send(b"two")

        assert receiver.recvfrom(100) == (b"one", sender.getsockname())
        assert receiver.recv(1) == b"t"
        with pytest.raises(BlockingIOError):
            receiver.recv(1, socket.MSG_DONTWAIT)


def test_a_listening_socket_cannot_connect():
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(OSError):
        server.connect(server.getsockname())


def test_ipv6_addresses_are_packed_and_unpacked():
    assert socket.inet_pton(socket.AF_INET6, "::1") == b"\0" * 15 + b"\1"
    assert socket.inet_ntop(socket.AF_INET6, b"\0" * 15 + b"\1") == "::1"
    assert socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, "FE80::1:0")) == "fe80::1:0"
    with pytest.raises(OSError):
        socket.inet_pton(socket.AF_INET6, "fe80::1%lo")
    with pytest.raises(ValueError):
        socket.inet_ntop(socket.AF_INET6, b"\0")
    [(*_, address)] = socket.getaddrinfo("ff02::1de:c0:face:8D", 1, type=socket.SOCK_STREAM)
    assert address[0] == "ff02::1de:c0:face:8d"


def test_the_descriptor_of_a_socket_with_a_timeout_is_nonblocking(pair):
    left, _ = pair
    assert os.get_blocking(left.fileno())
    left.settimeout(5)
    assert not os.get_blocking(left.fileno())
    left.settimeout(None)
    assert os.get_blocking(left.fileno())
    left.close()
    with pytest.raises(OSError):
        left.settimeout(1)


def test_a_nonblocking_datagram_socket_is_connected_without_waiting():
    with udp() as receiver, udp() as sender:
        receiver.bind(("127.0.0.1", 0))
        sender.setblocking(False)
        sender.connect(receiver.getsockname())
        assert sender.getpeername() == receiver.getsockname()
        with pytest.raises(TypeError):
            sender.sendto(b"x", None)


def test_a_bound_port_that_does_not_listen_refuses_connections() -> None:
    with socket.socket() as reserved, socket.socket() as client:
        reserved.bind(("127.0.0.1", 0))

        assert client.connect_ex(reserved.getsockname()) == errno.ECONNREFUSED

        reserved.listen()
        with socket.create_connection(reserved.getsockname(), LIMIT):
            reserved.accept()[0].close()


def test_send_on_a_blocking_socket_sends_all_bytes(connected):
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
