"""Script for tests of the overview: workflows and triggers with and without problems, and an approval."""

import time

import cloaca

with cloaca.WorkflowBuilder("invoices") as builder:
    builder.description("Collects invoices, scores them, and sends the good ones to the accounting department")

    @cloaca.task()
    def fetch(context):
        time.sleep(context.get("seconds", 0))
        return context

    @cloaca.task(dependencies=["fetch"])
    def score(context):
        if context.get("fails"):
            raise ValueError("invoice 4711 has no <b>amount</b>, and \x1b[31mthe customer\x1b[0m does not answer")
        return context

    @cloaca.task(dependencies=["score"])
    def send(context):
        return context


with cloaca.WorkflowBuilder("fine") as builder:
    builder.description("Ends well")

    @cloaca.task()
    def only(context):
        return context


with cloaca.WorkflowBuilder("a_workflow_with_a_name_that_is_longer_than_the_column_in_which_it_is_shown"):

    @cloaca.task()
    def quiet(context):
        return context


with cloaca.WorkflowBuilder("release") as builder:
    builder.description("Asks a person")

    @cloaca.task()
    def build(context):
        return context

    cloaca.approval("sign_off", title="Release version 7", dependencies=["build"])


@cloaca.trigger(workflow="fine", poll_interval="1h", allow_concurrent=True)
def inbox():
    return cloaca.TriggerResult.fire(cloaca.Context({"by": "inbox"}))


@cloaca.trigger(workflow="fine", poll_interval="200ms")
def mailbox():
    raise ConnectionError("the mail server does not answer")


@cloaca.trigger(workflow="invoices", cron="0 3 * * *")
def nightly():
    pass
