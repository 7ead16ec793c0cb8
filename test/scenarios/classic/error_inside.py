"""Polls a source that raises in its first two calls."""

import cloaca

calls = 0


def fetch():
    if calls <= 2:
        raise ConnectionError(f"no answer to call {calls}")
    return {"rows": 12} if calls == 3 else None


@cloaca.trigger("import_rows", poll_interval="20ms")
def flaky_source():
    global calls
    calls += 1
    rows = fetch()
    if rows is None:
        return cloaca.TriggerResult.skip()
    return cloaca.TriggerResult.fire(cloaca.Context(rows))


with cloaca.WorkflowBuilder("import_rows"):

    @cloaca.task()
    def import_rows(context):
        context.set("imported", context["rows"])
        return context
