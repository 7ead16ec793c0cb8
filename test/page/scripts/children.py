"""Orders whose tasks wait for child executions, which wait for a signal."""

import cloaca

with cloaca.WorkflowBuilder("billing"):
    cloaca.wait_for_signal("paid", signal="paid", key="{order}")

with cloaca.WorkflowBuilder("order"):

    @cloaca.task()
    def pay(ctx, handle):
        handle.run("billing", cloaca.Context({"order": ctx["order"]}), key="bill")
        return ctx
