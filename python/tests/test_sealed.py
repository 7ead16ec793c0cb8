"""Public classes are sealed: no subclasses, no new attributes, no copies."""

from __future__ import annotations

import copy
import pickle

import pytest

import cloaca
from cloaca._handle import open_handle
from cloaca._runner import WorkflowResult
from cloaca._sealed import new


def a_workflow():
    with cloaca.WorkflowBuilder("manners") as builder:
        cloaca.task(id="a")(lambda ctx: ctx)
        return builder.build()


def a_node():
    with cloaca.WorkflowBuilder("waits"):
        return cloaca.delay("cool", "1s")


def a_result():
    result = new(WorkflowResult)
    result._facts = {"execution_id": "e1", "start_time": "t0", "end_time": "t1"}
    result._facts |= {"status": "Failed", "error_message": "1 task(s) failed"}
    result._final_text = '{"n":1.0}'
    return result


def an_unopened_runner():
    return object.__new__(cloaca.DefaultRunner)


INSTANCES = {
    "Context": cloaca.Context(),
    "TriggerResult": cloaca.TriggerResult.skip(),
    "RetryPolicy": cloaca.RetryPolicy.default(),
    "RetryPolicyBuilder": cloaca.RetryPolicy.builder(),
    "BackoffStrategy": cloaca.BackoffStrategy.fixed(),
    "RetryCondition": cloaca.RetryCondition.never(),
    "TaskDecorator": cloaca.task(),
    "TriggerDecorator": cloaca.trigger(),
    "WorkflowParamsDecorator": cloaca.workflow_params(),
    "WorkflowSecretsDecorator": cloaca.workflow_secrets(),
    "TaskHandle": open_handle(1),
    "TaskNamespace": cloaca.TaskNamespace("t", "p", "w", "a"),
    "WorkflowContext": cloaca.WorkflowContext("t", "p", "w"),
    "WorkflowBuilder": cloaca.WorkflowBuilder("manners"),
    "Workflow": a_workflow(),
    "ComputationGraphBuilder": cloaca.ComputationGraphBuilder("manners", graph={}),
    "DefaultRunnerConfig": cloaca.DefaultRunnerConfig(),
    "DefaultRunner": an_unopened_runner(),
    "WorkflowResult": a_result(),
    "DatabaseAdmin": cloaca.DatabaseAdmin("postgresql://root@db/app"),
    "TenantConfig": cloaca.TenantConfig("acme", "acme_u"),
    "TenantCredentials": new(cloaca.TenantCredentials),
    "WaitNode": a_node(),
    "Limit": cloaca.limit("test-sealed", max_active=1),
}

WITHOUT_CONSTRUCTOR = [
    "TriggerResult",
    "RetryPolicy",
    "RetryPolicyBuilder",
    "BackoffStrategy",
    "RetryCondition",
    "TaskHandle",
    "Workflow",
    "WorkflowResult",
    "TaskDecorator",
    "TriggerDecorator",
    "WorkflowParamsDecorator",
    "WorkflowSecretsDecorator",
    "TenantCredentials",
    "WaitNode",
    "Limit",
]

READ_ONLY = [
    ("RetryPolicy", ["max_attempts", "initial_delay", "max_delay", "with_jitter"]),
    ("TaskNamespace", ["tenant_id", "package_name", "workflow_id", "task_id"]),
    ("WaitNode", ["id"]),
    ("Limit", ["name"]),
    ("WorkflowContext", ["tenant_id", "package_name", "workflow_id"]),
    ("ComputationGraphBuilder", ["NAME"]),
    ("Workflow", ["name", "description", "version"]),
    ("WorkflowResult", ["execution_id", "status", "start_time", "end_time", "final_context", "error_message"]),
]

everything = pytest.mark.parametrize("name", INSTANCES)


def test_this_file_tests_every_public_class():
    classes = {getattr(cloaca, name) for name in cloaca.__all__ if isinstance(getattr(cloaca, name), type)}

    assert classes - {cloaca.Cancelled, cloaca.Parked, cloaca.TryLater} == {getattr(cloaca, name) for name in INSTANCES}


@everything
def test_a_class_cannot_be_extended(name):
    with pytest.raises(TypeError):
        type("Mine", (getattr(cloaca, name),), {})


@everything
def test_an_instance_accepts_no_new_attributes(name):
    with pytest.raises(AttributeError):
        INSTANCES[name].mine = 1


@everything
@pytest.mark.parametrize("use", [copy.copy, copy.deepcopy, pickle.dumps], ids=["copy", "deepcopy", "pickle"])
def test_an_instance_can_be_neither_copied_nor_pickled(name, use):
    with pytest.raises(TypeError):
        use(INSTANCES[name])


@pytest.mark.parametrize("name", WITHOUT_CONSTRUCTOR)
def test_a_class_without_a_constructor_cannot_be_called(name):
    for arguments in ((), (1,)):
        with pytest.raises(TypeError):
            getattr(cloaca, name)(*arguments)


@pytest.mark.parametrize(
    ("name", "attribute"), [(name, attribute) for name, attributes in READ_ONLY for attribute in attributes]
)
def test_a_read_only_attribute_cannot_be_assigned(name, attribute):
    getattr(INSTANCES[name], attribute)

    with pytest.raises(AttributeError):
        setattr(INSTANCES[name], attribute, "other")


@everything
def test_the_module_and_repr_of_a_class_name_cloaca(name):
    assert getattr(cloaca, name).__module__ == "cloaca"
    assert repr(getattr(cloaca, name)) == f"<class 'cloaca.{name}'>"


def test_the_repr_of_a_runner_is_as_documented():
    assert repr(INSTANCES["DefaultRunner"]) == "DefaultRunner(thread_separated_async_runtime)"


def test_the_repr_of_a_failed_result_shows_its_error_without_quotes():
    assert repr(a_result()) == "WorkflowResult(status=Failed, error=1 task(s) failed)"


def test_reading_final_context_returns_a_new_copy_each_time():
    result = a_result()

    result.final_context.set("n", 2)

    assert result.final_context is not result.final_context
    assert result.final_context.to_dict() == {"n": 1.0}


def test_pipeline_result_is_an_alias_of_workflow_result():
    assert cloaca.PipelineResult is cloaca.WorkflowResult
