"""Source of secrets: the engine, or the test that runs a workflow without an engine."""

from __future__ import annotations

import contextvars
from typing import Any, Callable, Dict, Optional

from . import bridge

#: Function of a test that replaces the engine: returns the fields of a secret, or raises the engine's error.
of_test: contextvars.ContextVar[Optional[Callable[[str], Dict[str, str]]]] = contextvars.ContextVar(
    "cloaca_secrets_of_test", default=None
)

#: Whether a call of this process received a secret. Then the output of its children has to be masked.
was_given = False

NOT_CONFIGURED = "secrets backend not configured"


def fields_of(name: str) -> Dict[str, str]:
    """Returns all fields of a secret."""
    global was_given
    given = of_test.get()
    if given is not None:
        return given(name)
    if not bridge.has_engine():
        raise RuntimeError(NOT_CONFIGURED)
    was_given = True
    answer: Any = bridge.call("secret", {"name": name})
    fields: Dict[str, str] = answer["fields"]
    return fields
