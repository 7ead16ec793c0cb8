"""`DefaultRunnerConfig`: the fourteen settings of a runner. Each setting is checked when it is assigned."""

from __future__ import annotations

from typing import Any, Callable, Dict, Generic, List, Optional, Type, TypeVar, Union, cast, final, overload

from ._sealed import Sealed
from ._types.dicts import RunnerSettings
from ._values import arguments

T = TypeVar("T")


class _Field(Generic[T]):
    """Setting of a runner: a readable and writable attribute with a default and a check."""

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
    """Settings of a `DefaultRunner`.

    Every argument is also a readable and writable attribute of the same name. None as an argument means the default. If
    an assignment fails, the attribute keeps its old value. A runner copies its settings when it is created, so later
    changes do not affect it.

    Args:
        max_concurrent_tasks: Maximum number of tasks that one runner executes at the same time, at least 1. Default: 4.
        scheduler_poll_interval_ms: Validated but not used, because the engine notices ready and due tasks immediately.
            At least 10 ms. Default: 100 ms.
        task_timeout_seconds: Time limit in seconds for one attempt of a task, including the time that it is deferred.
            Default: 300.
        workflow_timeout_seconds: Seconds that `DefaultRunner.execute` waits for a run. Default: 3600. Set the attribute
            to None to wait without a limit.
        db_pool_size: Validated but not used, because the engine opens as many connections as it needs. At least 1.
            Default: 10.
        enable_recovery: Whether the runner takes over the tasks of runners that died. Default: True.
        enable_cron_scheduling: Whether cron schedules are enabled. This does not affect polled triggers. Default:
            True.
        cron_poll_interval_seconds: Maximum number of seconds between two checks of the cron schedules. Runs start on
            time whatever the interval is. Default: 30.
        cron_max_catchup_executions: Maximum number of missed runs that a cron trigger with ``catchup="all"`` starts, at
            most 1000. Default: 100.
        cron_enable_recovery: Whether the runner starts cron runs that were recorded but never started. Default: True.
        cron_recovery_interval_seconds: Seconds between two searches for cron runs that never started. Default: 300.
        cron_lost_threshold_minutes: Age in minutes from which a recorded run that never started is considered lost.
            Default: 10.
        cron_max_recovery_age_seconds: Age in seconds from which a lost run is no longer started. Default: 86400.
        cron_max_recovery_attempts: Maximum number of times that the runner tries to start a lost run. Default: 3.
        pipeline_timeout_seconds: Older name of ``workflow_timeout_seconds``.

    Raises:
        ValueError: A value is outside its limits ("Invalid configuration: …"), or both names of the workflow timeout
            are given with different values.
        OverflowError: A number is negative.
        TypeError: A value has the wrong type.

    Example:
        >>> config = DefaultRunnerConfig(max_concurrent_tasks=8, task_timeout_seconds=20)
        >>> config.enable_cron_scheduling = False
    """

    __slots__ = ("_values",)

    _values: Dict[str, Any]

    max_concurrent_tasks = _Field(4, _at_least_one, "Maximum number of tasks that run at the same time.")
    scheduler_poll_interval_ms = _Field(
        100, _scheduler_interval, "Milliseconds. Validated but not used: the engine notices ready tasks immediately."
    )
    task_timeout_seconds = _Field(
        300, arguments.unsigned, "Time limit in seconds for one attempt of a task, including time that it is deferred."
    )
    workflow_timeout_seconds = _Field[Optional[int]](
        3600, _timeout, "Seconds that `DefaultRunner.execute` waits for a run. None: no limit.", may_be_none=True
    )
    db_pool_size = _Field(
        10, _at_least_one, "Validated but not used: the engine opens as many connections as it needs."
    )
    enable_recovery = _Field(True, arguments.flag, "Whether the runner takes over the tasks of runners that died.")
    enable_cron_scheduling = _Field(
        True, arguments.flag, "Whether cron schedules are enabled. This does not affect polled triggers."
    )
    cron_poll_interval_seconds = _Field(30, arguments.unsigned, "Maximum seconds between two checks of the schedules.")
    cron_max_catchup_executions = _Field(
        100, _catchup, 'Maximum number of missed runs that a cron trigger with catchup="all" starts.'
    )
    cron_enable_recovery = _Field(
        True, arguments.flag, "Whether the runner starts cron runs that were recorded but never started."
    )
    cron_recovery_interval_seconds = _Field(
        300, arguments.unsigned, "Seconds between two searches for cron runs that never started."
    )
    cron_lost_threshold_minutes = _Field(
        10, _minutes, "Age in minutes from which a recorded run that never started is considered lost."
    )
    cron_max_recovery_age_seconds = _Field(
        86400, arguments.unsigned, "Age in seconds from which a lost run is no longer started."
    )
    cron_max_recovery_attempts = _Field(
        3, arguments.unsigned, "Maximum number of times that the runner tries to start a lost run."
    )

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
        """Returns a config in which every setting has its default."""
        return DefaultRunnerConfig()

    @property
    def pipeline_timeout_seconds(self) -> Optional[int]:
        """Older name of ``workflow_timeout_seconds``."""
        return self.workflow_timeout_seconds

    @pipeline_timeout_seconds.setter
    def pipeline_timeout_seconds(self, value: Optional[int]) -> None:
        self.workflow_timeout_seconds = value

    def to_dict(self) -> RunnerSettings:
        """Returns all fourteen settings by name."""
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
