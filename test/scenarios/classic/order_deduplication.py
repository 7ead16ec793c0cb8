"""Starts a workflow for each pending order. Each poll fires the same order again until its run has ended."""

import time

import cloaca

pending = [{"order_id": "A-1", "total": 99.5}, {"order_id": "A-2", "total": 20.0}]


@cloaca.trigger(workflow="order_processor", poll_interval="20ms")
def new_order():
    if not pending:
        return cloaca.TriggerResult.skip()
    return cloaca.TriggerResult.fire(cloaca.Context(pending[0]))


with cloaca.WorkflowBuilder("order_processor"):

    @cloaca.task()
    def charge(context):
        time.sleep(0.3)
        context.set("charged", context["total"])
        return context

    @cloaca.task(dependencies=[charge])
    def close_order(context):
        pending[:] = [order for order in pending if order["order_id"] != context["order_id"]]
        return context
