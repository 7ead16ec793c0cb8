"""Event loops of scripts: the code that stacks and threads share.

The code runs in the process of an interpreter. ``_engine`` has the code for stacks of Pyodide, and ``_cpython.calls``
the code for threads.
"""
