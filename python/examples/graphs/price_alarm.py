"""Raises an alarm when a price of a stream leaves its range.

The source reads price updates from a Kafka topic (``CLOACINA_VAR_PRICES_BACKEND`` selects another type of stream), and
drops updates of symbols without a range. The reactor fires on each remaining update. A routing node chooses a route,
and only the nodes of that route run.

Run the graph by itself:

    cloaca run python/examples/graphs/price_alarm.py

You will see:

    alarm: ACME is at 131.5, above 130.0
    {'alarm': 'ACME is at 131.5, above 130.0'}
    {'alarm': None}
    alarm: INIT is at 7.25, below 8.0
    {'alarm': 'INIT is at 7.25, below 8.0'}
    dropped: OTHER

If you serve the script with ``cloaca serve``, it only prints alarms. To start the workflow ``tell_trader`` as well,
subscribe it to the reactor:
``runner.subscribe_workflow_to_reactor("price_watch", "tell_trader", when="payload.prices.price > 130.0")``.
"""

import cloaca

BANDS = {"ACME": (100.0, 130.0), "INIT": (8.0, 12.0)}


@cloaca.stream_accumulator(type=cloaca.var_or("PRICES_BACKEND", "kafka"), topic="prices", group="price_alarm")
@cloaca.boundary_schema(symbol=str, price=float)
def prices(tick):
    """Passes updates of symbols with a range, and drops all others."""
    return tick if tick["symbol"] in BANDS else None


@cloaca.reactor(name="price_watch", accumulators=["prices"])
class PriceWatch:
    """Fires on each price update."""


with cloaca.ComputationGraphBuilder(
    "price_alarm",
    reactor=PriceWatch,
    graph={
        "judge": {"inputs": ["prices"], "routes": {"above": "too_high", "below": "too_low", "inside": "calm"}},
        "too_high": {"next": "alarm"},
        "too_low": {"next": "alarm"},
        "alarm": {},
        "calm": {},
    },
) as price_alarm:

    @cloaca.node
    def judge(tick):
        lowest, highest = BANDS[tick["symbol"]]
        if tick["price"] > highest:
            return "above", (tick, highest)
        if tick["price"] < lowest:
            return "below", (tick, lowest)
        return "inside", tick

    @cloaca.node
    def too_high(breach):
        tick, highest = breach
        return f"{tick['symbol']} is at {tick['price']}, above {highest}"

    @cloaca.node
    def too_low(breach):
        tick, lowest = breach
        return f"{tick['symbol']} is at {tick['price']}, below {lowest}"

    @cloaca.node
    def alarm(text):
        print(f"alarm: {text}")
        return {"alarm": text}

    @cloaca.node
    def calm(tick):
        return {"alarm": None}


with cloaca.WorkflowBuilder("tell_trader") as workflow:
    workflow.description("Notifies the trader of a price update")

    @cloaca.task()
    def tell(ctx):
        # The context contains the values of the firing by source.
        tick = ctx["prices"]
        print(f"notified the trader: {tick['symbol']} is at {tick['price']}")
        return ctx


if __name__ == "__main__":
    for symbol, price in (("ACME", 131.5), ("ACME", 121.0), ("INIT", 7.25)):
        # The decorator returns the function unchanged, so the program can call the source directly.
        print(price_alarm.execute({"prices": prices({"symbol": symbol, "price": price})}))
    if prices({"symbol": "OTHER", "price": 1.0}) is None:
        print("dropped: OTHER")
