"""Times a fan-out of tasks that print 10 lines, with and without storing their output. Prints the figures as JSON."""

import json
import sys
import time

import cloaca
from cloaca._border import stacks

TASKS = 1000
is_kept = True


def lines(ctx):
    # The output is written in both cases. Output that is marked as logged is not stored.
    stacks.running_call[stacks.IS_LOGGED] = not is_kept
    for number in range(10):
        print("line", number, "of what a task says of its work")
    sys.stdout.flush()
    stacks.running_call[stacks.IS_LOGGED] = False
    return ctx


with cloaca.WorkflowBuilder("fan"):
    for index in range(TASKS):
        cloaca.task(id=f"t{index}")(lines)


def tasks_per_s(runner, keeps):
    global is_kept
    is_kept = keeps
    begin = time.perf_counter()
    runner.execute("fan", cloaca.Context({}))
    return TASKS / (time.perf_counter() - begin)


config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=64)
with cloaca.DefaultRunner.with_config(sys.argv[1], config) as runner:
    rounds = [(tasks_per_s(runner, True), tasks_per_s(runner, False)) for _ in range(20)][5:]
    # The best rounds are compared, because other load on the machine only makes rounds slower.
    kept, written = max(pair[0] for pair in rounds), max(pair[1] for pair in rounds)
print()
print(json.dumps({"kept_per_s": kept, "cost_percent": 100 * (written / kept - 1)}))
