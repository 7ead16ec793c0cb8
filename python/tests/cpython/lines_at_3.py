"""Moves the sockets of the engine to descriptors 3 to 6, and runs CPython: IN OUT CONTROL STACKS CHILD."""

import fcntl
import os
import sys

moved = [fcntl.fcntl(int(each), fcntl.F_DUPFD, 100) for each in sys.argv[1:5]]
for each in sys.argv[1:5]:
    os.close(int(each))
for target, descriptor in enumerate(moved, 3):
    os.dup2(descriptor, target, inheritable=True)
    os.close(descriptor)
os.execv(sys.executable, [sys.executable, sys.argv[5]])
