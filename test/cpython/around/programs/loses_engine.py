"""Continues after its engine was killed twice, and counts the remaining threads and descriptors."""

import os
import signal
import threading
import time

import cloaca
import jobs


def left():
    """Returns the numbers of threads and descriptors of the process."""
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd"))


def try_to(what, workflow="quick"):
    """Runs a workflow, and prints its status or its error."""
    try:
        jobs.say(f"{what} {runner.execute(workflow, cloaca.Context()).status}")
    except RuntimeError as error:
        reason = str(error).partition(" (")[0]
        jobs.say(f"{what} RuntimeError: {reason}")


if __name__ == "__main__":
    before = left()
    for _ in range(2):
        runner = cloaca.DefaultRunner(":memory:")
        try_to("before")
        threading.Timer(0.2, os.kill, (jobs.engine_pid(), signal.SIGKILL)).start()
        try_to("under way", "slow")
        try_to("after")
        runner.shutdown()
    until = time.monotonic() + 30
    while left() != before and time.monotonic() < until:
        time.sleep(0.05)
    jobs.say(f"left behind {[now - then for now, then in zip(left(), before)]}")
