"""Decorators that describe parameters, secrets and fields to tools that read the source.

They have no effect at run time.
"""

from __future__ import annotations

from typing import Any, Callable, TypeVar, final

from ._sealed import Unbuildable, new

T = TypeVar("T")


@final
class WorkflowParamsDecorator(Unbuildable):
    """Decorator that `workflow_params` returns. It returns the decorated object unchanged."""

    __slots__ = ()

    def __call__(self, target: T) -> T:
        """Returns ``target`` unchanged."""
        return target


@final
class WorkflowSecretsDecorator(Unbuildable):
    """Decorator that `workflow_secrets` returns. It returns the decorated object unchanged."""

    __slots__ = ()

    def __call__(self, target: T) -> T:
        """Returns ``target`` unchanged."""
        return target


def workflow_params(**params: Any) -> WorkflowParamsDecorator:
    """Describes the parameters of a workflow. The description has no effect at run time.

    Args:
        params: ``name=type`` or ``name=(type, default)``, with the types str, int, float, bool, list and dict.

    Example:
        >>> @workflow_params(source=str, batch=(int, 500))
        ... def read(ctx):
        ...     return ctx
    """
    return new(WorkflowParamsDecorator)


def workflow_secrets(*names: Any) -> WorkflowSecretsDecorator:
    """Lists the secrets that a workflow uses. The list has no effect at run time.

    Args:
        names: Names of secrets.

    Example:
        >>> @workflow_secrets("warehouse")
        ... def read(ctx):
        ...     return ctx
    """
    return new(WorkflowSecretsDecorator)


def boundary_schema(**fields: Any) -> Callable[[T], T]:
    """Describes the fields of the values that a function returns. The description has no effect at run time.

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
