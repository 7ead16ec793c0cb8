"""Results and children of the tasks of a test run, in memory."""

from __future__ import annotations

import hashlib
import json
from typing import Callable, Dict, Optional, Tuple

#: Runs a child workflow to its end: name and initial context. Returns the facts of its result, and its final context.
RunChild = Callable[[str, str], Tuple[Dict[str, object], str]]


class TaskMemory:
    """Results and children of one task, for all its attempts."""

    def __init__(self, task_id: str, run_child: RunChild) -> None:
        self._task_id = task_id
        self._run_child = run_child
        self._results: Dict[str, str] = {}
        self._children: Dict[str, Tuple[Dict[str, object], str]] = {}

    def key(self, name: str) -> str:
        """Returns a text that is the same in all attempts."""
        return hashlib.sha256(json.dumps([self._task_id, name]).encode()).hexdigest()

    def find_result(self, name: str) -> Optional[str]:
        """Returns a stored result, or None."""
        return self._results.get(name)

    def keep_result(self, name: str, text: str) -> str:
        """Stores a result unless the name has one. Returns the stored result."""
        return self._results.setdefault(name, text)

    def run_child(self, workflow: str, text: str, key: str) -> Tuple[Dict[str, object], str]:
        """Runs a child once for the key, and returns its result."""
        if key not in self._children:
            self._children[key] = self._run_child(workflow, text)
        return self._children[key]
