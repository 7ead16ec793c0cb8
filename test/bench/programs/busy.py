"""Executes a workflow of one task in many threads for some seconds. Prints the executions per second as JSON.

Arguments: the database, the seconds, and the time at which counting begins. The time is the same for all processes, and
late enough for all of them to be working.
"""

import json
import sys
import threading
import time

import cloaca

THREADS = 48

with cloaca.WorkflowBuilder("one"):

    @cloaca.task(id="only")
    def only(ctx):
        return ctx


database, seconds, begins_at = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
executed = [0] * THREADS
ends_at = begins_at + seconds


def work(runner, index):
    context = cloaca.Context({"n": index})
    while time.time() < ends_at:
        runner.execute("one", context)
        if time.time() > begins_at:
            executed[index] += 1


config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=THREADS)
with cloaca.DefaultRunner.with_config(database, config) as runner:
    threads = [threading.Thread(target=work, args=(runner, index)) for index in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print(json.dumps({"per_s": sum(executed) / seconds}))
