"""Life cycle of runners: databases, several runners, shutdown, and effects of the config."""

from __future__ import annotations

import os
import threading
import time

import pytest
from engine import NO_RETRY, keep, needs_engine, wait_for
from limits import LIMIT

import cloaca
from cloaca import Context

pytestmark = needs_engine


def declare(name, *bodies):
    with cloaca.WorkflowBuilder(name):
        for number, body in enumerate(bodies or (keep,)):
            cloaca.task(id=f"t{number}", **NO_RETRY)(body)


@pytest.mark.parametrize(
    "form", ["sqlite://{0}/a.db", "sqlite:///{0}/a.db", "{0}/a.db", "{0}/a.sqlite", "{0}/a.sqlite3",
             "sqlite://{0}/a.db?mode=rwc", "file:{0}/a.db"]
)  # fmt: skip
def test_a_runner_creates_the_database_file_at_the_path_of_its_url(tmp_path, name, form):
    declare(name)

    with cloaca.DefaultRunner(form.format(tmp_path)) as runner:
        assert runner.execute(name, Context()).status == "Completed"

    assert [file for file in os.listdir(tmp_path) if file.startswith("a.")]


@pytest.mark.parametrize("form", ["sqlite://jobs.db", "sqlite://./jobs.db", "./jobs.db", "jobs.db"])
def test_a_relative_database_path_is_resolved_from_the_current_folder(tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)

    cloaca.DefaultRunner(form).shutdown()

    assert "jobs.db" in os.listdir(tmp_path)


@pytest.mark.parametrize("url", [":memory:", "sqlite://:memory:", "sqlite:///:memory:"])
def test_an_in_memory_database_creates_no_file(tmp_path, monkeypatch, url):
    monkeypatch.chdir(tmp_path)

    cloaca.DefaultRunner(url).shutdown()

    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("url", ["", "mysql://host/db", "foo"])
def test_an_unsupported_database_url_is_refused(url):
    with pytest.raises(RuntimeError):
        cloaca.DefaultRunner(url)


def test_a_database_in_a_folder_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="Failed to create DefaultRunner: Database connection failed: "):
        cloaca.DefaultRunner(f"sqlite://{tmp_path}/absent/jobs.db")


def test_a_file_that_is_not_a_database_is_refused(tmp_path):
    (tmp_path / "jobs.db").write_text("this is no database, " * 100)

    with pytest.raises(RuntimeError, match="Failed to create DefaultRunner: "):
        cloaca.DefaultRunner(f"sqlite://{tmp_path}/jobs.db")


def test_two_in_memory_runners_share_only_the_declarations(name):
    declare(name)
    with cloaca.DefaultRunner(":memory:") as first, cloaca.DefaultRunner(":memory:") as second:
        first.register_cron_workflow(name, "0 0 1 1 *", "UTC")

        assert first.execute(name, Context()).status == second.execute(name, Context()).status == "Completed"
        assert len(first.list_cron_schedules()) == len(second.list_cron_schedules()) + 1


def test_two_runners_on_one_file_see_the_same_schedules(name, tmp_path):
    url = f"sqlite://{tmp_path}/jobs.db"
    with cloaca.DefaultRunner(url) as first, cloaca.DefaultRunner(url) as second:
        schedule_id = first.register_cron_workflow(name, "0 0 1 1 *", "UTC")

        assert second.get_cron_schedule(schedule_id)["workflow_name"] == name


def test_cron_schedules_survive_a_restart(name, tmp_path):
    url = f"sqlite://{tmp_path}/jobs.db"
    with cloaca.DefaultRunner(url) as runner:
        schedule_id = runner.register_cron_workflow(name, "0 0 1 1 *", "UTC")
        before = runner.get_cron_schedule(schedule_id)

    with cloaca.DefaultRunner(url) as runner:
        assert runner.get_cron_schedule(schedule_id) == before


def test_a_workflow_declared_on_one_thread_runs_on_a_runner_built_on_another(name):
    results = []

    def run():
        with cloaca.DefaultRunner(":memory:") as runner:
            results.append(runner.execute(name, Context()).status)

    thread = threading.Thread(target=declare, args=(name,))
    thread.start()
    thread.join()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()

    assert results == ["Completed"]


def test_every_call_after_shutdown_is_refused():
    runner = cloaca.DefaultRunner(":memory:")
    runner.shutdown()
    runner.shutdown()

    for use in (
        lambda: runner.execute("wf", Context()),
        lambda: runner.list_trigger_schedules(),
        lambda: runner.list_cron_schedules(),
    ):
        with pytest.raises(ValueError, match="Failed to send message to runtime thread"):
            use()


def test_shutdown_ends_a_waiting_execute_call_with_value_error(name):
    errors, started = [], []

    def body(ctx):
        started.append(1)
        wait_for(lambda: errors)
        return ctx

    def call():
        try:
            runner.execute(name, Context())
        except ValueError as error:
            errors.append(str(error))

    declare(name, body)
    runner = cloaca.DefaultRunner(":memory:")
    thread = threading.Thread(target=call)
    thread.start()
    wait_for(lambda: started)
    runner.shutdown()
    thread.join()

    assert "Failed to receive response from runtime thread" in errors[0]


def test_a_with_block_shuts_the_runner_down_and_propagates_exceptions():
    with pytest.raises(LookupError):
        with cloaca.DefaultRunner(":memory:") as runner:
            raise LookupError

    with pytest.raises(ValueError, match="Failed to send message"):
        runner.list_trigger_schedules()


def test_an_unfinished_execution_is_resumed_by_the_next_runner_on_the_database(name, tmp_path):
    url, calls, is_closed = f"sqlite://{tmp_path}/jobs.db", [], threading.Event()

    def first(ctx):
        calls.append("first")
        return ctx

    def second(ctx):
        calls.append("second")
        is_closed.wait(LIMIT)
        return ctx

    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="first", **NO_RETRY)(first)
        cloaca.task(id="second", dependencies=["first"], **NO_RETRY)(second)
        cloaca.task(id="third", dependencies=["second"], **NO_RETRY)(lambda ctx: calls.append("third"))
    config = cloaca.DefaultRunnerConfig(workflow_timeout_seconds=0)
    with cloaca.DefaultRunner.with_config(url, config) as runner:
        with pytest.raises(ValueError, match="Workflow timeout after 0s"):
            runner.execute(name, Context())
        wait_for(lambda: "second" in calls)
    is_closed.set()

    with cloaca.DefaultRunner(url):
        wait_for(lambda: "third" in calls)

    assert calls.count("first") == 1


def test_execute_raises_after_the_workflow_timeout_while_the_execution_continues(name):
    done, is_given_up = [], threading.Event()

    def body(ctx):
        done.append(is_given_up.wait(LIMIT))
        return ctx

    declare(name, body)
    config = cloaca.DefaultRunnerConfig(workflow_timeout_seconds=1)
    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        with pytest.raises(ValueError, match=r"Workflow execution failed: .*Workflow timeout after 1s"):
            runner.execute(name, Context())
        is_given_up.set()
        wait_for(lambda: done)

    assert done == [True]


def test_execute_completes_without_a_workflow_timeout(name):
    declare(name)
    config = cloaca.DefaultRunnerConfig()
    config.workflow_timeout_seconds = None

    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        assert runner.execute(name, Context()).status == "Completed"


@pytest.mark.parametrize("most", [1, 2])
def test_at_most_max_concurrent_tasks_run_at_a_time(name, most):
    running, seen = [], []

    def body(ctx):
        running.append(1)
        seen.append(len(running))
        wait_for(lambda: max(seen) >= most)
        time.sleep(0.03)  # leaves time for a task over the limit to start
        running.pop()
        return ctx

    declare(name, *[body] * 5)
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=most)
    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        runner.execute(name, Context())

    assert max(seen) == most


def test_editing_a_config_does_not_change_an_open_runner(name):
    running, seen = [], []

    def body(ctx):
        running.append(1)
        seen.append(len(running))
        time.sleep(0.03)  # leaves time for another task to start
        running.pop()
        return ctx

    declare(name, *[body] * 3)
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=1)
    with cloaca.DefaultRunner.with_config(":memory:", config) as runner:
        config.max_concurrent_tasks = 3
        runner.execute(name, Context())

    assert max(seen) == 1


def test_the_engine_prints_nothing_on_stdout(name, capfd):
    declare(name, keep)

    with cloaca.DefaultRunner(":memory:") as runner:
        runner.execute(name, Context())

    assert capfd.readouterr().out == ""
