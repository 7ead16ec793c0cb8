"""Traces and monitors calls while threads wait, as coverage tools and debuggers do."""

import sys
import threading
import time


def wait(depth):
    if depth > 0:
        wait(depth - 1)
    else:
        may_end.wait()


def call(depth):
    return call(depth - 1) if depth > 0 else [[depth]]


may_end = threading.Event()
threads = [threading.Thread(target=wait, args=(5,)) for _ in range(5)]
for thread in threads:
    thread.start()
time.sleep(0.05)

traced = set()
sys.settrace(lambda frame, event, argument: traced.add(frame.f_code.co_name))
call(10)
time.sleep(0.05)
sys.settrace(None)
print("traced", "call" in traced)

started = set()
monitoring = sys.monitoring
monitoring.use_tool_id(monitoring.COVERAGE_ID, "coverage")
monitoring.register_callback(
    monitoring.COVERAGE_ID, monitoring.events.PY_START, lambda code, offset: started.add(code.co_name)
)
monitoring.set_events(monitoring.COVERAGE_ID, monitoring.events.PY_START)
call(10)
time.sleep(0.05)
monitoring.set_events(monitoring.COVERAGE_ID, 0)
monitoring.free_tool_id(monitoring.COVERAGE_ID)
print("monitored", "call" in started)

may_end.set()
for thread in threads:
    thread.join()
print("done")
