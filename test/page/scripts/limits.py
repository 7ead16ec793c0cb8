"""Limits by key: tasks of tenants, and executions of customers."""

import time

import cloaca

crm = cloaca.limit("crm", max_active=2, per="tenant")
mail = cloaca.limit("mail", max_active=2)

with cloaca.WorkflowBuilder("push"):

    @cloaca.task(limits=[crm])
    def send(ctx):
        return ctx

with cloaca.WorkflowBuilder("news"):

    @cloaca.task(limits=[mail])
    def mail_all(ctx):
        time.sleep(ctx.get("seconds", 0))
        return ctx

with cloaca.WorkflowBuilder("sync", max_active=1):
    cloaca.wait_for_signal("done", signal="done", timeout="3d")
