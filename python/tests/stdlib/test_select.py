"""``select``, ``poll``, ``epoll`` and ``selectors`` with sockets and pipes."""

import os
import select
import selectors
import socket
import threading
import time

import pytest
from limits import LIMIT

from cloaca._border import bridge

IN_ENGINE = pytest.mark.skipif(not bridge.has_engine(), reason="CPython also switches threads by time")


@pytest.fixture
def poller():
    with select.epoll() as made:
        yield made


def later(function, *arguments):
    timer = threading.Timer(0.01, function, arguments)
    timer.start()
    return timer


def test_the_default_selector_is_epoll():
    assert selectors.DefaultSelector is selectors.EpollSelector


@pytest.mark.parametrize("kind", [selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector])
def test_a_selector_waits_for_a_registered_socket(kind, pair):
    left, right = pair
    with kind() as selector:
        selector.register(left, selectors.EVENT_READ, "data")
        assert selector.select(0) == []
        timer = later(right.send, b"x")
        [(key, events)] = selector.select(LIMIT)
        timer.join()

        assert (key.fileobj, key.data, events) == (left, "data", selectors.EVENT_READ)
        assert selector.select(0) != []


def test_a_busy_loop_sees_a_connection_and_data_arrive(pair):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.setblocking(False)
        assert client.connect_ex(server.getsockname()) != 0
        for _ in range(100_000):
            if select.select([], [client], [], 0)[1]:
                break
        assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
        peer, _ = server.accept()
        with peer:
            peer.setblocking(False)
            client.send(b"x")
            for _ in range(100_000):
                try:
                    assert peer.recv(1) == b"x"
                    break
                except BlockingIOError:
                    pass
            else:
                pytest.fail("nothing arrived")


def test_level_triggered_epoll_reports_a_socket_until_it_is_read(pair, poller):
    left, right = pair
    poller.register(left, select.EPOLLIN)
    right.send(b"x")

    assert poller.poll(5) == [(left.fileno(), select.EPOLLIN)]
    assert poller.poll(0) == [(left.fileno(), select.EPOLLIN)]
    left.recv(1)
    assert poller.poll(0) == []


def test_edge_triggered_epoll_reports_new_data_once(poller):
    reader, writer = os.pipe()
    try:
        poller.register(reader, select.EPOLLIN | select.EPOLLET)
        os.write(writer, b"x")
        assert poller.poll(5) == [(reader, select.EPOLLIN)]
        assert poller.poll(0.01) == []
        os.write(writer, b"y")
        assert poller.poll(5) == [(reader, select.EPOLLIN)]
    finally:
        os.close(reader)
        os.close(writer)


def test_one_shot_epoll_reports_a_socket_once_until_modify_is_called(pair, poller):
    left, _ = pair
    poller.register(left, select.EPOLLOUT | select.EPOLLONESHOT)

    assert poller.poll(0) == [(left.fileno(), select.EPOLLOUT)]
    assert poller.poll(0) == []
    poller.modify(left, select.EPOLLOUT | select.EPOLLONESHOT)
    assert poller.poll(0) == [(left.fileno(), select.EPOLLOUT)]


def test_epoll_refuses_a_second_registration_and_an_unknown_descriptor(pair, poller):
    left, _ = pair
    poller.register(left)

    with pytest.raises(FileExistsError):
        poller.register(left)
    poller.unregister(left)
    with pytest.raises(FileNotFoundError):
        poller.unregister(left)
    with pytest.raises(FileNotFoundError):
        poller.modify(left, select.EPOLLIN)


def test_epoll_refuses_files_and_closed_descriptors(poller, tmp_path):
    with open(tmp_path / "file", "w", encoding="utf-8") as file, pytest.raises(PermissionError):
        poller.register(file)
    with pytest.raises(OSError):
        poller.register(file.fileno() if not file.closed else 4_000)


def test_epoll_does_not_report_a_closed_descriptor(poller):
    left, right = socket.socketpair()
    poller.register(left, select.EPOLLIN)
    right.close()
    assert poller.poll(5)[0][0] == left.fileno()
    left.close()

    assert poller.poll(0) == []


def test_a_waiting_epoll_reports_a_descriptor_registered_by_another_thread(pair, poller):
    left, right = pair
    right.send(b"x")
    timer = later(poller.register, left, select.EPOLLIN)

    assert poller.poll(5) == [(left.fileno(), select.EPOLLIN)]
    timer.join()


def test_using_a_closed_epoll_raises_value_error(pair):
    poller = select.epoll()
    poller.close()

    assert poller.closed
    with pytest.raises(ValueError):
        poller.poll(0)
    with pytest.raises(ValueError):
        poller.fileno()
    with pytest.raises(ValueError):
        poller.register(pair[0])


def test_poll_reports_a_hang_up_for_a_bound_socket_that_does_not_listen():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        waiting = select.poll()
        waiting.register(bound)
        assert waiting.poll(0) == [(bound.fileno(), select.POLLOUT | select.POLLHUP)]

        bound.listen()
        assert waiting.poll(0) == []


def test_select_and_poll_refuse_a_closed_descriptor():
    left, right = socket.socketpair()
    number = left.fileno()
    left.close()
    right.close()

    with pytest.raises(OSError):
        select.select([number], [], [], 0)
    with pytest.raises(TypeError):
        select.select([object()], [], [], 0)
    with pytest.raises(ValueError):
        select.select([-1], [], [], 0)
    poller = select.poll()
    poller.register(number)
    assert poller.poll(0) == [(number, select.POLLNVAL)]


def test_select_does_not_become_a_bound_method_as_a_class_attribute():
    class Loop:
        wait = select.select

    assert Loop().wait([], [], [], 0) == ([], [], [])


def epolled(left):
    with select.epoll() as poller:
        poller.register(left, select.EPOLLIN)
        return poller.poll(0)


def polled(left):
    poller = select.poll()
    poller.register(left, select.POLLIN)
    return poller.poll(0)


@IN_ENGINE
@pytest.mark.parametrize("ask", [epolled, polled, lambda left: select.select([left], [], [], 0)[0]])
def test_a_zero_timeout_poll_lets_a_woken_thread_run(ask, pair):
    left, right = pair
    right.send(b"x")
    assert select.select([left], [], [], LIMIT)[0]
    waits, woken, goes_on = threading.Event(), threading.Event(), threading.Event()

    def wait():
        waits.set()
        woken.wait()
        goes_on.set()

    thread = threading.Thread(target=wait)
    thread.start()
    waits.wait()
    time.sleep(0)
    woken.set()

    assert ask(left)
    assert goes_on.is_set()
    thread.join()
