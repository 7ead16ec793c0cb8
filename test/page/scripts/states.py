"""Script for tests of triggers with a state, several firings, keys, and executions that wait."""

import cloaca

with cloaca.WorkflowBuilder("take"):

    @cloaca.task()
    def take(context):
        return context


with cloaca.WorkflowBuilder("slow"):

    @cloaca.task(retry_attempts=3, retry_delay_ms=3_600_000, retry_max_delay_ms=3_600_000)
    def wait(context):
        raise ConnectionError("the stock does not answer")


@cloaca.trigger(workflow="take", poll_interval="1h")
def rows(state):
    last = state.get("last", 0)
    state["last"] = last + 2
    return [
        cloaca.TriggerResult.fire(cloaca.Context({"id": row}), key=f"row-{row}") for row in (last + 1, last + 2)
    ]


@cloaca.trigger(workflow="take", poll_interval="1h")
def pages(state):
    return cloaca.TriggerResult.skip("no new page")


@cloaca.trigger(workflow="take", poll_interval="1h")
def edited(state):
    return cloaca.TriggerResult.skip()


@cloaca.trigger(workflow="take", poll_interval="1h")
def stateless():
    return cloaca.TriggerResult.skip()


@cloaca.trigger(workflow="slow", poll_interval="1h", max_active=1)
def queue():
    return [cloaca.TriggerResult.fire(cloaca.Context({"id": row})) for row in range(3)]
