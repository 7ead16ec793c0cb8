"""Open `ComputationGraphBuilder` blocks by thread. A node belongs to the innermost block of its thread."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Protocol

_OUTSIDE = "@cloaca.node must be used inside a ComputationGraphBuilder context manager"


class Block(Protocol):
    """Open block, which collects decorated nodes."""

    def _collect(self, name: str, function: Callable[..., Any]) -> None: ...


_open: Dict[int, List[Block]] = {}


def enter(block: Block) -> None:
    """Makes a block the current one of the calling thread."""
    _open.setdefault(threading.get_ident(), []).append(block)


def leave(block: Block) -> None:
    """Closes a block, on whichever thread it was opened, and the blocks inside it that are still open."""
    for thread, blocks in list(_open.items()):
        for index in reversed(range(len(blocks))):
            if blocks[index] is block:
                del blocks[index:]
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
    hint = ". A block is open on another thread: decorate nodes on that thread" if _open else ""
    raise ValueError(_OUTSIDE + hint)
