"""Continues polling after an exception.

A partner replaces a file of exchange rates from time to time, and sometimes writes an incomplete file. The trigger does
not handle that case. The engine logs the exception with its traceback, records it in the history, and polls again.
Other triggers are not affected.

Run it:

    cloaca serve python/examples/triggers/flaky_source.py

Then, in another terminal:

    mkdir -p /tmp/cloaca-examples
    echo '{"EUR": 1.0, "USD":' > /tmp/cloaca-examples/rates.json
    sleep 1
    echo '{"EUR": 1.0, "USD": 1.08}' > /tmp/cloaca-examples/rates.json

You will see errors with ``json.decoder.JSONDecodeError``, and then a successful poll:

    rates: EUR 1.0, USD 1.08
"""

import json
import os
import tempfile
from pathlib import Path

import cloaca

FOLDER = Path(cloaca.var_or("EXAMPLES", os.path.join(tempfile.gettempdir(), "cloaca-examples")))
RATES = FOLDER / "rates.json"

known = {}


@cloaca.trigger(workflow="take_rates", poll_interval="500ms")
def rates_changed():
    global known
    if not RATES.exists():
        return cloaca.TriggerResult.skip()
    rates = json.loads(RATES.read_text())  # raises while the file is incomplete
    if rates == known:
        return cloaca.TriggerResult.skip()
    known = rates
    return cloaca.TriggerResult.fire(cloaca.Context({"rates": rates}))


with cloaca.WorkflowBuilder("take_rates") as workflow:
    workflow.description("Imports new exchange rates")

    @cloaca.task()
    def take(ctx):
        rates = ", ".join(f"{currency} {rate}" for currency, rate in sorted(ctx["rates"].items()))
        print(f"rates: {rates}")
        return ctx
