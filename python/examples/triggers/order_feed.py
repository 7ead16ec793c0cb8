"""Handles each open order of a feed once at a time.

A feed contains each order until it is shipped, so polls find the same orders repeatedly. The trigger fires for each of
them in turn. The engine drops a firing while an execution with an equal context is active (``allow_concurrent=False``,
the default). Therefore each order has one execution, and different orders run in parallel.

Run it:

    cloaca serve python/examples/triggers/order_feed.py

Then, in another terminal:

    mkdir -p /tmp/cloaca-examples/orders
    echo '{"order_id": 1001, "total": 19.9}' > /tmp/cloaca-examples/orders/1001.json
    echo '{"order_id": 1002, "total": 250.0}' > /tmp/cloaca-examples/orders/1002.json

You will see each order once, although the trigger fires for it several times:

    order 1001: charged 19.9, shipped
    order 1002: charged 250.0, shipped
"""

import json
import os
import tempfile
import time
from pathlib import Path

import cloaca

FOLDER = Path(cloaca.var_or("EXAMPLES", os.path.join(tempfile.gettempdir(), "cloaca-examples")))
ORDERS = FOLDER / "orders"

offers = 0


@cloaca.trigger(workflow="ship_order", poll_interval="200ms")
def order_feed():
    global offers
    feed = sorted(ORDERS.glob("*.json")) if ORDERS.exists() else []
    if not feed:
        return cloaca.TriggerResult.skip()
    offers += 1
    order = json.loads(feed[offers % len(feed)].read_text())
    return cloaca.TriggerResult.fire(cloaca.Context(order))


with cloaca.WorkflowBuilder("ship_order") as workflow:
    workflow.description("Charges and ships one order")

    @cloaca.task()
    def charge(ctx):
        time.sleep(1)  # simulates a slow payment service; other orders, triggers and tasks continue
        ctx.set("charged", ctx["total"])
        return ctx

    @cloaca.task(dependencies=[charge])
    def ship(ctx):
        (ORDERS / f"{ctx['order_id']}.json").unlink()
        print(f"order {ctx['order_id']}: charged {ctx['charged']}, shipped")
        return ctx
