"""Workflows of the programs in this folder."""

import os
import sys
import time

import cloaca


def say(line):
    """Prints a line with a single write, because several threads print at the same time."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


with cloaca.WorkflowBuilder("quick"):

    @cloaca.task()
    def note(ctx):
        ctx.set("pid", os.getpid())
        return ctx


with cloaca.WorkflowBuilder("slow"):

    @cloaca.task(retry_attempts=1)
    def sleep(ctx):
        say("begun")
        try:
            time.sleep(60)
        except BaseException as error:
            say(f"stopped by {type(error).__name__}")
            raise
        return ctx


def engine_pid():
    """Returns the id of the engine process."""
    from cloaca._cpython.around import engine

    return engine.pid()
