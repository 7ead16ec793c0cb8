"""Runs all triggers of the folder ``classic`` until each has fired, and prints their schedules and history."""

import time

import cloaca
from classic import (  # noqa: F401
    error_inside,
    file_watcher,
    health_check,
    order_deduplication,
    parallel_queue,
    queue_depth,
)

EXPECTED = {"file_watcher": 2, "new_order": 2, "job_queue": 3, "health_check": 1, "queue_depth": 1, "flaky_source": 1}


def ended(runner, name):
    return [row for row in runner.get_trigger_execution_history(name) if row["completed_at"] is not None]


with cloaca.DefaultRunner("sqlite://classic.db") as runner:
    while any(len(ended(runner, name)) < count for name, count in EXPECTED.items()):
        time.sleep(0.05)
    for name in EXPECTED:
        schedule = runner.get_trigger_schedule(name)
        rows = runner.get_trigger_execution_history(name)
        facts = [schedule[key] for key in ("workflow_name", "poll_interval_ms", "allow_concurrent", "enabled")]
        print(name, *facts, len(rows) >= EXPECTED[name])
    print(*sorted(runner.get_trigger_schedule("file_watcher")))
    print(*sorted(runner.get_trigger_execution_history("file_watcher")[0]))
