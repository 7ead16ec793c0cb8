"""Executions that wait for people and events."""

import cloaca

FORM = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "title": "Amount", "description": "in euros", "minimum": 1},
        "method": {"enum": ["card", "cash"], "title": "Method"},
        "express": {"type": "boolean", "title": "Express"},
        "address": {
            "type": "object",
            "title": "Address",
            "properties": {"city": {"type": "string", "title": "City", "minLength": 3}},
            "required": ["city"],
        },
        "tags": {"type": "array", "items": {"type": "string"}, "title": "Tags"},
    },
    "required": ["amount", "method"],
}

with cloaca.WorkflowBuilder("refund"):

    @cloaca.task()
    def prepare(ctx):
        return ctx

    cloaca.approval("ok", title="Refund {order}?", form=FORM, timeout="3d", dependencies=[prepare])

    @cloaca.task(dependencies=["ok"])
    def pay(ctx):
        return ctx

with cloaca.WorkflowBuilder("simple"):
    cloaca.approval("ok", title="Continue {order}?")

with cloaca.WorkflowBuilder("delivery"):
    cloaca.wait_for_signal("arrived", signal="parcel", key="{parcel}", timeout="3d")
    cloaca.delay("rest", "24h")
