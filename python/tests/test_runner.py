"""`DefaultRunner` at the bridge: requests to the engine, and checks before them. No engine is needed."""

from __future__ import annotations

import sys

import pytest
from stand_in import open_runner

import cloaca
from cloaca._border import bridge


def test_a_runner_is_opened_with_every_setting(engine):
    open_runner()

    config = cloaca.DefaultRunnerConfig().to_dict()
    assert engine.last() == ("runner.open", {"url": ":memory:", "schema": None, "config": config}, "")


def test_a_runner_is_opened_with_a_copy_of_its_config(engine):
    config = cloaca.DefaultRunnerConfig(max_concurrent_tasks=2)

    cloaca.DefaultRunner.with_config("sqlite:///srv/jobs.db", config)
    config.max_concurrent_tasks = 9

    assert engine.last()[1]["config"]["max_concurrent_tasks"] == 2


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("sqlite://jobs.db", "sqlite://{0}/jobs.db"),
        ("sqlite://./d/jobs.db?mode=ro", "sqlite://{0}/./d/jobs.db?mode=ro"),
        ("sqlite:////srv/jobs.db", "sqlite:////srv/jobs.db"),
        ("sqlite:///srv/jobs.db", "sqlite:///srv/jobs.db"),
        ("./jobs.db", "{0}/./jobs.db"),
        ("../jobs", "{0}/../jobs"),
        ("jobs.sqlite3", "{0}/jobs.sqlite3"),
        ("/srv/jobs.db", "/srv/jobs.db"),
        ("file:jobs.db?mode=rwc", "file:{0}/jobs.db?mode=rwc"),
        ("file:/srv/jobs.db", "file:/srv/jobs.db"),
        ("file::memory:", "file::memory:"),
        (":memory:", ":memory:"),
        ("sqlite://:memory:", "sqlite://:memory:"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("", ""),
        ("foo", "foo"),
        ("sqlite://", "sqlite://"),
        ("mysql://host/jobs.db", "mysql://host/jobs.db"),
    ],
)
def test_a_relative_database_path_is_resolved_from_the_current_folder(engine, monkeypatch, tmp_path, url, sent):
    monkeypatch.chdir(tmp_path)

    cloaca.DefaultRunner(url)

    assert engine.last()[1]["url"] == sent.format(tmp_path)


def test_execute_sends_the_json_of_the_context_and_returns_the_result(engine):
    facts = {"status": "Completed", "start_time": "t0", "end_time": "t1", "error_message": None}
    engine.answers["runner.execute"] = facts

    result = open_runner().execute("wf", cloaca.Context({"x": 1.0}))

    sent = {"runner": 11, "workflow": "wf", "key": None, "priority": None}
    assert engine.last() == ("runner.execute", sent, '{"x":1.0}')
    assert (result.status, result.start_time, result.end_time, result.error_message) == ("Completed", "t0", "t1", None)
    assert result.final_context.to_dict() == {"final": 1.0}
    assert repr(result) == "WorkflowResult(status=Completed, error=None)"


SCHEDULES = [{"id": "a"}]

CALLS = [
    (
        lambda r: r.register_cron_workflow("wf", "* * * * *", "UTC"),
        "runner.registerCron",
        {"workflow": "wf", "expression": "* * * * *", "timezone": "UTC"},
        "id-1",
        "id-1",
    ),
    (
        lambda r: r.register_workflow_instance("wf", "inst", "@daily", "UTC", cloaca.Context({"p": 1})),
        "runner.registerInstance",
        {"workflow": "wf", "instance": "inst", "expression": "@daily", "timezone": "UTC"},
        "id-2",
        "id-2",
    ),
    (
        lambda r: r.list_cron_schedules(),
        "runner.listCrons",
        {"enabledOnly": False, "limit": 100, "offset": 0},
        SCHEDULES,
        SCHEDULES,
    ),
    (
        lambda r: r.list_cron_schedules(True, 5, 2),
        "runner.listCrons",
        {"enabledOnly": True, "limit": 5, "offset": 2},
        SCHEDULES,
        SCHEDULES,
    ),
    (lambda r: r.get_cron_schedule("a"), "runner.getCron", {"id": "a"}, {"id": "a"}, {"id": "a"}),
    (
        lambda r: r.update_cron_schedule("a", "@hourly", "EST"),
        "runner.updateCron",
        {"id": "a", "expression": "@hourly", "timezone": "EST"},
        None,
        None,
    ),
    (
        lambda r: r.set_cron_schedule_enabled("a", False),
        "runner.setCronEnabled",
        {"id": "a", "enabled": False},
        None,
        None,
    ),
    (lambda r: r.delete_cron_schedule("a"), "runner.deleteCron", {"id": "a"}, None, None),
    (
        lambda r: r.get_cron_execution_history("a"),
        "runner.cronHistory",
        {"id": "a", "limit": 100, "offset": 0},
        [],
        [],
    ),
    (
        lambda r: r.get_cron_execution_stats("2030-01-01T00:00:00Z"),
        "runner.cronStats",
        {"since": "2030-01-01T00:00:00Z"},
        {"total_executions": 2, "success_rate": 100},
        {"total_executions": 2, "success_rate": 100.0},
    ),
    (
        lambda r: r.list_trigger_schedules(enabled_only=None, limit=None, offset=None),
        "runner.listTriggers",
        {"enabledOnly": False, "limit": 100, "offset": 0},
        [],
        [],
    ),
    (lambda r: r.get_trigger_schedule("t"), "runner.getTrigger", {"name": "t"}, None, None),
    (
        lambda r: r.set_trigger_enabled("t", True),
        "runner.setTriggerEnabled",
        {"name": "t", "enabled": True},
        None,
        None,
    ),
    (
        lambda r: r.get_trigger_execution_history("t", limit=0, offset=3),
        "runner.triggerHistory",
        {"name": "t", "limit": 0, "offset": 3},
        [],
        [],
    ),
    (lambda r: r.push("s", {"x": 1}), "runner.push", {"source": "s", "timeoutS": None}, {"sequence": 3}, 3),
    (lambda r: r.push("s", None, timeout=0), "runner.push", {"source": "s", "timeoutS": 0.0}, {"sequence": 1}, 1),
    (
        lambda r: r.subscribe_workflow_to_reactor("rc", "wf"),
        "runner.subscribe",
        {"reactor": "rc", "workflow": "wf", "tenant": "public", "when": None},
        "id-3",
        "id-3",
    ),
    (
        lambda r: r.subscribe_workflow_to_reactor("rc", "wf", "acme", when="payload.price > 10.0"),
        "runner.subscribe",
        {"reactor": "rc", "workflow": "wf", "tenant": "acme", "when": "payload.price > 10.0"},
        "id-3",
        "id-3",
    ),
    (
        lambda r: r.unsubscribe_workflow_from_reactor("rc", "wf"),
        "runner.unsubscribe",
        {"reactor": "rc", "workflow": "wf", "tenant": "public"},
        True,
        True,
    ),
    (
        lambda r: r.unsubscribe_workflow_from_reactor("rc", "wf", tenant="acme"),
        "runner.unsubscribe",
        {"reactor": "rc", "workflow": "wf", "tenant": "acme"},
        False,
        False,
    ),
    (lambda r: r.list_reactor_subscriptions(), "runner.subscriptions", {"tenant": "public"}, SCHEDULES, SCHEDULES),
    (lambda r: r.list_reactor_subscriptions("acme"), "runner.subscriptions", {"tenant": "acme"}, [], []),
]


@pytest.mark.parametrize(("use", "method", "payload", "answer", "expected"), CALLS)
def test_a_method_sends_its_request_to_the_engine_and_returns_the_answer(
    engine, use, method, payload, answer, expected
):
    engine.answers[method] = answer

    assert use(open_runner()) == expected
    assert engine.last()[:2] == (method, {"runner": 11, **payload})


def test_an_integer_success_rate_is_returned_as_a_float(engine):
    engine.answers["runner.cronStats"] = {"success_rate": 100}

    rate = open_runner().get_cron_execution_stats("2030-01-01T00:00:00Z")["success_rate"]

    assert type(rate) is float


def test_the_parameters_of_a_workflow_instance_are_sent_as_json(engine):
    runner = open_runner()

    runner.register_workflow_instance("wf", "inst", "@daily", "UTC", cloaca.Context({"p": 1.0}))

    assert engine.last()[2] == '{"p":1.0}'


@pytest.mark.parametrize(("use", "method", "payload", "answer", "expected"), CALLS)
def test_a_call_after_shutdown_is_refused(engine, use, method, payload, answer, expected):
    runner = open_runner()
    runner.shutdown()

    with pytest.raises(ValueError, match="Failed to send message to runtime thread"):
        use(runner)
    assert engine.last()[0] == "runner.shutdown"


def test_execute_after_shutdown_is_refused(engine):
    runner = open_runner()
    runner.shutdown()

    with pytest.raises(ValueError, match="Failed to send message to runtime thread"):
        runner.execute("wf", cloaca.Context())


def test_an_exception_of_the_engine_propagates(engine):
    engine.answers["runner.getCron"] = ValueError("Failed to get cron schedule: Record not found")

    with pytest.raises(ValueError, match="Record not found"):
        open_runner().get_cron_schedule("a")


WRONG_TYPES = [
    lambda r: r.execute("wf", {}),
    lambda r: r.execute("wf", None),
    lambda r: r.execute(5, cloaca.Context()),
    lambda r: r.execute("wf"),
    lambda r: r.register_cron_workflow("wf", "* * * * *"),
    lambda r: r.register_cron_workflow("wf", "* * * * *", None),
    lambda r: r.register_cron_workflow("wf", 5, "UTC"),
    lambda r: r.register_workflow_instance("wf", "i", "@daily", "UTC", {}),
    lambda r: r.register_workflow_instance("wf", 1, "@daily", "UTC", cloaca.Context()),
    lambda r: r.list_cron_schedules("yes"),
    lambda r: r.list_cron_schedules(True, "5"),
    lambda r: r.list_cron_schedules(True, 5, 1.5),
    lambda r: r.get_cron_schedule(5),
    lambda r: r.update_cron_schedule("a", "@daily", 5),
    lambda r: r.set_cron_schedule_enabled("a", 1),
    lambda r: r.set_cron_schedule_enabled(5, True),
    lambda r: r.delete_cron_schedule(None),
    lambda r: r.get_cron_execution_history(5),
    lambda r: r.get_cron_execution_stats(5),
    lambda r: r.list_trigger_schedules(1),
    lambda r: r.get_trigger_schedule(None),
    lambda r: r.set_trigger_enabled("t", "no"),
    lambda r: r.set_trigger_enabled("t", None),
    lambda r: r.get_trigger_execution_history(5),
    lambda r: r.push(5, 1),
    lambda r: r.push("s"),
    lambda r: r.push("s", 1, 5),
    lambda r: r.push("s", 1, timeout="5s"),
    lambda r: r.subscribe_workflow_to_reactor("rc"),
    lambda r: r.subscribe_workflow_to_reactor(5, "wf"),
    lambda r: r.subscribe_workflow_to_reactor("rc", 5),
    lambda r: r.subscribe_workflow_to_reactor("rc", "wf", 5),
    lambda r: r.subscribe_workflow_to_reactor("rc", "wf", "acme", "payload.a"),
    lambda r: r.subscribe_workflow_to_reactor("rc", "wf", when=True),
    lambda r: r.unsubscribe_workflow_from_reactor("rc", None),
    lambda r: r.unsubscribe_workflow_from_reactor("rc", "wf", 5),
    lambda r: r.list_reactor_subscriptions(5),
]


@pytest.mark.parametrize("use", WRONG_TYPES)
def test_an_argument_of_a_wrong_type_never_reaches_the_engine(engine, use):
    runner = open_runner()

    with pytest.raises(TypeError):
        use(runner)
    assert engine.last()[0] == "runner.open"


NAMES = [
    lambda r: r.execute("w\0f", cloaca.Context()),
    lambda r: r.register_cron_workflow("w\0f", "@daily", "UTC"),
    lambda r: r.register_workflow_instance("w\0f", "i", "@daily", "UTC", cloaca.Context()),
    lambda r: r.register_workflow_instance("wf", "i\0", "@daily", "UTC", cloaca.Context()),
    lambda r: r.get_trigger_schedule("\0"),
    lambda r: r.set_trigger_enabled("\0", True),
    lambda r: r.get_trigger_execution_history("\0"),
    lambda r: r.push("\0", 1),
    lambda r: r.subscribe_workflow_to_reactor("r\0c", "wf"),
    lambda r: r.subscribe_workflow_to_reactor("rc", "w\0f"),
    lambda r: r.subscribe_workflow_to_reactor("rc", "wf", "\0"),
    lambda r: r.unsubscribe_workflow_from_reactor("r\0c", "wf"),
    lambda r: r.list_reactor_subscriptions("\0"),
]


@pytest.mark.parametrize("use", NAMES)
def test_names_with_u0000_raise_value_error_without_a_request_to_the_engine(engine, use):
    runner = open_runner()

    with pytest.raises(ValueError, match=r"a name cannot contain U\+0000"):
        use(runner)
    assert engine.last()[0] == "runner.open"


@pytest.mark.parametrize(
    "use", [lambda r: r.list_trigger_schedules(limit=-1), lambda r: r.get_cron_execution_history("a", None, -1)]
)
def test_a_negative_limit_or_offset_is_refused(engine, use):
    with pytest.raises(OverflowError):
        use(open_runner())


def test_shutdown_may_be_called_twice(engine):
    runner = open_runner()

    assert runner.shutdown() is None
    assert runner.shutdown() is None

    assert [call[0] for call in engine.calls] == ["runner.open", "runner.shutdown"]


def test_a_with_block_yields_the_runner_and_shuts_it_down(engine):
    runner = open_runner()

    with runner as entered:
        assert entered is runner

    assert engine.last() == ("runner.shutdown", {"runner": 11}, "")


def test_a_with_block_propagates_exceptions_and_shuts_the_runner_down(engine):
    with pytest.raises(LookupError):
        with open_runner():
            raise LookupError

    assert engine.last()[0] == "runner.shutdown"


def test_open_runners_are_shut_down_when_the_interpreter_ends(engine):
    open_runner()

    cloaca._shutdown_all_runners()
    cloaca._shutdown_all_runners()

    assert [call[0] for call in engine.calls] == ["runner.open", "runner.shutdown"]


def test_an_error_of_the_shutdown_when_the_interpreter_ends_is_printed(engine, capsys):
    engine.answers["runner.shutdown"] = ValueError("Shutdown timed out")
    open_runner()

    cloaca._shutdown_all_runners()

    assert capsys.readouterr().err == "[cloaca] shutdown failed: ValueError: Shutdown timed out\n"


def test_creating_a_runner_without_the_engine_raises_an_error_with_the_command_to_use(monkeypatch, tmp_path):
    if bridge.has_engine():
        pytest.skip("this process already has an engine")
    monkeypatch.delenv("CLOACA_ENGINE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(tmp_path / "script.py"), raising=False)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(RuntimeError, match=r"npx cloaca run"):
        open_runner()
