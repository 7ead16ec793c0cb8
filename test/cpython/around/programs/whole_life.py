"""Uses a runner from the first line of a program to its exit functions."""

import atexit
import os
import threading
import time

import cloaca
import jobs

with cloaca.WorkflowBuilder("shout"):

    @cloaca.task()
    def upper(ctx):
        print("upper on main thread:", threading.current_thread() is threading.main_thread())
        ctx.set("text", ctx["text"].upper())
        return ctx

    @cloaca.task(dependencies=[upper])
    async def mark(ctx):
        print("mark in process:", os.getpid() == program)
        ctx.set("text", ctx["text"] + "!")
        return ctx


heard = threading.Event()


@cloaca.trigger(on="hear", poll_interval="50ms")
def caller():
    return not heard.is_set()


with cloaca.WorkflowBuilder("hear"):

    @cloaca.task()
    def hear(ctx):
        heard.set()
        return ctx


def run(name):
    """Runs a workflow, and prints its status."""
    print(name, runner.execute("quick", cloaca.Context()).status)


def late():
    """Runs a workflow in a thread after the main thread has ended."""
    time.sleep(0.2)
    run("thread")


if __name__ == "__main__":
    program = os.getpid()
    atexit.register(run, "exit function of before")
    runner = cloaca.DefaultRunner("sqlite://life.db")
    atexit.register(run, "exit function")
    result = runner.execute("shout", cloaca.Context({"text": "hello"}))
    print(result.status, result.final_context["text"])
    heard.wait()
    print("trigger fired")
    threading.Thread(target=late).start()
    print("engine", jobs.engine_pid())
    print("end of main")
