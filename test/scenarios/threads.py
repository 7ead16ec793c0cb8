"""Uses threads, locks, queues, pools, timers, thread-local data and exceptions in threads."""

import contextvars
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

print("main", threading.current_thread() is threading.main_thread())

lock = threading.Lock()
order = []


def append(item):
    with lock:
        order.append(item)
        time.sleep(0.01)
        order.append(item)


threads = [threading.Thread(target=append, args=(i,)) for i in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
# The order in which waiting threads acquire a lock is not defined.
print("lock", order[::2] == order[1::2], sorted(order[::2]))

meeting = threading.Barrier(8)
with ThreadPoolExecutor(8) as pool:
    names = set(pool.map(lambda _: (meeting.wait(), threading.get_ident())[1], range(8)))
print("pool", len(names))

jobs = queue.Queue(maxsize=2)
results = queue.SimpleQueue()


def work():
    while (job := jobs.get()) is not None:
        results.put(job * job)
        jobs.task_done()


worker = threading.Thread(target=work)
worker.start()
for number in range(5):
    jobs.put(number)
jobs.join()
jobs.put(None)
worker.join()
print("queue", [results.get() for _ in range(5)])

event = threading.Event()
threading.Timer(0.05, event.set).start()
print("timer", event.wait(0.001), event.wait(10))

local = threading.local()
local.value = "main"
seen = []
variable = contextvars.ContextVar("variable", default="unset")
variable.set("main")


def look():
    seen.append((hasattr(local, "value"), variable.get()))
    local.value = "other"


thread = threading.Thread(target=look)
thread.start()
thread.join()
print("local", seen, local.value)

barrier = threading.Barrier(3)
passed = []
threads = [threading.Thread(target=lambda: passed.append(barrier.wait())) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("barrier", sorted(passed))

threading.excepthook = lambda args: print("excepthook", args.exc_type.__name__, args.thread.name)
thread = threading.Thread(target=lambda: 1 / 0, name="divider")
thread.start()
thread.join()

slow = threading.Thread(target=time.sleep, args=(600,), daemon=True)
slow.start()
slow.join(0.01)
print("daemon", slow.is_alive(), lock.acquire(timeout=0.01), lock.acquire(timeout=0.01))


def last():
    while threading.main_thread().is_alive():
        time.sleep(0.01)
    print("last", threading.main_thread().is_alive())


threading.Thread(target=last).start()
print("end")
