"""Triggers and workflows with known results. Each trigger is polled once at the start, and later only on request."""

import os
import time

import cloaca

HOUR = "1h"
times = {"busy": 0, "flaky": 0}


@cloaca.trigger(on="fine", poll_interval=HOUR)
def skips():
    return cloaca.TriggerResult.skip("nothing")


@cloaca.trigger(on="wait", poll_interval=HOUR)
def repeats():
    """Fires with an equal context. The first execution still runs at the second firing, which is a duplicate then."""
    return cloaca.TriggerResult.fire(cloaca.Context({"until": os.environ["UNTIL"]}))


@cloaca.trigger(on="wait", poll_interval=HOUR, max_active=1)
def limited():
    times["busy"] += 1
    return cloaca.TriggerResult.fire(cloaca.Context({"until": os.environ["UNTIL"], "time": times["busy"]}))


@cloaca.trigger(on="fine", poll_interval=HOUR)
def fails():
    raise ValueError("no")


@cloaca.trigger(on="fine", poll_interval=HOUR, timeout="50ms")
def hangs():
    time.sleep(60)


@cloaca.trigger(on="fine", poll_interval=HOUR)
def dies():
    if os.path.exists(os.environ["DIES"]):
        os.kill(os.getpid(), 9)
    return cloaca.TriggerResult.skip()


with cloaca.WorkflowBuilder("fine"):

    @cloaca.task()
    def work(context):
        return context


with cloaca.WorkflowBuilder("wait"):

    @cloaca.task()
    def until(context):
        while not os.path.exists(context["until"]):
            time.sleep(0.01)
        return context


with cloaca.WorkflowBuilder("flaky"):

    @cloaca.task(retry_attempts=3, retry_delay_ms=1)
    def second_time(context):
        times["flaky"] += 1
        if times["flaky"] == 1:
            raise ConnectionError("not yet")
        return context

    @cloaca.task(dependencies=["second_time"], retry_attempts=1)
    def never(context):
        raise ValueError("never")

    @cloaca.task(dependencies=["never"], trigger_rules=cloaca.task_success("never"))
    def after(context):
        return context


with cloaca.WorkflowBuilder('<img src=x onerror="alert(1)">\\'):

    @cloaca.task()
    def named(context):
        return context
