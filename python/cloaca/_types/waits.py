"""Waits of nodes in the form that the engine reads: the twin of ``WaitDefinition`` in ``src/model/workflow.ts``."""

from __future__ import annotations

from typing import Dict, Literal, Optional, TypedDict, Union

#: Effect of a timeout.
OnTimeout = Literal["fail", "skip", "continue"]


class DailyTime(TypedDict):
    """Time of day in a time zone."""

    time: str
    timezone: str


class AfterEnd(TypedDict):
    """End of a delay, as a time after it opened."""

    kind: Literal["after"]
    ms: int


class UntilEnd(TypedDict):
    """End of a delay, as the next time that the clock of a zone shows."""

    kind: Literal["until"]
    time: DailyTime


class DelayWait(TypedDict):
    """Wait of `delay`."""

    kind: Literal["delay"]
    end: Union[AfterEnd, UntilEnd]


class SignalWait(TypedDict):
    """Wait of `wait_for_signal`. ``key`` is a template."""

    kind: Literal["signal"]
    signal: str
    key: str
    timeoutMs: Optional[int]
    onTimeout: OnTimeout


class ApprovalWait(TypedDict):
    """Wait of `approval`. ``title`` is a template, and ``form`` a JSON Schema."""

    kind: Literal["approval"]
    title: str
    form: Optional[Dict[str, object]]
    timeoutMs: Optional[int]
    onTimeout: OnTimeout


Wait = Union[DelayWait, SignalWait, ApprovalWait]
