"""A trigger that once ends the interpreter, a trigger that hangs afterwards, and a long task that runs all the time."""

import os
import time

import cloaca

MARK = os.path.join(os.environ.get("DATA_DIR", "."), "crashed")


@cloaca.trigger("patience", poll_interval="1h")
def begin():
    return True


hung = False


# No other poll has a short time limit. It does not hang while the task runs, whose attempts are counted.
@cloaca.trigger("nothing", poll_interval="50ms", timeout="1s")
def hangs():
    global hung
    if hung or not os.path.exists(MARK + ".survived"):
        return False
    hung = True
    while True:
        pass


@cloaca.trigger("nothing", name="crashes", poll_interval="100ms")
def crashes():
    if os.path.exists(MARK):
        return False
    if not os.path.exists(MARK + ".allowed"):
        return False
    with open(MARK, "w", encoding="utf-8") as mark:
        mark.write(str(os.getpid()))
    os._exit(1)


def another_process_crashed():
    """Returns whether an earlier process wrote its id into the mark file, which it does just before its end."""
    if not os.path.exists(MARK):
        return False
    with open(MARK, encoding="utf-8") as mark:
        return mark.read() not in ("", str(os.getpid()))


with cloaca.WorkflowBuilder("patience"):

    @cloaca.task()
    def end_before(context):
        return context

    @cloaca.task(dependencies=[end_before])
    def be_patient(context):
        with open(MARK + ".allowed", "w", encoding="utf-8"):
            pass
        while not another_process_crashed():
            time.sleep(0.01)
        with open(MARK + ".survived", "w", encoding="utf-8"):
            pass
        context.set("survived", True)
        return context
