"""`TaskNamespace` and `WorkflowContext`."""

from __future__ import annotations

import pytest

from cloaca import TaskNamespace, WorkflowContext

TASK = TaskNamespace("t", "p", "w", "a")
WORKFLOW = TaskNamespace("t", "p", "w", "")


def test_a_namespace_has_its_parts_as_attributes_and_text():
    assert (TASK.tenant_id, TASK.package_name, TASK.workflow_id, TASK.task_id) == ("t", "p", "w", "a")
    assert str(TASK) == "t::p::w::a"
    assert repr(TASK) == "TaskNamespace('t', 'p', 'w', 'a')"


def test_from_string_parses_a_namespace():
    assert TaskNamespace.from_string("t::p::w::a") == TASK
    assert TaskNamespace.from_string("t::p::w::") == WORKFLOW


@pytest.mark.parametrize("text", ["", "a", "t::p::w", "t::p::w::a::b", "t:p:w:a"])
def test_from_string_refuses_a_text_without_exactly_four_parts(text):
    with pytest.raises(ValueError, match="Invalid namespace format"):
        TaskNamespace.from_string(text)


def test_the_parent_of_a_task_is_its_workflow():
    assert TASK.parent() == WORKFLOW
    assert str(TASK.parent()) == "t::p::w::"
    assert WORKFLOW.parent() == WORKFLOW


@pytest.mark.parametrize(
    ("child", "other", "expected"),
    [
        ("t::p::w::a", "t::p::w::", True),
        ("t::p::w::a", "t::p::x::", False),
        ("t::p::w::a", "t::p::w::b", False),
        ("t::p::w::", "t::p::w::", False),
    ],
)
def test_is_child_of_is_true_only_for_a_task_and_its_own_workflow(child, other, expected):
    assert TaskNamespace.from_string(child).is_child_of(TaskNamespace.from_string(other)) is expected


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("t::p::w::a", "t::p::w::b", True),
        ("t::p::w::a", "t::p::w::a", False),
        ("t::p::w::a", "t::p::x::b", False),
        ("t::p::w::a", "t::p::w::", False),
        ("t::p::w::", "t::p::w::a", False),
    ],
)
def test_is_sibling_of_is_true_only_for_different_tasks_of_one_workflow(left, right, expected):
    assert TaskNamespace.from_string(left).is_sibling_of(TaskNamespace.from_string(right)) is expected


def test_namespaces_compare_and_hash_by_value():
    assert TaskNamespace("t", "p", "w", "a") == TASK
    assert TASK != WORKFLOW
    assert TASK != "t::p::w::a"
    assert len({TASK, TaskNamespace("t", "p", "w", "a")}) == 1


def test_a_workflow_context_has_its_parts_as_attributes_and_text():
    context = WorkflowContext("t", "p", "w")

    assert (context.tenant_id, context.package_name, context.workflow_id) == ("t", "p", "w")
    assert str(context) == "t::p::w"
    assert repr(context) == "WorkflowContext('t', 'p', 'w')"


def test_a_workflow_context_builds_the_namespaces_of_its_tasks():
    context = WorkflowContext("t", "p", "w")

    assert context.task_namespace("a") == TASK
    assert context.resolve_dependency("a") == TASK
    assert context.resolve_dependency("x::y").task_id == "x::y"
    assert context.workflow_namespace() == WORKFLOW


def test_contains_namespace_is_true_only_for_namespaces_of_the_workflow():
    context = WorkflowContext("t", "p", "w")

    assert context.contains_namespace(TASK)
    assert context.contains_namespace(WORKFLOW)
    assert not context.contains_namespace(TaskNamespace("t", "p", "x", "a"))


def test_workflow_contexts_compare_by_value_and_cannot_be_hashed():
    assert WorkflowContext("t", "p", "w") == WorkflowContext("t", "p", "w")
    assert WorkflowContext("t", "p", "w") != WorkflowContext("t", "p", "x")
    with pytest.raises(TypeError):
        hash(WorkflowContext("t", "p", "w"))


@pytest.mark.parametrize(
    "use",
    [
        lambda: TaskNamespace("t", "p", "w", 1),
        lambda: TaskNamespace("t", "p", "w"),
        lambda: TaskNamespace.from_string(1),
        lambda: TASK.is_child_of("t::p::w::"),
        lambda: TASK.is_sibling_of(None),
        lambda: WorkflowContext("t", "p", None),
        lambda: WorkflowContext("t", "p", "w").task_namespace(1),
        lambda: WorkflowContext("t", "p", "w").contains_namespace("t::p::w::a"),
    ],
)
def test_arguments_of_wrong_types_are_refused(use):
    with pytest.raises(TypeError):
        use()
