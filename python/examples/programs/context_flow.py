"""Shows the context of each task: the merged outputs of the tasks that it depends on.

Branches run in parallel, each on its own copy. If two branches set the same key, objects are merged, and lists are
joined without repeated elements. For other values, the later dependency takes precedence. Numbers stay exact: ``1.0``
remains a float, and large integers keep all digits.

Run it:

    cloaca run python/examples/programs/context_flow.py

You will see:

    tags: ['new', 'eu', 'vip']
    scores: {'credit': 1.0, 'fraud': 0}
    decided by: fraud
    the account number is exact: True
"""

import cloaca

ACCOUNT = 2**63 - 25

with cloaca.WorkflowBuilder("review"):

    @cloaca.task()
    def receive(ctx):
        ctx.set("tags", ["new", "eu"])
        return ctx

    @cloaca.task(dependencies=[receive])
    def check_credit(ctx):
        ctx.set("scores", {"credit": 1.0})
        ctx.set("decided_by", "credit")
        return ctx

    @cloaca.task(dependencies=[receive])
    def check_fraud(ctx):
        ctx.set("scores", {"fraud": 0})
        ctx.set("tags", ctx["tags"] + ["vip"])
        ctx.set("decided_by", "fraud")
        return ctx

    @cloaca.task(dependencies=[check_credit, check_fraud])
    def decide(ctx):
        return ctx


if __name__ == "__main__":
    with cloaca.DefaultRunner(":memory:") as runner:
        final = runner.execute("review", cloaca.Context({"account": ACCOUNT})).final_context
        print("tags:", final["tags"])
        print("scores:", final["scores"])
        print("decided by:", final["decided_by"])
        print("the account number is exact:", final["account"] == ACCOUNT)
