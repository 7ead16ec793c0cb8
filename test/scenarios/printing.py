"""Prints from threads and from a signal handler at the same time."""

import signal
import sys
import threading

LINES = 5_000
handled = 0


def alarm(signum, frame):
    global handled
    handled += 1
    print("handler", handled)


def work(name):
    for number in range(LINES):
        print(name, number)


signal.signal(signal.SIGALRM, alarm)
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
threads = [threading.Thread(target=work, args=(name,)) for name in ("alpha", "beta", "gamma")]
for thread in threads:
    thread.start()
work("main")
for thread in threads:
    thread.join()
signal.setitimer(signal.ITIMER_REAL, 0)
signal.signal(signal.SIGALRM, signal.SIG_IGN)  # a last alarm may be pending
print(handled, file=sys.stderr)
