"""Raises an alarm when a price of a stream leaves its band.

The source reads ticks from a topic of Kafka (``CLOACINA_VAR_PRICES_BACKEND`` names another kind of stream), and drops
those of symbols that nobody watches. The reactor fires with each tick that is left. A routing node decides: only the
nodes behind its choice run.

Try the graph alone:

    cloaca run python/examples/graphs/price_alarm.py

You will see:

    alarm: ACME is at 131.5, above 130.0
    {'alarm': 'ACME is at 131.5, above 130.0'}
    {'alarm': None}
    alarm: INIT is at 7.25, below 8.0
    {'alarm': 'INIT is at 7.25, below 8.0'}
    dropped: OTHER

Served with ``cloaca serve``, it prints the alarms only. To have ``tell_trader`` started, too, subscribe it to the
reactor:
``runner.subscribe_workflow_to_reactor("price_watch", "tell_trader", when="payload.prices.price > 130.0")``.
"""

import cloaca

BANDS = {"ACME": (100.0, 130.0), "INIT": (8.0, 12.0)}


@cloaca.stream_accumulator(type=cloaca.var_or("PRICES_BACKEND", "kafka"), topic="prices", group="price_alarm")
@cloaca.boundary_schema(symbol=str, price=float)
def prices(tick):
    """Ticks of the symbols that have a band."""
    return tick if tick["symbol"] in BANDS else None


@cloaca.reactor(name="price_watch", accumulators=["prices"])
class PriceWatch:
    """Looks at each tick."""


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
    workflow.description("Tells the trader of one tick")

    @cloaca.task()
    def tell(ctx):
        # The context of a run has the values of the firing, by source.
        tick = ctx["prices"]
        print(f"told the trader: {tick['symbol']} is at {tick['price']}")
        return ctx


if __name__ == "__main__":
    for symbol, price in (("ACME", 131.5), ("ACME", 121.0), ("INIT", 7.25)):
        # The decorators return the functions, so a source makes what the graph is tried with.
        print(price_alarm.execute({"prices": prices({"symbol": symbol, "price": price})}))
    if prices({"symbol": "OTHER", "price": 1.0}) is None:
        print("dropped: OTHER")
