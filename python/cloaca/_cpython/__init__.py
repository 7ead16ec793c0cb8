"""A process of CPython that the engine talks to: messages in and out, where calls run, how they are stopped.

Runs in a process of the user's own Python, 3.9 or newer, which the engine has started (``child``). Nothing here needs
Pyodide: threads are threads, and a wait is one of the operating system.
"""
