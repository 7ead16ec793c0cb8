"""Processes a webhook. The HTTP server is in Node; this file contains only Python code."""

import cloaca

with cloaca.WorkflowBuilder("delivery") as workflow:
    workflow.description("Books the delivery note of a supplier")

    @cloaca.task()
    def read_note(ctx):
        ctx.set("parcels", int(ctx["note"]["parcels"]))
        return ctx

    @cloaca.task(dependencies=[read_note])
    def book(ctx):
        print(f"booked {ctx['parcels']} parcels of {ctx['note']['supplier']}")
        return ctx
