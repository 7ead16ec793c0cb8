"""How risky an order is: a task in Python, which the workflow in orders.ts has between two of its own."""

import statistics

import cloaca

LARGE = 500.0

with cloaca.WorkflowBuilder("scoring"):

    @cloaca.task()
    def score(ctx):
        lines = ctx["lines"]
        total = sum(line["price"] * line["count"] for line in lines)
        reasons = []
        if total > LARGE:
            reasons.append(f"{total:.2f} is much for one order")
        if len(lines) > 1 and statistics.pstdev(line["count"] for line in lines) > 20:
            reasons.append("the counts differ a lot")
        ctx.set("total", total)
        ctx.set("risk", len(reasons) / 2)
        ctx.set("reasons", reasons)
        return ctx
