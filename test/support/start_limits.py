"""Triggers, tasks and a source that note that they were called, and others that compute in C, which lets nothing else run."""

import asyncio
import itertools
import time

import cloaca

called = []


def _seconds_of_sum(count):
    before = time.monotonic()
    sum(itertools.repeat(1, count))
    return time.monotonic() - before


_SAMPLE = 200_000
_SECONDS_OF_SAMPLE = min(_seconds_of_sum(_SAMPLE) for _ in range(5))


def compute_in_c():
    """Computes for more than a second, in one call of C."""
    _seconds_of_sum(int(_SAMPLE * 1.2 / _SECONDS_OF_SAMPLE))


@cloaca.trigger("work", poll_interval="1h")
def notes():
    called.append("notes")
    return False


@cloaca.trigger("work", poll_interval="1h")
def comes_later():
    called.append("comes_later")
    return False


@cloaca.trigger("work", poll_interval="1h")
def blocks():
    called.append("blocks")
    compute_in_c()
    return False


@cloaca.trigger("work", poll_interval="1h")
async def notes_async():
    called.append("notes_async")
    return False


@cloaca.trigger("work", poll_interval="1h")
async def blocks_loop():
    called.append("blocks_loop")
    compute_in_c()
    return False


@cloaca.trigger("work", poll_interval="1h")
def tells():
    """Fires the names of what was called since it was polled last."""
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
