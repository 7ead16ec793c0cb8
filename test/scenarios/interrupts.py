"""Counts what it is told by signals, each of which it answers."""

import os
import signal
import sys
import time

count = 0


def heard(signum, frame):
    global count
    count += 1
    os.write(1, f"heard {count}\n".encode())


signal.signal(signal.SIGINT, heard)
signal.signal(signal.SIGUSR1, heard)
print("pid", os.getpid(), flush=True)
if "--computing" in sys.argv:
    while count < 24:
        pass
else:
    while count < 23:
        signal.pause()
    # The last one may come before it is waited for, and no other wakes it then.
    while count < 24:
        time.sleep(0.01)
