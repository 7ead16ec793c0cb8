"""Reports the results of tasks with callbacks, which never change the results.

Run it:

    cloaca run python/examples/programs/callbacks.py

You will see, in addition to a line on stderr about the failed callback:

    metrics: attempt of upload failed: Python task execution failed: OSError: disk is full
    metrics: upload succeeded with {"file":"report.csv","uploaded":true}
    Completed
"""

import cloaca

attempts = []


def count_success(task_id, context):
    print(f"metrics: {task_id} succeeded with {context.to_json()}")


def count_failure(task_id, error, context):
    # Called after each failed attempt, even if the task is retried.
    print(f"metrics: attempt of {task_id} failed: {error}")


def notify_chat(task_id, context):
    raise RuntimeError("the chat is down")


with cloaca.WorkflowBuilder("publish"):

    @cloaca.task(retry_attempts=2, retry_delay_ms=10, on_success=count_success, on_failure=count_failure)
    def upload(ctx):
        attempts.append(ctx["file"])
        if len(attempts) == 1:
            raise OSError("disk is full")
        ctx.set("uploaded", True)
        return ctx

    @cloaca.task(dependencies=[upload], on_success=notify_chat)
    def announce(ctx):
        return ctx


if __name__ == "__main__":
    with cloaca.DefaultRunner(":memory:") as runner:
        result = runner.execute("publish", cloaca.Context({"file": "report.csv"}))
        print(result.status)
