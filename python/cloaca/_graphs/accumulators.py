"""The five accumulators: decorators that declare a function as a named source of events."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, TypeVar

from .._declarations import ledger
from .._declarations.declaration import SourceDeclaration, StreamOrigin, description_of, place_of
from .._values import arguments
from .._values.duration import parse_interval_ms

#: ``f(event)``; it may be ``async``.
E = TypeVar("E", bound=Callable[[Any], Any])
#: ``f(events)``, the list of all that wait.
B = TypeVar("B", bound=Callable[[List[Any]], Any])
#: ``f()``.
P = TypeVar("P", bound=Callable[[], Any])

_INT_MAX = 2**63 - 1


def passthrough_accumulator(func: E) -> E:
    """Declares the decorated function as the source of its name, which takes the events that are pushed to it.

    Used bare, without parentheses. ``func(event)`` is called with each event, in order; what it returns is delivered to
    the reactors that list the source, as JSON data, and None drops the event. It may be ``async``. The decorator
    returns the function unchanged, as all accumulators do; a later source of the same name replaces the earlier one.

    Args:
        func: The function; its name is that of the source.

    Raises:
        AttributeError: It has no ``__name__``.
        TypeError: It is not a function.

    Example:
        >>> @passthrough_accumulator
        ... def probe(event):
        ...     return {"c": (event["f"] - 32) / 1.8}
        >>> probe({"f": 212})
        {'c': 100.0}
    """
    _declare(func, "passthrough")
    return func


@arguments.by_name
def stream_accumulator(*, type: str, topic: str, group: Optional[str] = None) -> Callable[[E], E]:
    """Declares the decorated function as a source that reads its events from a stream.

    ``func(event)`` is called with each event, as with `passthrough_accumulator`.

    Args:
        type: Kind of the backend, such as "kafka". The engine has to know it, not this process.
        topic: What is read there.
        group: Name of the group of readers that share the events; the name of the graph unless given.

    Raises:
        TypeError: An argument is missing or has a wrong type.

    Example:
        >>> @stream_accumulator(type="kafka", topic="orders")
        ... def orders(event):
        ...     return event if event["total"] > 0 else None
    """
    origin = StreamOrigin(
        arguments.text(type, "type"), arguments.text(topic, "topic"), arguments.optional_text(group, "group")
    )
    return _decorator("stream", stream=origin)


@arguments.by_name
def polling_accumulator(*, interval: str) -> Callable[[P], P]:
    """Declares the decorated function as a source that is asked for its values.

    ``func()`` is called every ``interval``; calls never overlap. What it returns is delivered, None is nothing this
    time. It may be ``async``.

    Args:
        interval: A whole number with a unit, ``ms``, ``s``, ``m`` or ``h``, such as "500ms" or "1m". Checked when a
            runtime takes the source over.

    Raises:
        TypeError: The argument is missing or has a wrong type.

    Example:
        >>> @polling_accumulator(interval="5s")
        ... def queue_length():
        ...     return 3
    """
    return _decorator("polling", **_interval(interval, "interval"))


@arguments.by_name
def batch_accumulator(*, flush_interval: str, max_buffer_size: Optional[int] = None) -> Callable[[B], B]:
    """Declares the decorated function as a source that gathers the events that are pushed to it.

    ``func(events)`` is called with the list of all that wait, oldest first, every ``flush_interval``, or as soon as
    ``max_buffer_size`` wait; never with an empty list. What it returns is delivered, None is nothing. It may be
    ``async``.

    Args:
        flush_interval: A whole number with a unit, ``ms``, ``s``, ``m`` or ``h``, such as "2s". Checked when a runtime
            takes the source over.
        max_buffer_size: So many events are not waited with; without limit unless given.

    Raises:
        TypeError: An argument is missing or has a wrong type.
        OverflowError: ``max_buffer_size`` is negative.

    Example:
        >>> @batch_accumulator(flush_interval="2s", max_buffer_size=100)
        ... def clicks(events):
        ...     return {"count": len(events)}
    """
    most = arguments.optional_unsigned(max_buffer_size, "max_buffer_size")
    timing = _interval(flush_interval, "flush_interval")
    if most == 0:
        timing["problem"] = timing["problem"] or "max_buffer_size is 0, but must be 1 or more"
    return _decorator("batch", max_size=most, **timing)


@arguments.by_name
def state_accumulator(*, capacity: int) -> Callable[[E], E]:
    """Declares the decorated function as a source that keeps what it has returned, over restarts too.

    ``func(value)`` is called with each event; what it returns is appended to a list, and the whole list is delivered,
    oldest first. It may be ``async``.

    Args:
        capacity: How many values are kept, the newest; below 0 all of them. 0 keeps and delivers none.

    Raises:
        TypeError: The argument is missing or has a wrong type.
        OverflowError: It does not fit into 64 bits.

    Example:
        >>> @state_accumulator(capacity=20)
        ... def readings(value):
        ...     return value["c"]
    """
    kept = arguments.whole(capacity, "capacity")
    if not -_INT_MAX - 1 <= kept <= _INT_MAX:
        raise OverflowError("argument 'capacity': int too big to convert")
    return _decorator("state", capacity=kept)


def _decorator(kind: str, **facts: Any) -> Callable[[Any], Any]:
    def decorate(func: Any) -> Any:
        _declare(func, kind, **facts)
        return func

    return decorate


def _declare(func: Any, kind: str, **facts: Any) -> None:
    name = arguments.text(func.__name__, "name")
    arguments.function(func, "func")
    if facts.get("problem") is not None:
        facts = {**facts, "problem": f'Source "{name}" cannot be taken over: {facts["problem"]}'}
    ledger.record_source(
        SourceDeclaration(
            name=name, kind=kind, function=func, description=description_of(func), place=place_of(func), **facts
        )
    )


def _interval(value: object, name: str) -> Any:
    """A duration as far as it is one: what is wrong with it is for the runtime that takes the source over."""
    text = arguments.text(value, name)
    problem, interval_ms = None, None
    try:
        interval_ms = parse_interval_ms(text)
        if interval_ms == 0:
            problem, interval_ms = f"Invalid {name} '{text}': it must be longer than 0", None
    except ValueError as error:
        problem = f"Invalid {name} '{text}': {error}"
    return {"interval_text": text, "interval_ms": interval_ms, "problem": problem}
