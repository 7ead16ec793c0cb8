"""``threading``, ``queue`` and ``time.sleep``: threads that are stacks, and locks that suspend the waiting stack.

The code runs in the process of an interpreter, where all stacks share one thread of the system.
"""
