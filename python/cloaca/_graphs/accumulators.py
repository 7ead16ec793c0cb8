"""The five accumulators: decorators that make a function a named source of events."""

from __future__ import annotations

from typing import Any, Callable, List, Optional, TypeVar

from .._declarations import ledger
from .._declarations.declaration import SourceDeclaration, StreamOrigin, description_of, place_of
from .._values import arguments
from .._values.duration import parse_interval_ms

#: Type of a function ``f(event)``, which may be ``async``.
E = TypeVar("E", bound=Callable[[Any], Any])
#: Type of a function ``f(events)``, which receives the list of queued events.
B = TypeVar("B", bound=Callable[[List[Any]], Any])
#: Type of a function ``f()``.
P = TypeVar("P", bound=Callable[[], Any])

_INT_MAX = 2**63 - 1


def passthrough_accumulator(func: E) -> E:
    """Makes the decorated function a source that receives pushed events. The source has the function's name.

    Use it without parentheses. ``func(event)`` is called for each event, in order. Its return value is delivered to the
    reactors that list the source, as JSON data. None drops the event. The function may be ``async``. Like all
    accumulators, the decorator returns the function unchanged, and a later source with the same name replaces the
    earlier one.

    Args:
        func: Function of the source. Its name is the name of the source.

    Raises:
        AttributeError: ``func`` has no ``__name__``.
        TypeError: ``func`` is not a function.

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
    """Makes the decorated function a source that reads events from a stream.

    ``func(event)`` is called for each event, as with `passthrough_accumulator`.

    Args:
        type: Type of the backend, such as "kafka". The engine must support it, not this process.
        topic: Topic to read.
        group: Name of the group of readers that share the events. Default: the name of the graph or reactor.

    Raises:
        TypeError: An argument is missing or has the wrong type.

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
    """Makes the decorated function a source that is polled for values.

    ``func()`` is called every ``interval``, and calls never overlap. Its return value is delivered. None delivers
    nothing. The function may be ``async``.

    Args:
        interval: Whole number with the unit ``ms``, ``s``, ``m`` or ``h``, such as "500ms" or "1m". It is checked when
            a runner starts to use the source.

    Raises:
        TypeError: The argument is missing or has the wrong type.

    Example:
        >>> @polling_accumulator(interval="5s")
        ... def queue_length():
        ...     return 3
    """
    return _decorator("polling", **_interval(interval, "interval"))


@arguments.by_name
def batch_accumulator(*, flush_interval: str, max_buffer_size: Optional[int] = None) -> Callable[[B], B]:
    """Makes the decorated function a source that collects pushed events.

    ``func(events)`` is called with the list of queued events, oldest first, every ``flush_interval`` or as soon as
    ``max_buffer_size`` events are queued. The list is never empty. The return value is delivered. None delivers
    nothing. The function may be ``async``.

    Args:
        flush_interval: Whole number with the unit ``ms``, ``s``, ``m`` or ``h``, such as "2s". It is checked when a
            runner starts to use the source.
        max_buffer_size: Number of queued events that causes a call before the interval is over. Default: no limit.

    Raises:
        TypeError: An argument is missing or has the wrong type.
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
    """Makes the decorated function a source that keeps its return values, even after a restart.

    ``func(value)`` is called for each event. Its return value is appended to a list, and the whole list is delivered,
    oldest value first. The function may be ``async``.

    Args:
        capacity: Maximum number of values to keep. The newest values are kept. A negative number keeps all of them, and
            0 keeps and delivers none.

    Raises:
        TypeError: The argument is missing or has the wrong type.
        OverflowError: ``capacity`` does not fit into 64 bits.

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
    name = arguments.name(func.__name__, "name")
    arguments.function(func, "func")
    if facts.get("problem") is not None:
        facts = {**facts, "problem": f'Source "{name}" cannot be used: {facts["problem"]}'}
    ledger.record_source(
        SourceDeclaration(
            name=name, kind=kind, function=func, description=description_of(func), place=place_of(func), **facts
        )
    )


def _interval(value: object, name: str) -> Any:
    """Parses a duration. Errors are not raised here, but reported by the runner that would use the source."""
    text = arguments.text(value, name)
    problem, interval_ms = None, None
    try:
        interval_ms = parse_interval_ms(text)
        if interval_ms == 0:
            problem, interval_ms = f"Invalid {name} '{text}': it must be longer than 0", None
    except ValueError as error:
        problem = f"Invalid {name} '{text}': {error}"
    return {"interval_text": text, "interval_ms": interval_ms, "problem": problem}
