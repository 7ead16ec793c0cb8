"""Tasks that `steering.ts` cancels: they sleep, compute, wait for a lock, receive or await."""

import asyncio
import socket
import threading
import time

import cloaca


def workflow(function):
    with cloaca.WorkflowBuilder(function.__name__):
        cloaca.task(id="only")(function)


@workflow
def sleep(context):
    time.sleep(600)


@workflow
def computes(context):
    while True:
        pass


@workflow
def lock(context):
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


@workflow
def receives(context):
    server = socket.create_server(("127.0.0.1", 0))
    with socket.create_connection(server.getsockname()) as client:
        client.recv(1)


@workflow
async def awaits(context):
    await asyncio.sleep(600)
