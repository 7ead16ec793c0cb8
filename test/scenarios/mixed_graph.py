"""Python tasks of graphs that TypeScript declares."""

import cloaca

with cloaca.WorkflowBuilder("python_parts"):

    @cloaca.task()
    def keep(ctx):
        ctx["seen_by_python"] = sorted(key for key in ctx.to_dict() if not key.startswith("seen"))
        return ctx

    @cloaca.task()
    def exact(ctx):
        ctx["one"] = 1.0
        ctx["big"] = 2**60
        return ctx

    @cloaca.task()
    def types(ctx):
        ctx["types"] = [type(ctx["one"]).__name__, type(ctx["big"]).__name__, ctx["big"] == 2**60]
        return ctx

    @cloaca.task()
    def fails(ctx):
        raise ValueError("no score")

    @cloaca.task()
    def meets(ctx):
        import time

        open(ctx["folder"] + "/python", "w").close()
        import os

        while not os.path.exists(ctx["folder"] + "/typescript"):
            time.sleep(0.01)
        ctx["python_met"] = True
        return ctx
