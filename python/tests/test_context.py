"""`Context`: methods, copies, JSON, secrets and variables."""

from __future__ import annotations

import json

import pytest

import cloaca
from cloaca import Context


def test_a_new_context_is_empty_and_falsy():
    context = Context()

    assert len(context) == 0
    assert not context
    assert Context(None).to_dict() == {}


def test_a_context_with_a_key_is_truthy():
    assert Context({"a": None})


def test_get_returns_the_value_or_the_default():
    context = Context({"n": 1})

    assert context.get("n") == 1
    assert context.get("absent") is None
    assert context.get("absent", 7) == 7
    assert context.get("absent", default="x") == "x"


def test_get_returns_none_for_a_key_with_the_value_none():
    assert Context({"n": None}).get("n", 7) is None


def test_get_returns_the_default_object_itself():
    default = object()

    assert Context().get("absent", default) is default


def test_set_inserts_and_overwrites():
    context = Context({"a": 1})

    assert context.set("a", 2) is None
    context.set("b", 3)

    assert context.to_dict() == {"a": 2, "b": 3}


def test_insert_refuses_an_existing_key():
    context = Context({"a": None})

    assert context.insert("b", 1) is None
    with pytest.raises(ValueError, match=r"Key already exists: .*a"):
        context.insert("a", 1)

    assert context.to_dict() == {"a": None, "b": 1}


def test_update_refuses_an_absent_key():
    context = Context({"a": None})

    assert context.update("a", 1) is None
    with pytest.raises(KeyError, match=r"Key not found: .*b"):
        context.update("b", 1)

    assert context.to_dict() == {"a": 1}


def test_remove_returns_the_old_value_or_none():
    context = Context({"a": [1], "b": None})

    assert context.remove("a") == [1]
    assert context.remove("a") is None
    assert context.remove("b") is None
    assert context.to_dict() == {}


def test_brackets_read_write_and_delete():
    context = Context({"a": 1, "gone": None})

    context["b"] = (1, 2)
    del context["gone"]

    assert context["a"] == 1
    assert context["b"] == [1, 2]
    assert "gone" not in context


@pytest.mark.parametrize("use", [lambda c: c["k"], lambda c: c.__delitem__("k")], ids=["read", "delete"])
def test_reading_or_deleting_an_absent_key_raises_key_error_with_its_name(use):
    with pytest.raises(KeyError) as caught:
        use(Context())

    assert caught.value.args == ("Key not found: 'k'",)


def test_a_key_with_the_value_none_is_in_the_context():
    context = Context({"a": None})

    assert "a" in context
    assert "b" not in context


def test_update_from_dict_overwrites_whole_values_and_keeps_the_other_keys():
    context = Context({"a": {"x": 1}, "b": 2})

    assert context.update_from_dict({"a": {"y": 2}, "c": (3,)}) is None

    assert context.to_dict() == {"a": {"y": 2}, "b": 2, "c": [3]}


def test_update_from_dict_with_a_bad_value_changes_nothing():
    context = Context({"a": 1})

    with pytest.raises(TypeError):
        context.update_from_dict({"a": 2, "b": object()})

    assert context.to_dict() == {"a": 1}


@pytest.mark.parametrize("junk", [5, [("a", 1)], "a", Context()], ids=repr)
def test_update_from_dict_accepts_only_a_dict(junk):
    with pytest.raises(TypeError):
        Context().update_from_dict(junk)


@pytest.mark.parametrize("junk", [5, [("a", 1)], "{}", Context()], ids=repr)
def test_the_constructor_accepts_only_a_dict(junk):
    with pytest.raises(TypeError):
        Context(junk)


@pytest.mark.parametrize(
    "use",
    [
        lambda c: c.get(1),
        lambda c: c.set(1, 1),
        lambda c: c.insert(1, 1),
        lambda c: c.update(1, 1),
        lambda c: c.remove(1),
        lambda c: c[1],
        lambda c: c.__setitem__(1, 1),
        lambda c: c.__delitem__(1),
        lambda c: 1 in c,
        lambda c: c.update_from_dict({1: 1}),
        lambda c: Context({1: 1}),
        lambda c: Context({"a": {1: 1}}),
    ],
)
def test_every_method_refuses_a_key_that_is_not_a_str(use):
    with pytest.raises(TypeError):
        use(Context({"a": 1}))


@pytest.mark.parametrize("method", ["keys", "values", "items", "pop", "copy"])
def test_a_context_lacks_the_dict_methods_keys_values_items_pop_and_copy(method):
    assert not hasattr(Context(), method)


@pytest.mark.parametrize("walk", [iter, list, reversed, sorted], ids=lambda f: f.__name__)
def test_a_context_is_not_iterable(walk):
    with pytest.raises(TypeError):
        walk(Context({"a": 1}))


def test_a_context_is_equal_only_to_itself():
    context = Context()

    assert context == context
    assert Context({}) != Context({})


def test_reading_a_value_returns_a_new_copy():
    context = Context({"xs": [1, {"y": []}]})

    context["xs"].append(2)
    context.get("xs")[1]["y"].append(2)
    context.to_dict()["xs"].append(2)

    assert context["xs"] == [1, {"y": []}]


def test_a_context_stores_a_copy_of_a_value():
    given = {"xs": [1]}
    context = Context(given)
    context.set("ys", given["xs"])

    given["xs"].append(2)

    assert context.to_dict() == {"xs": [1], "ys": [1]}


def test_to_json_returns_a_compact_json_object():
    text = Context({"n": 1, "x": 1.0, "t": 'é"\n', "xs": [True, None, {}]}).to_json()

    assert text == '{"n":1,"x":1.0,"t":"é\\"\\n","xs":[true,null,{}]}'
    assert json.loads(text)["x"] == 1.0


def test_the_repr_of_a_context_shows_its_json():
    context = Context({"n": 1})

    assert repr(context) == str(context) == 'Context({"n":1})'


def test_from_json_accepts_only_a_str():
    for junk in (b"{}", {}, None):
        with pytest.raises(TypeError):
            Context.from_json(junk)


def test_to_json_returns_the_original_text_of_an_unchanged_context():
    text = '{"b":1.0,"a":[18446744073709551615]}'
    context = Context._from_text(text)

    assert context["a"] == [2**64 - 1]
    assert context.to_json() is text


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.set("a", 2),
        lambda c: c.update("a", 2),
        lambda c: c.__setitem__("a", 2),
        lambda c: c.update_from_dict({"a": 2}),
    ],
)
def test_to_json_includes_a_changed_value(change):
    context = Context._from_text('{"a":1}')

    change(context)

    assert context.to_json() == '{"a":2}'


def test_to_json_leaves_out_removed_keys():
    context = Context._from_text('{"a":1,"b":2,"c":3}')

    del context["a"]
    context.remove("b")
    context.remove("absent")

    assert context.to_json() == '{"c":3}'


def test_reading_a_secret_without_a_backend_raises_runtime_error():
    for use in (lambda c: c.secret("db"), lambda c: c.secret_field("db", "password")):
        with pytest.raises(RuntimeError, match="secrets backend not configured"):
            use(Context())


def test_a_secret_name_or_field_that_is_not_a_str_is_refused():
    for use in (lambda c: c.secret(1), lambda c: c.secret_field("db", 1)):
        with pytest.raises(TypeError):
            use(Context())


def test_var_reads_the_environment_when_it_is_called(monkeypatch):
    monkeypatch.setenv("CLOACINA_VAR_Queue_url", "first")
    assert cloaca.var("Queue_url") == "first"

    monkeypatch.setenv("CLOACINA_VAR_Queue_url", "")
    assert cloaca.var("Queue_url") == ""
    assert cloaca.var_or("Queue_url", "fallback") == ""


def test_var_raises_key_error_with_the_name_of_an_unset_variable(monkeypatch):
    monkeypatch.delenv("CLOACINA_VAR_absent", raising=False)

    with pytest.raises(KeyError) as caught:
        cloaca.var("absent")

    assert caught.value.args == ("required variable 'absent' not set (expected env var CLOACINA_VAR_absent)",)


def test_var_or_returns_its_default_for_an_unset_variable(monkeypatch):
    monkeypatch.delenv("CLOACINA_VAR_absent", raising=False)

    assert cloaca.var_or("absent", "memory:") == "memory:"


@pytest.mark.parametrize("use", [lambda: cloaca.var(1), lambda: cloaca.var_or(1, ""), lambda: cloaca.var_or("a", 1)])
def test_var_refuses_a_name_or_default_that_is_not_a_str(use):
    with pytest.raises(TypeError):
        use()
