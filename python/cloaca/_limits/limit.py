"""`limit`, which declares a limit for tasks, and `Limit`, which it returns."""

from __future__ import annotations

from typing import Optional, final

from .._declarations import ledger
from .._declarations.declaration import LimitDeclaration, place_of_caller
from .._sealed import Unbuildable, new
from .._values import arguments
from .._values.limit_arguments import limit_name, optional_maximum, optional_per, optional_rate


@final
class Limit(Unbuildable):
    """Limit of attempts. `limit` returns it, for the ``limits`` of tasks and for `TryLater`."""

    __slots__ = ("_declaration",)

    _declaration: LimitDeclaration

    @property
    def name(self) -> str:
        """Name of the limit."""
        return self._declaration.name

    def __repr__(self) -> str:
        return f"Limit(name='{self.name}')"


@arguments.by_name
def limit(
    name: str,
    *,
    max_active: Optional[int] = None,
    rate: Optional[str] = None,
    per: Optional[str] = None,
) -> Limit:
    """Declares a limit for the attempts of tasks, over all engines of the database.

    Pass it to tasks as ``@task(limits=[crm])``. An attempt begins only when each limit of its task has a free slot.
    Until then the run waits in the database, in order of priority, then age, and uses no slot of an engine. A second
    declaration with the same name must have the same values. The values can be changed while the engine runs, with
    ``cloaca limit set`` and in ``cloaca.toml``. The native engine does not have this function.

    Args:
        name: Name of the limit: at most 100 ASCII letters, digits, ``_``, ``-`` and ``.``.
        max_active: Maximum number of attempts that run at the same time. At least one of it and ``rate`` is required.
        rate: Maximum number of attempts that begin within a sliding window: a count of 1 to 100,000 and a duration of
            1 s to 7 d, such as "100/1m". They may all begin at the same moment.
        per: Top-level name of the input of a task. Each value has its own slots. 1 and "1" are different values, and a
            missing value is equal to null. An attempt fails with ValueError, and is not retried, if its value is a list
            or a dict, or has more than 200 bytes of JSON. Default: all attempts share the slots.

    Raises:
        ValueError: The name or another value is malformed, ``max_active`` and ``rate`` are both missing, or the script
            declares a limit with this name and other values. The message then has both places.
        TypeError: An argument has the wrong type.
        OverflowError: ``max_active`` is negative.

    Example:
        >>> crm = limit("crm", max_active=3, rate="100/1m", per="tenant")
        >>> with WorkflowBuilder("sync"):
        ...     @task(limits=[crm])
        ...     def push(ctx):
        ...         return ctx
    """
    declaration = LimitDeclaration(
        name=limit_name(name),
        max_active=optional_maximum(max_active),
        rate=optional_rate(rate),
        per=optional_per(per),
        place=place_of_caller(),
    )
    if declaration.max_active is None and declaration.rate is None:
        raise ValueError(f"limit '{declaration.name}' limits nothing: pass `max_active`, `rate`, or both")
    limit = new(Limit)
    limit._declaration = ledger.record_limit(declaration)
    return limit
