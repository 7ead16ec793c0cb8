"""Script for tests of failures on the page: tasks with rules after a task that fails."""

import logging
import sys

import cloaca

log = logging.getLogger("nightly")

with cloaca.WorkflowBuilder("nightly"):

    @cloaca.task()
    def fetch(context):
        print("fetching")
        return context

    @cloaca.task(dependencies=[fetch], retry_attempts=3, retry_delay_ms=1)
    def score(context):
        print("scoring")
        print("slow disk", file=sys.stderr)
        log.info("begun")
        log.error("cannot score")
        raise ValueError("row 17 has no price")

    @cloaca.task(dependencies=[fetch, score], trigger_rules=cloaca.task_success("score"))
    def publish(context):
        return context

    @cloaca.task(
        dependencies=[score, publish],
        trigger_rules=cloaca.all_of(cloaca.task_failed("score"), cloaca.task_success("publish")),
    )
    def alarm(context):
        return context

    @cloaca.task(dependencies=[alarm])
    def report(context):
        raise RuntimeError("fails later, because nothing was published")


with cloaca.WorkflowBuilder("talkative"):

    @cloaca.task()
    def talk(context):
        for number in range(25_000):
            print("line", number)
        log.error("the needle")
        return context
