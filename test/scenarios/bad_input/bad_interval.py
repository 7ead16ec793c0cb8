import cloaca


@cloaca.trigger(workflow="orders", poll_interval="5 minutes")
def orders():
    return cloaca.TriggerResult.skip()
