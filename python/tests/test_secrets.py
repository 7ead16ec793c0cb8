"""Secrets: requests of a context to the engine, and places that never show the value of a secret."""

from __future__ import annotations

import traceback

import pytest
from engine import needs_engine

import cloaca
from cloaca._border import bridge

FIELDS = {"user": "reader", "password": "s3cret"}


@pytest.fixture
def asked(monkeypatch):
    """Replaces the engine by one with the secret "warehouse", and records the requested names."""
    names = []

    def call(method, payload):
        assert method == "secret"
        names.append(payload["name"])
        if payload["name"] == "locked":
            raise PermissionError("secret not granted: locked")
        if payload["name"] != "warehouse":
            raise KeyError(f"secret not found: {payload['name']}")
        return {"fields": dict(FIELDS)}

    monkeypatch.setattr(bridge, "call", call)
    monkeypatch.setattr(bridge, "has_engine", lambda: True)
    return names


def test_secret_returns_all_fields_of_a_secret(asked):
    assert cloaca.Context().secret("warehouse") == FIELDS
    assert asked == ["warehouse"]


def test_secret_field_returns_one_field_of_a_secret(asked):
    assert cloaca.Context().secret_field("warehouse", "password") == "s3cret"


def test_secret_field_raises_key_error_for_a_missing_field(asked):
    with pytest.raises(KeyError) as caught:
        cloaca.Context().secret_field("warehouse", "port")

    assert caught.value.args == ("secret 'warehouse' has no field 'port'",)


def test_a_secret_name_is_first_looked_up_as_an_alias(asked):
    context = cloaca.Context({"__cloacina_secret_refs__": {"db": "warehouse", "other": "lost"}})

    assert context.secret("db") == FIELDS
    assert context.secret_field("db", "user") == "reader"
    assert context.secret("warehouse") == FIELDS
    assert asked == ["warehouse"] * 3


@pytest.mark.parametrize("aliases", [5, ["db"], {"db": 5}, None])
def test_an_invalid_alias_map_is_ignored(asked, aliases):
    with pytest.raises(KeyError, match="secret not found: db"):
        cloaca.Context({"__cloacina_secret_refs__": aliases}).secret("db")


def test_an_exception_of_the_secrets_backend_propagates(asked):
    with pytest.raises(PermissionError, match="secret not granted: locked"):
        cloaca.Context().secret("locked")
    with pytest.raises(KeyError, match="secret not found: lost"):
        cloaca.Context().secret_field("lost", "user")


@pytest.mark.proof
def test_the_value_of_a_secret_appears_neither_in_the_context_nor_in_a_traceback(asked):
    context = cloaca.Context({"n": 1})
    context.secret("warehouse")
    context.secret_field("warehouse", "password")
    try:
        context.secret_field("warehouse", "port")
    except KeyError as error:
        shown = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        assert "s3cret" not in shown

    assert context.to_dict() == {"n": 1}
    assert "s3cret" not in context.to_json() + repr(context)


@pytest.mark.parametrize("use", [lambda c: c.secret("db"), lambda c: c.secret_field("db", "user")])
def test_reading_a_secret_without_a_backend_raises_runtime_error(use):
    with pytest.raises(RuntimeError, match="secrets backend not configured"):
        use(cloaca.Context())


@needs_engine
def test_reading_a_secret_in_a_task_without_a_backend_raises_runtime_error(runner, name):
    errors = []

    with cloaca.WorkflowBuilder(name):

        @cloaca.task(retry_attempts=1)
        def ask(ctx):
            try:
                ctx.secret("db")
            except RuntimeError as error:
                errors.append(str(error))
            return ctx

    assert runner.execute(name, cloaca.Context()).status == "Completed"
    assert errors == ["secrets backend not configured"]
