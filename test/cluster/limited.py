"""Workflows of ``limits.campaign.ts`` in Python. The limits are also those of ``limited.ts``.

Attempts note their begin, every 50 ms that they run, and their end in a ledger that all processes share. Each note is
one system call, so that a killed process loses none. The time of a note is on the monotonic clock of the machine. It is
read before the note is written, so that an attempt that is suspended in between keeps its real time.
"""

import json
import os
import sys
import time

import cloaca

_TICK_S = 0.05


def _machine_offset_s():
    if sys.platform != "emscripten":
        return 0.0
    # Pyodide's monotonic clock counts from the start of its process. An interruption between the two readings makes
    # the difference smaller, so the largest one is the most accurate.
    from js import process

    def measured():
        seconds, nanoseconds = process.hrtime()
        return seconds + nanoseconds / 1e9 - time.monotonic()

    return max(measured() for _ in range(200))


_OFFSET_S = _machine_offset_s()
_LEDGER = os.open(os.environ["LIMITS_LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


class _Attempt:
    def __init__(self, ctx, workflow, keys):
        self.facts = {"attempt": os.urandom(6).hex(), "of": f"{workflow}-{ctx['n']}", "keys": keys, "pid": os.getpid()}

    def note(self, edge):
        at = (time.monotonic() + _OFFSET_S) * 1_000
        os.write(_LEDGER, (json.dumps({**self.facts, "edge": edge, "at": at}) + "\n").encode())

    def run(self, seconds):
        self.note("begin")
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(_TICK_S)
            self.note("runs")
        self.note("end")


def _limit_key(name, ctx=None):
    return f"{name}:{ctx['tenant'] if ctx is not None else None}"


crm = cloaca.limit("crm", max_active=4)
api = cloaca.limit("api", rate="20/5s")
tenant = cloaca.limit("tenant", max_active=2, rate="4/5s", per="tenant")
upstream = cloaca.limit("upstream", max_active=2)

with cloaca.WorkflowBuilder("py_crm"):

    @cloaca.task(id="call", limits=[crm])
    def crm_call(ctx):
        _Attempt(ctx, "py_crm", [_limit_key("crm")]).run(ctx["seconds"])


with cloaca.WorkflowBuilder("py_stubborn"):

    @cloaca.task(id="call", limits=[crm])
    def stubborn_call(ctx):
        attempt = _Attempt(ctx, "py_stubborn", [_limit_key("crm")])
        attempt.note("begin")
        until = time.monotonic() + ctx["seconds"]
        while time.monotonic() < until:
            try:
                time.sleep(_TICK_S)
                attempt.note("runs")
            except BaseException:  # refuses to stop
                pass
        attempt.note("end")


with cloaca.WorkflowBuilder("py_api"):

    @cloaca.task(id="call", limits=[api])
    def api_call(ctx):
        _Attempt(ctx, "py_api", [_limit_key("api")]).run(0)


with cloaca.WorkflowBuilder("py_tenant"):

    @cloaca.task(id="call", limits=[tenant, crm])
    def tenant_call(ctx):
        _Attempt(ctx, "py_tenant", [_limit_key("tenant", ctx), _limit_key("crm")]).run(ctx["seconds"])


_TRIED = set()

with cloaca.WorkflowBuilder("py_later"):

    @cloaca.task(id="call", limits=[upstream])
    def later_call(ctx):
        attempt = _Attempt(ctx, "py_later", [_limit_key("upstream")])
        attempt.note("begin")
        if ctx["n"] % 3 == 0 and ctx["n"] not in _TRIED:
            _TRIED.add(ctx["n"])
            attempt.note("closes")
            raise cloaca.TryLater("400ms", limit=upstream)
        attempt.run(0.1)


with cloaca.WorkflowBuilder("py_mill", max_active=2, per="tenant"):

    @cloaca.task(id="grind")
    def grind(ctx):
        _Attempt(ctx, "py_mill", [_limit_key("workflow", ctx)]).run(0.1)

    @cloaca.task(id="bag", dependencies=["grind"])
    def bag(ctx):
        _Attempt(ctx, "py_mill", [_limit_key("workflow", ctx)]).run(0.1)
