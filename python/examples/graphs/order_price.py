"""Prices an order with a graph that a task invokes. Such a graph needs no reactor and no sources.

The graph receives the output of the task. Its last node stores its return value in that output, under the name of the
node. The function ``post_invocation`` and the next task find it in the context.

Run it:

    cloaca run python/examples/graphs/order_price.py

You will see:

    by itself: 107.1
    Completed: net 90.0, tax 17.1, total 107.1
    invoice: ['net', 'tax', 'total'] for Ada
"""

import cloaca

PRICES = {"book": 20.0, "lamp": 50.0}

with cloaca.ComputationGraphBuilder(
    "price",
    graph={
        "items": {"next": "net"},
        "net": {"next": "taxed"},
        "taxed": {"routes": {"domestic": "domestic", "export": "export"}},
        "domestic": {"next": "total"},
        "export": {"next": "total"},
        "total": {},
    },
) as price:

    @cloaca.node
    def items(ctx):
        return [PRICES[name] * count for name, count in ctx["items"].items()], ctx.get("country", "DE")

    @cloaca.node
    def net(order):
        prices, country = order
        return sum(prices), country

    @cloaca.node
    def taxed(order):
        amount, country = order
        return ("domestic" if country == "DE" else "export"), amount

    @cloaca.node
    def domestic(amount):
        return amount, round(amount * 0.19, 2)

    @cloaca.node
    def export(amount):
        return amount, 0.0

    @cloaca.node
    def total(parts):
        amount, tax = parts
        return {"net": amount, "tax": tax, "total": amount + tax}


def flatten(ctx):
    """Moves the parts of the total to the top level of the context."""
    ctx.update_from_dict(ctx.remove("total"))
    return ctx


with cloaca.WorkflowBuilder("order_price") as workflow:
    workflow.description("Computes the price of an order")

    @cloaca.task(invokes=price, post_invocation=flatten)
    def read_order(ctx):
        ctx.set("customer", ctx["customer"].title())
        return ctx

    @cloaca.task(dependencies=[read_order])
    def invoice(ctx):
        ctx.set("lines", [name for name in ("net", "tax", "total") if name in ctx])
        return ctx


if __name__ == "__main__":
    order = {"customer": "ada", "items": {"book": 2, "lamp": 1}}
    print("by itself:", price.execute(order)["total"])
    with cloaca.DefaultRunner(":memory:") as runner:
        result = runner.execute("order_price", cloaca.Context(order))
        final = result.final_context
        print(f"{result.status}: net {final['net']}, tax {final['tax']}, total {final['total']}")
        print(f"invoice: {final['lines']} for {final['customer']}")
