"""Where the calls of a process of CPython run: threads, event loops, waits, and how a call is stopped."""
