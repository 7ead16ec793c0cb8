"""Starts a workflow for each new file of a folder."""

import os

import cloaca

INBOX = os.path.join(os.environ.get("DATA_DIR", "."), "inbox")
seen = set()


@cloaca.trigger(workflow="file_processor", name="file_watcher", poll_interval="50ms", allow_concurrent=False)
def file_watcher():
    for name in sorted(os.listdir(INBOX)):
        if name not in seen:
            seen.add(name)
            size = os.path.getsize(os.path.join(INBOX, name))
            return cloaca.TriggerResult.fire(cloaca.Context({"filename": name, "size": size}))
    return cloaca.TriggerResult.skip()


with cloaca.WorkflowBuilder("file_processor") as builder:
    builder.description("Counts the lines of a new file")

    @cloaca.task(id="count_lines")
    def count_lines(context):
        with open(os.path.join(INBOX, context.get("filename")), encoding="utf-8") as file:
            context.set("lines", len(file.readlines()))
        return context
