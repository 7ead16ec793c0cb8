"""Helpers for tests of batches: reads their answers, and replaces their clock by one that the test sets."""

from __future__ import annotations

import json

from cloaca._border.outcome import Failed
from cloaca._engine import flat_values

NONE, RAISED, OVERDUE = -1, -2, -3

OVERDUE_OUTCOME = Failed("timedOut", "DeadlineExceeded", "DeadlineExceeded: it took too long", "the traceback")


def answer_of(batch):
    """Returns the answer of a batch: its values as JSON (or as negative codes such as `RAISED`), and its errors."""
    text, sizes_json, errors_json = flat_values.packed(batch._values)
    units, values, begin = text.encode("utf-16-le"), [], 0
    for size in json.loads(sizes_json):
        values.append(size if size < 0 else units[2 * begin : 2 * (begin + size)].decode("utf-16-le"))
        begin += max(size, 0)
    assert 2 * begin == len(units)
    return values, json.loads(errors_json)


class Clock:
    """Clock that a test sets, in place of `time.monotonic`. Batches stop early after 0.05 s of its time."""

    def __init__(self, monkeypatch):
        self.now = 0.0
        monkeypatch.setattr(flat_values, "MAX_BATCH_S", 0.05)
        monkeypatch.setattr("time.monotonic", lambda: self.now)
