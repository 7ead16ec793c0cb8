"""Facts about a run that a task can read with its handle: the initial context, and the failed tasks."""

from __future__ import annotations

from typing import Dict, Iterable, List, Optional, Tuple

from .._border.outcome import Failed
from .._types.dicts import TaskFailure
from ._fakes import nearest


class RunView:
    """The facts as they are when an attempt begins. ``failed`` has the number of attempts of each failed task."""

    def __init__(self, input_text: str, task_ids: Iterable[str], failed: Iterable[Tuple[str, Failed, int]]) -> None:
        self._input_text = input_text
        self._task_ids: List[str] = list(task_ids)
        self._failed = {task_id: (failure, attempts) for task_id, failure, attempts in failed}

    def input_text(self) -> str:
        """Returns the initial context of the run."""
        return self._input_text

    def failures(self) -> Dict[str, TaskFailure]:
        """Returns the failed tasks, in the order of their failures."""
        return {
            task_id: {"type": failure.type, "message": failure.message, "attempts": attempts}
            for task_id, (failure, attempts) in self._failed.items()
        }

    def traceback(self, task_id: str) -> Optional[str]:
        """Returns the traceback of a failed task. Raises KeyError if the run has no such task."""
        if task_id not in self._task_ids:
            raise KeyError(f"the execution has no task '{task_id}'. {nearest(task_id, self._task_ids)}")
        failed = self._failed.get(task_id)
        return failed[0].traceback or None if failed is not None else None
