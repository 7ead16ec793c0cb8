"""Tries to fork this process in several ways, and prints whether each error explains it. Thread pools still work."""

import concurrent.futures
import multiprocessing
import multiprocessing.pool
import os

attempts = {
    "fork": lambda: os.fork(),
    "Process": lambda: multiprocessing.Process(target=print).start(),
    "Pool": lambda: multiprocessing.Pool(2),
    "ProcessPoolExecutor": lambda: concurrent.futures.ProcessPoolExecutor(1).submit(abs, -1).result(),
}
for name, attempt in attempts.items():
    try:
        print(name, attempt())
    except OSError as error:
        print(name, "cannot copy this process" in str(error), "threads" in str(error))

with multiprocessing.pool.ThreadPool(2) as pool:
    print("ThreadPool", pool.map(abs, [-1, -2]))
os._exit(0)
