"""Properties of the process and the machine: number, user, clocks, time zone, environment, memory, tracebacks.

The code runs in the process of an interpreter.
"""
