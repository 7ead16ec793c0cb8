"""Triggers that repeat the same firing while a run of it is active."""

import itertools
import threading

import cloaca

ORDERS = itertools.cycle([{"id": 7, "lines": [1, {"a": 1, "b": 2}]}, {"lines": [1, {"b": 2, "a": 1}], "id": 7}])
released = {"equal": threading.Event(), "bare": threading.Event()}
begun = {"equal": 0, "bare": 0}
polls = {"equal": 0, "bare": 0}


def fires(name):
    """Returns True at every poll until two runs have begun. The first run may end after a few polls."""
    polls[name] += 1
    if polls[name] > 4:
        released[name].set()
    return begun[name] < 2


@cloaca.trigger("hold", name="equal", poll_interval="20ms")
def equal_contexts():
    return cloaca.TriggerResult.fire(cloaca.Context(next(ORDERS))) if fires("equal") else cloaca.TriggerResult.skip()


@cloaca.trigger("hold", name="bare", poll_interval="20ms")
def without_context():
    if not fires("bare"):
        return False
    return True if polls["bare"] % 2 else cloaca.TriggerResult.fire()


different = [{"id": 1}, {"id": 1.0}, {"id": "1"}, {}]


@cloaca.trigger("wait_for_all", poll_interval="20ms")
def different_contexts():
    return cloaca.TriggerResult.fire(cloaca.Context(different.pop())) if different else cloaca.TriggerResult.skip()


together = threading.Barrier(4)

with cloaca.WorkflowBuilder("hold"):

    @cloaca.task()
    def hold(context):
        begun[context["trigger_name"]] += 1
        released[context["trigger_name"]].wait(20)
        return context


with cloaca.WorkflowBuilder("wait_for_all"):

    @cloaca.task()
    def meet(context):
        together.wait(20)
        return context
