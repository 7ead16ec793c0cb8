"""Triggers with state, lists and keys, for tests of each kind of interpreter."""

import asyncio
import datetime
import time

import cloaca

fire = cloaca.TriggerResult.fire


@cloaca.trigger(on="take_row")
def rows(state):
    first = state.get("last", 0) + 1
    state["last"] = first + 1
    return [fire(cloaca.Context({"id": row}), key=f"zeile-ä{row}") for row in (first, first + 1)]


@cloaca.trigger(on="take_row")
async def async_rows(state):
    await asyncio.sleep(0)
    state["last"] = state.get("last", 0) + 1
    return fire(cloaca.Context({"id": state["last"]}))


@cloaca.trigger(on="take_row")
def unchanged(state):
    return cloaca.TriggerResult.skip(f"last is {state['last']}") if "last" in state else False


@cloaca.trigger(on="take_row")
def counts(state):
    state["polls"] = state.get("polls", 0) + 1
    time.sleep(state.get("sleep", 0))
    return False


@cloaca.trigger(on="take_row")
def echo(state):
    state["seen"] = True
    return False


@cloaca.trigger(on="take_row")
def keyed():
    return fire(key="only")


@cloaca.trigger(on="take_row")
def empty():
    return []


@cloaca.trigger(on="take_row")
def many():
    return [fire(cloaca.Context({"text": "ä😀" * 100, "n": number})) for number in range(1_000)]


@cloaca.trigger(on="take_row")
def grows(state):
    state["rows"] = "x" * state["size"]
    return True


@cloaca.trigger(on="take_row")
def dated(state):
    state["at"] = [datetime.date(2026, 1, 2)]
    return True


@cloaca.trigger(on="take_row")
def fails(state):
    state["last"] = 1
    raise OSError("no database")


@cloaca.trigger(on="take_row", timeout="1s")
def hangs(state):
    state["last"] = 1
    time.sleep(60)


@cloaca.trigger(on="take_row", on_change=True)
def suppressed():
    return [fire()]
