"""``socket``: end of a connection with and without unread data, as the peer sees it."""

import select
import socket

import pytest
from limits import LIMIT


@pytest.fixture
def ends():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname(), LIMIT) as client:
            served, _ = server.accept()
            with served:
                yield client, served


@pytest.mark.parametrize("is_known", [True, False], ids=["arrived", "just sent"])
def test_closing_a_socket_with_unread_data_resets_the_connection(ends, is_known):
    client, served = ends
    client.sendall(b"GET")
    if is_known:
        assert select.select([served], [], [], LIMIT)[0]

    served.close()

    with pytest.raises(ConnectionResetError):
        client.recv(10)


def test_written_data_is_delivered_before_the_reset(ends):
    client, served = ends
    client.sendall(b"a request that is never read")
    assert select.select([served], [], [], LIMIT)[0]

    served.sendall(b"answer")
    served.close()

    assert client.recv(100) == b"answer"
    with pytest.raises(ConnectionResetError):
        client.recv(10)


def test_closing_a_socket_without_unread_data_ends_the_connection_without_a_reset(ends):
    client, served = ends
    client.sendall(b"GET")
    assert served.recv(10) == b"GET"

    served.sendall(b"answer")
    served.close()

    assert client.recv(100) == b"answer"
    assert client.recv(100) == b""
