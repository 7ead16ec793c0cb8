"""Scores the risk of an order. The workflow in orders.ts runs this task between two TypeScript tasks."""

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
            reasons.append(f"the total {total:.2f} is large")
        if len(lines) > 1 and statistics.pstdev(line["count"] for line in lines) > 20:
            reasons.append("the quantities differ greatly")
        ctx.set("total", total)
        ctx.set("risk", len(reasons) / 2)
        ctx.set("reasons", reasons)
        return ctx
