"""The smallest complete program: a workflow of two tasks, run once.

Run it:

    cloaca run python/examples/programs/hello.py Ada

You will see:

    Completed: hello Ada
"""

import sys

import cloaca

with cloaca.WorkflowBuilder("greet") as workflow:
    workflow.description("Says hello")

    @cloaca.task()
    def pick(ctx):
        ctx.set("who", ctx.get("who", "world"))
        return ctx

    @cloaca.task(dependencies=[pick])
    def say(ctx):
        ctx.set("line", "hello " + ctx["who"])
        return ctx


if __name__ == "__main__":
    given = {"who": sys.argv[1]} if len(sys.argv) > 1 else {}
    with cloaca.DefaultRunner(":memory:") as runner:
        result = runner.execute("greet", cloaca.Context(given))
        print(f"{result.status}: {result.final_context['line']}")
