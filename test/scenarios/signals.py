"""Uses alarms, interval timers and signal handlers in code that waits and in code that computes."""

import os
import signal
import threading
import time


class TooLate(Exception):
    pass


seen = []


def remember(signum, frame):
    seen.append((signal.Signals(signum).name, frame.f_code.co_name, threading.current_thread().name))


def refuse(signum, frame):
    raise TooLate


def wait():
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    while not seen:
        time.sleep(0.3)


print("default", signal.getsignal(signal.SIGINT) is signal.default_int_handler, signal.getsignal(signal.SIGTERM))
signal.signal(signal.SIGALRM, remember)

wait()
print("waiting", seen)

signal.setitimer(signal.ITIMER_REAL, 0.05)
while len(seen) < 2:
    pass
print("computing", len(seen))

print("alarm", signal.alarm(100), 40 < signal.alarm(0) <= 100, signal.getitimer(signal.ITIMER_REAL))

signal.signal(signal.SIGALRM, refuse)
for name, block in {
    "sleep": lambda: time.sleep(30),
    "lock": threading.Lock().acquire,
    "event": lambda: threading.Event().wait(30),
    "join": threading.Thread(target=time.sleep, args=(0.3,), daemon=True).start,
}.items():
    try:
        signal.setitimer(signal.ITIMER_REAL, 100 if name == "join" else 0.05)
        block()
        block()
    except TooLate:
        print("ended", name)
    except RuntimeError as error:
        signal.alarm(0)
        print(name, error)

del seen[:]
signal.signal(signal.SIGALRM, remember)
signal.setitimer(signal.ITIMER_REAL, 0.02)


def compute():
    while not seen:
        pass
    try:
        signal.signal(signal.SIGALRM, refuse)
    except ValueError as error:
        print("thread", error)


thread = threading.Thread(target=compute)
thread.start()
thread.join()
print("while a thread computes", [name for name, _, name in seen])

signal.signal(signal.SIGUSR2, lambda signum, _: print("handler", signal.Signals(signum).name))
os.kill(os.getpid(), signal.SIGUSR2)
signal.raise_signal(signal.SIGUSR2)
print("before", signal.signal(signal.SIGUSR2, signal.SIG_IGN).__name__)

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
signal.setitimer(signal.ITIMER_REAL, 0.02)
print("sigwait", signal.sigwait([signal.SIGALRM]).name)

try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("KeyboardInterrupt")

try:
    os.kill(2**22 + 1, 0)
except ProcessLookupError as error:
    print(error.strerror)

os._exit(7)
