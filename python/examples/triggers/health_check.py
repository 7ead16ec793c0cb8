"""Pages the engineer on call when a service has failed three consecutive checks.

A global variable of the module counts the failures, because the script stays loaded between polls. The trigger fires
only on the third failure, so a long outage causes one page. The count restarts when the service recovers.

Run it for your own service:

    CLOACINA_VAR_HEALTH_URL=http://127.0.0.1:8080/health cloaca serve python/examples/triggers/health_check.py

Without a URL, it reads a status file. Write one in another terminal:

    mkdir -p /tmp/cloaca-examples
    echo "503 database is down" > /tmp/cloaca-examples/status.txt

You will see, after three checks:

    page: the service failed 3 checks in a row: 503 database is down
"""

import os
import tempfile
import urllib.request
from pathlib import Path

import cloaca

FOLDER = Path(cloaca.var_or("EXAMPLES", os.path.join(tempfile.gettempdir(), "cloaca-examples")))
STATUS_FILE = FOLDER / "status.txt"
URL = cloaca.var_or("HEALTH_URL", "")
FAILURES_TO_PAGE = 3

failures = 0


@cloaca.trigger(workflow="page_on_call", poll_interval="500ms")
def health_check():
    global failures
    problem = find_problem()
    failures = failures + 1 if problem else 0
    if failures == FAILURES_TO_PAGE:
        return cloaca.TriggerResult.fire(cloaca.Context({"failures": failures, "problem": problem}))
    return cloaca.TriggerResult.skip()


def find_problem():
    """Returns the problem of the service, or None."""
    if not URL:
        status = STATUS_FILE.read_text().strip() if STATUS_FILE.exists() else "200 OK"
        return None if status.startswith("200") else status
    try:
        with urllib.request.urlopen(URL, timeout=5):
            return None
    except OSError as error:  # no answer, or an HTTP error
        return str(error)


with cloaca.WorkflowBuilder("page_on_call") as workflow:
    workflow.description("Pages the engineer on call")

    @cloaca.task(retry_attempts=5, retry_delay_ms=1000)
    def page(ctx):
        print(f"page: the service failed {ctx['failures']} checks in a row: {ctx['problem']}")
        return ctx
