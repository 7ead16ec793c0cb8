"""Triggers that wait in several ways, and triggers that read Pyodide's stack pointer."""

import asyncio
import threading
import time

import cloaca
import pyodide_js
from pyodide.code import run_js

skip = cloaca.TriggerResult.skip
module = pyodide_js._module

read_outside = run_js("module => setImmediate(() => { globalThis.pointerOutside = module.stackSave() })")
take_outside = run_js("() => globalThis.pointerOutside")


@cloaca.trigger("work", poll_interval="1h")
async def skips():
    return skip()


@cloaca.trigger("work", poll_interval="1h")
async def yields():
    await asyncio.sleep(0)
    return skip()


@cloaca.trigger("work", poll_interval="1h")
async def awaits():
    await asyncio.sleep(0.001)
    return skip()


@cloaca.trigger("work", poll_interval="1h")
def waits():
    time.sleep(0.001)
    return skip()


@cloaca.trigger("work", poll_interval="1h")
def starts_thread():
    thread = threading.Thread(target=time.sleep, args=(0.001,))
    thread.start()
    thread.join()
    return skip()


@cloaca.trigger("work", poll_interval="1h")
async def awaits_for_ever():
    await asyncio.sleep(600)


@cloaca.trigger("work", poll_interval="1h")
def waits_for_ever():
    time.sleep(600)


@cloaca.trigger("work", poll_interval="1h")
def asks():
    read_outside(module)
    return skip()


@cloaca.trigger("work", poll_interval="1h")
def reads():
    """Fires with the stack pointer inside this poll, and the one while no stack ran."""
    return cloaca.TriggerResult.fire(cloaca.Context({"inside": module.stackSave(), "outside": take_outside()}))
