"""Builds a workflow from single tasks, inspects it, and registers it under several names.

``add_task`` adds tasks that were declared before, ``build`` checks the workflow, and ``register_workflow_constructor``
makes it executable.

Run it:

    cloaca run python/examples/programs/explicit_workflow.py

You will see:

    Workflow(name='etl', tasks=2), roots: extract, leaves: load
    order: extract, load
    levels: [['extract'], ['load']]
    rejected: Circular dependency
    nightly_etl: Completed, loaded 3 rows
    etl_on_demand: Completed, loaded 3 rows
"""

import cloaca

with cloaca.WorkflowBuilder("etl"):

    @cloaca.task()
    def extract(ctx):
        ctx.set("rows", [3, 1, 2])
        return ctx

    @cloaca.task(dependencies=["extract"])
    def load(ctx):
        ctx.set("loaded", len(ctx["rows"]))
        return ctx

    @cloaca.task(dependencies=["load"])
    def send_mail(ctx):
        return ctx


def short(names):
    """Returns the last part of full names such as ``public::embedded::etl::load``, the id of the task."""
    return [name.rsplit("::", 1)[1] for name in names]


def etl_without_mail():
    builder = cloaca.WorkflowBuilder("etl")
    builder.description("Extracts and loads without sending mail")
    builder.tag("team", "data")
    builder.add_task("extract")
    builder.add_task(load)
    return builder.build()


def show_refusal():
    try:
        with cloaca.WorkflowBuilder("in_circles"):

            @cloaca.task(dependencies=["egg"])
            def hen(ctx):
                return ctx

            @cloaca.task(dependencies=["hen"])
            def egg(ctx):
                return ctx

    except ValueError as error:
        print("rejected: Circular dependency" if "Circular dependency" in str(error) else error)


if __name__ == "__main__":
    workflow = etl_without_mail()
    roots, leaves = short(workflow.get_roots()), short(workflow.get_leaves())
    print(f"{workflow!r}, roots: {', '.join(roots)}, leaves: {', '.join(leaves)}")
    print("order:", ", ".join(short(workflow.topological_sort())))
    print("levels:", [short(level) for level in workflow.get_execution_levels()])
    show_refusal()

    names = ("nightly_etl", "etl_on_demand")
    for name in names:
        cloaca.register_workflow_constructor(name, etl_without_mail)
    with cloaca.DefaultRunner(":memory:") as runner:
        for name in names:
            result = runner.execute(name, cloaca.Context())
            print(f"{name}: {result.status}, loaded {result.final_context['loaded']} rows")
