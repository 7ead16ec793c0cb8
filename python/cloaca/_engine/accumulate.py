"""Calls the function of a source with events, and reports the results. ``workers`` calls it for a message.

Events are small and arrive in hundreds, so the fast path is one call, one check and the JSON of the result.
"""

from __future__ import annotations

import json
import time
from typing import Any, List, Optional, Union

from .._border import bridge
from .._border.calls import Awaiting, is_awaitable, is_untouched
from .._border.generation import Generation
from .._border.host import Engine
from .._border.outcome import Failed
from .._border.stops import is_stop
from .._values.convert import json_text, stored, stored_object
from . import flat_values
from .flat_values import Fault, Value

#: Types that are never awaitable.
_PLAIN = frozenset({dict, list, str, int, float, bool, tuple})


class Accumulation:
    """One message: events for one source. ``mode`` is "each", "batch" or "poll"."""

    __slots__ = ("_source", "_mode", "_text", "_name", "_function", "_calls", "_values", "_characters", "_until")

    def __init__(self, source: str, mode: str, events_text: Any) -> None:
        self._source = source
        self._mode = mode
        self._text = events_text
        self._name = f"source '{source}'"
        self._function: Any = None
        #: Arguments of each call.
        self._calls: List[Any] = []
        #: Results of the calls that have ended. The current call is the next one.
        self._values: List[Value] = []
        self._characters = 0
        self._until = 0.0

    def begin(self, generation: Optional[Generation]) -> Union[Accumulation, Awaiting]:
        """Makes the calls. A stop from outside is re-raised, and then `stopped` is called."""
        events = json.loads(bridge.text_of(self._text))
        self._text = None
        self._calls = [(event,) for event in events] if self._mode == "each" else [(events,)]
        if self._mode == "poll":
            self._calls = [()]
        source = None if generation is None else generation.sources.get(self._source)
        if source is None:
            message = f"{self._name} is no longer declared in this process"
            self._values.extend(Fault("failed", "LookupError", message) for _ in self._calls)
            return self
        self._function = source.function
        self._until = time.monotonic() + flat_values.MAX_BATCH_S
        return self._go_on()

    def _go_on(self) -> Union[Accumulation, Awaiting]:
        function, calls, values, until = self._function, self._calls, self._values, self._until
        monotonic, add, add_value, count = time.monotonic, values.append, self._add_value, len(calls)
        while len(values) < count:
            try:
                value = function(*calls[len(values)])
            except BaseException as error:
                if is_stop(error):
                    raise
                add(self._raised(error))
            else:
                if value is None:
                    add(None)
                elif type(value) in _PLAIN or not is_awaitable(value):
                    add_value(value)
                else:
                    is_begun = bool(values) or not is_untouched(function, value)
                    return Awaiting(self._name, value, self._ended, self.stopped, is_begun)
            if monotonic() > until or self._characters > flat_values.MAX_CHARACTERS:
                break
        return self

    def _ended(self, value: Any, error: Optional[BaseException]) -> Union[Accumulation, Awaiting]:
        """Continues after a call that was awaited."""
        if error is not None:
            self._values.append(self._raised(error))
        elif value is None:
            self._values.append(None)
        else:
            self._add_value(value)
        if time.monotonic() > self._until or self._characters > flat_values.MAX_CHARACTERS:
            return self
        return self._go_on()

    def _add_value(self, value: Any) -> None:
        try:
            text = json_text(stored_object(value) if type(value) is dict else stored(value))
        except Exception as error:
            message = f"{self._name} returned a value that is not JSON: {error}"
            self._values.append(Fault("failed", type(error).__name__, message))
            return
        self._characters += len(text)
        is_large = self._characters > flat_values.MAX_CHARACTERS
        self._values.append(flat_values.checked(self._name, text) if is_large else text)

    def stopped(self, outcome: Failed) -> Accumulation:
        """Returns the answer after a stop from outside. The current call is the one that was stopped."""
        if not self._calls or len(self._values) < len(self._calls):
            self._values.append(flat_values.stopped(f"{self._name} was stopped", outcome))
        return self

    def report(self, engine: Engine, token: int) -> None:
        """Sends the results of the calls."""
        engine.accumulated(token, *flat_values.packed(self._values))

    def _raised(self, error: BaseException) -> Fault:
        return flat_values.raised(f"{self._name} raised exception", error)
