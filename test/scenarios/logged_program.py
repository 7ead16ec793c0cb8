"""Program whose tasks print and log. Its argument is the URL of its database, and it prints the status of its run."""

import logging
import sys

import cloaca

with cloaca.WorkflowBuilder("said"):

    @cloaca.task(id="load", retry_attempts=2, retry_delay_ms=1)
    def load(context):
        print("\x1b[2Jhostile\x07")
        logging.getLogger("app").info("loaded", extra={"rows": 7})
        if not logging.root.manager.loggerDict.get("again"):
            logging.getLogger("again")
            raise ValueError("once more")

    @cloaca.task(id="send", dependencies=["load"])
    def send(context):
        print("sent", end="")


print("before any task")
with cloaca.DefaultRunner(sys.argv[1]) as runner:
    result = runner.execute("said", cloaca.Context({}))
print("status", result.status)
