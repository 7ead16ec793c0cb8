"""Tasks with large results and output, and 10,000 triggers."""

import os
import resource
import time

import cloaca

MEBIBYTE = 1024 * 1024

with cloaca.WorkflowBuilder("large"):

    @cloaca.task()
    def returns(context):
        context.set("text", "\u00fc" + "x" * (100 * MEBIBYTE))
        return context

    @cloaca.task()
    def returns_too_much(context):
        context.set("text", "x" * (257 * MEBIBYTE))
        return context

    @cloaca.task()
    def runs_out_of_memory(context):
        taken = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + 256 * MEBIBYTE, resource.RLIM_INFINITY))
        try:
            return cloaca.Context({"bytes": len(b"x" * (512 * MEBIBYTE))})
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    @cloaca.task()
    def says_who(context):
        context.set("pid", os.getpid())
        return context

with cloaca.WorkflowBuilder("flood"):

    @cloaca.task()
    def prints(context):
        for thousand in range(1_000):
            print("".join(f"line {thousand * 1_000 + line:06} {'x' * 188}\n" for line in range(1_000)), end="")
        context.set("engine", os.getppid())
        return context


def declare(index):
    @cloaca.trigger("large", name=f"skips-{index}", poll_interval="1h")
    def skips():
        return False


for each in range(10_000):
    declare(each)


@cloaca.trigger("large", name="sleeps", poll_interval="1h")
def sleeps():
    time.sleep(600)
    return False
