"""Reads which parameters the functions of triggers and tasks require.

Only the state of the trigger is passed to a trigger, and only the context and the handle to a task.
"""

from __future__ import annotations

import inspect
from types import FunctionType
from typing import Callable, List, Literal, Tuple

from .declaration import PollParameters

_NONE = PollParameters()
_STATE = "state"
_HANDLE = ("handle", "task_handle")
_BY_POSITION = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_ANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_TAKES_ANY = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


def poll_parameters(function: Callable[..., object]) -> PollParameters:
    """Returns the required parameters of a function. A parameter with a default value is never filled."""
    if type(function) is FunctionType and not hasattr(function, "__signature__"):
        code = function.__code__
        if code.co_argcount + code.co_kwonlyargcount == 0 and not code.co_flags & _TAKES_ANY:
            return _NONE
    try:
        called = list(inspect.signature(function, follow_wrapped=False).parameters.values())
        wrapped = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return _NONE
    required = _required(called)
    if required:
        return PollParameters(_way_of(called), tuple(each.name for each in required if each.name != _STATE))
    # A wrapper that takes any arguments may add some itself, so only the state is recognized.
    if any(each.kind in _ANY for each in called) and [each.name for each in _required(wrapped)] == [_STATE]:
        is_positional = any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in called)
        return PollParameters(_way_of(wrapped) if is_positional else "by name")
    return _NONE


def task_parameters(function: Callable[..., object]) -> Tuple[bool, Tuple[str, ...]]:
    """Returns whether a function of a task takes the context, and its required parameters that no attempt passes."""
    try:
        parameters = list(inspect.signature(function, follow_wrapped=False).parameters.values())
    except (TypeError, ValueError):
        return True, ()
    by_position = [each for each in parameters if each.kind in _BY_POSITION]
    takes_context = bool(by_position) or any(each.kind is inspect.Parameter.VAR_POSITIONAL for each in parameters)
    passed = by_position[:1] + [each for each in by_position[1:2] if each.name in _HANDLE]
    return takes_context, tuple(each.name for each in _required(parameters) if each not in passed)


def _required(parameters: List[inspect.Parameter]) -> List[inspect.Parameter]:
    return [each for each in parameters if each.default is inspect.Parameter.empty and each.kind not in _ANY]


def _way_of(parameters: List[inspect.Parameter]) -> Literal["none", "by position", "by name"]:
    """Returns how the state is passed, which is by position if it is the first parameter."""
    state = next((each for each in _required(parameters) if each.name == _STATE), None)
    if state is None:
        return "none"
    is_first = state is parameters[0] and state.kind in _BY_POSITION
    return "by position" if is_first or state.kind is inspect.Parameter.POSITIONAL_ONLY else "by name"
