"""Versions of workflows: the same in Python and in TypeScript, which have one table of cases."""

from __future__ import annotations

from cases import each, table

from cloaca import WorkflowBuilder, task


@each(table("workflow-versions.json")["cases"])
def test_equal_definitions_have_equal_versions_in_both_languages(case):
    builder = WorkflowBuilder(
        case.get("title_text", case["name"]),
        tenant=case.get("tenant"),
        package=case.get("package"),
        workflow=case["name"],
    )
    builder.description(case["description"])
    for key, value in case["tags"].items():
        builder.tag(key, value)

    with builder:
        for task_id, dependencies in case["tasks"]:
            task(id=task_id, dependencies=dependencies)(lambda ctx: ctx)

    assert builder.build().version == case["version"]
