"""An overdue stack that computes is stopped between two steps.

The host raises a signal through Pyodide's interrupt buffer (314.0.7) and says which stack it is meant for; when another
one happens to run, nothing happens. Can go when an interpreter can be told to interrupt one stack.
"""

from __future__ import annotations

import signal
from typing import Any

from .. import _bridge, _stacks


def install(host: Any) -> None:
    def stop_overdue(signum: int, frame: Any) -> None:
        if host.interrupt_target() == _stacks.running.token:
            raise _bridge.DeadlineExceeded("stopped because its time was over")

    signal.signal(signal.SIGUSR2, stop_overdue)
