import datetime

import cloaca


class Order:
    pass


VALUES = {"datetime": datetime.datetime(2030, 1, 2), "bytes": b"raw", "object": Order()}


def declare(kind, value):
    @cloaca.trigger("greet", name=f"fires_{kind}", poll_interval="1h")
    def fires():
        return cloaca.TriggerResult.fire(cloaca.Context({"value": value}))

    with cloaca.WorkflowBuilder(f"sets_{kind}"):

        @cloaca.task(retry_attempts=1)
        def store(context):
            context.set("value", value)
            return context


for kind, value in VALUES.items():
    declare(kind, value)
