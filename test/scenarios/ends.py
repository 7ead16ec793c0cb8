"""Ends with a running thread, an exit function, an open file and finalizers, which print their order."""

import atexit
import os
import sys
import threading
import time

how = sys.argv[1]
file = open("left_open", "w")
file.write("written")


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("finalized", self.name)


class Holder:
    pass


def refers_to_globals():
    return file, noisy


noisy = Noisy("global")
holder = Holder()
holder.noisy, holder.itself = Noisy("in a cycle"), holder
atexit.register(print, "exit function")


def last():
    time.sleep(0.2)
    print("thread")


threading.Thread(target=last).start()
print("end")
if how == "exit":
    sys.exit(3)
if how == "raise":
    raise ValueError("wrong")
if how == "at once":
    sys.stdout.flush()
    os._exit(4)
