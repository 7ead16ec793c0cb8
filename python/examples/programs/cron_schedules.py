"""Creates, changes, observes and deletes cron schedules from a program.

Expressions have five fields, or six with seconds first. Nicknames such as ``@daily`` also work. The context of each run
contains its due time.

Run it:

    cloaca run python/examples/programs/cron_schedules.py

You will see, within a few seconds:

    close_books at 0 18 * * MON-FRI in Europe/Paris
    close_books at 0 19 * * MON-FRI in Europe/Paris
    report for Lyon, due at a full second
    report for Lyon is disabled
    100.0 percent of the firings started a run
    remaining: close_books
    rejected: unknown time zone
"""

import time
from datetime import datetime, timedelta, timezone

import cloaca

reports = []

with cloaca.WorkflowBuilder("close_books"):

    @cloaca.task()
    def close(ctx):
        return ctx


with cloaca.WorkflowBuilder("branch_report"):

    @cloaca.task()
    def report(ctx):
        reports.append((ctx["branch"], datetime.fromisoformat(ctx["scheduled_time"])))
        return ctx


def show(schedule):
    print(f"{schedule['workflow_name']} at {schedule['cron_expression']} in {schedule['timezone']}")


if __name__ == "__main__":
    started = datetime.now(timezone.utc) - timedelta(seconds=1)
    with cloaca.DefaultRunner(":memory:") as runner:
        books = runner.register_cron_workflow("close_books", "0 18 * * MON-FRI", "Europe/Paris")
        show(runner.get_cron_schedule(books))
        runner.update_cron_schedule(books, "0 19 * * MON-FRI", "Europe/Paris")
        show(runner.get_cron_schedule(books))

        # A named instance is a schedule with parameters, which are part of the context of each run.
        lyon = runner.register_workflow_instance(
            "branch_report", "lyon", "* * * * * *", "UTC", cloaca.Context({"branch": "Lyon"})
        )
        while not reports:
            time.sleep(0.05)
        branch, due = reports[0]
        print(f"report for {branch}, due at a full second" if due.microsecond == 0 else f"wrong due time: {due}")

        runner.set_cron_schedule_enabled(lyon, False)
        if not runner.get_cron_schedule(lyon)["enabled"]:
            print(f"report for {branch} is disabled")
        stats = runner.get_cron_execution_stats(started.isoformat())
        print(f"{stats['success_rate']} percent of the firings started a run")

        runner.delete_cron_schedule(lyon)
        print("remaining:", *(each["workflow_name"] for each in runner.list_cron_schedules()))
        try:
            runner.register_cron_workflow("close_books", "@daily", "Europe/Atlantis")
        except ValueError as error:
            print("rejected: unknown time zone" if "Invalid timezone: Europe/Atlantis" in str(error) else error)
