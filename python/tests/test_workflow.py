"""`WorkflowBuilder`, `Workflow`, and the registry of workflows."""

from __future__ import annotations

import re

import pytest
from declared import workflow_as_data

import cloaca


def keep(ctx):
    return ctx


def build(name, edges, *, tags=(), description="", **parts):
    """Declares a workflow, and returns it. `edges` maps the ids of its tasks to their dependencies."""
    with cloaca.WorkflowBuilder(name, **parts) as builder:
        builder.description(description)
        for key, value in tags:
            builder.tag(key, value)
        for task_id, dependencies in edges.items():
            cloaca.task(id=task_id, dependencies=dependencies)(keep)
        return builder.build()


DIAMOND = {"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": []}


def test_a_with_block_registers_its_workflow_under_its_name(name):
    with cloaca.WorkflowBuilder(name) as builder:
        builder.description("first")
        builder.description("nightly")
        builder.tag("team", "data")
        cloaca.task(id="a")(keep)

    wire = workflow_as_data(name)
    assert wire["title"] == wire["key"] == name
    assert wire["description"] == "nightly"
    assert wire["tags"] == {"team": "data"}
    assert (wire["tenant"], wire["package"]) == ("public", "embedded")
    assert wire["file"] == build.__code__.co_filename
    assert [task["id"] for task in wire["tasks"]] == ["a"]


def test_a_workflow_and_its_tasks_have_no_deadline_by_default(name):
    build(name, {"a": []})

    wire = workflow_as_data(name)
    assert (wire["deadlineMs"], wire["doneBy"]) == (None, None)
    assert wire["tasks"][0]["deadlineMs"] is None


def test_deadlines_are_part_of_the_declaration_but_not_of_the_version(name):
    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task(id="a")(keep)
        version = builder.build().version

    with cloaca.WorkflowBuilder(name, deadline="30m", done_by="07:00", timezone="Europe/Berlin") as builder:
        cloaca.task(id="a", deadline="90s")(keep)
        assert builder.build().version == version

    wire = workflow_as_data(name)
    assert wire["deadlineMs"] == 1_800_000
    assert wire["doneBy"] == {"time": "07:00", "timezone": "Europe/Berlin"}
    assert wire["tasks"][0]["deadlineMs"] == 90_000


def test_the_zone_of_done_by_is_utc_by_default(name):
    build(name, {"a": []}, done_by="23:59")

    assert workflow_as_data(name)["doneBy"] == {"time": "23:59", "timezone": "UTC"}


def test_the_workflow_argument_is_the_key_and_the_name_only_a_title(name):
    workflow = build("Nice title", {"a": []}, workflow=name, tenant="acme", package="jobs")

    assert workflow.name == "Nice title"
    assert workflow.topological_sort() == [f"acme::jobs::{name}::a"]
    assert workflow_as_data(name)["title"] == "Nice title"
    assert workflow_as_data(name)["tenant"] == "acme"
    assert workflow_as_data("Nice title") is None


def test_a_with_block_yields_its_builder(name):
    builder = cloaca.WorkflowBuilder(name)

    with builder as entered:
        cloaca.task(id="a")(keep)

    assert entered is builder
    assert repr(builder) == f"WorkflowBuilder(name='{name}')"


def test_the_methods_of_a_builder_return_none(name):
    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task(id="a")(keep)

        assert builder.description("") is None
        assert builder.tag("a", "b") is None
        assert builder.add_task("a") is None


def test_the_name_of_a_workflow_may_be_empty():
    assert cloaca.WorkflowBuilder("").__repr__() == "WorkflowBuilder(name='')"


def test_a_later_block_with_the_same_key_replaces_the_workflow(name):
    build(name, {"a": [], "b": []})
    build(name, {"c": []})

    assert [task["id"] for task in workflow_as_data(name)["tasks"]] == ["c"]


def test_tasks_are_declared_after_their_dependencies(name):
    build(name, DIAMOND)

    assert [task["id"] for task in workflow_as_data(name)["tasks"]] == ["a", "b", "c", "d"]


def test_an_exception_in_a_with_block_propagates_unchanged_and_registers_no_workflow(name):
    error = LookupError("mine")

    with pytest.raises(LookupError) as caught:
        with cloaca.WorkflowBuilder(name):
            cloaca.task(id="a")(keep)
            raise error

    assert caught.value is error
    assert workflow_as_data(name) is None
    with pytest.raises(ValueError, match="No workflow context"):
        cloaca.task(id="b")(keep)


def test_an_invalid_workflow_is_not_registered_and_its_block_is_closed(name):
    with pytest.raises(ValueError):
        build(name, {"a": ["missing"]})

    assert workflow_as_data(name) is None
    with pytest.raises(ValueError, match="No workflow context"):
        cloaca.task(id="b")(keep)


INVALID = [
    ({}, "Workflow cannot be empty"),
    (
        {"a": ["b"]},
        "Missing dependency: task 'public::embedded::{0}::a' depends on 'public::embedded::{0}::b' "
        "which is not registered",
    ),
    (
        {"fetch_orders": [], "a": ["fetch_order"]},
        "Missing dependency: task 'public::embedded::{0}::a' depends on 'public::embedded::{0}::fetch_order' "
        "which is not registered. Did you mean 'fetch_orders'?",
    ),
    (
        {"a": ["a"]},
        'Circular dependency detected: ["public::embedded::{0}::a", "public::embedded::{0}::a"]. '
        f"The dependencies are a → a, where 'a' is declared in line {keep.__code__.co_firstlineno}",
    ),
    (
        {"x": [], "a": ["x", "b"], "b": ["a"]},
        'Circular dependency detected: ["public::embedded::{0}::a", "public::embedded::{0}::b", '
        '"public::embedded::{0}::a"]. '
        f"The dependencies are a → b → a, where 'a' is declared in line {keep.__code__.co_firstlineno}",
    ),
]


@pytest.mark.parametrize(("edges", "problem"), INVALID)
def test_a_with_block_raises_an_error_that_describes_an_invalid_workflow(name, edges, problem):
    with pytest.raises(ValueError) as caught:
        with cloaca.WorkflowBuilder(name):
            for task_id, dependencies in edges.items():
                cloaca.task(id=task_id, dependencies=dependencies)(keep)

    assert str(caught.value) == "Workflow validation failed: " + problem.format(name)


@pytest.mark.parametrize(("edges", "problem"), INVALID)
def test_build_raises_an_error_that_describes_an_invalid_workflow(name, edges, problem):
    with pytest.raises(ValueError) as caught:
        build(name, edges)

    assert str(caught.value) == "Failed to build workflow: " + problem.format(name)


def test_a_cycle_of_5001_tasks_is_found_without_exceeding_the_recursion_limit(name):
    edges = {str(number): [str(number + 1)] for number in range(5000)}

    with pytest.raises(ValueError, match="Circular dependency"):
        build(name, {**edges, "5000": ["0"]})


def test_a_workflow_has_its_properties_roots_leaves_and_levels(name):
    workflow = build(name, DIAMOND, description="text")
    full = "public::embedded::" + name + "::{}"

    assert (workflow.name, workflow.description) == (name, "text")
    assert re.fullmatch("[0-9a-f]{16}", workflow.version)
    assert repr(workflow) == f"Workflow(name='{name}', tasks=4)"
    assert workflow.get_roots() == [full.format("a")]
    assert workflow.get_leaves() == [full.format("d")]
    assert [sorted(level) for level in workflow.get_execution_levels()] == [
        [full.format("a")],
        [full.format("b"), full.format("c")],
        [full.format("d")],
    ]
    assert workflow.validate() is None


def test_topological_sort_lists_every_task_after_its_dependencies(name):
    order = build(name, DIAMOND).topological_sort()

    position = {full.rsplit("::", 1)[1]: index for index, full in enumerate(order)}
    assert len(order) == 4
    assert all(position[other] < position[task] for task, others in DIAMOND.items() for other in others)


def test_a_workflow_without_a_description_has_an_empty_description(name):
    assert build(name, {"a": []}).description == ""


def test_workflows_with_equal_definitions_have_equal_versions(name):
    tags = [("a", "1"), ("b", "2")]
    first = build(name, {"a": [], "b": ["a"]}, tags=tags)
    second = build(name, {"b": ["a"], "a": []}, tags=reversed(tags))

    assert first.version == second.version


def test_the_version_of_a_workflow_is_the_same_in_every_process():
    assert build("fixed", {"a": [], "b": ["a"]}, tags=[("k", "v")], description="é").version == "df965498b1109d51"


@pytest.mark.parametrize(
    "change",
    [
        {"title": "other"},
        {"tenant": "acme"},
        {"description": "other"},
        {"tags": [("k", "other")]},
        {"tags": []},
        {"edges": {"a": [], "c": ["a"]}},
        {"edges": {"a": [], "b": []}},
        {"edges": {"a": [], "b": ["a"], "c": []}},
    ],
    ids=str,
)
def test_a_changed_definition_changes_the_version_of_a_workflow(name, change):
    base = {"title": "title", "edges": {"a": [], "b": ["a"]}, "tags": [("k", "v")], "description": "text"}

    def version(edges, title, **parts):
        return build(title, edges, workflow=name, **parts).version

    assert version(**base) != version(**{**base, **change})


def test_add_task_adds_tasks_declared_earlier_under_the_same_key(name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(keep)

        @cloaca.task(id="renamed", dependencies=["a"])
        def b(ctx):
            return ctx

        cloaca.task(id="c")(lambda ctx: ctx)

    builder = cloaca.WorkflowBuilder(name)
    builder.add_task("a")
    builder.add_task(b)

    assert builder.build().topological_sort() == [
        f"public::embedded::{name}::a",
        f"public::embedded::{name}::renamed",
    ]


def test_build_does_not_register_the_workflow(name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(keep)
        cloaca.task(id="b")(keep)

    builder = cloaca.WorkflowBuilder(name)
    builder.add_task("a")
    builder.build()

    assert len(workflow_as_data(name)["tasks"]) == 2


def test_add_task_and_build_inside_a_block_do_not_change_the_registered_workflow(name):
    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task(id="a")(keep)
        builder.add_task("a")
        picked = builder.build()
        cloaca.task(id="b")(keep)

    assert len(picked.topological_sort()) == 1
    assert [task["id"] for task in workflow_as_data(name)["tasks"]] == ["a", "b"]


def test_a_built_workflow_does_not_change_with_its_builder(name):
    with cloaca.WorkflowBuilder(name) as builder:
        cloaca.task(id="a")(keep)
        workflow = builder.build()
        builder.description("later")
        cloaca.task(id="b")(keep)

    assert workflow.description == ""
    assert repr(workflow).endswith("tasks=1)")


def test_register_workflow_constructor_makes_an_alias(name):
    workflow = build(name, {"a": []})
    calls = []

    def construct():
        calls.append("called")
        return workflow

    assert cloaca.register_workflow_constructor(f"{name}-alias", construct) is None

    wire = workflow_as_data(f"{name}-alias")
    assert calls == ["called"]
    assert wire["title"] == name
    assert wire["tasks"] == workflow_as_data(name)["tasks"]
    assert wire["version"] == workflow.version


def test_register_workflow_constructor_replaces_an_earlier_workflow(name):
    workflow = build(name, {"a": []})
    build(f"{name}-other", {"b": []})

    cloaca.register_workflow_constructor(f"{name}-other", lambda: workflow)

    assert [task["id"] for task in workflow_as_data(f"{name}-other")["tasks"]] == ["a"]


def test_an_exception_in_a_workflow_constructor_is_reported_with_its_cause(name):
    def construct():
        raise LookupError("gone")

    with pytest.raises(ValueError) as caught:
        cloaca.register_workflow_constructor(name, construct)

    assert str(caught.value) == "Failed to call workflow constructor: LookupError: gone"
    assert isinstance(caught.value.__cause__, LookupError)
    assert workflow_as_data(name) is None


def test_add_task_refuses_an_unknown_task_and_suggests_the_nearest_id() -> None:
    with cloaca.WorkflowBuilder("nearest"):
        cloaca.task(id="fetch_orders")(keep)

    with pytest.raises(ValueError, match=r"decorated with @task\. Did you mean 'fetch_orders'\?$"):
        cloaca.WorkflowBuilder("nearest").add_task("fetch_order")
