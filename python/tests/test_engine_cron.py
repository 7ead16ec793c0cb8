"""Cron schedules: methods of a runner, their errors, and executions started by firings."""

from __future__ import annotations

import datetime

import pytest
from cases import table
from engine import keep, needs_engine, wait_for

import cloaca
from cloaca import Context

pytestmark = needs_engine

CRON = table("cron-expressions.json")

SCHEDULE_KEYS = {
    "id",
    "workflow_name",
    "cron_expression",
    "timezone",
    "enabled",
    "catchup_policy",
    "next_run_at",
    "last_run_at",
    "created_at",
    "updated_at",
}

HISTORY_KEYS = {
    "id",
    "schedule_id",
    "scheduled_time",
    "claimed_at",
    "workflow_execution_id",
    "created_at",
    "updated_at",
}

UNKNOWN = "00000000-0000-4000-8000-000000000000"
EVERY_SECOND = "* * * * * *"
NEVER_SOON = "0 0 1 1 *"


@pytest.fixture(scope="module")
def shared():
    """Opens a runner for all tests that start no executions."""
    with cloaca.DefaultRunner(":memory:") as opened:
        yield opened


def declare(name, body=keep):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="only", retry_attempts=1)(body)


def instant(text):
    return datetime.datetime.fromisoformat(text)


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def test_a_schedule_has_exactly_the_documented_keys(shared, name):
    schedule_id = shared.register_cron_workflow(name, "0 2 * * *", "Europe/Paris")

    row = shared.get_cron_schedule(schedule_id)

    assert set(row) == SCHEDULE_KEYS
    assert (row["id"], row["workflow_name"]) == (schedule_id, name)
    assert (row["cron_expression"], row["timezone"]) == ("0 2 * * *", "Europe/Paris")
    assert (row["enabled"], row["catchup_policy"], row["last_run_at"]) == (True, "skip", None)
    assert all(row[key].endswith("+00:00") for key in ("next_run_at", "created_at", "updated_at"))
    assert instant(row["next_run_at"]) > instant(row["created_at"])


def test_the_next_run_is_computed_in_the_time_zone_of_the_schedule(shared, name):
    utc = shared.get_cron_schedule(shared.register_cron_workflow(name, "0 12 * * *", "UTC"))
    kolkata = shared.get_cron_schedule(shared.register_cron_workflow(name, "30 17 * * *", "Asia/Kolkata"))

    # Compares the time of day only, because noon may pass between the two calls.
    assert instant(utc["next_run_at"]).time() == instant(kolkata["next_run_at"]).time()


def test_each_registration_creates_a_schedule_and_the_newest_is_listed_first(shared, name):
    first = shared.register_cron_workflow(name, NEVER_SOON, "UTC")
    second = shared.register_cron_workflow(name, NEVER_SOON, "UTC")

    assert first != second
    assert [row["id"] for row in shared.list_cron_schedules(limit=2)] == [second, first]
    assert [row["id"] for row in shared.list_cron_schedules(None, 1, 1)] == [first]


def test_a_disabled_schedule_is_not_listed_with_enabled_only(shared, name):
    schedule_id = shared.register_cron_workflow(name, NEVER_SOON, "UTC")

    assert shared.set_cron_schedule_enabled(schedule_id, False) is None

    assert schedule_id in [row["id"] for row in shared.list_cron_schedules()]
    assert schedule_id not in [row["id"] for row in shared.list_cron_schedules(enabled_only=True)]
    assert shared.get_cron_schedule(schedule_id)["enabled"] is False


def test_updating_a_schedule_replaces_its_expression_and_zone_and_recomputes_the_next_run(shared, name):
    schedule_id = shared.register_cron_workflow(name, NEVER_SOON, "UTC")
    before = shared.get_cron_schedule(schedule_id)

    assert shared.update_cron_schedule(schedule_id, "* * * * *", "EST") is None

    after = shared.get_cron_schedule(schedule_id)
    assert (after["cron_expression"], after["timezone"]) == ("* * * * *", "EST")
    assert instant(after["next_run_at"]) < instant(before["next_run_at"])


def test_getting_a_deleted_schedule_raises_value_error(shared, name):
    schedule_id = shared.register_cron_workflow(name, NEVER_SOON, "UTC")

    assert shared.delete_cron_schedule(schedule_id) is None

    with pytest.raises(ValueError, match="Record not found"):
        shared.get_cron_schedule(schedule_id)


@pytest.mark.parametrize("expression", CRON["accepted"])
def test_a_valid_cron_expression_is_accepted(shared, name, expression):
    assert len(shared.register_cron_workflow(name, expression, "UTC")) == 36


@pytest.mark.parametrize("zone", CRON["zones"])
def test_a_time_zone_is_accepted_by_its_exact_name(shared, name, zone):
    assert len(shared.register_cron_workflow(name, NEVER_SOON, zone)) == 36


@pytest.mark.parametrize("case", CRON["refused"], ids=lambda case: f"{case['expression']} in {case['zone']}")
def test_an_invalid_cron_expression_or_time_zone_is_refused(shared, name, case):
    with pytest.raises(ValueError) as caught:
        shared.register_cron_workflow(name, case["expression"], case["zone"])

    assert str(caught.value).startswith("Failed to register cron workflow:")
    assert case["text"] in str(caught.value)


ERRORS = [
    (lambda r: r.get_cron_schedule("junk"), "Failed to get cron schedule:", "Invalid schedule ID:"),
    (lambda r: r.get_cron_schedule(UNKNOWN), "Failed to get cron schedule:", "Record not found"),
    (
        lambda r: r.update_cron_schedule("junk", NEVER_SOON, "UTC"),
        "Failed to update cron schedule:",
        "Invalid schedule ID:",
    ),
    (
        lambda r: r.update_cron_schedule(UNKNOWN, NEVER_SOON, "UTC"),
        "Failed to update cron schedule:",
        "Record not found",
    ),
    (
        lambda r: r.set_cron_schedule_enabled("junk", True),
        "Failed to update cron schedule:",
        "Invalid schedule ID:",
    ),
    (lambda r: r.delete_cron_schedule("junk"), "Failed to delete cron schedule:", "Invalid schedule ID:"),
    (
        lambda r: r.get_cron_execution_history("junk"),
        "Failed to get cron execution history:",
        "Invalid schedule ID:",
    ),
    (lambda r: r.get_cron_execution_stats("yesterday"), "", "Invalid datetime format:"),
    (lambda r: r.get_cron_execution_stats("2030-01-02T03:04:05"), "", "Invalid datetime format:"),
    (lambda r: r.get_cron_execution_stats("2030-02-29T00:00:00Z"), "", "Invalid datetime format:"),
    (lambda r: r.get_cron_execution_stats("2030-04-31T00:00:00Z"), "", "Invalid datetime format:"),
    (lambda r: r.get_cron_execution_stats("2030-01-02T24:00:00Z"), "", "Invalid datetime format:"),
    (lambda r: r.get_cron_execution_stats("2030-01-02T00:00:00+24:00"), "", "Invalid datetime format:"),
    (
        lambda r: r.register_workflow_instance("wf", "i", "junk", "UTC", Context()),
        "Failed to register workflow instance:",
        "Cron parsing error",
    ),
]


@pytest.mark.parametrize(("use", "prefix", "text"), ERRORS)
def test_an_error_message_begins_with_the_prefix_of_the_failed_call(shared, use, prefix, text):
    with pytest.raises(ValueError) as caught:
        use(shared)

    assert str(caught.value).startswith(prefix)
    assert text in str(caught.value)


def test_an_invalid_update_leaves_the_schedule_unchanged(shared, name):
    schedule_id = shared.register_cron_workflow(name, NEVER_SOON, "UTC")

    with pytest.raises(ValueError, match="Failed to update cron schedule:"):
        shared.update_cron_schedule(schedule_id, "junk", "UTC")

    assert shared.get_cron_schedule(schedule_id)["cron_expression"] == NEVER_SOON


def test_enabling_or_deleting_an_unknown_schedule_or_reading_its_history_raises_no_error(shared):
    assert shared.set_cron_schedule_enabled(UNKNOWN, True) is None
    assert shared.delete_cron_schedule(UNKNOWN) is None
    assert shared.get_cron_execution_history(UNKNOWN) == []


def test_a_schedule_never_fires_early_and_passes_the_engines_keys_to_the_workflow(runner, name):
    seen = []
    declare(name, lambda ctx: seen.append((now(), ctx.to_dict())))

    schedule_id = runner.register_cron_workflow(name, EVERY_SECOND, "Europe/Paris")
    wait_for(lambda: seen)
    runner.set_cron_schedule_enabled(schedule_id, False)

    at, data = seen[0]
    due = instant(data.pop("scheduled_time"))
    assert at >= due
    assert due.microsecond == 0
    assert data == {
        "schedule_id": schedule_id,
        "schedule_timezone": "Europe/Paris",
        "schedule_expression": EVERY_SECOND,
    }


@pytest.mark.parametrize("largest", [2**53, 2**63 - 1, 2**64 - 1])
def test_lists_accept_the_largest_limits_and_are_empty_at_the_largest_offsets(runner, name, largest):
    declare(name)
    schedule_id = runner.register_cron_workflow(name, "0 0 1 1 *", "UTC")

    assert schedule_id in [row["id"] for row in runner.list_cron_schedules(limit=largest)]
    assert runner.list_cron_schedules(limit=largest, offset=largest) == []
    assert runner.get_cron_execution_history(schedule_id, largest, largest) == []
    assert runner.list_trigger_schedules(limit=largest, offset=largest) == []
    assert runner.get_trigger_execution_history(name, largest, largest) == []


def test_a_firing_adds_a_history_row_and_is_counted_in_the_statistics(runner, name):
    since = (now() - datetime.timedelta(hours=1)).isoformat()
    assert runner.get_cron_execution_stats(since) == {
        "total_executions": 0,
        "successful_executions": 0,
        "lost_executions": 0,
        "success_rate": 0.0,
    }
    declare(name)
    schedule_id = runner.register_cron_workflow(name, EVERY_SECOND, "UTC")
    wait_for(lambda: [r for r in runner.get_cron_execution_history(schedule_id) if r["workflow_execution_id"]])
    runner.set_cron_schedule_enabled(schedule_id, False)

    rows = runner.get_cron_execution_history(schedule_id)
    stats = runner.get_cron_execution_stats(since)
    assert set(rows[-1]) == HISTORY_KEYS
    assert rows[-1]["schedule_id"] == schedule_id
    assert (stats["total_executions"], stats["successful_executions"]) == (len(rows), len(rows))
    assert (stats["success_rate"], type(stats["success_rate"])) == (100.0, float)
    assert runner.get_cron_schedule(schedule_id)["last_run_at"] is not None
    assert runner.get_cron_execution_history(schedule_id, 0) == []


def test_a_workflow_instance_starts_executions_with_its_parameters(runner, name):
    seen = []
    declare(name, lambda ctx: seen.append(ctx.to_dict()))
    params = Context({"region": "eu", "limit": 1.0, "key": {"$secret": "warehouse"}, "schedule_id": "mine"})

    schedule_id = runner.register_workflow_instance(name, "eu", EVERY_SECOND, "UTC", params)
    wait_for(lambda: seen)
    runner.set_cron_schedule_enabled(schedule_id, False)

    assert (seen[0]["region"], seen[0]["limit"]) == ("eu", 1.0)
    assert type(seen[0]["limit"]) is float
    assert seen[0]["schedule_id"] == schedule_id
    assert "key" not in seen[0]
    row = runner.get_cron_schedule(schedule_id)
    assert set(row) == SCHEDULE_KEYS


def test_a_second_workflow_instance_with_the_same_name_is_refused(shared, name):
    shared.register_workflow_instance(name, "eu", NEVER_SOON, "UTC", Context())
    shared.register_workflow_instance(name, "us", NEVER_SOON, "UTC", Context())

    with pytest.raises(ValueError, match="Failed to register workflow instance:"):
        shared.register_workflow_instance(name, "eu", NEVER_SOON, "UTC", Context())


def test_a_cron_trigger_creates_one_schedule_and_its_function_is_never_called(name, tmp_path):
    url, seen, calls = f"sqlite://{tmp_path}/jobs.db", [], []
    declare(name, lambda ctx: seen.append(ctx.to_dict()))
    cloaca.trigger(on=name, name=name, cron=EVERY_SECOND)(lambda: calls.append(1))

    with cloaca.DefaultRunner(url) as runner:
        wait_for(lambda: seen)
        assert runner.get_trigger_schedule(name) is None
    with cloaca.DefaultRunner(url) as runner:
        rows = [row for row in runner.list_cron_schedules() if row["workflow_name"] == name]
        runner.delete_cron_schedule(rows[0]["id"])

    assert len(rows) == 1
    assert calls == []
    cloaca.trigger(on=name, name=name, cron=NEVER_SOON)(lambda: False)


def test_missed_cron_times_start_one_execution_for_the_first_missed_time(name, tmp_path):
    url, seen = f"sqlite://{tmp_path}/jobs.db", []
    declare(name, lambda ctx: seen.append(instant(ctx["scheduled_time"])))
    with cloaca.DefaultRunner(url) as runner:
        schedule_id = runner.register_cron_workflow(name, NEVER_SOON, "UTC")
        runner.set_cron_schedule_enabled(schedule_id, False)
        runner.update_cron_schedule(schedule_id, EVERY_SECOND, "UTC")
        due = instant(runner.get_cron_schedule(schedule_id)["next_run_at"])
    wait_for(lambda: now() > due + datetime.timedelta(seconds=1))

    with cloaca.DefaultRunner(url) as runner:
        runner.set_cron_schedule_enabled(schedule_id, True)
        wait_for(lambda: len(seen) >= 2)
        runner.set_cron_schedule_enabled(schedule_id, False)

    assert seen[0] == due
    assert seen[1] - seen[0] >= datetime.timedelta(seconds=2)


OFF = [
    (lambda r: r.register_cron_workflow("wf", NEVER_SOON, "UTC"), "Failed to register cron workflow:"),
    (
        lambda r: r.register_workflow_instance("wf", "i", NEVER_SOON, "UTC", Context()),
        "Failed to register workflow instance:",
    ),
    (lambda r: r.list_cron_schedules(), "Failed to list cron schedules:"),
    (lambda r: r.get_cron_schedule(UNKNOWN), "Failed to get cron schedule:"),
    (lambda r: r.update_cron_schedule(UNKNOWN, NEVER_SOON, "UTC"), "Failed to update cron schedule:"),
    (lambda r: r.set_cron_schedule_enabled(UNKNOWN, True), "Failed to update cron schedule:"),
    (lambda r: r.delete_cron_schedule(UNKNOWN), "Failed to delete cron schedule:"),
    (lambda r: r.get_cron_execution_history(UNKNOWN), "Failed to get cron execution history:"),
    (lambda r: r.get_cron_execution_stats("2030-01-02T03:04:05Z"), "Failed to get cron execution stats:"),
]


@pytest.fixture(scope="module")
def without_cron():
    config = cloaca.DefaultRunnerConfig(enable_cron_scheduling=False)
    with cloaca.DefaultRunner.with_config(":memory:", config) as opened:
        yield opened


@pytest.mark.parametrize(("use", "prefix"), OFF)
def test_every_cron_call_is_refused_when_cron_scheduling_is_disabled(without_cron, use, prefix):
    with pytest.raises(ValueError) as caught:
        use(without_cron)

    assert str(caught.value).startswith(prefix)
    assert "Cron scheduling not enabled" in str(caught.value)
