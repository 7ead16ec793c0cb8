"""Workflows for the tests of a runner: one counts its runs, one has tasks with different ends, and one sleeps."""

import time

import cloaca

runs = 0


@cloaca.trigger("count", poll_interval="1h")
def hourly():
    return cloaca.TriggerResult.skip()


@cloaca.trigger(on="count", name="nightly", cron="0 3 * * *")
def nightly():
    return False


with cloaca.WorkflowBuilder("count", tenant="acme") as builder:
    builder.description("Counts")
    builder.tag("team", "tests")

    @cloaca.task()
    def count(context):
        global runs
        runs += 1
        context.set("runs", runs)
        context.set("exact", 1.0)
        return context


with cloaca.WorkflowBuilder("mixed"):

    @cloaca.task(retry_attempts=2, retry_delay_ms=1)
    def broken(context):
        raise ValueError("broken on purpose")

    @cloaca.task(dependencies=[broken], trigger_rules=cloaca.task_success("broken"))
    def left_out(context):
        return context

    @cloaca.task(dependencies=[broken])
    def goes_on(context):
        context.set("went on", True)
        return context


with cloaca.WorkflowBuilder("sleepy"):

    @cloaca.task()
    def sleep(context):
        time.sleep(context["seconds"])
        context.set("slept", True)
        return context
