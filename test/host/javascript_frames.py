"""Waits in Python that JavaScript has called, which cannot be suspended there."""

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
    """Is asked whenever a class is registered with, or looked for among, sequences that Python knows."""


@cloaca.trigger("none", poll_interval="1h")
def makes_proxy():
    """The class of the first proxy for an array is registered as a sequence's."""
    waited_for.clear()
    array = run_js("[1, 2]")
    return cloaca.TriggerResult.fire(
        cloaca.Context({"array": list(array), "waited_for": waited_for})
    )


def described(notes):
    """What ``traceback`` says of an exception that passes JavaScript: it asks whether its notes are a sequence."""

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
    """So long that it would have to give way to others."""

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
