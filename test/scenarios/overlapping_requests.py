"""Two independent tasks that each make one request."""

import os
import urllib.request

import cloaca

URL = os.environ["TEST_URL"]


def fetch(name):
    with urllib.request.urlopen(f"{URL}/{name}") as response:
        return response.read().decode()


with cloaca.WorkflowBuilder("both") as builder:
    builder.description("asks twice at once")

    @cloaca.task()
    def first(context):
        context.set("first", fetch("first"))
        return context

    @cloaca.task()
    def second(context):
        context.set("second", fetch("second"))
        return context

    @cloaca.task(dependencies=[first, second])
    def join(context):
        return context


with cloaca.DefaultRunner(":memory:") as runner:
    result = runner.execute("both", cloaca.Context({}))
    print(result.status, result.final_context["first"], result.final_context["second"])
