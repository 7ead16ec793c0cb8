"""Script for tests of lists of triggers: 32 triggers with short and long intervals, outputs, errors and states."""

import cloaca

with cloaca.WorkflowBuilder("import_feed"):

    @cloaca.task()
    def import_feed(context):
        return context


def poll(number):
    def feed():
        """Imports the new entries of a feed, and skips entries that were imported before."""
        if number % 7 == 3:
            raise ConnectionError(f"feed {number} does not answer: the host refused the connection after 30 s")
        if number % 5 == 0:
            return cloaca.TriggerResult.fire(cloaca.Context({"feed": number}))
        return cloaca.TriggerResult.skip("no new entry since the last poll")

    return feed


for number in range(28):
    interval = "1s" if number % 4 == 0 else "5m"
    cloaca.trigger(
        workflow="import_feed", name=f"feed_{number:02}", poll_interval=interval, allow_concurrent=True, priority=number
    )(poll(number))


@cloaca.trigger(workflow="import_feed", poll_interval="1h")
def quiet():
    """Returns nothing and prints nothing."""
    return cloaca.TriggerResult.skip("nothing new")


@cloaca.trigger(workflow="import_feed", poll_interval="1h")
def talking():
    print("looking for entries")
    return cloaca.TriggerResult.skip("nothing new")


@cloaca.trigger(workflow="import_feed", poll_interval="1h")
def pages(state):
    state["page"] = state.get("page", 0) + 1
    state.setdefault("cursor", "2026-01-31T08:00:00Z")
    return cloaca.TriggerResult.skip("no entry on this page")


@cloaca.trigger(on="import_feed", cron="0 6 * * 1-5", timezone="Europe/Berlin")
def every_morning():
    """Never called."""
