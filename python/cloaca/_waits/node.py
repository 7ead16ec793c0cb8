"""`WaitNode`, which functions such as `delay` return."""

from __future__ import annotations

from typing import final

from .._sealed import Unbuildable


@final
class WaitNode(Unbuildable):
    """Node that waits. Functions such as `delay` return it, for the ``dependencies`` of later tasks and nodes."""

    __slots__ = ("_id",)

    _id: str

    @property
    def id(self) -> str:
        """Id of the node within its workflow."""
        return self._id

    def __repr__(self) -> str:
        return f"WaitNode(id='{self._id}')"
