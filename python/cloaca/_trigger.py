"""The `trigger` decorator, which makes a function a polled trigger or a cron schedule."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any, Callable, Dict, Literal, Mapping, Optional, TypeVar, Union, cast, final, overload

from ._declarations import ledger
from ._declarations.declaration import (
    CronTiming,
    PollTiming,
    TriggerDeclaration,
    TriggerPolicy,
    description_of,
    place_of,
)
from ._declarations.parameters import poll_parameters
from ._sealed import Unbuildable, new
from ._types.functions import PollFunction
from ._values import arguments
from ._values.duration import (
    optional_duration_ms,
    optional_expectation_ms,
    optional_lifetime_ms,
    optional_limit_ms,
    parse_interval_ms,
)
from ._values.limit_arguments import optional_priority

F = TypeVar("F", bound=PollFunction)
#: Type of the function of a cron trigger, which is never called.
Unpolled = TypeVar("Unpolled", bound=Callable[..., Any])

_DEFAULT_MS = 30_000
#: Default with the older spelling, ``workflow=``.
_OLDER_DEFAULT_MS = 5_000
_CATCHUPS = ("skip", "all", "none")


@final
class TriggerDecorator(Unbuildable):
    """Decorator that `trigger` returns. It returns the decorated function unchanged."""

    __slots__ = ("_name", "_workflow", "_timing", "_allow_concurrent", "_policy", "_priority", "_tags")

    _name: Optional[str]
    _workflow: Optional[str]
    _timing: Union[PollTiming, CronTiming]
    _allow_concurrent: bool
    _policy: TriggerPolicy
    _priority: Optional[int]
    _tags: Optional[Dict[str, str]]

    def __call__(self, func: F) -> F:
        """Declares ``func`` as a trigger."""
        arguments.function(func, "func")
        name: str = arguments.name(cast(FunctionType, func).__name__, "name") if self._name is None else self._name
        parameters = poll_parameters(func)
        if self._policy.on_change and parameters.state != "none":
            raise ValueError(
                f"trigger '{name}' takes a state, so it cannot have `on_change`: a firing that `on_change` suppresses "
                "would change the state, and its data would be lost. Remove `on_change` or the parameter `state`"
            )
        ledger.record_trigger(
            TriggerDeclaration(
                name=name,
                workflow=name if self._workflow is None else self._workflow,
                timing=self._timing,
                allow_concurrent=self._allow_concurrent,
                policy=self._policy,
                priority=self._priority,
                tags=self._tags,
                function=func,
                parameters=parameters,
                description=description_of(func),
                place=place_of(func),
            )
        )
        return func


if TYPE_CHECKING:

    class CronTriggerDecorator(TriggerDecorator):  # type: ignore[misc]
        """`TriggerDecorator` for cron triggers. Their function is never called, so it may have any signature."""

        def __call__(self, func: Unpolled) -> Unpolled: ...


@overload
def trigger(
    workflow: Optional[str] = None,
    *,
    name: Optional[str] = None,
    on: Optional[str] = None,
    cron: str,
    timezone: Optional[str] = None,
    allow_concurrent: bool = False,
    catchup: Optional[Literal["skip", "all", "none"]] = None,
    expect_fire: Optional[str] = None,
    tags: Optional[Mapping[str, str]] = None,
    priority: Optional[int] = None,
) -> CronTriggerDecorator: ...


@overload
def trigger(
    workflow: Optional[str] = None,
    *,
    name: Optional[str] = None,
    on: Optional[str] = None,
    poll_interval: Optional[str] = None,
    cron: Optional[str] = None,
    timezone: Optional[str] = None,
    allow_concurrent: bool = False,
    timeout: Optional[str] = None,
    jitter: Optional[str] = None,
    max_active: Optional[int] = None,
    pause_after: Optional[int] = None,
    on_change: bool = False,
    key_ttl: Optional[str] = None,
    catchup: Optional[Literal["skip", "all", "none"]] = None,
    expect_fire: Optional[str] = None,
    tags: Optional[Mapping[str, str]] = None,
    priority: Optional[int] = None,
) -> TriggerDecorator: ...


@arguments.by_name
def trigger(
    workflow: Optional[str] = None,
    *,
    name: Optional[str] = None,
    on: Optional[str] = None,
    poll_interval: Optional[str] = None,
    cron: Optional[str] = None,
    timezone: Optional[str] = None,
    allow_concurrent: bool = False,
    timeout: Optional[str] = None,
    jitter: Optional[str] = None,
    max_active: Optional[int] = None,
    pause_after: Optional[int] = None,
    on_change: bool = False,
    key_ttl: Optional[str] = None,
    catchup: Optional[Literal["skip", "all", "none"]] = None,
    expect_fire: Optional[str] = None,
    tags: Optional[Mapping[str, str]] = None,
    priority: Optional[int] = None,
) -> TriggerDecorator:
    """Makes the decorated function a trigger: runners call it at an interval, and start a workflow when it fires.

    The function returns a `TriggerResult`, True (fire without a context), False (skip), or a list of at most 1,000
    results of `TriggerResult.fire`. If it raises an exception, returns another value, or takes longer than 30 s, the
    runner logs an error, starts nothing, and calls the function again after its interval. A runner makes the first call
    immediately. Calls of one trigger never overlap. The decorator returns the function unchanged. A later trigger with
    the same name replaces the earlier one.

    The function takes no arguments, or one required parameter with the name ``state``. It then receives a dict: a copy
    of the stored state of the trigger, which is empty at first. After the call, the dict is stored together with the
    runs that the call starts. It may have 64 KiB of JSON. A call that fails stores nothing. The native engine has no
    state and no lists.

    Args:
        workflow: Name of the workflow to start, in the older spelling. With it, ``poll_interval`` defaults to 5 s and
            can be a plain number of seconds.
        name: Unique name of the trigger. Default: the name of the function.
        on: Name of the workflow to start, in the newer spelling. The workflow does not have to exist yet. Default: the
            name of the trigger.
        poll_interval: Whole number with the unit ``ms``, ``s``, ``m`` or ``h``, such as "500ms" or "1m". Default: 30 s.
        cron: Cron expression. The workflow then starts on schedule, and the function is never called.
        timezone: IANA name of the time zone of ``cron``. Default: "UTC".
        allow_concurrent: Whether the trigger may start a run while a run that it started with an equal context is
            active. False drops such firings. Default: False.
        timeout: Time limit for one call, such as "5s". The engine stops a call that takes longer and logs a timeout.
            Default: the limit of the engine, which is 30 s unless configured. The native engine does not have this
            argument and the following ones.
        jitter: Maximum random delay of each call, such as "2s". The delays do not add up. Default: none.
        max_active: Maximum number of active runs that this trigger started. Further firings are recorded as limited and
            start nothing. Default: no limit.
        pause_after: Number of failed calls in a row after which the trigger is disabled, with a note that gives the
            reason. Default: never.
        on_change: Whether the trigger fires only when its result changes from skip to fire, so that a condition that
            stays true fires once. It cannot be combined with a state or a list. Default: False.
        key_ttl: Time for which the keys of `TriggerResult.fire` are remembered, such as "90d", or "never" if they do
            not expire. Default: the setting ``retention.keys``, which is 30 days.
        catchup: Handling of scheduled times that a ``cron`` trigger missed. "skip" starts one run for all of them.
            "all" starts one run for each of the latest ones, at most ``cron_max_catchup_executions``. "none" starts
            nothing. Default: "skip".
        expect_fire: Longest expected time between two firings, such as "26h". If the trigger has not fired for that
            long since its last firing, or since it was declared or enabled, an alert is sent. Default: no alert.
        tags: Tags by which the routes of alerts select receivers, such as ``{"team": "data"}``. Default: the tags of
            the workflow.
        priority: Priority of the runs that the trigger starts, from -100 to 100. Runs with a higher one begin first.
            Default: that of the workflow.

    Raises:
        ValueError: The interval or another duration is malformed, ``cron`` is combined with ``poll_interval`` or
            another polling argument, ``cron`` is given without a workflow, ``catchup`` is given without ``cron``,
            ``workflow`` and ``on`` differ, ``priority`` is out of range, or ``on_change`` is given and the function
            takes a state.
        TypeError: An argument has the wrong type.

    Example:
        >>> @trigger(on="ingest", poll_interval="2s")
        ... def inbox():
        ...     return TriggerResult.skip()
    """
    if callable(workflow) and not isinstance(workflow, str):
        # Used without parentheses, as ``@cloaca.trigger``.
        raise TypeError("trigger needs parentheses, even without arguments: write @cloaca.trigger()")
    older, newer = arguments.optional_name(workflow, "workflow"), arguments.optional_name(on, "on")
    if older is not None and newer is not None and older != newer:
        raise ValueError(f"`workflow` ('{older}') and `on` ('{newer}') name different workflows: give one of them")
    target = newer if older is None else older
    interval = arguments.optional_duration_text(poll_interval, "poll_interval")
    expression = arguments.optional_text(cron, "cron")
    zone = arguments.optional_text(timezone, "timezone")
    decorator = new(TriggerDecorator)
    decorator._name = arguments.optional_name(name, "name")
    decorator._workflow = target
    decorator._allow_concurrent = arguments.flag(allow_concurrent, "allow_concurrent")
    decorator._policy = TriggerPolicy(
        timeout_ms=optional_limit_ms(timeout, "timeout"),
        jitter_ms=optional_duration_ms(jitter, "jitter"),
        max_active=arguments.optional_count(max_active, "max_active"),
        pause_after=arguments.optional_count(pause_after, "pause_after"),
        on_change=arguments.flag(on_change, "on_change"),
        key_ttl_ms=optional_lifetime_ms(key_ttl, "key_ttl"),
        expect_fire_ms=optional_expectation_ms(expect_fire, "expect_fire"),
    )
    decorator._priority = optional_priority(priority)
    decorator._tags = arguments.optional_texts_by_key(tags, "tags")
    missed = _checked_catchup(arguments.optional_text(catchup, "catchup"), expression)
    if expression is None:
        decorator._timing = PollTiming(_interval_ms(interval, older is not None))
    else:
        _refuse_polling(decorator._policy)
        decorator._timing = _cron_timing(expression, zone, interval, target, missed)
    return decorator


def _checked_catchup(catchup: Optional[str], expression: Optional[str]) -> str:
    if catchup is None:
        return "skip"
    if catchup not in _CATCHUPS:
        expected = ", ".join(f'"{choice}"' for choice in _CATCHUPS)
        raise ValueError(f'unknown catchup "{catchup}": expected one of {expected}')
    if expression is None:
        raise ValueError("`catchup` requires `cron`: a polled trigger is called once, however many polls it missed")
    return catchup


def _refuse_polling(policy: TriggerPolicy) -> None:
    given = {
        "timeout": policy.timeout_ms,
        "jitter": policy.jitter_ms,
        "max_active": policy.max_active,
        "pause_after": policy.pause_after,
        "on_change": policy.on_change or None,
        "key_ttl": policy.key_ttl_ms,
    }
    names = [f"`{name}`" for name, value in given.items() if value is not None]
    if names:
        raise ValueError(f"cannot set both 'cron' and {', '.join(names)}: a cron trigger is not polled")


def _interval_ms(interval: Optional[str], is_older: bool) -> int:
    if interval is None:
        return _OLDER_DEFAULT_MS if is_older else _DEFAULT_MS
    try:
        return parse_interval_ms(interval, bare_seconds=is_older)
    except ValueError as error:
        raise ValueError(f"Invalid poll_interval '{interval}': {error}") from None


def _cron_timing(
    expression: str, zone: Optional[str], interval: Optional[str], target: Optional[str], catchup: str
) -> CronTiming:
    if interval is not None:
        raise ValueError("cannot set both 'cron' and 'poll_interval': a trigger can have only one of them")
    if target is None:
        raise ValueError("a trigger with 'cron' requires 'on', the name of the workflow to start")
    return CronTiming(expression, "UTC" if zone is None else zone, catchup)
