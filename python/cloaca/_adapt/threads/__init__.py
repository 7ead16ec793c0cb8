"""``threading``, ``queue``, ``time.sleep``: threads that are stacks, and locks that suspend the stack which waits.

Runs in an interpreter's process, where all stacks share one thread of the system.
"""
