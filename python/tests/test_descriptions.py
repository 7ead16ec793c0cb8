"""The declarative decorators change nothing at run time."""

from __future__ import annotations

import pytest

import cloaca

DECORATORS = {
    "params": cloaca.workflow_params(source=str, batch=(int, 500), odd=object()),
    "secrets": cloaca.workflow_secrets("warehouse", 7, None),
    "fields": cloaca.boundary_schema(price=float, odd="x"),
    "nothing": cloaca.workflow_params(),
}


@pytest.mark.parametrize("decorator", DECORATORS.values(), ids=DECORATORS)
@pytest.mark.parametrize("thing", [lambda ctx: ctx, type("AClass", (), {})], ids=["function", "class"])
def test_a_decorated_function_or_class_is_returned_unchanged(decorator, thing):
    before = dict(vars(thing))

    assert decorator(thing) is thing
    assert dict(vars(thing)) == before


def test_the_decorators_can_be_combined_with_task(name):
    with cloaca.WorkflowBuilder(name):

        @cloaca.workflow_params(source=str)
        @cloaca.workflow_secrets("warehouse")
        @cloaca.task()
        def read(ctx):
            return ctx

    assert read("anything") == "anything"
    assert isinstance(cloaca.workflow_params(a=int), cloaca.WorkflowParamsDecorator)
    assert isinstance(cloaca.workflow_secrets("a"), cloaca.WorkflowSecretsDecorator)


@pytest.mark.parametrize(
    "use",
    [lambda: cloaca.workflow_params(str), lambda: cloaca.boundary_schema(str), lambda: cloaca.workflow_secrets(a="b")],
)
def test_arguments_of_the_wrong_kind_are_refused(use):
    with pytest.raises(TypeError):
        use()
