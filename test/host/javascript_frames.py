"""Python code that waits while JavaScript calls it, where it cannot be suspended."""

import collections.abc
import time

from pyodide.code import run_js

import cloaca

waited_for = []


class Waiting(type(collections.abc.MutableSequence)):
    def __subclasscheck__(cls, subclass):
        before = time.monotonic()
        time.sleep(0.01)
        assert time.monotonic() - before >= 0.01
        waited_for.append(subclass.__name__)
        return False


class Hook(collections.abc.MutableSequence, metaclass=Waiting):
    """Abstract class that Python checks whenever it registers a sequence or tests for one."""


@cloaca.trigger("none", poll_interval="1h")
def makes_proxy():
    """Creates the first proxy of an array, whose class Pyodide registers as a sequence."""
    waited_for.clear()
    array = run_js("[1, 2]")
    return cloaca.TriggerResult.fire(
        cloaca.Context({"array": list(array), "waited_for": waited_for})
    )


def described(notes):
    """Returns the last line of a traceback that passes JavaScript. It tests whether the notes are a sequence."""

    def fail():
        error = ValueError("no")
        error.__notes__ = notes
        raise error

    return run_js(
        "(fail) => { try { fail() } catch (error) { return error.message } }"
    )(fail).splitlines()[-1]


@cloaca.trigger("none", poll_interval="1h")
def describes_exception():
    class Notes:
        def __repr__(self):
            return "its notes"

    waited_for.clear()
    return cloaca.TriggerResult.fire(
        cloaca.Context({"end": described(Notes()), "waited_for": waited_for})
    )


@cloaca.trigger("none", poll_interval="1h")
def computes_meanwhile():
    """Computes for longer than the time slice of a call."""

    class Notes:
        def __repr__(self):
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                pass
            return "computed"

    return cloaca.TriggerResult.fire(cloaca.Context({"end": described(Notes())}))


@cloaca.trigger("none", poll_interval="1h")
def wants_its_turn():
    return cloaca.TriggerResult.skip()
