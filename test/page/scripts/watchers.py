"""Script for tests of triggers: every outcome, long and hostile names, hostile output, and a schedule."""

import cloaca

polls = {"inbox": 0, "source": 0}

LONG = "watches_the_inbox_of_the_department_for_returned_parcels_and_complaints_of_customers_in_the_north"

with cloaca.WorkflowBuilder("sorting") as builder:
    builder.description("Sorts what has come in")

    @cloaca.task()
    def sort(context):
        return context


@cloaca.trigger(workflow="sorting", poll_interval="250ms", allow_concurrent=True)
def inbox():
    """Fires for each parcel that is put into the inbox.

    From another terminal:

        touch /tmp/parcels/monday.txt
    """
    polls["inbox"] += 1
    if polls["inbox"] % 8 == 0:
        return cloaca.TriggerResult.fire(cloaca.Context({"parcel": polls["inbox"]}))
    return cloaca.TriggerResult.skip("nothing has come in")


@cloaca.trigger(workflow="sorting", poll_interval="2s")
def source():
    polls["source"] += 1
    print("asking \x1b[31mthe source\x1b[0m <b>again</b>")
    if polls["source"] % 2 == 1:
        raise ConnectionError("the source does not answer")
    return cloaca.TriggerResult.skip()


@cloaca.trigger(workflow="sorting", poll_interval="1h", name="<img src=x onerror=alert(1)>")
def hostile():
    return cloaca.TriggerResult.skip("<script>alert(2)</script>")


@cloaca.trigger(workflow="sorting", poll_interval="1h", name=LONG)
def long():
    return cloaca.TriggerResult.skip(
        "so much is to be said about why this one had nothing to do that it does not fit into any column at all"
    )


@cloaca.trigger(
    workflow="sorting", poll_interval="1h", allow_concurrent=True, expect_fire="2d", tags={"team": "post"}
)
def asked():
    print("looking")
    return cloaca.TriggerResult.fire(cloaca.Context({"amount": 1.0}))


@cloaca.trigger(on="sorting", cron="30 2 * * 1-5", timezone="Europe/Berlin")
def nightly():
    """Never called."""
