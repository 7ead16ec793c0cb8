"""Stand-in for the engine at the bridge: records requests, and returns the answers that the test has set."""

from __future__ import annotations

import cloaca


class Engine:
    """Stand-in for the engine. `answers` maps methods to answers, or to exceptions to raise."""

    def __init__(self):
        self.calls = []
        self.answers = {"runner.open": {"runner": 11}}

    def call(self, method, payload):
        return self.call_with_context(method, payload, "")[0]

    def call_with_context(self, method, payload, text):
        self.calls.append((method, payload, text))
        answer = self.answers.get(method)
        if isinstance(answer, Exception):
            raise answer
        return answer, '{"final":1.0}'

    def last(self):
        return self.calls[-1]


def open_runner():
    """Opens a runner on the stand-in."""
    return cloaca.DefaultRunner(":memory:")
