"""Waits for a slow workflow. With the argument ``handles`` it handles Ctrl-C itself."""

import os
import signal
import sys

import cloaca
import jobs

if __name__ == "__main__":
    taken = []
    if "handles" in sys.argv:
        signal.signal(signal.SIGINT, lambda *_: (taken.append(1), os.write(1, b"interrupt %d\n" % len(taken))))
    with cloaca.DefaultRunner("sqlite://waits.db") as runner:
        print("engine", jobs.engine_pid(), flush=True)
        if "forks" in sys.argv:
            import ctypes

            # Python does not notice this fork, so the child keeps every descriptor.
            if ctypes.CDLL(None).fork() == 0:
                signal.pause()
        if "handles" in sys.argv:
            while len(taken) < 2:
                runner.execute("quick", cloaca.Context())
            print("taken", len(taken), runner.execute("quick", cloaca.Context()).status)
        else:
            runner.execute("slow", cloaca.Context())
