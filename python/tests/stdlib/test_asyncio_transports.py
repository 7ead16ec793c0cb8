"""``asyncio`` with pipes, Unix sockets, datagrams and files."""

import asyncio
import os
import selectors
import socket
import sys
import threading

import pytest
from limits import LIMIT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Changes to an empty folder, because the address of a Unix socket must be short."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def pipe_streams():
    """Returns a reader and a writing transport for the two ends of a new pipe."""
    loop = asyncio.get_running_loop()
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", 0))
    transport, _ = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, os.fdopen(writing, "wb", 0))
    return reader, transport


def test_a_stream_reader_reads_a_pipe_to_its_end():
    async def main():
        reader, transport = await pipe_streams()
        transport.write(b"one\ntwo\n")
        assert await reader.readline() == b"one\n"
        transport.write(b"x" * 200_000)
        transport.close()
        assert await reader.read() == b"two\n" + b"x" * 200_000

    asyncio.run(main())


def test_closing_the_reading_end_of_a_pipe_calls_connection_lost():
    lost = asyncio.Event

    class Protocol(asyncio.BaseProtocol):
        def __init__(self):
            self.lost = lost()
            self.error = None

        def connection_lost(self, exc):
            self.error = exc
            self.lost.set()

    async def main():
        reading, writing = os.pipe()
        loop = asyncio.get_running_loop()
        _, protocol = await loop.connect_write_pipe(Protocol, os.fdopen(writing, "wb", 0))
        os.close(reading)
        await asyncio.wait_for(protocol.lost.wait(), LIMIT)
        assert protocol.error is None

    asyncio.run(main())


def test_a_callback_of_add_reader_is_called_when_another_thread_writes():
    async def main():
        loop = asyncio.get_running_loop()
        reading, writing = os.pipe()
        got = loop.create_future()
        loop.add_reader(reading, lambda: got.done() or got.set_result(os.read(reading, 100)))
        timer = threading.Timer(0.01, os.write, (writing, b"x"))
        timer.start()
        assert await asyncio.wait_for(got, LIMIT) == b"x"
        assert loop.remove_reader(reading)
        timer.join()
        os.close(reading)
        os.close(writing)

    asyncio.run(main())


@pytest.mark.parametrize("kind", [selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector])
def test_an_event_loop_works_with_every_selector(kind):
    async def main():
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        timer = threading.Timer(0.01, loop.call_soon_threadsafe, (future.set_result, 1))
        timer.start()
        assert await asyncio.wait_for(future, LIMIT) == 1
        timer.join()
        left, right = socket.socketpair()
        with left, right:
            left.setblocking(False)
            right.send(b"x")
            assert await loop.sock_recv(left, 1) == b"x"

    loop = asyncio.SelectorEventLoop(kind())
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def test_a_unix_server_answers_and_can_be_started_again_at_the_same_path(folder):
    async def echo(reader, writer):
        writer.write(await reader.readline())
        writer.close()

    async def ask():
        reader, writer = await asyncio.open_unix_connection("server.sock")
        writer.write(b"hello\n")
        answer = await reader.read()
        writer.close()
        return answer

    async def main():
        for _ in range(2):
            server = await asyncio.start_unix_server(echo, "server.sock")
            async with server:
                assert server.sockets[0].getsockname() == "server.sock"
                assert await ask() == b"hello\n"
            assert os.path.exists("server.sock") == (sys.version_info < (3, 13))

    asyncio.run(main())


def test_sock_sendfile_sends_a_file_over_a_socket(tmp_path):
    content = os.urandom(300_000)
    path = tmp_path / "file"
    path.write_bytes(content)

    async def main():
        loop = asyncio.get_running_loop()
        received = loop.create_future()

        async def receive(reader, writer):
            received.set_result(await reader.read())
            writer.close()

        server = await asyncio.start_server(receive, "127.0.0.1", 0)
        async with server:
            with socket.socket() as client, path.open("rb") as file:
                client.setblocking(False)
                await loop.sock_connect(client, server.sockets[0].getsockname())
                assert await loop.sock_sendfile(client, file) == len(content)
                client.close()
                assert await received == content

    asyncio.run(main())


def test_datagram_endpoints_allow_broadcast_and_unix_paths(folder):
    class Protocol(asyncio.DatagramProtocol):
        def __init__(self):
            self.received = asyncio.get_running_loop().create_future()

        def datagram_received(self, data, addr):
            self.received.set_result((data, addr))

    async def main():
        loop = asyncio.get_running_loop()
        broadcasting, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0), allow_broadcast=True
        )
        broadcasting.close()
        server, protocol = await loop.create_datagram_endpoint(Protocol, local_addr="path", family=socket.AF_UNIX)
        client, _ = await loop.create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr="path", family=socket.AF_UNIX
        )
        client.sendto(b"x")
        assert await protocol.received == (b"x", None)
        client.close()
        server.close()

    asyncio.run(main())


def test_event_loops_of_several_threads_wait_independently():
    answers = []

    def run(number):
        async def main():
            reader, transport = await pipe_streams()
            for index in range(5):
                transport.write(b"%d\n" % (number + index))
                answers.append(int(await reader.readline()))
                assert asyncio.current_task().get_name().startswith("Task-")
            transport.close()

        asyncio.run(main())

    threads = [threading.Thread(target=run, args=(100 * number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [100 * number + index for number in range(3) for index in range(5)]
