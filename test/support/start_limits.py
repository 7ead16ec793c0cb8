"""Triggers, tasks and a source that record their calls, and triggers that block the interpreter in a call of C."""

import asyncio
import time

import cloaca

called = []


def stay_in_c():
    """Blocks the interpreter in one call of C for more than a second."""
    until = time.monotonic() + 1.2
    next(filter(until.__lt__, iter(time.monotonic, None)))


@cloaca.trigger("work", poll_interval="1h")
def notes():
    called.append("notes")
    return False


@cloaca.trigger("work", poll_interval="1h")
def blocks():
    called.append("blocks")
    stay_in_c()
    return False


@cloaca.trigger("work", poll_interval="1h")
async def notes_async():
    called.append("notes_async")
    return False


@cloaca.trigger("work", poll_interval="1h")
async def blocks_loop():
    called.append("blocks_loop")
    stay_in_c()
    return False


@cloaca.trigger("work", poll_interval="1h")
def tells():
    """Fires with the names of the functions called since the last poll."""
    names = list(called)
    called.clear()
    return cloaca.TriggerResult.fire(cloaca.Context({"called": names}))


@cloaca.passthrough_accumulator
def events(event):
    called.append("events")
    return event


with cloaca.WorkflowBuilder("work"):

    @cloaca.task(id="note")
    def note(context):
        called.append("note")
        return context

    @cloaca.task(id="note-async")
    async def note_async(context, handle):
        await asyncio.sleep(0)
        called.append("note-async")
        return context
