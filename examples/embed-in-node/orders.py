"""A workflow and a trigger. Nothing in this script depends on Node."""

import cloaca

arrived = [{"order_id": 8, "lines": [["lamp", 1, 45.0]]}]


@cloaca.trigger(workflow="order_processor", poll_interval="200ms")
def late_orders():
    if not arrived:
        return cloaca.TriggerResult.skip()
    return cloaca.TriggerResult.fire(cloaca.Context(arrived.pop()))


with cloaca.WorkflowBuilder("order_processor") as workflow:
    workflow.description("Checks an order and computes its total")

    @cloaca.task(retry_attempts=1)
    def check(ctx):
        if not ctx["lines"]:
            raise ValueError(f"order {ctx['order_id']} is empty")
        return ctx

    @cloaca.task(dependencies=[check], trigger_rules=cloaca.task_success("check"))
    def add_up(ctx):
        ctx.set("total", sum(count * price for _, count, price in ctx["lines"]))
        return ctx
