"""Retries failed tasks, each with its own policy.

Run it:

    cloaca run python/examples/programs/retries.py

You will see:

    fetch: attempt 1, connection reset
    fetch: attempt 2, connection reset
    fetch: attempt 3, got 42 rows
    charge: attempt 1, card declined
    limits: attempt 1, 429 slow down
    limits: attempt 2, 429 slow down
    limits: attempt 3, passed
    Failed: 1 task(s) failed, 2 completed, 0 skipped
    waits without jitter: 0.05 0.1 0.2 0.2
"""

import cloaca

attempts = {"fetch": 0, "charge": 0, "limits": 0}

policy = (
    cloaca.RetryPolicy.builder()
    .max_attempts(4)
    .initial_delay(0.05)
    .max_delay(0.2)
    .backoff_strategy(cloaca.BackoffStrategy.exponential(2.0))
    .retry_condition(cloaca.RetryCondition.error_pattern(["429", "too many requests"]))
    .with_jitter(False)
    .build()
)


def count(task, text):
    attempts[task] += 1
    print(f"{task}: attempt {attempts[task]}, {text}")


with cloaca.WorkflowBuilder("retries"):
    # Three attempts in total, 20 ms apart, and only for temporary errors.
    @cloaca.task(retry_attempts=3, retry_delay_ms=20, retry_backoff="fixed", retry_condition="transient")
    def fetch(ctx):
        if attempts["fetch"] < 2:
            count("fetch", "connection reset")
            raise ConnectionError("connection reset by peer")
        count("fetch", "got 42 rows")
        ctx.set("rows", 42)
        return ctx

    # A declined card is not a temporary error, so it is not retried.
    @cloaca.task(dependencies=[fetch], retry_attempts=3, retry_delay_ms=20, retry_condition="transient")
    def charge(ctx):
        count("charge", "card declined")
        raise ValueError("card declined")

    @cloaca.task(dependencies=[charge], retry=policy)
    def limits(ctx):
        if attempts["limits"] < 2:
            count("limits", "429 slow down")
            raise RuntimeError("HTTP 429: slow down")
        count("limits", "passed")
        return ctx


if __name__ == "__main__":
    with cloaca.DefaultRunner(":memory:") as runner:
        result = runner.execute("retries", cloaca.Context())
        problem = result.error_message or "no error"
        print(f"{result.status}: {problem.split(':')[0]}")
    print("waits without jitter:", *(policy.calculate_delay(attempt) for attempt in (1, 2, 3, 4)))
