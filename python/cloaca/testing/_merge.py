"""Merge of contexts with the rules of the engine, whose own code is in ``src/native``.

`test_testing_decisions` compares them.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List


def merged(texts: List[str]) -> str:
    """Returns the input of a task as JSON text: the merge of the existing outputs of its dependencies, in order."""
    if not texts:
        return "{}"
    if len(texts) == 1:
        return texts[0]
    result: Dict[str, Any] = {}
    for text in texts:
        _merge_into(result, json.loads(text))
    return json.dumps(result, ensure_ascii=False, separators=(",", ":"))


def canonical(value: Any) -> str:
    """Returns text that is equal for equal values, and differs for 1, 1.0 and true, which are equal in Python."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _merge_into(result: Dict[str, Any], later: Dict[str, Any]) -> None:
    pairs = [(result, later)]  # no recursion, because contexts can be 512 levels deep
    for earlier, added in pairs:
        for key, value in added.items():
            there = earlier.get(key)
            if isinstance(there, dict) and isinstance(value, dict):
                pairs.append((there, value))
            elif isinstance(there, list) and isinstance(value, list):
                earlier[key] = _joined(there, value)
            else:
                earlier[key] = value


def _joined(earlier: List[Any], later: List[Any]) -> List[Any]:
    kept: Dict[str, Any] = {}
    for item in (*earlier, *later):
        kept.setdefault(canonical(item), item)
    return list(kept.values())
