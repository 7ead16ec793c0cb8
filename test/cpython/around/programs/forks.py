"""Forked and spawned children, which do not have the engine of their parent but can start their own."""

import multiprocessing
import os
import sys

import cloaca
import jobs


def work(_):
    """Runs a workflow, and returns whether its task ran in the current process."""
    with cloaca.DefaultRunner(":memory:") as runner:
        return runner.execute("quick", cloaca.Context()).final_context["pid"] == os.getpid()


def lines_of_engine():
    """Returns the number of open sockets of this process."""
    names = []
    for number in os.listdir("/proc/self/fd"):
        try:
            names.append(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:
            continue
    return sum(name.startswith("socket:") for name in names)


if __name__ == "__main__":
    sockets = lines_of_engine()
    with cloaca.DefaultRunner(":memory:") as runner:
        print("parent", runner.execute("quick", cloaca.Context()).status, flush=True)
        child = os.fork()
        if child == 0:
            print("sockets of the child", lines_of_engine() - sockets)
            try:
                runner.execute("quick", cloaca.Context())
            except RuntimeError as error:
                print("child", str(error).replace(str(os.getppid()), "PARENT"))
            print("child with a runner of its own", work(0))
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)
        for method in ("fork", "spawn"):
            with multiprocessing.get_context(method).Pool(2) as pool:
                print(method, pool.map(work, range(3)), flush=True)
        print("parent", runner.execute("quick", cloaca.Context()).status)
