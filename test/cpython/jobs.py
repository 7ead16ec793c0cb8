"""Triggers and tasks that only CPython can run, and triggers that end or block its process."""

import collections
import ctypes
import itertools
import os
import subprocess
import sys
import threading
import time

import cloaca

fire = cloaca.TriggerResult.fire
polls = 0
may_go_on = threading.Event()


@cloaca.trigger("work", poll_interval="1h")
def facts():
    """Fires with facts about this process, and the number of polls since it started."""
    global polls
    polls += 1
    return fire(
        cloaca.Context(
            {
                "polls": polls,
                "pid": os.getpid(),
                "group": os.getpgrp(),
                "platform": sys.platform,
                "executable": sys.executable,
                "main": threading.current_thread() is threading.main_thread(),
            }
        )
    )


@cloaca.trigger("work", poll_interval="1h")
def prints():
    print("from python")
    subprocess.run(["sh", "-c", "echo from a program"], check=True)
    return cloaca.TriggerResult.skip()


@cloaca.trigger("work", poll_interval="1h")
def sleeps():
    time.sleep(600)
    return cloaca.TriggerResult.skip()


@cloaca.trigger("work", poll_interval="1h")
def computes():
    while True:
        pass


@cloaca.trigger("work", poll_interval="1h")
def hangs_in_c():
    collections.deque(itertools.count(), maxlen=0)
    return cloaca.TriggerResult.skip()


@cloaca.trigger("work", poll_interval="1h")
def waits_for_program():
    """Blocks in C code that ignores signals, after it started a program that ignores SIGTERM."""
    program = subprocess.Popen(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], stdout=-1)
    program.stdout.readline()
    with open(os.environ["PID_FILE"], "w") as file:
        file.write(str(program.pid))
    collections.deque(itertools.count(), maxlen=0)
    return cloaca.TriggerResult.skip()


@cloaca.trigger("work", poll_interval="1h")
def leaves():
    os._exit(3)


@cloaca.trigger("work", poll_interval="1h")
def faults():
    ctypes.string_at(0)


@cloaca.trigger("work", poll_interval="1h")
def forks():
    """Exits, and leaves a child that keeps all descriptors open until it is killed."""
    if os.fork() == 0:
        while True:
            time.sleep(60)
    os._exit(5)


@cloaca.trigger("work", poll_interval="1h")
def is_greedy():
    """Allocates 768 MiB, and then blocks in C code, so that it cannot answer."""
    hoard = b"x" * (768 * 2**20)
    collections.deque(itertools.count(), maxlen=0)
    return fire(cloaca.Context({"bytes": len(hoard)}))


with cloaca.WorkflowBuilder("work"):

    @cloaca.task()
    def waits(context):
        may_go_on.wait()
        context.set("main", threading.current_thread() is threading.main_thread())
        return context

    @cloaca.task()
    def lets_go_on(context):
        may_go_on.set()
        context.set("main", threading.current_thread() is threading.main_thread())
        return context

    @cloaca.task()
    def runs_program(context):
        ran = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True, text=True, check=True)
        context.set("answer", int(ran.stdout))
        return context


with cloaca.WorkflowBuilder("work_on_program"):

    @cloaca.task()
    def runs_one(context):
        context.set("answer", int(subprocess.check_output([sys.executable, "-c", "print(6 * 7)"])))
        return context
