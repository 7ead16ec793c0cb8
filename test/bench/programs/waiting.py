"""The workflows of `waiting.ts` in Python."""

import time

import cloaca

with cloaca.WorkflowBuilder("signalled_python"):
    go = cloaca.wait_for_signal("go", signal="go", key="{n}")

    @cloaca.task(id="next", dependencies=[go])
    def after_signal(ctx):
        ctx["begun"] = time.time() * 1000
        return ctx


with cloaca.WorkflowBuilder("delayed_python"):
    pause = cloaca.delay("pause", "500ms")

    @cloaca.task(id="next", dependencies=[pause])
    def after_delay(ctx):
        ctx["begun"] = time.time() * 1000
        return ctx
