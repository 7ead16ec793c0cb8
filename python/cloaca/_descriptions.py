"""Declarative decorators: parameters, secrets and fields, for tools that read the source.

They change nothing at run time.
"""

from __future__ import annotations

from typing import Any, Callable, TypeVar, final

from ._sealed import Unbuildable, new

T = TypeVar("T")


@final
class WorkflowParamsDecorator(Unbuildable):
    """What `workflow_params` returns: returns what it decorates."""

    __slots__ = ()

    def __call__(self, target: T) -> T:
        """Returns ``target`` unchanged."""
        return target


@final
class WorkflowSecretsDecorator(Unbuildable):
    """What `workflow_secrets` returns: returns what it decorates."""

    __slots__ = ()

    def __call__(self, target: T) -> T:
        """Returns ``target`` unchanged."""
        return target


def workflow_params(**params: Any) -> WorkflowParamsDecorator:
    """Names the parameters of a workflow, for tools. Nothing is checked against them at run time.

    Args:
        params: ``name=type`` or ``name=(type, default)``, with the types str, int, float, bool, list and dict.

    Example:
        >>> @workflow_params(source=str, batch=(int, 500))
        ... def read(ctx):
        ...     return ctx
    """
    return new(WorkflowParamsDecorator)


def workflow_secrets(*names: Any) -> WorkflowSecretsDecorator:
    """Names the secrets that a workflow uses, for tools.

    Args:
        names: Names of secrets.

    Example:
        >>> @workflow_secrets("warehouse")
        ... def read(ctx):
        ...     return ctx
    """
    return new(WorkflowSecretsDecorator)


def boundary_schema(**fields: Any) -> Callable[[T], T]:
    """Names the fields of what a function emits, for tools.

    Args:
        fields: ``name=type``, with the types str, int, float, bool, list and dict.

    Example:
        >>> @boundary_schema(price=float)
        ... def quote(event):
        ...     return event
    """

    def decorate(target: T) -> T:
        return target

    return decorate
