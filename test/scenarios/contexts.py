"""A trigger that fires a context with values of every type, and a workflow that compares the values it receives."""

import json

import cloaca

VALUES = {
    "float": 1.0,
    "negative zero": -0.0,
    "exponent": 1e22,
    "int": 1,
    "large": 2**60,
    "largest": 2**64 - 1,
    "smallest": -(2**63),
    "nested": [[1, [2.0, [None, {}]]], [], {"z": [1], "a": {"deep": 2**53 + 1}}],
    "unicode": "Grüße, 世界 \U0001f600 \u2028 \x00 \\ \"",
    "ключ": True,
    "none": None,
    "empty": "",
    "__proto__": {"constructor": 1.0},
    "tuple": (1, 2.0),
}


@cloaca.trigger("receive", poll_interval="1h")
def sender():
    values = {**VALUES, "trigger_name": "mine", "triggered_at": "mine too"}
    return cloaca.TriggerResult.fire(cloaca.Context(values))


def kinds(value):
    if isinstance(value, dict):
        return {key: kinds(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [kinds(item) for item in value]
    return f"{type(value).__name__} {value!r}"


EXPECTED = kinds({**VALUES, "tuple": [1, 2.0]})


def differences(context):
    got = kinds({key: context[key] for key in VALUES})
    return [key for key in EXPECTED if got[key] != EXPECTED[key]]


with cloaca.WorkflowBuilder("receive"):

    @cloaca.task()
    def first(context):
        context.set("differences in first", differences(context))
        context.set("trigger_name in first", context["trigger_name"])
        return context

    @cloaca.task(dependencies=[first])
    def left(context):
        return context

    @cloaca.task(dependencies=[first])
    def right(context):
        return context

    @cloaca.task(dependencies=[left, right])
    def last(context):
        context.set("differences in last", differences(context))
        return context


if __name__ == "__main__":
    with cloaca.DefaultRunner(":memory:") as runner:
        result = runner.execute("receive", cloaca.Context({**VALUES, "trigger_name": "nobody"}))
        final = result.final_context
        print(result.status, final["differences in first"], final["differences in last"], differences(final))
        print(json.dumps(final["nested"], sort_keys=True), final["large"], final["float"])
