"""What happens with a webhook. The HTTP side is Node's; this file stays what a Python team writes and tests."""

import cloaca

with cloaca.WorkflowBuilder("delivery") as workflow:
    workflow.description("Takes a delivery note of a supplier")

    @cloaca.task()
    def read_note(ctx):
        ctx.set("parcels", int(ctx["note"]["parcels"]))
        return ctx

    @cloaca.task(dependencies=[read_note])
    def book(ctx):
        print(f"booked {ctx['parcels']} parcels of {ctx['note']['supplier']}")
        return ctx
