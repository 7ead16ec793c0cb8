"""Watches a folder for orders. A file ``7.order`` starts the workflow in orders.ts for order 7."""

import os
from pathlib import Path

import cloaca

INBOX = Path(os.environ.get("INBOX", "inbox"))


@cloaca.trigger(on="order_processor", poll_interval="500ms")
def inbox():
    """Fires for the first waiting order. The workflow moves the order's file at its end, so no order is lost."""
    waiting = sorted(INBOX.glob("*.order"), key=lambda file: int(file.stem))
    if not waiting:
        return cloaca.TriggerResult.skip("no order is waiting")
    return cloaca.TriggerResult.fire(cloaca.Context({"order_id": int(waiting[0].stem), "file": str(waiting[0])}))
