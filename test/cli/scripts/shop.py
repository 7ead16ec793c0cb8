"""A shop: triggers that fire once, never fire or fail, and workflows that complete or fail."""

import os
import time

import cloaca

orders = [{"order": 7, "total": 1.0}]


@cloaca.trigger("order", poll_interval="50ms")
def new_order():
    return cloaca.TriggerResult.fire(cloaca.Context(orders.pop())) if orders else cloaca.TriggerResult.skip()


@cloaca.trigger("order", poll_interval="2h", allow_concurrent=True)
def quiet():
    return cloaca.TriggerResult.skip("nobody \u00fcber-ordered")


@cloaca.trigger("order", poll_interval="2h")
def unreachable():
    raise ConnectionError("the shop does not answer")


@cloaca.trigger(on="count_stock", cron="0 2 * * *", timezone="Europe/Berlin", catchup="all")
def stock_night():
    """Never called."""


with cloaca.WorkflowBuilder("order") as builder:
    builder.description("Ships an order")

    @cloaca.task()
    def ship(context):
        context.set("shipped", True)
        return context


with cloaca.WorkflowBuilder("refund"):

    @cloaca.task(retry_attempts=1)
    def refund(context):
        raise ValueError("nothing to refund")


with cloaca.WorkflowBuilder("count_stock"):

    @cloaca.task()
    def count(context):
        while not os.path.exists(context["until"]):
            time.sleep(0.01)
        return context
