"""Raises an alarm when a service was down three times in a row."""

import os

import cloaca

STATUS = os.path.join(os.environ.get("DATA_DIR", "."), "status.txt")
failures = 0


def is_healthy():
    with open(STATUS, encoding="utf-8") as file:
        return file.read().strip() == "up"


@cloaca.trigger(on="raise_alarm", poll_interval="20ms")
def health_check():
    global failures
    if is_healthy():
        failures = 0
        return False
    failures += 1
    if failures < 3:
        return False
    found, failures = failures, 0
    return cloaca.TriggerResult.fire(cloaca.Context({"service": "billing", "failures": found}))


with cloaca.WorkflowBuilder("raise_alarm"):

    @cloaca.task()
    def restart_service(context):
        with open(STATUS, "w", encoding="utf-8") as file:
            file.write("up\n")
        return context
