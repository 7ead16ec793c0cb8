"""The `reactor` decorator, which makes a class a reactor that runs the graphs bound to it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Callable, Literal, Optional, Type, TypeVar

from .._declarations import ledger
from .._declarations.declaration import ReactorDeclaration, place_of_caller
from .._types.lists import ListOf
from .._values import arguments

if TYPE_CHECKING:
    from .._declarations.declaration import Place

C = TypeVar("C", bound=type)

_MODES = ("when_any", "when_all")

#: Attribute of a decorated class that has its declaration.
_ATTRIBUTE = "_cloaca_reactor"


@arguments.by_name
def reactor(
    *, name: str, accumulators: ListOf[str], mode: Literal["when_any", "when_all"] = "when_any"
) -> Callable[[C], C]:
    """Makes the decorated class a reactor, which fires when its sources deliver, and runs the graphs bound to it.

    A reactor keeps the newest value of each source. Each time it fires, every graph that has the class as its
    ``reactor`` runs with the values of all sources, with None for sources that have not delivered yet. The body of the
    class is not used. The decorator returns the same class with the attributes ``NAME`` (str), ``ACCUMULATORS`` (list
    of str) and ``REACTION_MODE`` (str). A later reactor with the same name replaces the earlier one.

    Args:
        name: Unique name of the reactor.
        accumulators: Names of its sources, at least one, without duplicates. They do not have to be declared first. If
            no function is declared for a name, the events of that source are delivered unchanged.
        mode: "when_any" fires for each value that a source delivers. "when_all" fires as soon as every source has
            delivered since the last firing.

    Raises:
        ValueError: ``name`` or ``accumulators`` is empty, a source is listed twice, or the mode is unknown.
        TypeError: An argument has the wrong type, or the decorated object is not a class.

    Example:
        >>> @reactor(name="temps", accumulators=["probe"])
        ... class Temps:
        ...     pass
        >>> Temps.ACCUMULATORS
        ['probe']
    """
    reactor_name = arguments.name(name, "name")
    sources = arguments.names(accumulators, "accumulators")
    reaction_mode = arguments.text(mode, "mode")
    if not reactor_name:
        raise ValueError("'name' cannot be empty")
    if not sources:
        raise ValueError("'accumulators' list cannot be empty")
    seen = set()
    for source in sources:
        if source in seen:
            raise ValueError(f"accumulator '{source}' listed more than once")
        seen.add(source)
    if reaction_mode not in _MODES:
        raise ValueError(f"unknown mode '{reaction_mode}', expected 'when_any' or 'when_all'")
    place = place_of_caller()

    def decorate(cls: C) -> C:
        if not isinstance(cls, type):
            raise TypeError(f"@cloaca.reactor must be applied to a class, got {type(cls).__name__}")
        return _declared(cls, reactor_name, sources, reaction_mode, place)

    return decorate


def _declared(cls: C, name: str, sources: ListOf[str], mode: str, place: Optional[Place]) -> C:
    declaration = ReactorDeclaration(
        name=name, sources=tuple(sources), mode=mode, description=_description_of(cls), place=place
    )
    attributes = {"NAME": name, "ACCUMULATORS": list(sources), "REACTION_MODE": mode, _ATTRIBUTE: declaration}
    for attribute, value in attributes.items():
        setattr(cls, attribute, value)
    ledger.record_reactor(declaration)
    return cls


def _description_of(cls: Type[object]) -> str:
    text = vars(cls).get("__doc__")
    return inspect.cleandoc(text) if isinstance(text, str) else ""


def declaration_of(reactor_class: object) -> ReactorDeclaration:
    """Returns the reactor that a class declares.

    Raises:
        TypeError: The class is not decorated with `reactor`.
    """
    found = getattr(reactor_class, _ATTRIBUTE, None) if isinstance(reactor_class, type) else None
    if isinstance(found, ReactorDeclaration):
        return found
    got = f"class {reactor_class.__name__}" if isinstance(reactor_class, type) else type(reactor_class).__name__
    raise TypeError(f"argument 'reactor': expects a class decorated with @cloaca.reactor, got {got}")
