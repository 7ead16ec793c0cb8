"""Fakes, which replace the bodies of tasks in a test."""

from __future__ import annotations

import difflib
from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple, Union

from .._context import Context
from .._declarations.declaration import TaskDeclaration
from .._task import takes_handle
from .._types.functions import TaskFunction

#: Function in place of a task's own; or a `Context`, which is the output; or a dict, which is added to the input.
Fake = Union[TaskFunction, Context, Mapping[str, Any]]


def with_fakes(
    tasks: Tuple[TaskDeclaration, ...], fakes: Optional[Mapping[str, Fake]], workflow: str
) -> List[TaskDeclaration]:
    """Returns the tasks with fakes as their bodies. Retries, rules, callbacks and graphs are unchanged."""
    given = _checked(fakes)
    ids = [task.id for task in tasks]
    for name in given:
        if name not in ids:
            raise ValueError(f"workflow '{workflow}' has no task '{name}' to fake. {nearest(name, ids)}")
    return [_faked(task, given[task.id]) if task.id in given else task for task in tasks]


def _checked(fakes: Optional[Mapping[str, Fake]]) -> Dict[str, Callable[..., Any]]:
    if fakes is None:
        return {}
    if not isinstance(fakes, Mapping):
        raise TypeError(f"argument 'tasks': expected a dict of fakes by task id, got {type(fakes).__name__}")
    return {name: _function_of(fake, f"tasks[{name!r}]") for name, fake in fakes.items()}


def _function_of(fake: Fake, name: str) -> Callable[..., Any]:
    if isinstance(fake, Context):
        text = fake._text()
        return lambda ctx: Context._from_text(text)
    if isinstance(fake, Mapping):
        added = Context(dict(fake)).to_dict()
        return lambda ctx: _updated(ctx, added)
    if callable(fake):
        return fake
    raise TypeError(f"argument '{name}': expected a function, a Context or a dict, got {type(fake).__name__}")


def _updated(context: Context, added: Dict[str, Any]) -> Context:
    context.update_from_dict(added)
    return context


def _faked(task: TaskDeclaration, function: Callable[..., Any]) -> TaskDeclaration:
    return replace(task, function=function, takes_handle=takes_handle(function), wait=None)


def nearest(name: str, names: List[str]) -> str:
    """Returns a sentence with the nearest name, or with all names."""
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known names: {', '.join(repr(each) for each in names)}." if names else "No names are known."
