"""``socket``: what the peer of a connection learns of its end."""

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
def test_the_peer_hears_that_what_it_sent_was_never_read(ends, is_known):
    client, served = ends
    client.sendall(b"GET")
    if is_known:
        assert select.select([served], [], [], LIMIT)[0]

    served.close()

    with pytest.raises(ConnectionResetError):
        client.recv(10)


def test_what_was_written_goes_out_before_that(ends):
    client, served = ends
    client.sendall(b"a request that is never read")
    assert select.select([served], [], [], LIMIT)[0]

    served.sendall(b"answer")
    served.close()

    assert client.recv(100) == b"answer"
    with pytest.raises(ConnectionResetError):
        client.recv(10)


def test_a_connection_of_which_all_was_read_just_ends(ends):
    client, served = ends
    client.sendall(b"GET")
    assert served.recv(10) == b"GET"

    served.sendall(b"answer")
    served.close()

    assert client.recv(100) == b"answer"
    assert client.recv(100) == b""
