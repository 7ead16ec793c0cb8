"""Open runners of this process, for the code that ends the process or has lost the engine."""

from __future__ import annotations

import sys
from typing import Dict, Protocol

from . import fault


class Runner(Protocol):
    """Open runner: ``_runner.DefaultRunner``."""

    def shutdown(self) -> None:
        """Shuts the runner down."""
        ...

    def _lose(self, reason: str) -> None:
        """Marks the runner as lost, because its engine is gone."""
        ...


#: Open runners by number.
open_runners: Dict[int, Runner] = {}


def shutdown_all() -> None:
    """Shuts down the runners that are still open. Called when the interpreter ends."""
    for runner in list(open_runners.values()):
        try:
            runner.shutdown()
        except Exception as error:
            print(f"[cloaca] shutdown failed: {fault.type_and_text(error)[1]}", file=sys.stderr)


def lose_all(reason: str) -> None:
    """Marks all runners as lost. Their calls then raise RuntimeError with this reason."""
    runners = list(open_runners.values())
    open_runners.clear()
    for runner in runners:
        runner._lose(reason)
