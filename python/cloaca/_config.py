"""`DefaultRunnerConfig`: fourteen settings of a runner, each checked when it is set."""

from __future__ import annotations

from typing import Any, Callable, Dict, Generic, List, Optional, Type, TypeVar, Union, cast, final, overload

from ._sealed import Sealed
from ._types.dicts import RunnerSettings
from ._values import arguments

T = TypeVar("T")


class _Field(Generic[T]):
    """A setting: a readable and writable attribute with a default and a check."""

    def __init__(self, default: T, check: Callable[[object, str], T], doc: str, may_be_none: bool = False) -> None:
        self.default = default
        self.may_be_none = may_be_none
        self.__doc__ = doc
        self._check = check

    def __set_name__(self, owner: Type[Any], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, config: None, owner: Type[Any]) -> _Field[T]: ...

    @overload
    def __get__(self, config: DefaultRunnerConfig, owner: Type[Any]) -> T: ...

    def __get__(self, config: Optional[DefaultRunnerConfig], owner: Type[Any]) -> Union[_Field[T], T]:
        if config is None:
            return self
        value: T = config._values[self.name]
        return value

    def __set__(self, config: DefaultRunnerConfig, value: T) -> None:
        config._values[self.name] = None if value is None and self.may_be_none else self._check(value, self.name)


def _at_least_one(value: object, name: str) -> int:
    number = arguments.unsigned(value, name)
    if number == 0:
        raise ValueError(f"{name} must be > 0")
    return number


def _scheduler_interval(value: object, name: str) -> int:
    number = arguments.unsigned(value, name)
    if number < 10:
        raise ValueError("scheduler_poll_interval must be >= 10ms")
    return number


def _catchup(value: object, name: str) -> int:
    number = arguments.unsigned(value, name)
    if number > 1000:
        raise ValueError(f"{name} ({number}) must be <= 1000")
    return number


def _minutes(value: object, name: str) -> int:
    number = arguments.whole(value, name)
    if not -(2**31) <= number < 2**31:
        raise OverflowError(f"argument '{name}': int does not fit in 32 bits")
    return number


def _timeout(value: object, name: str) -> Optional[int]:
    return arguments.unsigned(value, name)


@final
class DefaultRunnerConfig(Sealed):
    """Settings of a `DefaultRunner`. A runner copies them when it is made; later edits have no effect on it.

    Every argument is also a readable and writable attribute of the same name. In the constructor None stands for the
    default. A failed assignment leaves the old value.

    Args:
        max_concurrent_tasks: Tasks of one runner that run at the same time, 4 unless given; at least 1.
        scheduler_poll_interval_ms: Checked, without effect: tasks that are ready or due again are noticed immediately.
            At least 10, 100 unless given.
        task_timeout_seconds: Limit of one attempt of a task, deferral included, 300 s.
        workflow_timeout_seconds: How long `DefaultRunner.execute` waits, 3600 s. As an attribute, None: no limit.
        db_pool_size: Checked, without effect: an engine opens the connections that it needs. At least 1, 10 unless
            given.
        enable_recovery: Whether tasks of a dead runner are taken back, True.
        enable_cron_scheduling: Whether cron works, True; triggers are not affected.
        cron_poll_interval_seconds: Longest time between two checks of the schedules, 30 s; due times are met exactly.
        cron_max_catchup_executions: Maximum number of missed runs that a cron trigger with ``catchup="all"`` starts,
            100; at most 1000.
        cron_enable_recovery: Whether cron runs that were recorded but never started are started later, True.
        cron_recovery_interval_seconds: How often such runs are looked for, 300 s.
        cron_lost_threshold_minutes: Age at which such a run counts as lost, 10 minutes.
        cron_max_recovery_age_seconds: Age beyond which it is given up, 86400 s.
        cron_max_recovery_attempts: How often it is started at most, 3.
        pipeline_timeout_seconds: Older name of ``workflow_timeout_seconds``.

    Raises:
        ValueError: A value is outside its limits ("Invalid configuration: …"), or both names of the timeout are given
            and differ.
        OverflowError: A number is negative.
        TypeError: A value has a wrong type.

    Example:
        >>> config = DefaultRunnerConfig(max_concurrent_tasks=8, task_timeout_seconds=20)
        >>> config.enable_cron_scheduling = False
    """

    __slots__ = ("_values",)

    _values: Dict[str, Any]

    max_concurrent_tasks = _Field(4, _at_least_one, "Tasks of one runner that run at the same time.")
    scheduler_poll_interval_ms = _Field(
        100, _scheduler_interval, "Milliseconds; checked, without effect: ready and due tasks are noticed immediately."
    )
    task_timeout_seconds = _Field(300, arguments.unsigned, "Limit of one attempt of a task, deferral included.")
    workflow_timeout_seconds = _Field[Optional[int]](
        3600, _timeout, "How long `DefaultRunner.execute` waits; None: no limit.", may_be_none=True
    )
    db_pool_size = _Field(10, _at_least_one, "Checked, without effect: an engine opens the connections that it needs.")
    enable_recovery = _Field(True, arguments.flag, "Whether tasks of a dead runner are taken back.")
    enable_cron_scheduling = _Field(True, arguments.flag, "Whether cron works; triggers are not affected.")
    cron_poll_interval_seconds = _Field(30, arguments.unsigned, "Longest time between two checks of the schedules.")
    cron_max_catchup_executions = _Field(
        100, _catchup, 'Maximum number of missed runs that a cron trigger with catchup="all" starts.'
    )
    cron_enable_recovery = _Field(
        True, arguments.flag, "Whether cron runs that were recorded but never started are started later."
    )
    cron_recovery_interval_seconds = _Field(300, arguments.unsigned, "How often such runs are looked for.")
    cron_lost_threshold_minutes = _Field(10, _minutes, "Age at which such a run counts as lost.")
    cron_max_recovery_age_seconds = _Field(86400, arguments.unsigned, "Age beyond which it is given up.")
    cron_max_recovery_attempts = _Field(3, arguments.unsigned, "How often it is started at most.")

    def __init__(
        self,
        max_concurrent_tasks: Optional[int] = None,
        scheduler_poll_interval_ms: Optional[int] = None,
        task_timeout_seconds: Optional[int] = None,
        workflow_timeout_seconds: Optional[int] = None,
        db_pool_size: Optional[int] = None,
        enable_recovery: Optional[bool] = None,
        enable_cron_scheduling: Optional[bool] = None,
        cron_poll_interval_seconds: Optional[int] = None,
        cron_max_catchup_executions: Optional[int] = None,
        cron_enable_recovery: Optional[bool] = None,
        cron_recovery_interval_seconds: Optional[int] = None,
        cron_lost_threshold_minutes: Optional[int] = None,
        cron_max_recovery_age_seconds: Optional[int] = None,
        cron_max_recovery_attempts: Optional[int] = None,
        *,
        pipeline_timeout_seconds: Optional[int] = None,
    ) -> None:
        given = dict(locals())
        self._values = {field.name: field.default for field in _FIELDS}
        older = given["pipeline_timeout_seconds"]
        if older is not None:
            _check_one_timeout(workflow_timeout_seconds, arguments.unsigned(older, "pipeline_timeout_seconds"))
            given["workflow_timeout_seconds"] = older
        try:
            for field in _FIELDS:
                if given[field.name] is not None:
                    field.__set__(self, given[field.name])
        except ValueError as error:
            raise ValueError(f"Invalid configuration: {error}") from None

    @staticmethod
    def default() -> DefaultRunnerConfig:
        """A config with every default."""
        return DefaultRunnerConfig()

    @property
    def pipeline_timeout_seconds(self) -> Optional[int]:
        """Older name of ``workflow_timeout_seconds``."""
        return self.workflow_timeout_seconds

    @pipeline_timeout_seconds.setter
    def pipeline_timeout_seconds(self, value: Optional[int]) -> None:
        self.workflow_timeout_seconds = value

    def to_dict(self) -> RunnerSettings:
        """All fourteen settings, by their names."""
        return cast(RunnerSettings, dict(self._values))

    def __repr__(self) -> str:
        cron = "true" if self.enable_cron_scheduling else "false"
        return (
            f"DefaultRunnerConfig(max_concurrent_tasks={self.max_concurrent_tasks}, "
            f"enable_cron_scheduling={cron}, db_pool_size={self.db_pool_size})"
        )


_FIELDS: List[_Field[Any]] = [
    attribute for attribute in vars(DefaultRunnerConfig).values() if isinstance(attribute, _Field)
]


def _check_one_timeout(newer: Optional[int], older: int) -> None:
    if newer is not None and newer != older:
        raise ValueError(
            f"workflow_timeout_seconds ({newer}) and pipeline_timeout_seconds ({older}) are two names of one setting: "
            "give one of them"
        )
