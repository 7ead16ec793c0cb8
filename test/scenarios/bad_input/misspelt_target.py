import cloaca


@cloaca.trigger(workflow="greeet", poll_interval="1h")
def misspelt():
    return cloaca.TriggerResult.fire()
