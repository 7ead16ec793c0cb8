"""Open `WorkflowBuilder` blocks by thread.

A task belongs to the innermost block of the thread that decorates it.
"""

from __future__ import annotations

import threading
from typing import Dict, List, Protocol

from .declaration import Namespace, TaskDeclaration

NO_BLOCK = "No workflow context available. Tasks must be defined within a WorkflowBuilder context manager."

_OTHER_THREAD = (
    "No workflow context available on this thread: a WorkflowBuilder block is active on a DIFFERENT thread. "
    "Decorate tasks on the thread that opened the block."
)


class Block(Protocol):
    """Open block, which collects decorated tasks."""

    @property
    def _namespace(self) -> Namespace: ...

    def _collect(self, task: TaskDeclaration) -> None: ...


_open: Dict[int, List[Block]] = {}


def enter(block: Block) -> None:
    """Makes a block the current one of the calling thread."""
    _open.setdefault(threading.get_ident(), []).append(block)


def leave(block: Block) -> None:
    """Closes a block, on whichever thread it was opened."""
    for thread, blocks in list(_open.items()):
        for index in reversed(range(len(blocks))):
            if blocks[index] is block:
                del blocks[index]
                if not blocks:
                    _open.pop(thread, None)
                return


def current() -> Block:
    """Returns the innermost block of the calling thread.

    Raises:
        ValueError: The thread has no open block.
    """
    blocks = _open.get(threading.get_ident())
    if blocks:
        return blocks[-1]
    raise ValueError(_OTHER_THREAD if _open else NO_BLOCK)
