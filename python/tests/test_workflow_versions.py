"""Versions of workflows are the same in Python and TypeScript. Both test them with one table of cases."""

from __future__ import annotations

from cases import each, table

from cloaca import WorkflowBuilder, limit, task


@each(table("workflow-versions.json")["cases"])
def test_a_workflow_has_the_same_version_in_python_and_typescript(case):
    builder = WorkflowBuilder(
        case.get("title_text", case["name"]),
        tenant=case.get("tenant"),
        package=case.get("package"),
        workflow=case["name"],
        **case.get("limit", {}),
    )
    builder.description(case["description"])
    for key, value in case["tags"].items():
        builder.tag(key, value)

    with builder:
        for task_id, dependencies in case["tasks"]:
            limits = [limit(name, max_active=1) for name in case.get("limits", {}).get(task_id, [])]
            task(id=task_id, dependencies=dependencies, limits=limits)(lambda ctx: ctx)

    assert builder.build().version == case["version"]
