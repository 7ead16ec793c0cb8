"""Waits for signals from outside: SIGINT raises KeyboardInterrupt, and SIGHUP has a handler."""

import os
import signal
import sys
import time

signal.signal(signal.SIGHUP, lambda *_: os.write(1, b"reloaded\n"))
try:
    print("ready", flush=True)
    if "--computing" in sys.argv:
        while True:
            pass
    time.sleep(60)
finally:
    print("cleaned up", flush=True)
