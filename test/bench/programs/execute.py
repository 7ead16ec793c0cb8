"""Times `execute` from a script: one task, a chain, a fan-out, a large context. Prints the figures as JSON."""

import json
import sys
import time

import declared  # noqa: F401  (declares the executed workflows)

import cloaca


def timed_ms(run):
    begin = time.perf_counter()
    run()
    return (time.perf_counter() - begin) * 1000


def median_ms(run, times, warm_up):
    """Returns the median of several runs, after enough runs for V8 to optimize the code."""
    for _ in range(warm_up):
        run()
    return sorted(timed_ms(run) for _ in range(times))[times // 2]


config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=64)
with cloaca.DefaultRunner.with_config(sys.argv[1], config) as runner:
    small = cloaca.Context({"n": 1})
    large = cloaca.Context({f"key{i}": "x" * 1000 for i in range(1000)})
    one_ms = median_ms(lambda: runner.execute("one", small), 500, warm_up=2_000)
    figures = {
        "one_ms": one_ms,
        "chain_task_ms": median_ms(lambda: runner.execute("chain", small), 20, warm_up=40) / 100,
        "fan_tasks_per_s": 1000 / (median_ms(lambda: runner.execute("fan", small), 10, warm_up=10) / 1000),
        "large_ms": median_ms(lambda: runner.execute("one", large), 60, warm_up=40) - one_ms,
    }
print(json.dumps(figures))
