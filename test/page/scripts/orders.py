"""Script for tests of the page: a workflow that can fail, a polled trigger and a cron trigger."""

import cloaca

with cloaca.WorkflowBuilder("order_report"):

    @cloaca.task(retry_attempts=1)
    def collect(context):
        if context.get("region") == "nowhere":
            raise ValueError("region nowhere has no orders")
        context.set("orders", 12)
        return context


@cloaca.trigger(on="order_report", poll_interval="1h")
def order_inbox():
    return cloaca.TriggerResult.skip()


@cloaca.trigger(on="order_report", cron="0 2 * * 1-5", timezone="Europe/Berlin", expect_fire="26h")
def order_nightly():
    """Never called."""
