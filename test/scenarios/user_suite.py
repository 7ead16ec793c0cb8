"""Test suite of a user: each test opens its own runner, in memory or on a file, and tests callbacks and retries."""

import os
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

import cloaca


def wait_for(condition, timeout=120.0):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not come true in time")
        time.sleep(0.01)


def runner_with(**settings):
    return cloaca.DefaultRunner.with_config(":memory:", cloaca.DefaultRunnerConfig(**settings))


class RunnerOnFile(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.url = f"sqlite://{folder.name}/jobs.db?mode=rwc&_journal_mode=WAL&_busy_timeout=5000"
        self.path = os.path.join(folder.name, "jobs.db")

    def test_unfinished_run_resumes_in_the_next_runner(self):
        gate, started, log = threading.Event(), threading.Event(), []
        with cloaca.WorkflowBuilder("resumed"):

            @cloaca.task()
            def first(ctx):
                log.append("first")
                ctx.set("n", ctx["n"] + 1.0)
                return ctx

            @cloaca.task(dependencies=[first])
            def second(ctx):
                started.set()
                gate.wait(10)
                log.append(("second", ctx["n"]))
                return ctx

        runner = cloaca.DefaultRunner(self.url)
        errors = []

        def call():
            try:
                runner.execute("resumed", cloaca.Context({"n": 1.0}))
            except ValueError as error:
                errors.append(str(error))

        caller = threading.Thread(target=call)
        caller.start()
        self.assertTrue(started.wait(10))
        runner.shutdown()
        caller.join()
        self.assertIn("Failed to receive response from runtime thread", errors[0])
        with cloaca.DefaultRunner(self.path):
            wait_for(lambda: gate.set() or ("second", 2.0) in log)
        self.assertEqual(log.count("first"), 1)

    def test_disabled_trigger_stays_disabled_in_the_next_runner(self):
        polls = []
        cloaca.trigger("nothing", name="kept", poll_interval="10ms")(lambda: bool(polls.append(1)))
        with cloaca.DefaultRunner(self.url) as runner:
            wait_for(lambda: len(polls) > 2)
            before = runner.get_trigger_schedule("kept")
            runner.set_trigger_enabled("kept", False)
        count = len(polls)
        with cloaca.DefaultRunner(self.url) as runner:
            after = runner.get_trigger_schedule("kept")
            self.assertEqual((after["id"], after["enabled"]), (before["id"], False))
            cloaca.trigger("nothing", name="other", poll_interval="10ms")(lambda: False)
            wait_for(lambda: (runner.get_trigger_schedule("other") or {}).get("last_poll_at"))
            self.assertLessEqual(len(polls), count + 1)  # the poll that was running
            runner.set_trigger_enabled("kept", True)
            wait_for(lambda: len(polls) > count + 1)

    def test_missed_cron_times_start_one_run(self):
        runs = []
        with cloaca.WorkflowBuilder("every_second"):

            @cloaca.task()
            def note(ctx):
                runs.append(datetime.fromisoformat(ctx["scheduled_time"]))
                return ctx

        with cloaca.DefaultRunner(self.url) as runner:
            schedule = runner.register_cron_workflow("every_second", "* * * * * *", "Europe/Paris")
            wait_for(lambda: runs)
        count = len(runs)
        time.sleep(2.2)
        self.assertLessEqual(len(runs), count + 1)  # the run that was active
        with cloaca.DefaultRunner(self.url) as runner:
            # There is a gap of skipped times between the one catch-up run and the next punctual run.
            wait_for(lambda: any(b - a >= timedelta(seconds=2) for a, b in zip(sorted(runs), sorted(runs)[1:])))
            history = runner.get_cron_execution_history(schedule)
            stats = runner.get_cron_execution_stats((runs[0] - timedelta(seconds=1)).isoformat())
        times = [row["scheduled_time"] for row in history]
        self.assertEqual(sorted(set(times)), sorted(times))
        self.assertEqual(stats["success_rate"], 100.0)
        self.assertLess(runs[-1], datetime.now(timezone.utc) + timedelta(seconds=1))


class RunnerInMemory(unittest.TestCase):
    def test_exactly_max_concurrent_tasks_run_at_the_same_time(self):
        for limit in (1, 3):
            lock, inside, most = threading.Lock(), [0], [0]
            with cloaca.WorkflowBuilder("limited"):
                for number in range(6):

                    @cloaca.task(id=f"task_{number}")
                    def task(ctx):
                        with lock:
                            inside[0] += 1
                            most[0] = max(most[0], inside[0])
                        wait_for(lambda: most[0] >= limit)
                        time.sleep(0.03)  # time in which a task over the limit would start
                        with lock:
                            inside[0] -= 1
                        return ctx

            with runner_with(max_concurrent_tasks=limit) as runner:
                self.assertEqual(runner.execute("limited", cloaca.Context()).status, "Completed")
            self.assertEqual(most[0], limit)

    def test_each_attempt_gets_the_original_input_and_calls_its_callback(self):
        attempts, failures, successes = [], [], []

        def on_failure(task_id, error, context):
            failures.append((task_id, error, context.to_dict()))
            raise RuntimeError("a callback's failure changes nothing")

        with cloaca.WorkflowBuilder("flaky"):

            @cloaca.task(
                retry_attempts=3,
                retry_delay_ms=1,
                retry_jitter=False,
                on_failure=on_failure,
                on_success=lambda task_id, context: successes.append((task_id, context.to_dict())),
            )
            def flaky(ctx):
                attempts.append(ctx.to_dict())
                ctx.set("attempt", len(attempts))
                if len(attempts) < 3:
                    raise KeyError("missing")
                return ctx

        with cloaca.DefaultRunner(":memory:") as runner:
            result = runner.execute("flaky", cloaca.Context({"a": 1}))
        self.assertEqual(result.final_context.to_dict(), {"a": 1, "attempt": 3})
        self.assertEqual(attempts, [{"a": 1}] * 3)
        self.assertEqual(failures, [("flaky", "Python task execution failed: KeyError: 'missing'", {"a": 1})] * 2)
        self.assertEqual(successes, [("flaky", {"a": 1, "attempt": 3})])

    def test_trigger_rules_apply_after_failure_and_skip(self):
        with cloaca.WorkflowBuilder("ruled"):

            @cloaca.task(retry_attempts=1)
            def bad(ctx):
                raise ValueError("bad")

            @cloaca.task(dependencies=[bad], trigger_rules=cloaca.task_success("bad"))
            def skipped(ctx):
                return ctx

            @cloaca.task(
                dependencies=[bad, skipped],
                trigger_rules=cloaca.all_of(cloaca.task_failed("bad"), cloaca.task_skipped("skipped")),
            )
            def alarm(ctx):
                ctx.set("alarm", sorted(ctx.to_dict()))
                return ctx

        with cloaca.DefaultRunner(":memory:") as runner:
            result = runner.execute("ruled", cloaca.Context({"a": 1}))
        self.assertEqual(result.status, "Failed")
        self.assertTrue(result.error_message.startswith("1 task(s) failed, 1 completed, 1 skipped"))
        self.assertEqual(result.final_context.to_dict(), {"alarm": []})

    def test_deferred_task_frees_the_only_slot(self):
        held, ready = [], threading.Event()
        with cloaca.WorkflowBuilder("deferring"):

            @cloaca.task()
            def waits(ctx, handle):
                handle.defer_until(lambda: held.append(handle.is_slot_held()) or ready.is_set(), 5)
                held.append(handle.is_slot_held())
                return ctx

            @cloaca.task()
            def sets(ctx):
                ready.set()
                return ctx

        with runner_with(max_concurrent_tasks=1) as runner:
            self.assertEqual(runner.execute("deferring", cloaca.Context()).status, "Completed")
        self.assertEqual((set(held[:-1]), held[-1]), ({False}, True))

    def test_task_and_workflow_timeouts_end_a_run(self):
        calls = []
        with cloaca.WorkflowBuilder("hangs_once"):

            @cloaca.task(retry_attempts=2, retry_condition="transient", retry_delay_ms=1)
            def hangs_once(ctx):
                calls.append(1)
                if len(calls) == 1:
                    time.sleep(600)
                return ctx

        with cloaca.WorkflowBuilder("computes"):

            @cloaca.task(retry_attempts=1)
            def computes(ctx):
                while True:
                    pass

        with runner_with(task_timeout_seconds=1) as runner:
            self.assertEqual(runner.execute("hangs_once", cloaca.Context()).status, "Completed")
            result = runner.execute("computes", cloaca.Context())
        self.assertEqual((result.status, len(calls)), ("Failed", 2))
        self.assertIn("timeout", result.error_message)
        with runner_with(workflow_timeout_seconds=1) as runner:
            calls.clear()
            with self.assertRaisesRegex(ValueError, "Workflow execution failed:.*Workflow timeout after 1s"):
                runner.execute("hangs_once", cloaca.Context())

    def test_execute_works_in_tasks_callbacks_conditions_and_threads(self):
        done = []
        with cloaca.WorkflowBuilder("leaf"):

            @cloaca.task()
            def leaf(ctx):
                return ctx

        with cloaca.DefaultRunner(":memory:") as runner:

            def execute(place):
                done.append((place, runner.execute("leaf", cloaca.Context({"place": place})).final_context["place"]))

            with cloaca.WorkflowBuilder("tree"):

                @cloaca.task(on_success=lambda task_id, context: execute("callback"))
                def tree(ctx, handle):
                    execute("task")
                    handle.defer_until(lambda: execute("condition") is None, 1)
                    with ThreadPoolExecutor(2) as pool:
                        list(pool.map(execute, ["pool 1", "pool 2"]))
                    return ctx

            self.assertEqual(runner.execute("tree", cloaca.Context()).status, "Completed")
        places = ["callback", "condition", "pool 1", "pool 2", "task"]
        self.assertEqual(sorted(done), [(place, place) for place in places])

    def test_runners_share_no_schedules_and_reject_calls_after_shutdown(self):
        with cloaca.DefaultRunner(":memory:") as one, cloaca.DefaultRunner("sqlite://:memory:") as two:
            one.register_cron_workflow("x", "0 0 1 1 *", "UTC")
            self.assertEqual((len(one.list_cron_schedules()), two.list_cron_schedules()), (1, []))
        one.shutdown()
        for runner in (one, two):
            with self.assertRaisesRegex(ValueError, "Failed to send message to runtime thread"):
                runner.list_trigger_schedules()


if __name__ == "__main__":
    unittest.main()
