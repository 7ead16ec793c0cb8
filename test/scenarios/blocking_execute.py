"""Executes workflows while its triggers are polled. The tasks share the program's globals, and execute a workflow."""

import threading
import time

import cloaca

polls = 0
shared = []


@cloaca.trigger("nothing", poll_interval="10ms")
def heartbeat():
    global polls
    polls += 1
    return False


with cloaca.WorkflowBuilder("slow"):

    @cloaca.task()
    def wait_for_polls(context):
        begin = polls
        while polls < begin + 5:
            time.sleep(0.01)
        shared.append(context["name"])
        return context


with cloaca.WorkflowBuilder("outer"):

    @cloaca.task()
    def call_inner(context):
        inner = runner.execute("slow", cloaca.Context({"name": f"inner of {context['name']}"}))
        context.set("inner", inner.status)
        return context


config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=1)
with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
    before = polls
    print(runner.execute("slow", cloaca.Context({"name": "plain"})).status, polls >= before + 5)

    print(runner.execute("outer", cloaca.Context({"name": "nested"})).final_context["inner"])

    names = ("first", "second")
    threads = [threading.Thread(target=runner.execute, args=("slow", cloaca.Context({"name": name}))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(sorted(shared))
