"""Triggers that are slow, raise, or return invalid results, and a trigger with a long interval."""

import time

import cloaca

skip = cloaca.TriggerResult.skip
fire = cloaca.TriggerResult.fire
brisk_polls = 0


@cloaca.trigger("note", poll_interval="1h")
def hourly():
    return fire()


@cloaca.trigger("note", poll_interval="50ms")
def brisk():
    global brisk_polls
    brisk_polls += 1
    return skip()


@cloaca.trigger("note", poll_interval="50ms")
def sleeper():
    before = brisk_polls
    while brisk_polls < before + 20:
        time.sleep(0.01)
    return skip()


inside = 0
most_inside = 0
calls = 0


@cloaca.trigger("note", poll_interval="10ms")
def longer_than_its_interval():
    global inside, most_inside, calls
    calls += 1
    inside += 1
    most_inside = max(most_inside, inside)
    time.sleep(0.05)
    inside -= 1
    return fire(cloaca.Context({"most_inside": most_inside})) if calls == 8 else skip()


answers = iter([None, 1, "yes", {"a": 1}, cloaca.Context({"a": 1})])


@cloaca.trigger("note", poll_interval="10ms")
def nonsense():
    for answer in answers:
        return answer
    return skip()


outcomes = iter([ValueError("first"), SystemExit(3), KeyError("third"), fire()])


@cloaca.trigger("note", poll_interval="10ms")
def failing():
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome
    return skip()


with cloaca.WorkflowBuilder("note"):

    @cloaca.task()
    def note(context):
        return context
