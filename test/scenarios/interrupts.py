"""Counts signals, and prints a line for each of them."""

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
    # The last signal may arrive before pause() is called, which would then wait for ever.
    while count < 24:
        time.sleep(0.01)
