"""Waits inside a task without blocking other tasks.

``handle.defer_until`` releases the slot of the task until a condition is true. This program has only one slot, so
without the release, the task that prints the label could never run.

Run it:

    cloaca run python/examples/programs/deferral.py

You will see:

    ship: waiting for the label
    print_label: has the only slot
    ship: continues with label 4711
    Completed
"""

import cloaca

labels = []

with cloaca.WorkflowBuilder("parcel"):

    @cloaca.task()
    def ship(ctx, handle):
        print("ship: waiting for the label")
        handle.defer_until(lambda: bool(labels), 20)
        print(f"ship: continues with label {labels[0]}")
        return ctx


with cloaca.WorkflowBuilder("label_printer"):

    @cloaca.task()
    def print_label(ctx):
        print("print_label: has the only slot")
        labels.append(4711)
        return ctx


@cloaca.trigger(on="label_printer", poll_interval="100ms")
def label_ordered():
    return not labels


if __name__ == "__main__":
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=1)
    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        result = runner.execute("parcel", cloaca.Context())
        print(result.status)
