"""Rebuilds a report as soon as it is missing or out of date.

The trigger compares the age of a file with a limit, and the workflow builds the report. Use this pattern for files that
are expensive to build but cheap to check, such as reports, caches, exports and search indexes.

Run it:

    cloaca serve python/examples/triggers/stale_report.py

You will see, immediately and then every minute:

    report: 7 scripts, written to /tmp/cloaca-examples/report.txt
"""

import os
import tempfile
import time
from pathlib import Path

import cloaca

FOLDER = Path(cloaca.var_or("EXAMPLES", os.path.join(tempfile.gettempdir(), "cloaca-examples")))
REPORT = FOLDER / "report.txt"
SCRIPTS = Path(__file__).parent
MAX_AGE_SECONDS = 60


@cloaca.trigger(on="rebuild_report", poll_interval="1s")
def report_is_stale():
    if not REPORT.exists():
        return True
    return time.time() - REPORT.stat().st_mtime > MAX_AGE_SECONDS


with cloaca.WorkflowBuilder("rebuild_report") as workflow:
    workflow.description("Gathers, renders and publishes the report")

    @cloaca.task()
    def gather(ctx):
        lines = {path.name: len(path.read_text().splitlines()) for path in SCRIPTS.glob("*.py")}
        ctx.set("lines", lines)
        return ctx

    @cloaca.task(dependencies=[gather])
    def render(ctx):
        rows = [f"{count:6}  {name}" for name, count in sorted(ctx["lines"].items())]
        ctx.set("text", "\n".join(rows) + "\n")
        return ctx

    @cloaca.task(dependencies=[render])
    def publish(ctx):
        # Write to another file and then replace the old report, so that a reader never sees an incomplete one.
        FOLDER.mkdir(parents=True, exist_ok=True)
        draft = REPORT.with_suffix(".new")
        draft.write_text(ctx["text"])
        draft.replace(REPORT)
        print(f"report: {len(ctx['lines'])} scripts, written to {REPORT}")
        return ctx
