"""Starts a workflow at a time of day instead of polling.

The function of a trigger with ``cron`` is never called. The database stores the schedule, so a restart does not create
another one. If the engine was down at night, one run starts at the next start. Times follow the time zone, including
daylight saving time.

Serve the script, and start the workflow by hand in another terminal instead of waiting for the night:

    cloaca serve python/examples/triggers/nightly_backup.py
    cloaca workflow run nightly_backup --wait

The serving process prints:

    backup: started manually
"""

import cloaca


@cloaca.trigger(on="nightly_backup", cron="30 2 * * *", timezone="Europe/Berlin")
def every_night():
    """Starts the backup at half past two."""


with cloaca.WorkflowBuilder("nightly_backup") as workflow:
    workflow.description("Backs up the changes of the day")

    @cloaca.task(retry_attempts=3, retry_delay_ms=60_000)
    def back_up(ctx):
        print(f"backup: {ctx.get('scheduled_time', 'started manually')}")
        return ctx
