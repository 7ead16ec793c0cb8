"""Unit tests of workflows and triggers without the engine, a database or waiting.

`run_workflow` runs the graph of a workflow in the process of the test, on CPython or inside the engine. It follows the
rules of the engine: flow of contexts, trigger rules, retries, time limits, callbacks and deferral. Time is a
`FakeClock`, which jumps to the next event. `poll` calls a trigger once. The native engine does not have this module.

Example:
    >>> import cloaca
    >>> with cloaca.WorkflowBuilder("greet"):
    ...     @cloaca.task()
    ...     def pick(ctx):
    ...         raise ConnectionError("no network in tests")
    ...     @cloaca.task(dependencies=[pick])
    ...     def say(ctx):
    ...         ctx.set("line", "hello " + ctx["who"])
    ...         return ctx
    >>> run = run_workflow("greet", tasks={"pick": {"who": "Ada"}})
    >>> run.status, run.final_context["line"]
    ('Completed', 'hello Ada')
"""

from .._sealed import rebadge as _rebadge
from ._clock import FakeClock
from ._poll import poll
from ._results import Firing, PollResult, TaskRun, WorkflowRun
from ._workflow import run_workflow

__all__ = ["FakeClock", "Firing", "PollResult", "TaskRun", "WorkflowRun", "poll", "run_workflow"]

_rebadge((globals()[name] for name in __all__), "cloaca.testing")
