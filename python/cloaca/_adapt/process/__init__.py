"""What a script learns of its process and machine: number, user, clocks, time zone, environment, memory, tracebacks.

Runs in an interpreter's process.
"""
