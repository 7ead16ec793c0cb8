"""The runners of this process that are open, for whoever ends the process or has lost the engine."""

from __future__ import annotations

import sys
from typing import Dict, Protocol

from . import fault


class Runner(Protocol):
    """One that is open: ``_runner.DefaultRunner``."""

    def shutdown(self) -> None:
        """Ends it in order."""
        ...

    def _lose(self, reason: str) -> None:
        """Nobody answers it any more."""
        ...


#: By their numbers.
open_runners: Dict[int, Runner] = {}


def shutdown_all() -> None:
    """Shuts down the runners that are still open. Called when the interpreter ends."""
    for runner in list(open_runners.values()):
        try:
            runner.shutdown()
        except Exception as error:
            print(f"[cloaca] shutdown failed: {fault.type_and_text(error)[1]}", file=sys.stderr)


def lose_all(reason: str) -> None:
    """Their engine is gone: whatever is asked of them raises RuntimeError with this reason."""
    runners = list(open_runners.values())
    open_runners.clear()
    for runner in runners:
        runner._lose(reason)
