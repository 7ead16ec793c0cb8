"""Locks a file that another process locks too. Lines like "lock all of it" ask that process for a lock."""

import fcntl
import os
import sys


def turn(line):
    print(line, flush=True)
    sys.stdin.readline()


def attempt(name, lock):
    try:
        lock()
        print(name, "taken")
    except BlockingIOError:
        print(name, "refused")


file = open("shared", "r+")
turn("lock all of it")
attempt("flock", lambda: fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB))
turn("lock bytes 2 to 5")
attempt("lockf 0 to 9", lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 10))
attempt("lockf 6 to 9", lambda: fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 4, 6))
try:
    os.lockf(file.fileno(), os.F_TEST, 10)
except PermissionError:
    print("tested")
turn("unlock everything")
fcntl.flock(file, fcntl.LOCK_EX)
fcntl.lockf(file, fcntl.LOCK_EX, 10)
turn("look who locks")
