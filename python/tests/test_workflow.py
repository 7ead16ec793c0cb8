"""`WorkflowBuilder`, `Workflow` and the registry of a process."""

from __future__ import annotations

import re

import pytest
from declared import workflow_as_data

import cloaca


def keep(ctx):
    return ctx


def build(name, edges, *, tags=(), description="", **parts):
    """A workflow of the given tasks: id to dependencies."""
    with cloaca.WorkflowBuilder(name, **parts) as builder:
        builder.description(description)
        for key, value in tags:
            builder.tag(key, value)
        for task_id, dependencies in edges.items():
            cloaca.task(id=task_id, dependencies=dependencies)(keep)
        return builder.build()


DIAMOND = {"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": []}


def test_a_block_registers_its_workflow_under_its_name(name):
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


def test_the_workflow_argument_is_the_key_and_the_name_only_a_title(name):
    workflow = build("Nice title", {"a": []}, workflow=name, tenant="acme", package="jobs")

    assert workflow.name == "Nice title"
    assert workflow.topological_sort() == [f"acme::jobs::{name}::a"]
    assert workflow_as_data(name)["title"] == "Nice title"
    assert workflow_as_data(name)["tenant"] == "acme"
    assert workflow_as_data("Nice title") is None


def test_a_block_yields_its_builder(name):
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


def test_a_later_block_of_the_same_key_replaces_the_workflow(name):
    build(name, {"a": [], "b": []})
    build(name, {"c": []})

    assert [task["id"] for task in workflow_as_data(name)["tasks"]] == ["c"]


def test_tasks_are_told_dependencies_first(name):
    build(name, DIAMOND)

    assert [task["id"] for task in workflow_as_data(name)["tasks"]] == ["a", "b", "c", "d"]


def test_an_exception_in_a_block_goes_through_unchanged_and_nothing_is_registered(name):
    error = LookupError("mine")

    with pytest.raises(LookupError) as caught:
        with cloaca.WorkflowBuilder(name):
            cloaca.task(id="a")(keep)
            raise error

    assert caught.value is error
    assert workflow_as_data(name) is None
    with pytest.raises(ValueError, match="No workflow context"):
        cloaca.task(id="b")(keep)


def test_a_block_that_ends_invalid_is_closed_all_the_same(name):
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
    ({"a": ["a"]}, 'Circular dependency detected: ["public::embedded::{0}::a", "public::embedded::{0}::a"]'),
    (
        {"x": [], "a": ["x", "b"], "b": ["a"]},
        'Circular dependency detected: ["public::embedded::{0}::a", "public::embedded::{0}::b", '
        '"public::embedded::{0}::a"]',
    ),
]


@pytest.mark.parametrize(("edges", "problem"), INVALID)
def test_the_end_of_a_block_says_what_is_wrong(name, edges, problem):
    with pytest.raises(ValueError) as caught:
        with cloaca.WorkflowBuilder(name):
            for task_id, dependencies in edges.items():
                cloaca.task(id=task_id, dependencies=dependencies)(keep)

    assert str(caught.value) == "Workflow validation failed: " + problem.format(name)


@pytest.mark.parametrize(("edges", "problem"), INVALID)
def test_build_says_what_is_wrong(name, edges, problem):
    with pytest.raises(ValueError) as caught:
        build(name, edges)

    assert str(caught.value) == "Failed to build workflow: " + problem.format(name)


def test_a_cycle_is_found_in_a_chain_longer_than_the_stack(name):
    edges = {str(number): [str(number + 1)] for number in range(5000)}

    with pytest.raises(ValueError, match="Circular dependency"):
        build(name, {**edges, "5000": ["0"]})


def test_a_workflow_says_its_parts(name):
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


def test_the_topological_order_has_every_task_after_its_dependencies(name):
    order = build(name, DIAMOND).topological_sort()

    position = {full.rsplit("::", 1)[1]: index for index, full in enumerate(order)}
    assert len(order) == 4
    assert all(position[other] < position[task] for task, others in DIAMOND.items() for other in others)


def test_a_workflow_without_description_has_an_empty_one(name):
    assert build(name, {"a": []}).description == ""


def test_equal_definitions_have_equal_versions(name):
    tags = [("a", "1"), ("b", "2")]
    first = build(name, {"a": [], "b": ["a"]}, tags=tags)
    second = build(name, {"b": ["a"], "a": []}, tags=reversed(tags))

    assert first.version == second.version


def test_a_version_is_the_same_in_every_process():
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
def test_a_change_of_the_definition_changes_the_version(name, change):
    base = {"title": "title", "edges": {"a": [], "b": ["a"]}, "tags": [("k", "v")], "description": "text"}

    def version(edges, title, **parts):
        return build(title, edges, workflow=name, **parts).version

    assert version(**base) != version(**{**base, **change})


def test_add_task_picks_tasks_that_were_decorated_earlier_under_the_same_key(name):
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


def test_build_does_not_register(name):
    with cloaca.WorkflowBuilder(name):
        cloaca.task(id="a")(keep)
        cloaca.task(id="b")(keep)

    builder = cloaca.WorkflowBuilder(name)
    builder.add_task("a")
    builder.build()

    assert len(workflow_as_data(name)["tasks"]) == 2


def test_add_task_and_build_do_not_disturb_the_collection_of_the_block(name):
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


def test_a_constructor_that_raises_is_named(name):
    def construct():
        raise LookupError("gone")

    with pytest.raises(ValueError) as caught:
        cloaca.register_workflow_constructor(name, construct)

    assert str(caught.value) == "Failed to call workflow constructor: LookupError: gone"
    assert isinstance(caught.value.__cause__, LookupError)
    assert workflow_as_data(name) is None


def test_an_unknown_task_is_refused_with_the_nearest_one() -> None:
    with cloaca.WorkflowBuilder("nearest"):
        cloaca.task(id="fetch_orders")(keep)

    with pytest.raises(ValueError, match=r"decorated with @task\. Did you mean 'fetch_orders'\?$"):
        cloaca.WorkflowBuilder("nearest").add_task("fetch_order")
