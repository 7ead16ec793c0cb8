"""`DefaultRunnerConfig`: fields, defaults and limits."""

from __future__ import annotations

import builtins

import pytest
from cases import each, table

from cloaca import DefaultRunnerConfig

FIELDS = table("python-config.json")["fields"]

ACCEPTED = [
    pytest.param(field["name"], eval(text), id=f"{field['name']}={text}")
    for field in FIELDS
    for text in field["accepts"]
]

REFUSED = [
    pytest.param(field["name"], eval(text), getattr(builtins, error), message, id=f"{field['name']}={text}")
    for field in FIELDS
    for text, error, message in field["refuses"]
]


@each(FIELDS, "name")
def test_a_field_has_its_default(case):
    for config in (DefaultRunnerConfig(), DefaultRunnerConfig.default(), DefaultRunnerConfig(**{case["name"]: None})):
        value = getattr(config, case["name"])
        assert value == case["default"]
        assert type(value) is type(case["default"])


def test_to_dict_has_the_fourteen_fields_under_their_current_names():
    assert DefaultRunnerConfig().to_dict() == {field["name"]: field["default"] for field in FIELDS}


def test_to_dict_is_a_copy():
    config = DefaultRunnerConfig()

    config.to_dict()["db_pool_size"] = 1

    assert config.db_pool_size == 10


@pytest.mark.parametrize(("field", "value"), ACCEPTED)
def test_a_field_accepts_a_valid_value_in_the_constructor_and_by_assignment(field, value):
    given = DefaultRunnerConfig(**{field: value})
    assigned = DefaultRunnerConfig()
    setattr(assigned, field, value)

    assert getattr(given, field) == getattr(assigned, field) == given.to_dict()[field] == value


@pytest.mark.parametrize(("field", "value", "error", "message"), REFUSED)
def test_the_constructor_refuses_a_bad_value(field, value, error, message):
    with pytest.raises(error) as caught:
        DefaultRunnerConfig(**{field: value})

    assert message in str(caught.value)
    if error is ValueError:
        assert str(caught.value).startswith("Invalid configuration: ")


@pytest.mark.parametrize(("field", "value", "error", "message"), REFUSED)
def test_a_refused_assignment_keeps_the_old_value(field, value, error, message):
    config = DefaultRunnerConfig()
    before = getattr(config, field)

    with pytest.raises(error) as caught:
        setattr(config, field, value)

    assert message in str(caught.value)
    assert getattr(config, field) == before


@each([field for field in FIELDS if field["name"] != "workflow_timeout_seconds"], "name")
def test_a_field_cannot_be_set_to_none(case):
    config = DefaultRunnerConfig()

    with pytest.raises(TypeError):
        setattr(config, case["name"], None)


def test_a_workflow_timeout_of_none_means_no_limit():
    config = DefaultRunnerConfig()

    config.workflow_timeout_seconds = None

    assert config.workflow_timeout_seconds is None
    assert config.to_dict()["workflow_timeout_seconds"] is None


def test_the_workflow_timeout_can_be_set_by_its_older_name():
    config = DefaultRunnerConfig(pipeline_timeout_seconds=5)
    assert config.workflow_timeout_seconds == config.pipeline_timeout_seconds == 5

    config.pipeline_timeout_seconds = 6
    assert config.workflow_timeout_seconds == 6
    assert "pipeline_timeout_seconds" not in config.to_dict()


def test_both_names_of_the_workflow_timeout_are_accepted_with_equal_values():
    config = DefaultRunnerConfig(workflow_timeout_seconds=5, pipeline_timeout_seconds=5)

    assert config.workflow_timeout_seconds == 5


def test_both_names_of_the_workflow_timeout_are_refused_with_different_values():
    with pytest.raises(ValueError, match=r"workflow_timeout_seconds.*pipeline_timeout_seconds"):
        DefaultRunnerConfig(workflow_timeout_seconds=5, pipeline_timeout_seconds=6)


@pytest.mark.parametrize(("value", "error"), [(-1, OverflowError), ("5", TypeError)])
def test_the_older_name_of_the_workflow_timeout_refuses_the_same_values(value, error):
    with pytest.raises(error):
        DefaultRunnerConfig(pipeline_timeout_seconds=value)
    with pytest.raises(error):
        DefaultRunnerConfig().pipeline_timeout_seconds = value


def test_fields_may_be_given_by_position():
    values = [2, 20, 3, 4, 5, False, False, 6, 7, False, 8, 9, 10, 11]

    assert list(DefaultRunnerConfig(*values).to_dict().values()) == values


def test_the_repr_of_a_config_shows_three_fields():
    config = DefaultRunnerConfig(max_concurrent_tasks=2, enable_cron_scheduling=False)

    assert repr(config) == "DefaultRunnerConfig(max_concurrent_tasks=2, enable_cron_scheduling=false, db_pool_size=10)"
    assert repr(DefaultRunnerConfig()) == (
        "DefaultRunnerConfig(max_concurrent_tasks=4, enable_cron_scheduling=true, db_pool_size=10)"
    )


def test_a_config_is_equal_only_to_itself():
    config = DefaultRunnerConfig()

    assert config == config
    assert config != DefaultRunnerConfig()


def test_an_unknown_field_is_refused():
    with pytest.raises(TypeError):
        DefaultRunnerConfig(max_tasks=1)
