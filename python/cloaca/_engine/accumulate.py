"""Calls the function of a source with events, and says what came of each. Called by ``workers`` for a message.

Events are small and come in hundreds: that road is one call, one check and the JSON of what it returned.
"""

from __future__ import annotations

import json
import time
from typing import Any, List, Optional, Union

from .._border import bridge, host
from .._border.calls import Awaiting, is_awaitable
from .._border.generation import Generation
from .._values.convert import json_text, stored
from . import flat_values
from .flat_values import Fault, Stopped, Value

#: What no async function returned.
_PLAIN = frozenset({dict, list, str, int, float, bool, tuple})


class Accumulation:
    """One message: events for one source. ``mode``: "each", "batch" or "poll"."""

    __slots__ = ("_source", "_mode", "_text", "_name", "_function", "_calls", "_values", "_characters", "_until")

    def __init__(self, source: str, mode: str, events_text: Any) -> None:
        self._source = source
        self._mode = mode
        self._text = events_text
        self._name = f"source '{source}'"
        self._function: Any = None
        #: The arguments of each call.
        self._calls: List[Any] = []
        #: What each call that has ended came to. The call in hand is the next one.
        self._values: List[Value] = []
        self._characters = 0
        self._until = 0.0

    def begin(self, generation: Optional[Generation]) -> Union[Accumulation, Awaiting]:
        """Makes the calls. What stops them from outside goes through; then `stopped` is called."""
        events = json.loads(bridge.text_of(self._text))
        self._text = None
        self._calls = [(event,) for event in events] if self._mode == "each" else [(events,)]
        if self._mode == "poll":
            self._calls = [()]
        source = None if generation is None else generation.sources.get(self._source)
        if source is None:
            message = f"{self._name} is not declared in this process any more"
            self._values.extend(Fault("failed", "LookupError", message) for _ in self._calls)
            return self
        self._function = source.function
        self._until = time.monotonic() + flat_values.MOST_S
        return self._go_on()

    def _go_on(self) -> Union[Accumulation, Awaiting]:
        function, calls, values, until = self._function, self._calls, self._values, self._until
        monotonic = time.monotonic
        while len(values) < len(calls):
            try:
                value = function(*calls[len(values)])
                if type(value) not in _PLAIN and value is not None and is_awaitable(value):
                    return Awaiting(self._name, value, self._ended, self.stopped)
            except (Exception, SystemExit) as error:
                values.append(self._raised(error))
            else:
                values.append(self._text_of(value))
            if monotonic() > until or self._characters > flat_values.MOST_CHARACTERS:
                break
        return self

    def _ended(self, value: Any, error: Optional[BaseException]) -> Union[Accumulation, Awaiting]:
        """Goes on after a call that was awaited."""
        self._values.append(self._text_of(value) if error is None else self._raised(error))
        if time.monotonic() > self._until or self._characters > flat_values.MOST_CHARACTERS:
            return self
        return self._go_on()

    def stopped(self, outcome: Stopped) -> Accumulation:
        """The answer after the calls were stopped from outside: the one in hand is the one that was stopped."""
        if not self._calls or len(self._values) < len(self._calls):
            self._values.append(flat_values.stopped(f"{self._name} was stopped", outcome))
        return self

    def report(self, token: int) -> None:
        """Sends what came of the calls."""
        host.engine.accumulated(token, *flat_values.packed(self._values))

    def _text_of(self, value: Any) -> Value:
        if value is None:
            return None
        try:
            text = json_text(stored(value))
        except Exception as error:
            message = f"{self._name} returned a value that is not JSON: {error}"
            return Fault("failed", type(error).__name__, message)
        self._characters += len(text)
        return flat_values.checked_size(text)

    def _raised(self, error: BaseException) -> Fault:
        return flat_values.raised(f"{self._name} raised exception", error)
