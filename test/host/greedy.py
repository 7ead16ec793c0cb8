"""Triggers that use up memory, files, sockets or threads, and keep them."""

import errno
import socket
import threading
import time

import cloaca
from pyodide.code import run_js

skip = cloaca.TriggerResult.skip
__cloaca_state__ = ["polls"]
polls = 0
kept = []
threads_end = threading.Event()


def fires(**facts):
    return cloaca.TriggerResult.fire(cloaca.Context(facts))


@cloaca.trigger("work", poll_interval="1h")
def remember():
    """Fires with the number of polls, and the number of objects that this interpreter keeps."""
    global polls
    polls += 1
    return fires(polls=polls, kept=len(kept))


@cloaca.trigger("work", poll_interval="1h")
def grows():
    kept.append(b"x" * (150 << 20))
    return skip()


@cloaca.trigger("work", poll_interval="1h")
def takes_all():
    begun = len(kept)
    try:
        while True:
            kept.append(b"x" * (16 << 20))
    except MemoryError:
        del kept[begun:]
        raise


@cloaca.trigger("work", poll_interval="1h")
def takes_beyond_all():
    """Allocates memory outside Python."""
    run_js("globalThis.buffers = []")
    add = run_js("() => { buffers.push(new Uint8Array(16 << 20).fill(1)) }")
    while True:
        add()
        time.sleep(0.01)


@cloaca.trigger("work", poll_interval="1h")
def takes_all_of_javascript():
    run_js("const objects = []; for (;;) objects.push({ number: Math.random() })")


@cloaca.trigger("work", poll_interval="1h")
def opens_all():
    try:
        while True:
            kept.append(open(__file__))
    except OSError as error:
        return fires(is_emfile=error.errno == errno.EMFILE, kept=len(kept))


@cloaca.trigger("work", poll_interval="1h")
def opens_all_sockets():
    try:
        while True:
            kept.append(socket.socket())
    except OSError as error:
        return fires(is_emfile=error.errno == errno.EMFILE, kept=len(kept))


@cloaca.trigger("work", poll_interval="1h")
def starts_all():
    started = 0
    try:
        while True:
            threading.Thread(target=threads_end.wait, daemon=True).start()
            started += 1
    except RuntimeError as error:
        return fires(message=str(error), started=started)


@cloaca.trigger("work", poll_interval="1h")
def waits():
    """Sleeps longer than it takes to start another interpreter and to end this one."""
    time.sleep(4)
    return skip()
