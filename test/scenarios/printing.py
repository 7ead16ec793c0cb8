"""Threads and the handler of a signal print at the same time, and nothing is lost."""

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
signal.signal(signal.SIGALRM, signal.SIG_IGN)  # one may be on its way
print(handled, file=sys.stderr)
