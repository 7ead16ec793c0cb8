"""Script for tests of the page: a valid and an invalid cron trigger, and tasks with rules and retries."""

import cloaca

with cloaca.WorkflowBuilder("report"):

    @cloaca.task(retry_attempts=3, retry_delay_ms=1)
    def fetch(context):
        context.set("rows", 7)
        return context

    @cloaca.task(dependencies=[fetch])
    def check(context):
        return context

    @cloaca.task(
        dependencies=[fetch, check],
        trigger_rules=cloaca.all_of(
            cloaca.task_success("check"),
            cloaca.any_of(cloaca.context_value("rows", ">", 5), cloaca.task_failed("fetch")),
        ),
    )
    def publish(context):
        return context


@cloaca.trigger(on="report", cron="* * * * * *", expect_fire="26h", tags={"team": "data", "tier": "1"})
def each_second():
    """Never called."""


@cloaca.trigger(on="report", cron="0 3 * * *", timezone="Europe/Berlinn")
def wrong_zone():
    """Never called."""
