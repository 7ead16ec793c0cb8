"""Runs tasks only if a rule about their dependencies and their context is true.

By default, a task runs when its dependencies have ended, with any status. A rule limits this to success, to failure, or
to some values of the context. If the rule is false, the task is skipped, and the tasks after it continue.

Run it:

    cloaca run python/examples/programs/trigger_rules.py

You will see:

    import of 250 rows: check, load, tidy_up
    import of 0 rows: check, report_empty, tidy_up
    import of -1 rows: check, raise_alarm after ValueError, tidy_up
"""

import cloaca

ran = []

with cloaca.WorkflowBuilder("import_rows"):

    @cloaca.task(retry_attempts=1)
    def check(ctx):
        ran.append("check")
        if ctx["rows"] < 0:
            raise ValueError("the source is damaged")
        return ctx

    @cloaca.task(
        dependencies=[check],
        trigger_rules=cloaca.all_of(cloaca.task_success("check"), cloaca.context_value("rows", ">", 0)),
    )
    def load(ctx):
        ran.append("load")
        return ctx

    @cloaca.task(
        dependencies=[check],
        trigger_rules=cloaca.all_of(cloaca.task_success("check"), cloaca.context_value("rows", "==", 0)),
    )
    def report_empty(ctx):
        ran.append("report_empty")
        return ctx

    @cloaca.task(dependencies=[check], trigger_rules=cloaca.task_failed("check"))
    def raise_alarm(ctx, handle):
        ran.append(f"raise_alarm after {handle.failures['check']['type']}")
        return ctx

    # This task has no rule, so it runs in every case: after success, after failure and after skipped tasks.
    @cloaca.task(dependencies=[load, report_empty, raise_alarm])
    def tidy_up(ctx):
        ran.append("tidy_up")
        return ctx


if __name__ == "__main__":
    with cloaca.DefaultRunner(":memory:") as runner:
        for rows in (250, 0, -1):
            ran.clear()
            runner.execute("import_rows", cloaca.Context({"rows": rows}))
            print(f"import of {rows} rows:", ", ".join(ran))
