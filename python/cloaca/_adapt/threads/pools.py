"""``concurrent.futures``: the thread of a pool runs each work item for the task that submitted it.

A pool starts its threads at the first submission and keeps them. The output and the requests of a work item belong to
the task that submitted it, not to the task that started the thread. Nothing else is changed. Needed because threads are
stacks here (Pyodide 314.0.7 has no threads). Can be deleted together with ``threads``.

Proved by ``test/scenarios/output-of-tasks.test.ts``.
"""

from __future__ import annotations

from concurrent.futures import thread as pools
from typing import Any

from ..._border import stacks


def prepare() -> None:
    item: Any = pools._WorkItem
    init, run = item.__init__, item.run

    def __init__(self: Any, *arguments: Any) -> None:
        init(self, *arguments)
        self._submitter = (stacks.running.origin, stacks.call_for_thread())

    def run_for_submitter(self: Any, *arguments: Any) -> None:
        stack = stacks.running
        own = (stack.origin, stack.call)
        stacks.work_for(stack, *self._submitter)
        try:
            run(self, *arguments)
        finally:
            stacks.write_out()
            stacks.work_for(stack, *own)

    item.__init__, item.run = __init__, run_for_submitter
