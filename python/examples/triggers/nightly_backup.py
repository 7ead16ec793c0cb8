"""Runs a workflow at a time of the day instead of polling.

A trigger with ``cron`` has a body that is never called. Its schedule is kept in the database: restarts do not make a
second one, and a night that was missed is made up for once. Times are those of the zone, also when clocks change.

Run it, and start the workflow by hand in another terminal instead of waiting for the night:

    cloaca serve python/examples/triggers/nightly_backup.py
    cloaca workflow run nightly_backup --wait

You will see, from the process that serves it:

    backup: of a call by hand
"""

import cloaca


@cloaca.trigger(on="nightly_backup", cron="30 2 * * *", timezone="Europe/Berlin")
def every_night():
    """Half past two, when nobody works."""


with cloaca.WorkflowBuilder("nightly_backup") as workflow:
    workflow.description("Backs up what changed during the day")

    @cloaca.task(retry_attempts=3, retry_delay_ms=60_000)
    def back_up(ctx):
        print(f"backup: of {ctx.get('scheduled_time', 'a call by hand')}")
        return ctx
